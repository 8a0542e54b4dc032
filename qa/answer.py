"""Ranked passages to an answer: their citations, and whether they are thought to answer at all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from qa.cite import UNJUDGED, citation, locator
from qa.confidence import Case, Judged, Level, Sentence, Verdict
from qa.types import Answer, Candidate, CitedPassage, Passage, Query, Report


def make_answer(
    query: Query,
    candidates: Sequence[Candidate],
    reports: Mapping[str, Report],
    *,
    elapsed_ms: float,
    verdict: Verdict | None = None,
    unjudged: str | None = None,
    searched: str = "",
    footnotes: Callable[[Passage], tuple[Passage, ...]] = lambda _: (),
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
        Whether the passages answer; none where they were asked for by name, or nothing was judged.
    unjudged
        What was done in place of judging, in a sentence; none if they were judged or asked for by name.
    searched
        What was searched, in words.
    footnotes
        Gives the footnotes that a passage calls.
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
            notes=footnotes(candidate.passage),
        )
        for rank, candidate in enumerate(candidates, start=1)
    )
    confidence, reason = Level.STRONG.value, ""
    if verdict is not None:
        confidence, reason = verdict.level.value, verdict.reason
    elif unjudged is not None:
        confidence, reason = UNJUDGED, unjudged
    return Answer(
        question=query.question,
        answered=bool(passages) and (verdict is None or verdict.level is not Level.NONE),
        passages=passages,
        elapsed_ms=elapsed_ms,
        query=query,
        notes=notes_of(query),
        confidence=confidence,
        reason=reason,
        confidence_score=None if verdict is None else verdict.score,
        searched=searched,
    )


def case_of(
    query: Query,
    candidates: Sequence[Candidate],
    reports: Mapping[str, Report],
    *,
    years: Collection[int],
    rarity: Callable[[str], float],
) -> Case:
    """Return what is judged to tell whether the passages found answer a question.

    Parameters
    ----------
    query, candidates, reports
        As in `make_answer`.
    years
        The years the reports speak of.
    rarity
        The inverse document frequency of a word.
    """
    return Case(
        query.words,
        [_judged(candidate, reports[candidate.passage.report]) for candidate in candidates],
        unknown=query.unknown,
        years=years,
        expansions=query.expansions,
        context=query.context,
        rarity=rarity,
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
