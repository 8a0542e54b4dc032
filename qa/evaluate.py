"""Questions, judgements and measures: how often the right passage comes first, and what is refused.

Takes anything that answers questions and knows nothing of how it does. Measures of a ranking are those of
ir-measures. A question without results counts 0; none is dropped.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import ir_measures
import numpy as np
from ir_measures import RR, R, Success, nDCG

from qa.errors import EvaluationError, QuestionError
from qa.types import (
    Answer,
    CitedPassage,
    Kind,
    Passage,
    Progress,
    ProgressCallback,
    Report,
    ReportOutline,
    Span,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

T = TypeVar("T")

DEPTH = 10
"""How many passages of each answer the measures look at."""

SHIPPED_MODE = "full"
"""The mode of a library that is asked without naming one."""

BEIR_REPORT = "beir"
"""The id of the report that the documents of a BEIR folder become; each has the id ``beir:<_id>``."""

RESAMPLES = 10_000
SEED = 2006

_RANKING = (Success @ 1, Success @ 3, Success @ 5, Success @ 10, RR @ 10, nDCG @ 10)
_FOUND = {Success @ 5: R @ 5, Success @ 10: R @ 10}
"""What the success of a search for one piece of evidence tells of the recall of all."""

MEASURES = tuple(map(str, (*_RANKING, *_FOUND.values())))

_CHUNK = 250
_DROPPED = str.maketrans(dict.fromkeys("|*_"))


@dataclass(frozen=True, slots=True)
class Question:
    """A question and what is known of its right answer: the exact words, or the ids of the passages.

    `quotes` are the words of every passage that answers it, one a piece of evidence. In their place `grades`
    says how relevant each judged passage is, 0 for not at all.
    """

    id: str
    type: str
    text: str
    history: tuple[str, ...] = ()
    answerable: bool = True
    quotes: tuple[str, ...] = ()
    grades: Mapping[str, int] = field(default_factory=dict)

    @property
    def judged(self) -> bool:
        """Whether there is anything to measure an answer by."""
        return not self.answerable or bool(self.quotes) or any(grade > 0 for grade in self.grades.values())


Ask = Callable[[Question, int], Answer]
"""Answers a question with so many passages at most."""


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions under a name; `collection` holds the passages to search if they are not the library's."""

    name: str
    questions: tuple[Question, ...]
    collection: ReportOutline | None = None


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


def fold(text: str) -> str:
    """Return a text as quotes are compared: no separators and emphasis marks, single spaces, lower case."""
    return " ".join(text.translate(_DROPPED).split()).casefold()


def read_questions(path: Path) -> QuestionSet:
    """Read a file of questions with evidence, a folder of such files, or a BEIR folder.

    A BEIR folder (Thakur et al., "BEIR", NeurIPS 2021) holds ``corpus.jsonl``, ``queries.jsonl`` and
    ``qrels/test.tsv`` or ``qrels.tsv``; its documents become the passages of one report.

    Raises
    ------
    EvaluationError
        If a file is missing, cannot be read or holds no question, or a line is not as it should be.
    """
    if (path / "corpus.jsonl").is_file():
        return _read_beir(path)
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    if not files:
        raise EvaluationError(f"{path} holds neither corpus.jsonl nor files of questions; give one that does")
    questions = [
        _parsed(
            file, number, line, _question_with_evidence, "question with id, question, answerable and evidence"
        )
        for file in files
        for number, line in _lines(file)
    ]
    return QuestionSet(path.resolve().name, _distinct(questions, path))


def read_judged(queries: Path, qrels: Path) -> QuestionSet:
    """Read queries (``.jsonl``, or lines of id, tab and text) and what qrels say of the library's passages.

    Raises
    ------
    EvaluationError
        As `read_questions` does, or if the qrels name an unknown query.
    """
    return QuestionSet(queries.resolve().stem, _read_queries(queries, _read_qrels(qrels), qrels))


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
    last_of_equals = np.append(np.diff(confidences[falling]) != 0, True)
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


def _read_beir(folder: Path) -> QuestionSet:
    qrels = next(
        (path for path in (folder / "qrels" / "test.tsv", folder / "qrels.tsv") if path.is_file()), None
    )
    if qrels is None:
        raise EvaluationError(f"{folder} holds neither qrels/test.tsv nor qrels.tsv; a BEIR folder needs one")
    source = folder / "corpus.jsonl"
    passages: dict[str, Passage] = {}
    places: Counter[tuple[str, ...]] = Counter()
    for number, line in _lines(source):
        id_, title, text = _parsed(source, number, line, _document, "document with _id and text")
        section = (title,) if title and text else ()
        places[section] += 1
        passages.setdefault(
            id_, _document_passage(id_, section, text or title or id_, len(passages), places[section])
        )
    if not passages:
        raise EvaluationError(f"{source} holds no document; give one with a JSON object a line")
    name = folder.resolve().name
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    report = Report(id=BEIR_REPORT, title=name, short_title=name, path=source.name, sha256=digest)
    grades = {
        query: {f"{BEIR_REPORT}:{id_}": grade for id_, grade in judged.items()}
        for query, judged in _read_qrels(qrels).items()
    }
    known = {passage.id for passage in passages.values()}
    for query, judged in grades.items():
        for id_ in judged.keys() - known:
            document = id_.removeprefix(f"{BEIR_REPORT}:")
            raise EvaluationError(
                f'{qrels}: query {query} names the document "{document}", which is not in {source}'
            )
    questions = _read_queries(folder / "queries.jsonl", grades, qrels)
    return QuestionSet(name, questions, ReportOutline(report, tuple(passages.values())))


