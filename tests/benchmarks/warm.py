"""How long a question takes in a program that is open, and how much memory it needs.

``python -m tests.benchmarks.warm --library FOLDER --library FOLDER`` gives each library a row: the 50th, 95th
and 99th percentile of `Library.ask` with everything on, how long it takes to open the library and to answer
the first question, the memory of the process, and the bytes of the index a passage. Each library is measured
in a process of its own. The questions are the development questions and, up to ``--questions``, others made
of the library's own sentences.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from qa.errors import QuestionError
from qa.index import Manifest
from qa.ingest.sentences import sentences
from qa.library import INDEX_FOLDER, Library
from qa.questions import Question, read_questions
from qa.store import content_words
from tests.benchmarks.measuring import (
    Column,
    Record,
    Row,
    apart,
    export_model,
    index_of,
    megabytes,
    memory,
    milliseconds,
    name_of,
    parser,
    prepare,
    run_command,
    say,
    show,
    timer,
)
from tests.fakes import CORPUS, ROOT

DEVELOPMENT = CORPUS / "evaluation" / "rutland-questions.jsonl"
FIRST_QUESTION = "What did the inspectors say about foster carers?"

_READ_FOR_QUESTIONS = 5_000
"""Passages from which questions are made."""

_FEWEST_WORDS, _MOST_WORDS = 4, 9
_FORMS = (
    "What is said about {}?",
    "What did the inspectors find on {}?",
    "Is there anything on {}?",
    "Which report mentions {}?",
    "How good is the council at {}?",
)
_PERCENTILES = (50, 95, 99)


def questions_for(library: Path, *, count: int, seed: int) -> list[Question]:
    """Return so many questions: the development questions, and others made of the library's sentences.

    Those that name a paragraph, or a report that is not in the library, are left out: nothing is searched
    for them.
    """
    opened = Library.open(library)
    random = Random(f"questions of seed {seed}")
    known = {summary.report.id for summary in opened.reports()}
    asked = [each for each in read_questions(DEVELOPMENT).questions if _is_searched(each.text, known)]
    asked = asked[:count]
    passages = list(islice(opened.passages(), _READ_FOR_QUESTIONS))
    random.shuffle(passages)
    made = (
        Question(f"made-{number}", "made", text)
        for number, text in enumerate(_made_of([passage.text for passage in passages], random))
    )
    asked += islice(made, count - len(asked))
    random.shuffle(asked)
    opened.close()
    return asked


def measure(library: Path, questions: Sequence[Question]) -> Row:
    """Open a library in this process, ask it questions and return what that took."""
    import numpy as np

    before = memory()
    with timer() as opening:
        opened = Library.open(library)
    after_opening = memory()
    with timer() as first:
        opened.ask(FIRST_QUESTION)
    taken: list[float] = []
    refused = 0
    for question in questions:
        try:
            with timer() as one:
                answer = opened.ask(question.text, history=question.history)
        except QuestionError:
            refused += 1
            continue
        if answer.query is not None and not answer.query.located:
            taken.append(one.seconds)
    after = memory()
    opened.close()
    percentiles = np.percentile(taken, _PERCENTILES).tolist() if taken else [0.0] * len(_PERCENTILES)
    return {
        "questions": len(taken),
        "questions_that_cannot_be_asked": refused,
        "open_s": opening.seconds,
        "first_question_s": first.seconds,
        **{f"p{rank}_s": value for rank, value in zip(_PERCENTILES, percentiles, strict=True)},
        "mean_s": sum(taken) / max(len(taken), 1),
        "resident_before": before.resident,
        "resident_open": after_opening.resident,
        "resident": after.resident,
        "peak": after.peak,
        **size_of(library),
    }


def size_of(library: Path) -> Row:
    """Return how much a library's index holds and how many bytes that takes."""
    manifest = Manifest.read(library / INDEX_FOLDER)
    files = {path.name: path.stat().st_size for path in sorted(index_of(library).iterdir()) if path.is_file()}
    return {
        "passages": manifest.passages,
        "windows": manifest.windows,
        "index_bytes": sum(files.values()),
        "bytes_a_passage": {name: size / manifest.passages for name, size in files.items()},
    }


def rows_for(
    libraries: Sequence[Path], *, questions: int, seed: int, run: Callable[..., Any] = apart
) -> list[Row]:
    """Return a row for each library, its index made first if need be."""
    run(export_model)
    rows: list[Row] = []
    for library in libraries:
        prepare(library, run=run)
        asked = run(questions_for, library, count=questions, seed=seed)
        say(f"asking {name_of(library)} {len(asked):,} questions")
        rows.append({"library": name_of(library), **run(measure, library, asked)})
    return rows


COLUMNS = (
    Column("library", lambda row: str(row["library"])),
    Column("passages", lambda row: f"{row['passages']:,}"),
    Column("p50", lambda row: f"{milliseconds(row['p50_s'])} ms"),
    Column("p95", lambda row: f"{milliseconds(row['p95_s'])} ms"),
    Column("p99", lambda row: f"{milliseconds(row['p99_s'])} ms"),
    Column("opening", lambda row: f"{milliseconds(row['open_s'])} ms"),
    Column("first question", lambda row: f"{milliseconds(row['first_question_s'])} ms"),
    Column("memory", lambda row: f"{megabytes(row['resident'])} MB"),
    Column("at most", lambda row: f"{megabytes(row['peak'])} MB"),
    Column("index a passage", lambda row: f"{row['index_bytes'] / row['passages'] / 1000:.1f} kB"),
)


def sizes_in_words(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the bytes of the index files a passage, by library, for below the table."""
    return {
        f"kB_a_passage_of_{row['library']}": {
            name: size / 1000 for name, size in row["bytes_a_passage"].items()
        }
        for row in rows
    }


def main(arguments: Sequence[str] | None = None, *, run: Callable[..., Any] = apart) -> None:
    """Measure and print."""
    options = parser(__doc__)
    options.add_argument(
        "--library", type=Path, action="append", metavar="FOLDER",
        help="a folder that holds corpus/ and index/; may be repeated (default: the shipped reports)",
    )  # fmt: skip
    options.add_argument("--questions", type=int, default=300, metavar="N", help="how many (default: 300)")
    options.add_argument("--seed", type=int, default=1, help="decides which questions are made")
    given = options.parse_args(arguments)
    rows = rows_for(given.library or [ROOT], questions=given.questions, seed=given.seed, run=run)
    settings = {"questions": given.questions, "seed": given.seed}
    show(Record("warm", settings, rows, sizes_in_words(rows)), COLUMNS, as_json=given.json)


def _is_searched(text: str, known: set[str]) -> bool:
    named = re.findall(r"report:(\S+)", text)
    return all(name in known for name in named)


def _made_of(texts: Sequence[str], random: Random) -> Iterator[str]:
    """Yield a question for each text that allows one, then again: words that follow one another in it."""
    while texts:
        made = 0
        for text in texts:
            span = random.choice(sentences(text) or [None])
            words = [] if span is None else text[span.start : span.end].split()
            count = random.randint(_FEWEST_WORDS, _MOST_WORDS)
            start = random.randint(0, max(0, len(words) - count))
            chosen = " ".join(words[start : start + count]).strip(".,;:?!()[]'\"‘’“”")
            if len(content_words(chosen)) > 1:
                made += 1
                yield random.choice(_FORMS).format(chosen)
        if not made:
            return


if __name__ == "__main__":
    run_command(main)
