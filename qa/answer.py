"""Ranked passages to an answer: each with its rank and citation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qa.cite import citation, locator
from qa.types import Answer, Candidate, CitedPassage, Query, Report


def make_answer(
    query: Query, candidates: Sequence[Candidate], reports: Mapping[str, Report], *, elapsed_ms: float
) -> Answer:
    """Return the answer a ranking gives to a question.

    Parameters
    ----------
    query
        The question understood.
    candidates
        The ranked passages, best first.
    reports
        The reports by id.
    elapsed_ms
        How long the search took, in milliseconds.
    """
    passages = tuple(
        CitedPassage(
            rank=rank,
            passage=candidate.passage,
            report=reports[candidate.passage.report],
            locator=locator(candidate.passage),
            citation=citation(candidate.passage, reports[candidate.passage.report]),
            highlights=candidate.highlights,
            score=candidate.score,
            explanation=candidate.explanation,
        )
        for rank, candidate in enumerate(candidates, start=1)
    )
    return Answer(query.question, bool(passages), passages, elapsed_ms, query, notes_of(query))


def notes_of(query: Query) -> tuple[str, ...]:
    """Return what people should know of how their question was understood, a sentence each."""
    notes: list[str] = []
    if query.context is not None:
        notes.append(f"Understood as following on from “{query.context}”; to ask afresh, name what you mean.")
    if query.corrections:
        notes.append(f"Searched for: {query.words}")
    return tuple(notes)