def _document(fields: dict[str, Any]) -> tuple[str, str, str]:
    title, text = fields.get("title") or "", fields["text"]
    return _id(fields["_id"]), " ".join(_string(title).split()), " ".join(_string(text).split())


def _document_passage(id_: str, section: tuple[str, ...], text: str, order: int, position: int) -> Passage:
    return Passage(
        id=f"{BEIR_REPORT}:{id_}",
        report=BEIR_REPORT,
        order=order,
        kind=Kind.UNNUMBERED,
        section=section,
        number=None,
        scope=None,
        position=position,
        text=text,
        source=(Span(0, len(text)),),
    )


def _read_queries(path: Path, grades: Mapping[str, Mapping[str, int]], qrels: Path) -> tuple[Question, ...]:
    read: list[Question] = []
    for number, line in _lines(path):
        if path.suffix == ".tsv":
            id_, tab, text = line.partition("\t")
            if not (tab and id_.strip() and text.strip()):
                raise EvaluationError(f"{path}, line {number}: no id, tab and query; mend that line")
            read.append(Question(id_.strip(), "all", text.strip()))
        else:
            read.append(_parsed(path, number, line, _query, "query with _id and text"))
    read = list(_distinct(read, path))
    unknown = grades.keys() - {question.id for question in read}
    if unknown:
        raise EvaluationError(
            f'{qrels} judges the query "{min(unknown)}", which is not in {path}; mend one of them'
        )
    return tuple(replace(question, grades=grades.get(question.id, {})) for question in read)


def _read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Read lines of query, (iteration,) document and grade; the first may be a header."""
    grades: dict[str, dict[str, int]] = {}
    for number, line in _lines(path):
        fields = line.split("\t") if "\t" in line else line.split()
        try:
            query, *_, document, grade = map(str.strip, fields)
            if len(fields) not in (3, 4):
                raise ValueError
            grades.setdefault(query, {})[document] = int(grade)
        except ValueError as error:
            if number > 1:
                raise EvaluationError(
                    f"{path}, line {number}: no query, document and whole number; mend that line"
                ) from error
    if not grades:
        raise EvaluationError(f"{path} holds no judgement; give lines of query, document and grade")
    return grades


def _query(fields: dict[str, Any]) -> Question:
    return Question(
        id=_id(fields["_id"]),
        type=_string(fields.get("type", "all")),
        text=_string(fields["text"]),
        history=_history(fields),
        answerable=_boolean(fields.get("answerable", True)),
    )


def _question_with_evidence(fields: dict[str, Any]) -> Question:
    question = Question(
        id=_id(fields["id"]),
        type=_string(fields.get("type", "all")),
        text=_string(fields["question"]),
        history=_history(fields),
        answerable=_boolean(fields["answerable"]),
        quotes=tuple(_string(item["quote"]) for item in fields.get("evidence") or ()),
    )
    if question.answerable != bool(question.quotes) or not all(map(fold, question.quotes)):
        raise ValueError
    return question


def _history(fields: dict[str, Any]) -> tuple[str, ...]:
    """Return the earlier questions; of turns with a speaker those of the one who asks."""
    turns: list[str] = []
    for turn in fields.get("history") or []:
        if not isinstance(turn, dict):
            turns.append(_string(turn))
        elif turn.get("speaker", "user") == "user":
            turns.append(_string(turn["text"]))
    return tuple(turns)


def _distinct(questions: Sequence[Question], path: Path) -> tuple[Question, ...]:
    if not questions:
        raise EvaluationError(f"{path} holds no question; give one with a JSON object a line")
    twice = [id_ for id_, count in Counter(question.id for question in questions).items() if count > 1]
    if twice:
        raise EvaluationError(f'{path} has the question "{twice[0]}" twice; give each an id of its own')
    return tuple(questions)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not empty, with their numbers."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise EvaluationError(f"{path} cannot be read ({reason}); check its path") from error
    yield from ((number, line) for number, line in enumerate(lines, start=1) if line.strip())


def _parsed(path: Path, number: int, line: str, make: Callable[[dict[str, Any]], T], wanted: str) -> T:
    try:
        return make(json.loads(line))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise EvaluationError(f"{path}, line {number}: no {wanted}; mend that line") from error


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _id(value: object) -> str:
    return str(value) if isinstance(value, int) else _string(value)


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value
