"""How long a question takes that is asked of nothing but files: a process that starts, answers and ends.

``python -m tests.benchmarks.cold --runs 10`` runs ``qa ask`` and other commands of `qa`, and for comparison
sentence-transformers being imported, its model being loaded, and a plain script that answers with it and
FAISS. They take turns, so that what else the machine does hits all alike.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from qa.build import frame_of
from qa.encoder.weights import DEFAULT_MODEL, find_model
from qa.errors import IndexStateError
from qa.ingest.sentences import sentences, windows
from qa.library import Library
from qa.types import FramedText
from tests.benchmarks.measuring import (
    Column,
    Record,
    add_library,
    apart,
    export_model,
    name_of,
    parser,
    prepare,
    run_command,
    say,
    show,
    timer,
)
from tests.fakes import ROOT

QUESTION = "What did the inspectors say about foster carers?"
PROGRAM = "qa"
"""The module that is run."""

ASK = "qa ask"
_PLAIN_SEARCH = Path(__file__).parent / "plain_search.py"
SCRIPT = "script with sentence-transformers and FAISS"
HEAVY = ("torch", "transformers", "sentence_transformers", "scipy", "textual", "matplotlib")
"""What a question must not load."""

_LOAD = "from sentence_transformers import SentenceTransformer; SentenceTransformer({!r}, device='cpu')"
_MODULES = """
import json, runpy, sys
try:
    runpy.run_module(sys.argv.pop(1), run_name="__main__")
except SystemExit:
    pass
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
"""
_FOUND_OR_NOT = (0, 1)
"""The exit codes of a command that has answered."""


def commands(library: Path, vectors: Path, *, compared: bool = True) -> dict[str, list[str]]:
    """Return the command lines that are measured, by what they are called in the table."""
    opened = Library.open(library)
    first = next(opened.passages())
    opened.close()
    python, qa = [sys.executable], [sys.executable, "-m", PROGRAM]
    at = ["--library", str(library)]
    model = str(find_model(DEFAULT_MODEL))
    own = {
        ASK: [*qa, "ask", *at, QUESTION],
        "qa show": [*qa, "show", *at, first.id],
        "qa find": [*qa, "find", *at, "looked after"],
        "qa --help": [*qa, "--help"],
    }
    if not compared:
        return own
    return own | {
        "import sentence_transformers": [*python, "-c", "import sentence_transformers"],
        "the same, and load the model": [*python, "-c", _LOAD.format(model)],
        SCRIPT: [*python, str(_PLAIN_SEARCH), model, str(vectors), QUESTION],
    }


def seconds_of(command: Sequence[str]) -> float:
    """Run a command to its end and return how long it took.

    Raises
    ------
    IndexStateError
        If it fails: the measurement would say nothing.
    """
    with timer() as taken:
        done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode not in _FOUND_OR_NOT:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["nothing"]
        raise IndexStateError(f"A command that is measured failed ({' '.join(command)}): {said[-1]}")
    return taken.seconds


def in_turns(measured: Mapping[str, Sequence[str]], *, runs: int) -> dict[str, list[float]]:
    """Return how long each command took in each of some rounds; every round begins with another one."""
    names = list(measured)
    found: dict[str, list[float]] = {name: [] for name in names}
    for number in range(runs):
        say(f"round {number + 1} of {runs}")
        start = number % len(names)
        for name in names[start:] + names[:start]:
            found[name].append(seconds_of(measured[name]))
    return found


def loaded_by_a_question(library: Path) -> list[str]:
    """Return the heavy libraries that a question loads; there should be none."""
    done = subprocess.run(
        [sys.executable, "-c", _MODULES, PROGRAM, "ask", "--library", str(library), QUESTION],
        cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return sorted(set(json.loads(done.stderr.splitlines()[-1])) & set(HEAVY))


def write_vectors(library: Path, target: Path) -> int:
    """Write the vectors of a library's windows as a plain FAISS index; return how many there are."""
    import faiss
    import numpy as np

    from qa.encoder import SentenceEncoder

    opened = Library.open(library)
    reports = {summary.report.id: summary.report for summary in opened.reports()}
    framed: list[FramedText] = []
    for passage in opened.passages():
        spans = sentences(passage.shown)
        cut = windows(spans, fits=lambda _: True)
        framed.append(
            FramedText(frame_of(reports[passage.report], passage), passage.shown, tuple(cut), tuple(spans))
        )
    vectors = np.concatenate([each.windows for each in SentenceEncoder().encode_passages(framed)])
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    faiss.write_index(index, os.fspath(target))
    return len(vectors)


def rows_of(times: Mapping[str, Sequence[float]]) -> list[dict[str, Any]]:
    """Return the rows of the table: seconds, and their median as a multiple of that of a question."""
    question = statistics.median(times[ASK])
    return [
        {
            "command": name,
            "median_s": statistics.median(taken),
            "least_s": min(taken),
            "most_s": max(taken),
            "times_a_question": statistics.median(taken) / question,
        }
        for name, taken in times.items()
    ]


def main(arguments: Sequence[str] | None = None, *, run: Callable[..., Any] = apart) -> None:
    """Measure and print."""
    options = parser(__doc__)
    add_library(options)
    options.add_argument("--runs", type=int, default=10, metavar="N", help="rounds (default: %(default)s)")
    options.add_argument("--alone", action="store_true", help="measure the commands of qa only")
    given = options.parse_args(arguments)
    run(export_model)
    prepare(given.library, run=run)
    with tempfile.TemporaryDirectory(prefix="qa-cold-") as temporary:
        vectors = Path(temporary) / "windows.faiss"
        count = 0 if given.alone else run(write_vectors, given.library, vectors)
        measured = commands(given.library, vectors, compared=not given.alone)
        rows = rows_of(in_turns(measured, runs=given.runs))
    settings = {
        "runs": given.runs,
        "question": QUESTION,
        "library": name_of(given.library),
        "vectors_of_the_script": count,
    }
    figures = {
        "heavy_libraries_looked_for": list(HEAVY),
        "of_these_a_question_loads": loaded_by_a_question(given.library),
    }
    columns = [
        Column("a process of its own", lambda row: str(row["command"])),
        Column("median", lambda row: f"{row['median_s']:.2f} s"),
        Column("least", lambda row: f"{row['least_s']:.2f} s"),
        Column("most", lambda row: f"{row['most_s']:.2f} s"),
        Column("median / question", lambda row: f"{row['times_a_question']:.2f}"),
    ]
    show(Record("cold", settings, rows, figures), columns, as_json=given.json)


if __name__ == "__main__":
    run_command(main)
