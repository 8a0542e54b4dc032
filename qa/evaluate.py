"""Questions, judgements and measures: how often the right passage comes first, and what is refused.

Takes anything that answers questions and knows nothing of how it does. Measures of a ranking are those of
ir-measures. A question without results counts 0; none is dropped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import ir_measures
import numpy as np
from ir_measures import RR, R, Success, nDCG

from qa.errors import EvaluationError, QuestionError
from qa.questions import Question, QuestionSet, fold
from qa.types import (
    Answer,
    CitedPassage,
    Passage,
    Progress,
    ProgressCallback,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

DEPTH = 10
"""How many passages of each answer the measures look at."""

SHIPPED_MODE = "full"
"""The mode of a library that is asked without naming one."""

RESAMPLES = 10_000
SEED = 2006

_RANKING = (Success @ 1, Success @ 3, Success @ 5, Success @ 10, RR @ 10, nDCG @ 10)
_FOUND = {Success @ 5: R @ 5, Success @ 10: R @ 10}
"""What the success of a search for one piece of evidence tells of the recall of all."""

MEASURES = tuple(map(str, (*_RANKING, *_FOUND.values())))

_CHUNK = 250


Ask = Callable[[Question, int], Answer]
"""Answers a question with so many passages at most."""


class Estimate(NamedTuple):
    """A mean over questions and the ends of its 95 % confidence interval."""

    value: float
    low: float
    high: float


class Difference(NamedTuple):
    """How far a mode is ahead of another, and how likely as much is by chance."""

    value: float
    p: float


class Risk(NamedTuple):
    """The share of all questions that is answered, and the share of those whose first passage is wrong."""

    coverage: float
    risk: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question.

    Attributes
    ----------
    returned
        The ranked passages, also those offered with a refusal.
    right
        The passages that answer it.
    rank
        The rank of the first of them, also below `returned` where it was looked for; none if not found.
    confidence
        None where the answer tells none.
    error
        Why it could not be asked, else empty.
    values
        Its measures; empty for an unanswerable question.
    """

    question: Question
    right: tuple[Passage, ...]
    answered: bool = False
    returned: tuple[CitedPassage, ...] = ()
    rank: int | None = None
    confidence: float | None = None
    elapsed_ms: float | None = None
    error: str = ""
    values: dict[str, float] = field(default_factory=dict)

    @property
    def missed(self) -> bool:
        """Whether it is answerable and no right passage comes first."""
        return self.question.answerable and self.rank != 1


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What one mode made of a set of questions.

    Attributes
    ----------
    overall, by_type
        Means over the answerable questions, by the measure's name; empty if there are none.
    counts
        How many answerable questions there are of each type.
    missing
        Ids of questions with evidence that stands in no passage: no ranking can answer these whole.
    unjudged
        Ids of questions that nothing is known of; they are not asked.
    refused, wrongly_refused
        Shares of the unanswerable and of the answerable questions that were refused.
    auroc
        How well confidence tells answerable from unanswerable questions; none if no confidence is given.
    risks
        From the most confident answer to all of them; empty if no confidence is given.
    shipped
        Where the answers themselves draw the line; none if all is refused.
    highlighted
        Of the right passages in first place, the share whose marked sentences hold the quote or half its
        words; none where no question has quotes.
    latency_ms
        Median and 95th percentile of the time an answer took.
    """

    mode: str
    overall: dict[str, Estimate]
    by_type: dict[str, dict[str, Estimate]]
    counts: dict[str, int]
    missing: tuple[str, ...]
    unjudged: tuple[str, ...]
    refused: Estimate | None
    wrongly_refused: Estimate | None
    auroc: Estimate | None
    risks: tuple[Risk, ...]
    shipped: Risk | None
    highlighted: float | None
    latency_ms: dict[str, float]
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class Measurement:
    """Evaluations of one or more modes over the same questions, the others compared with the last.

    `identity` says of what: version, model, index and date.
    """

    name: str
    identity: dict[str, str]
    evaluations: tuple[Evaluation, ...]
    differences: dict[str, dict[str, Difference]]


def measure(
    questions: QuestionSet,
    passages: Iterable[Passage],
    modes: Mapping[str, Ask],
    *,
    identity: Mapping[str, str],
    k: int = DEPTH,
    deepest: int = 0,
    progress: ProgressCallback | None = None,
) -> Measurement:
    """Ask every question in every mode, measure the answers and compare the modes with the last.

    A passage is relevant if it holds a quote (see `fold`), or by its grade. R@k is the share of the pieces of
    evidence found among the first k: one that stands in two passages counts once. Intervals are percentile
    bootstrap intervals over questions (Efron and Tibshirani, *An introduction to the bootstrap*, 1993,
    chapter 13). Differences are tested with the two-sided paired randomisation test (Smucker, Allan and
    Carterette, "A comparison of statistical significance tests for information retrieval evaluation", CIKM
    2007), not corrected for the number of tests. Both draw 10,000 seeded samples.

    Parameters
    ----------
    questions
        What is asked.
    passages
        All passages that can be ranked.
    modes
        What answers, by the name of its mode.
    identity
        What is measured: version, model and index.
    k
        How many passages an answer may have, at least 10.
    deepest
        How far down to look for a right passage that is not among these; 0 for no further.
    progress
        Called with a `Progress` after each question.

    Raises
    ------
    EvaluationError
        If there is nothing to measure, or a judgement names an unknown passage.
    QuestionError
        If no question at all can be asked.
    """
    if k < DEPTH:
        raise EvaluationError(f"The measures look at {DEPTH} passages; give -k {DEPTH} or more")
    places = {passage.id: passage for passage in passages}
    if not places:
        raise EvaluationError("The index holds no passage that can be ranked; add reports and run: qa index")
    judged = [question for question in questions.questions if question.judged]
    if not judged:
        raise EvaluationError(f"{questions.name} has no question with evidence or judgements; add some")
    evidence = _evidence(judged, places)
    evaluations: list[Evaluation] = []
    for mode, ask in modes.items():
        outcomes: list[Outcome] = []
        for number, question in enumerate(judged, start=1):
            outcomes.append(_outcome(question, evidence[question.id], places, ask, k, deepest))
            if progress is not None:
                progress(Progress(f"asking {mode}", number, len(judged)))
        if all(outcome.error for outcome in outcomes):
            raise QuestionError(outcomes[0].error)
        missing = [q.id for q in judged if any(not places.keys() & holders for holders in evidence[q.id])]
        unjudged = [question.id for question in questions.questions if not question.judged]
        evaluations.append(_evaluation(mode, _scored(outcomes, evidence), missing, unjudged))
    *others, last = evaluations
    return Measurement(
        name=questions.name,
        identity={**identity, "date": datetime.now(UTC).isoformat(timespec="seconds")},
        evaluations=tuple(evaluations),
        differences={other.mode: _differences(other, last) for other in others},
    )


def _evidence(
    questions: Sequence[Question], places: Mapping[str, Passage]
) -> dict[str, tuple[frozenset[str], ...]]:
    """Return for each question and each piece of its evidence the ids of the passages that hold it."""
    folded = {id_: fold(passage.text) for id_, passage in places.items()}
    evidence: dict[str, tuple[frozenset[str], ...]] = {}
    for question in questions:
        unknown = [id_ for id_ in question.grades if id_ not in places]
        if unknown:
            raise EvaluationError(
                f'The judgements of question {question.id} name the passage "{unknown[0]}", which the index '
                "does not hold; give judgements of its passages"
            )
        quotes = [fold(quote) for quote in question.quotes]
        evidence[question.id] = (
            *(frozenset(id_ for id_, text in folded.items() if quote in text) for quote in quotes),
            *(frozenset([id_]) for id_, grade in question.grades.items() if grade > 0),
        )
    return evidence


def _outcome(
    question: Question,
    evidence: Sequence[frozenset[str]],
    places: Mapping[str, Passage],
    ask: Ask,
    k: int,
    deepest: int,
) -> Outcome:
    relevant = frozenset().union(*evidence)
    right = tuple(places[id_] for id_ in places if id_ in relevant)
    try:
        answer = ask(question, k)
        returned = _ranked(answer)
        rank = _first(returned, relevant)
        if rank is None and right and deepest > k:
            rank = _first(_ranked(ask(question, deepest)), relevant)
    except QuestionError as error:
        # One of a public set may have no words to search for; it counts 0 like any without results.
        return Outcome(question, right, error=str(error))
    return Outcome(
        question,
        right,
        answered=answer.answered,
        returned=returned,
        rank=rank,
        confidence=getattr(answer, "confidence_score", None),
        elapsed_ms=answer.elapsed_ms,
    )


def _ranked(answer: Answer) -> tuple[CitedPassage, ...]:
    """Return the passages of an answer, or those offered with a refusal: these keep their ranks."""
    return answer.passages or tuple(getattr(answer, "nearest", ()))


def _first(ranked: Sequence[CitedPassage], relevant: frozenset[str]) -> int | None:
    return next((rank for rank, cited in enumerate(ranked, start=1) if cited.id in relevant), None)


def _scored(outcomes: Sequence[Outcome], evidence: Mapping[str, Sequence[frozenset[str]]]) -> list[Outcome]:
    """Return the outcomes with the measures of the answerable ones, 0 where nothing was returned."""
    qrels: list[ir_measures.Qrel] = []
    run: list[ir_measures.ScoredDoc] = []
    # Recall counts pieces of evidence, so each piece is a search of its own that succeeds or does not.
    found_qrels: list[ir_measures.Qrel] = []
    found_run: list[ir_measures.ScoredDoc] = []
    of_query = {str(number): each for number, each in enumerate(outcomes) if each.question.answerable}
    values = {query: dict.fromkeys(MEASURES, 0.0) for query in of_query}
    for query, outcome in of_query.items():
        grades = dict(outcome.question.grades)
        for place, holders in enumerate(evidence[outcome.question.id]):
            # Evidence that stands nowhere is a passage that is never returned.
            for id_ in holders or [f"\tnowhere {place}"]:
                grades.setdefault(id_, 1)
                found_qrels.append(ir_measures.Qrel(f"{query}/{place}", id_, 1))
            found_run += _as_run(f"{query}/{place}", outcome)
        qrels += [ir_measures.Qrel(query, id_, grade) for id_, grade in grades.items()]
        run += _as_run(query, outcome)
    for metric in ir_measures.iter_calc(_RANKING, qrels, run) if run else ():
        values[metric.query_id][str(metric.measure)] = float(metric.value)
    for metric in ir_measures.iter_calc(_FOUND, found_qrels, found_run) if run else ():
        query = metric.query_id.partition("/")[0]
        pieces = len(evidence[of_query[query].question.id])
        values[query][str(_FOUND[metric.measure])] += float(metric.value) / pieces
    return [replace(each, values=values.get(str(number), {})) for number, each in enumerate(outcomes)]


def _as_run(query: str, outcome: Outcome) -> list[ir_measures.ScoredDoc]:
    return [ir_measures.ScoredDoc(query, cited.id, -rank) for rank, cited in enumerate(outcome.returned)]


def _evaluation(
    mode: str, outcomes: Sequence[Outcome], missing: Sequence[str], unjudged: Sequence[str]
) -> Evaluation:
    answerable = [outcome for outcome in outcomes if outcome.question.answerable]
    unanswerable = [outcome for outcome in outcomes if not outcome.question.answerable]
    types = dict.fromkeys(outcome.question.type for outcome in answerable)
    of_type = {name: [each for each in answerable if each.question.type == name] for name in types}
    elapsed = [outcome.elapsed_ms for outcome in outcomes if outcome.elapsed_ms is not None]
    return Evaluation(
        mode=mode,
        overall=_means(answerable),
        by_type={name: _means(group) for name, group in of_type.items()},
        counts={name: len(group) for name, group in of_type.items()},
        missing=tuple(missing),
        unjudged=tuple(unjudged),
        refused=_share([not outcome.answered for outcome in unanswerable]),
        wrongly_refused=_share([not outcome.answered for outcome in answerable]),
        auroc=_auroc(answerable, unanswerable),
        risks=_risks(outcomes),
        shipped=_shipped(outcomes),
        highlighted=_highlighted(answerable),
        latency_ms={f"p{percent}": float(np.percentile(elapsed, percent)) for percent in (50, 95)},
        outcomes=tuple(outcomes),
    )


def _means(outcomes: Sequence[Outcome]) -> dict[str, Estimate]:
    if not outcomes:
        return {}
    values = np.array([[outcome.values[name] for name in MEASURES] for outcome in outcomes])
    samples = np.concatenate([weights @ values for weights in _resampled(len(values))])
    return {
        name: _estimate(mean, of_name)
        for name, mean, of_name in zip(MEASURES, values.mean(axis=0), samples.T, strict=True)
    }


def _share(flags: Sequence[bool]) -> Estimate | None:
    if not flags:
        return None
    values = np.array(flags, dtype=float)
    samples = np.concatenate([weights @ values for weights in _resampled(len(values))])
    return _estimate(values.mean(), samples)


def _auroc(answerable: Sequence[Outcome], unanswerable: Sequence[Outcome]) -> Estimate | None:
    """Return the chance that an answerable question has more confidence than an unanswerable one.

    Ties count half: the Mann-Whitney statistic (Hanley and McNeil, *Radiology* 143, 1982).
    """
    upper, lower = _confidences(answerable), _confidences(unanswerable)
    if upper is None or lower is None:
        return None
    wins = (upper[:, None] > lower) + (upper[:, None] == lower) / 2
    pairs = zip(_resampled(len(upper)), _resampled(len(lower), SEED + 1), strict=True)
    samples = np.concatenate([((first @ wins) * second).sum(axis=1) for first, second in pairs])
    return _estimate(wins.mean(), samples)


def _risks(outcomes: Sequence[Outcome]) -> tuple[Risk, ...]:
    """Return risk against coverage, a point a threshold (El-Yaniv and Wiener, *JMLR* 11, 2010)."""
    confidences = _confidences(outcomes)
    if confidences is None:
        return ()
    falling = np.argsort(-confidences, kind="stable")
    wrong = np.cumsum([_wrong(outcomes[number]) for number in falling])
    # Answers of the same confidence are given or withheld together.
    ordered = confidences[falling]
    last_of_equals = np.append(ordered[1:] != ordered[:-1], True)
    counts = np.flatnonzero(last_of_equals) + 1
    return tuple(Risk(int(n) / len(outcomes), float(wrong[n - 1]) / int(n)) for n in counts)


def _shipped(outcomes: Sequence[Outcome]) -> Risk | None:
    answered = [outcome for outcome in outcomes if outcome.answered]
    wrong = sum(map(_wrong, answered))
    return Risk(len(answered) / len(outcomes), wrong / len(answered)) if answered else None


def _wrong(outcome: Outcome) -> bool:
    return outcome.missed or not outcome.question.answerable


def _confidences(outcomes: Sequence[Outcome]) -> Matrix | None:
    """Return the confidence of each; none if an answer tells none. What could not be asked has the least."""
    told = [-np.inf if outcome.error else outcome.confidence for outcome in outcomes]
    return np.array(told, dtype=float) if told and None not in told and set(told) != {-np.inf} else None


def _highlighted(outcomes: Sequence[Outcome]) -> float | None:
    hits: list[bool] = []
    for outcome in outcomes:
        if outcome.rank == 1:
            first = outcome.returned[0]
            marked = fold(" ".join(first.text[span.start : span.end] for span in first.highlights))
            quotes = [quote for quote in map(fold, outcome.question.quotes) if quote in fold(first.text)]
            hits += [any(map(marked.__contains__, quotes)) or _overlaps(marked, quotes)] if quotes else []
    return sum(hits) / len(hits) if hits else None


def _overlaps(marked: str, quotes: Sequence[str]) -> bool:
    words = Counter(marked.split())
    return any((Counter(q.split()) & words).total() * 2 >= len(q.split()) for q in quotes)


def _differences(other: Evaluation, last: Evaluation) -> dict[str, Difference]:
    pairs = [
        (own.values, best.values)
        for own, best in zip(other.outcomes, last.outcomes, strict=True)
        if own.question.answerable
    ]
    if not pairs:
        return {}
    ahead = np.array([[own[name] - best[name] for name in MEASURES] for own, best in pairs])
    random = np.random.default_rng(SEED)
    as_far = np.zeros(len(MEASURES))
    for _ in range(RESAMPLES // _CHUNK):
        signs = random.integers(2, size=(_CHUNK, len(ahead))) * 2.0 - 1.0
        # The observed signs are one of the possible draws, and sums of floats differ in their last digits.
        as_far += (np.abs(signs @ ahead) >= np.abs(ahead.sum(axis=0)) - 1e-9).sum(axis=0)
    chances = (as_far + 1) / (RESAMPLES + 1)
    means = ahead.mean(axis=0)
    return {
        name: Difference(float(mean), float(p))
        for name, mean, p in zip(MEASURES, means, chances, strict=True)
    }


def _resampled(count: int, seed: int = SEED) -> Iterator[Matrix]:
    """Yield weights of `count` questions, drawn with replacement; shape ``(samples, count)``."""
    random = np.random.default_rng(seed)
    for _ in range(RESAMPLES // _CHUNK):
        drawn = random.integers(count, size=(_CHUNK, count)) + count * np.arange(_CHUNK)[:, None]
        yield np.bincount(drawn.ravel(), minlength=_CHUNK * count).reshape(_CHUNK, count) / count


def _estimate(value: float, samples: Matrix) -> Estimate:
    low, high = np.percentile(samples, [2.5, 97.5])
    return Estimate(float(value), float(low), float(high))
