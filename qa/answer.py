"""Ranked passages to an answer: their citations, and whether they are thought to answer at all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from qa.cite import citation, locator
from qa.confidence import SHIPPED, Judged, Level, Sentence, Verdict, judge
from qa.types import Answer, Candidate, CitedPassage, Query, Report


def make_answer(
    query: Query,
    candidates: Sequence[Candidate],
    reports: Mapping[str, Report],
    *,
    elapsed_ms: float,
    verdict: Verdict | None = None,
    searched: str = "",
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
    verdict
        Whether the passages answer; none where they were asked for by name.
    searched
        What was searched, in words.
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
            also=candidate.also,
        )
        for rank, candidate in enumerate(candidates, start=1)
    )
    return Answer(
        question=query.question,
        answered=bool(passages) and (verdict is None or verdict.level is not Level.NONE),
        passages=passages,
        elapsed_ms=elapsed_ms,
        query=query,
        notes=notes_of(query),
        confidence=(Level.STRONG if verdict is None else verdict.level).value,
        reason="" if verdict is None else verdict.reason,
        confidence_score=None if verdict is None else verdict.score,
        searched=searched,
    )


def judge_candidates(
    query: Query,
    candidates: Sequence[Candidate],
    reports: Mapping[str, Report],
    *,
    model: str,
    years: Collection[int],
    rarity: Callable[[str], float],
) -> Verdict:
    """Return whether the passages found are thought to answer a question, and why.

    Parameters
    ----------
    query, candidates, reports
        As in `make_answer`.
    model
        The name of the model; without a calibration for it nothing is refused.
    years
        The years the reports speak of.
    rarity
        The inverse document frequency of a word.
    """
    judged = [_judged(candidate, reports[candidate.passage.report]) for candidate in candidates]
    return judge(
        query.words,
        judged,
        unknown=query.unknown,
        years=years,
        expansions=query.expansions,
        context=query.context,
        rarity=rarity,
        calibration=SHIPPED if model == SHIPPED.model else None,
    )


def notes_of(query: Query) -> tuple[str, ...]:
    """Return what people should know of how their question was understood, a sentence each."""
    notes: list[str] = []
    if query.context is not None:
        notes.append(f"Understood as following on from “{query.context}”; to ask afresh, name what you mean.")
    if query.corrections:
        notes.append(f"Searched for: {query.words}")
    return tuple(notes)


def _judged(candidate: Candidate, report: Report) -> Judged:
    passage = candidate.passage
    about = [report.title, report.short_title, report.kind, report.date]
    return Judged(
        text=passage.text,
        reading=passage.reading,
        section=(*passage.section, *([passage.lead_in] if passage.lead_in else [])),
        about=" ".join(filter(None, about)),
        sentences=tuple(
            Sentence(passage.shown if passage.reading else passage.text[span.start : span.end], likeness)
            for span, likeness in candidate.sentences
        ),
    )
