"""Questions, judgements and measures: how often the right passage comes first.

Takes anything that answers questions and knows nothing of how it does. Measures are those of ir-measures.
A question without results counts 0; none is dropped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ir_measures
from ir_measures import RR, R, Success, nDCG

from qa.errors import EvaluationError
from qa.types import Answer, Passage

MEASURES = (Success @ 1, Success @ 3, Success @ 5, Success @ 10, RR @ 10, nDCG @ 10, R @ 5, R @ 10)
DEPTH = 10
"""How many passages of each answer are judged."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the exact words of every passage that answers it."""

    id: str
    type: str
    text: str
    history: tuple[str, ...]
    answerable: bool
    quotes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The measures of one set of questions: over all answerable ones, by type, and how many were judged.

    `missing` holds the ids of questions with a quote that stands in no ranked passage: no ranking can answer
    these whole.
    """

    overall: dict[str, float]
    by_type: dict[str, dict[str, float]]
    counts: dict[str, int]
    missing: tuple[str, ...]


def read_questions(path: Path) -> list[Question]:
    """Read a questions file, one JSON object a line.

    Raises
    ------
    EvaluationError
        If it cannot be read, holds no question, or a line is not as it should be.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"{path} cannot be read ({error}); give a file of questions") from error
    questions: list[Question] = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            questions.append(_question(path, number, line))
    if not questions:
        raise EvaluationError(f"{path} holds no question; give a file with one JSON object a line")
    return questions


def evaluate(
    questions: Sequence[Question], passages: Iterable[Passage], ask: Callable[[Question], Answer]
) -> Evaluation:
    """Ask every question and measure where the passages that answer it come.

    Parameters
    ----------
    questions
        At least one of them answerable.
    passages
        All passages that can be ranked: they tell which ones are relevant.
    ask
        Answers a question.

    Raises
    ------
    EvaluationError
        If there is nothing to measure.
    """
    folded = {passage.id: fold(passage.text) for passage in passages}
    answerable = [question for question in questions if question.answerable]
    if not folded or not answerable:
        raise EvaluationError(
            "There is nothing to measure; give answerable questions and an index with passages"
        )
    qrels: list[ir_measures.Qrel] = []
    run: list[ir_measures.ScoredDoc] = []
    missing: list[str] = []
    for question in answerable:
        relevant = _relevant(question, folded)
        if any(passage_id.startswith("nowhere:") for passage_id in relevant):
            missing.append(question.id)
        qrels += [ir_measures.Qrel(question.id, passage_id, 1) for passage_id in relevant]
        ranked = ask(question).passages[:DEPTH]
        run += [ir_measures.ScoredDoc(question.id, cited.id, -cited.rank) for cited in ranked]
    values: dict[str, dict[str, float]] = {question.id: {} for question in answerable}
    for metric in ir_measures.iter_calc(MEASURES, qrels, run):
        values[metric.query_id][str(metric.measure)] = metric.value
    types = dict.fromkeys(question.type for question in answerable)
    of_type = {name: [q.id for q in answerable if q.type == name] for name in types}
    return Evaluation(
        overall=_means(list(values), values),
        by_type={name: _means(ids, values) for name, ids in of_type.items()},
        counts={name: len(ids) for name, ids in of_type.items()},
        missing=tuple(missing),
    )


def fold(text: str) -> str:
    """Return a text as quotes are compared: white space folded, emphasis marks dropped, in lower case."""
    return " ".join(text.replace("*", "").split()).casefold()


def _relevant(question: Question, folded: dict[str, str]) -> list[str]:
    """Return the passages that hold a quote of a question; one that none holds counts as never found."""
    relevant: dict[str, None] = {}
    for place, quote in enumerate(map(fold, question.quotes)):
        holders = [passage_id for passage_id, text in folded.items() if quote in text]
        relevant.update(dict.fromkeys(holders or [f"nowhere:{place}"]))
    return list(relevant)


def _means(ids: Sequence[str], values: dict[str, dict[str, float]]) -> dict[str, float]:
    return {str(measure): sum(values[id_][str(measure)] for id_ in ids) / len(ids) for measure in MEASURES}


def _question(path: Path, number: int, line: str) -> Question:
    try:
        fields: dict[str, Any] = json.loads(line)
        question = Question(
            id=str(fields["id"]),
            type=str(fields.get("type", "all")),
            text=str(fields["question"]),
            history=tuple(map(str, fields.get("history") or ())),
            answerable=bool(fields["answerable"]),
            quotes=tuple(str(item["quote"]) for item in fields.get("evidence") or ()),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EvaluationError(
            f"{path}, line {number}: no question with id, question, answerable and evidence; mend that line"
        ) from error
    if question.answerable and not any(map(fold, question.quotes)):
        raise EvaluationError(f"{path}, line {number}: an answerable question needs a quote; mend that line")
    return question
