"""How well a question that leans on the one before is told from a fresh one, and what its context is worth.

``python -m tests.tools.follow_ups`` asks the development questions. Follow-ups come with their conversation;
every other question is given that of another question of the set, drawn by a fixed seed, which it must not
lean on. ``--conversations FOLDER --index DIRECTORY`` asks a BEIR folder whose queries have a ``history`` and
a ``rewrite``, a person's wording that stands alone: a turn leans if that differs from what was typed. The
folder is indexed into the directory unless it holds an index.

Each question is asked as it is shipped, without its history, with the last turn as its only context where it
leans, and with the last turn whether it leans or not.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import numpy as np

from qa.errors import QuestionError
from qa.library import Library
from qa.questions import Question, QuestionSet, fold, read_questions
from qa.types import Query
from tests.fakes import ROOT

SEED = 2006
DRAWS = 2
"""How often each fresh question is given another conversation."""

DEPTH = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """A question asked: whether it was taken to lean, and the rank of the first right passage, if any."""

    leans: bool
    rank: int | None

    @property
    def success(self) -> float:
        return float(self.rank is not None and self.rank <= 5)

    @property
    def reciprocal(self) -> float:
        return 0.0 if self.rank is None else 1 / self.rank

    @property
    def gain(self) -> float:
        """nDCG where one passage is right."""
        return 0.0 if self.rank is None else 1 / math.log2(self.rank + 1)


def ask(library: Library, question: Question, known: dict[tuple[str, Query], Asked]) -> Asked:
    """Ask a question; what is understood alike is searched once, and `known` from then on."""
    try:
        query = library._understood(question.text, history=question.history)
    except QuestionError:
        return Asked(False, None)
    if (question.id, query) not in known:
        quotes = [fold(quote) for quote in question.quotes]
        answer = library.ask(question.text, k=DEPTH, history=question.history)
        ranks = (
            cited.rank
            for cited in answer.passages
            if question.grades.get(cited.id, 0) > 0 or any(quote in fold(cited.text) for quote in quotes)
        )
        known[question.id, query] = Asked(query.context is not None, next(ranks, None))
    return known[question.id, query]


def with_other_histories(questions: Sequence[Question], conversations: Sequence[Question]) -> list[Question]:
    """Return each question after other ones of the set, `DRAWS` times with other ones."""
    draw = np.random.default_rng(SEED)
    given: list[Question] = []
    for question in questions:
        others = [each for each in conversations if each.id != question.id]
        for at in draw.choice(len(others), DRAWS, replace=False):
            given.append(replace(question, history=(*others[at].history, others[at].text)))
    return given


def ways(library: Library, questions: Sequence[Question]) -> dict[str, list[Asked]]:
    """Return the questions asked as shipped, without history, and with the last turn alone as context.

    The last turn alone is the context of those that are taken to lean, or of every one.
    """
    known: dict[tuple[str, Query], Asked] = {}

    def asked(chosen: Sequence[Question]) -> list[Asked]:
        return [ask(library, each, known) for each in chosen]

    with patch("qa.query._LONGEST_CHAIN", 1):
        last = asked(questions)
        with patch("qa.query._leans", return_value=True):
            always = asked(questions)
    return {
        "shipped": asked(questions),
        "no history": asked([replace(question, history=()) for question in questions]),
        "last turn only": last,
        "always the last turn": always,
    }


def table(name: str, found: Mapping[str, Sequence[Asked]]) -> str:
    """Return a row a way of asking."""
    rows = []
    for way, asked in found.items():
        leaning = sum(each.leans for each in asked)
        means = [np.mean([getattr(each, m) for each in asked]) for m in ("success", "reciprocal", "gain")]
        figures = " | ".join(f"{mean:.3f}".removeprefix("0") for mean in means)
        rows.append(f"| {name}, {way} | {leaning} of {len(asked)} | {figures} |")
    return "\n".join(rows)


def read_conversations(folder: Path) -> tuple[QuestionSet, set[str]]:
    """Return the queries of a BEIR folder, and the ids of those a person had to reword."""
    lines = (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    reworded = {
        each["_id"]
        for each in map(json.loads, filter(str.strip, lines))
        if _plain(each["rewrite"]) != _plain(each["text"])
    }
    return read_questions(folder), reworded


def _plain(text: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures as the rows of a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--library", type=Path, default=ROOT, help="the folder that holds corpus/ and index/")
    parser.add_argument("--conversations", type=Path, help="a BEIR folder with history and rewrite")
    parser.add_argument("--index", type=Path, help="where that folder is, or is to be, indexed")
    parser.add_argument("--named", action="store_true", help="name every question that is taken wrongly")
    options = parser.parse_args(arguments)
    print("| | taken to lean | Success@5 | RR@10 | nDCG@10, one right |\n|---|---|---|---|---|")
    groups: list[tuple[str, Library, list[Question], bool]] = []
    library = Library.open(options.library)
    for file in ("rutland-questions.jsonl", "more-questions.jsonl"):
        read = read_questions(library.path / "corpus" / "evaluation" / file)
        answerable = [question for question in read.questions if question.answerable]
        follow_ups = [question for question in answerable if question.history]
        fresh = with_other_histories([q for q in answerable if not q.history], answerable)
        groups += [(f"{file}: follow-ups", library, follow_ups, True)] if follow_ups else []
        groups.append((f"{file}: fresh", library, fresh, False))
    if options.conversations is not None:
        read, reworded = read_conversations(options.conversations)
        assert read.collection is not None
        directory = options.index
        if not (directory / "manifest.json").is_file():
            Library.build_from_passages([read.collection], directory).close()
        conversations = _open_collection(directory)
        turns = [question for question in read.questions if question.history and question.judged]
        for leans, name in ((True, "turns that lean"), (False, "turns that stand alone")):
            chosen = [question for question in turns if (question.id in reworded) is leans]
            groups.append((f"{read.name}: {name}", conversations, chosen, leans))
    for name, asked_library, questions, leans in groups:
        found = ways(asked_library, questions)
        print(table(name, found), flush=True)
        if options.named:
            for question, each in zip(questions, found["shipped"], strict=True):
                if each.leans is not leans:
                    print(f"    {question.id}: {question.history[-1]} -> {question.text}")


def _open_collection(directory: Path) -> Library:
    """Open an index that stands alone."""
    from qa.index import Index
    from qa.library import _encoder_of

    index = Index.open(directory)
    return Library(directory, index, lambda: _encoder_of(index.manifest))


if __name__ == "__main__":
    main()
