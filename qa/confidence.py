"""Whether the passages found really hold an answer. Looks for the answer itself, since likeness cannot tell.

A question on the reports' own themes whose answer is not there finds passages as like it as any other question
does. So three signs are weighed before likeness:

- what kind of answer the question expects (question classification by rules: Li and Roth, "Learning Question
  Classifiers", COLING 2002) and whether a sentence that speaks of the thing asked holds one of that kind;
- names and years of the question that stand nowhere in the reports, or not in the passages found;
- how well any sentence, by its words and its meaning, speaks of the thing asked: a thing spoken of without an
  answer of the kind expected is the mark of a near miss, where an idiom far from the text is not.

A logistic regression makes a score of them; its weights are a `Calibration`, found by `fit` from questions of
which it is known whether the reports answer them. Pure functions on words and numbers: no index, no model, no
file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, NamedTuple, Self

import numpy as np

from qa.types import Expansion

# --- what is given and what comes out ----------------------------------------------------------------------


class AnswerKind(StrEnum):
    """What kind of thing would answer a question."""

    NUMBER = "number"
    PERCENTAGE = "percentage"
    MONEY = "sum of money"
    DATE = "date"
    TIME = "time of day"
    DURATION = "length of time"
    FREQUENCY = "frequency"
    CONTACT = "telephone number or address"
    PERSON = "person"
    ORGANISATION = "organisation"
    PLACE = "place"
    NAME = "name"
    REASON = "reason"
    GRADE = "grade"
    COMPARISON = "comparison"
    DEFINITION = "definition"
    YES_NO = "yes or no"
    LIST = "list"
    DESCRIPTION = "description"
    TOPIC = "topic"

    @property
    def checkable(self) -> bool:
        """Whether a sentence can be seen to hold such an answer; of any other kind only a reader can tell."""
        return self in _MISSING


class Level(StrEnum):
    """How sure it is that the passages answer."""

    STRONG = "strong"
    POSSIBLE = "possible"
    NONE = "none"


class Sentence(NamedTuple):
    """A sentence of a passage as people read it, and its cosine to the question, where known."""

    text: str
    likeness: float | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A passage found, with what is known of it.

    Attributes
    ----------
    text
        Its words as printed.
    reading
        For a table row: what people read. Else none.
    section
        The headings above it, and the words that lead in to it.
    about
        What its report is called and when it was written, in words.
    sentences
        Its sentences in reading order, all of them where that is cheap. None given: the whole passage counts as
        one.
    dense
        Cosine of its best window to the question, where known.
    """

    text: str
    reading: str | None = None
    section: tuple[str, ...] = ()
    about: str = ""
    sentences: tuple[Sentence, ...] = ()
    dense: float | None = None


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for and against an answer.

    Attributes
    ----------
    kind
        What kind of answer the question expects.
    checkable
        1 where an answer of this kind can be recognised, else 0.
    support
        How well a sentence with an answer of that kind speaks of the thing asked; 0 where not checkable.
    gap
        How much better a sentence that holds none speaks of it; 0 where not checkable.
    spoken
        How well any sentence speaks of the thing asked; 0 where checkable.
    strange
        1 if the question has a name or year that no report has.
    unnamed
        Share of the question's other names and years missing where the passages speak of the thing asked.
    remote
        How far below the usual even the best likeness is.
    held
        The surest answer of that kind in any sentence, whatever it speaks of.
    missed
        Weighted share of the question's everyday words that no report has.
    outside_years
        Years of the question that the reports do not cover.
    unknown_names, unknown_words
        Names, and everyday words, of the question that no report has, as typed.
    absent_names
        Names and years that reports have but none of these passages.
    """

    kind: AnswerKind
    checkable: float
    support: float
    gap: float
    spoken: float
    strange: float
    unnamed: float
    remote: float
    held: float = 0.0
    missed: float = 0.0
    outside_years: tuple[int, ...] = ()
    unknown_names: tuple[str, ...] = ()
    unknown_words: tuple[str, ...] = ()
    absent_names: tuple[str, ...] = ()


FEATURES = ("checkable", "support", "gap", "spoken", "strange", "unnamed", "remote")
"""The signs that are weighed, each from 0 to 1, in the order of a calibration's weights."""


class Scale(NamedTuple):
    """The cosines between which likeness counts, for one model."""

    floor: float
    ceiling: float

    def of(self, likeness: float | None) -> float:
        """Return a cosine as 0 (the floor or less) to 1 (the ceiling or more)."""
        if likeness is None:
            return 0.0
        return min(1.0, max(0.0, (likeness - self.floor) / (self.ceiling - self.floor)))

    def below(self, likeness: float) -> float:
        """Return how far a cosine is below the floor: 0 (not at all) to 1 (no likeness)."""
        return min(1.0, max(0.0, (self.floor - likeness) / self.floor)) if self.floor > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights and thresholds fitted for one model, with what they were fitted on.

    `refuse_below` and `strong_from` are scores; `answerable` and `unanswerable` count the questions.
    """

    model: str
    date: str
    scale: Scale
    intercept: float
    weights: tuple[float, ...]
    refuse_below: float
    strong_from: float
    answerable: int
    unanswerable: int

    def score(self, signs: Signs) -> float:
        """Return how probable an answer is, 0 to 1, for questions mixed as those it was fitted on."""
        return _logistic(self.intercept + float(np.dot(self.weights, _row(signs))))

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, to be written as JSON."""
        weights = dict(zip(FEATURES, self.weights, strict=True))
        return {**asdict(self), "scale": self.scale._asdict(), "weights": weights}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the calibration that `to_dict` gave.

        Raises
        ------
        ValueError
            If a value is missing, of another type, or the weights are not those of `FEATURES`.
        """
        try:
            weights = values["weights"]
            if set(weights) != set(FEATURES):
                raise ValueError("the weights are not those of this version")
            return cls(
                model=str(values["model"]),
                date=str(values["date"]),
                scale=Scale(float(values["scale"]["floor"]), float(values["scale"]["ceiling"])),
                weights=tuple(float(weights[name]) for name in FEATURES),
                intercept=float(values["intercept"]),
                refuse_below=float(values["refuse_below"]),
                strong_from=float(values["strong_from"]),
                answerable=int(values["answerable"]),
                unanswerable=int(values["unanswerable"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a calibration: {error}") from error


@dataclass(frozen=True, slots=True)
class Verdict:
    """How sure it is that the passages answer, and one true sentence why.

    `score` is none where the model has no calibration; `level` is then never more than possible.
    """

    level: Level
    reason: str
    signs: Signs
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Validation:
    """How well judging does on questions that were left out of the fit.

    `auroc` of the score; `refused` of the unanswerable and `wrongly_refused` of the answerable, as shares.
    """

    auroc: float
    refused: float
    wrongly_refused: float


SHIPPED = Calibration(
    model="all-MiniLM-L6-v2",
    date="2026-11-21",
    scale=Scale(0.3, 0.8),
    intercept=1.2281,
    weights=(-1.3809, 3.3868, -5.5065, 1.787, -5.0963, -2.8259, -10.6703),
    refuse_below=0.4346,
    strong_from=0.7785,
    answerable=155,
    unanswerable=73,
)
"""Fitted on the questions of `corpus/evaluation/`."""


DEFAULT_SCALE = SHIPPED.scale


# --- judging -----------------------------------------------------------------------------------------------


def judge(
    question: str,
    passages: Sequence[Judged],
    *,
    unknown: Sequence[str] = (),
    years: Collection[int] = (),
    expansions: Sequence[Expansion] = (),
    context: str | None = None,
    rarity: Callable[[str], float] | None = None,
    calibration: Calibration | None = SHIPPED,
) -> Verdict:
    """Return whether the passages answer a question, and why it is thought so.

    Parameters
    ----------
    question
        As it was typed, with its spelling mended; capitals tell names from other words.
    passages
        What was found, best first. The first five are weighed; what is said of all holds for all of them.
    unknown
        Words of the question that stand in no report, in no form, nor by an expansion.
    years
        Years that the reports speak of; none given: no year is held to be outside.
    expansions
        Other words for some of the question's.
    context
        The earlier question that this one leans on.
    rarity
        Weight of a word, such as its inverse document frequency; none for all alike.
    calibration
        For the model that gave the likenesses; none if there is none for it.
    """
    signs = signs_of(
        question,
        passages,
        unknown=unknown,
        years=years,
        expansions=expansions,
        context=context,
        rarity=rarity,
        scale=DEFAULT_SCALE if calibration is None else calibration.scale,
    )
    if not passages:
        return Verdict(
            Level.NONE, "No passage was found for this.", signs, None if calibration is None else 0.0
        )
    if calibration is None:
        return Verdict(Level.POSSIBLE, "Confidence is uncalibrated for this model.", signs)
    score = calibration.score(signs)
    if score < calibration.refuse_below:
        return Verdict(Level.NONE, _why_not(signs), signs, score)
    doubt = _doubt(signs)
    if doubt is None and score >= calibration.strong_from:
        return Verdict(Level.STRONG, _why(signs), signs, score)
    return Verdict(Level.POSSIBLE, doubt or _UNSURE, signs, score)


def signs_of(
    question: str,
    passages: Sequence[Judged],
    *,
    unknown: Sequence[str] = (),
    years: Collection[int] = (),
    expansions: Sequence[Expansion] = (),
    context: str | None = None,
    rarity: Callable[[str], float] | None = None,
    scale: Scale = DEFAULT_SCALE,
) -> Signs:
    """Return what speaks for and against an answer.

    The parameters are those of `judge`, and the scale of the model's likenesses.
    """
    kind = expects(question)
    asked = _Asked(question, unknown, expansions, context, rarity or (lambda _: 1.0))
    support = held = spoken = 0.0
    by_words: list[float] = []
    likenesses: list[float] = []
    for passage in passages[:_JUDGED_PASSAGES]:
        shown = passage.text if passage.reading is None else passage.reading
        sentences = passage.sentences or (Sentence(shown, passage.dense),)
        within, around = _stems(shown), _stems(" ".join([*passage.section, passage.about]))
        covered = [asked.covered(_stems(sentence.text), within, around) for sentence in sentences]
        # Half by its words and half by its meaning, so that an idiom far from the text has its chance.
        near = [
            share if sentence.likeness is None else (share + scale.of(sentence.likeness)) / 2
            for share, sentence in zip(covered, sentences, strict=True)
        ]
        by_words.append(max(covered))
        spoken = max(spoken, *near)
        likenesses += [sentence.likeness for sentence in sentences if sentence.likeness is not None]
        for place, sentence in enumerate(sentences) if kind.checkable else ():
            strength = _strength(kind, question, sentence.text, asked.stems)
            # The answer may stand in the sentence before or after the one that speaks of the thing.
            beside = max(near[max(0, place - 1) : place + 2])
            belongs = max(near[place], _BESIDE * beside + (1 - _BESIDE) * near[place])
            support, held = max(support, strength * belongs), max(held, strength)
    if kind.checkable and not held:
        rest = (each.reading or each.text for each in passages[_JUDGED_PASSAGES:])
        held = max((_strength(kind, question, text, asked.stems) for text in rest), default=0.0)
    likenesses += [each.dense for each in passages[:_JUDGED_PASSAGES] if each.dense is not None]
    outside = tuple(sorted(set(years_in(question)) - set(years))) if years else ()
    strangers = tuple(name for name in asked.unknown_names if not set(years_in(name)) & set(outside))
    named, absent = asked.named(passages, by_words)
    return Signs(
        kind=kind,
        checkable=float(kind.checkable),
        support=support,
        gap=max(0.0, spoken - support) if kind.checkable else 0.0,
        spoken=0.0 if kind.checkable else spoken,
        strange=float(bool(strangers or outside)),
        unnamed=1.0 - named,
        remote=scale.below(max(likenesses)) if likenesses else 0.0,
        held=held,
        missed=asked.missed,
        outside_years=outside,
        unknown_names=strangers,
        unknown_words=asked.unknown_words,
        absent_names=absent,
    )


# --- what a question expects -------------------------------------------------------------------------------


def expects(question: str) -> AnswerKind:
    """Return what kind of thing would answer a question.

    The part that asks is looked at: the last clause with a question word or a leading verb, greetings and
    "can you tell me" left out. The first rule of `_RULES` that fits counts; of the plain question words
    (`_QUESTION_WORDS`) the one that comes first.
    """
    clause = _asking_clause(question)
    if _LEADING_VERB.match(clause):
        compares = _COMPARES.search(clause) or re.search(r"\bthan (?:in|at|the|for)\b", clause, re.IGNORECASE)
        return AnswerKind.COMPARISON if compares else AnswerKind.YES_NO
    for kind, rule in _RULES:
        if rule.search(clause):
            return kind
    found = [
        (match.start(), order)
        for order, (_, rule) in enumerate(_QUESTION_WORDS)
        if (match := rule.search(clause))
    ]
    if found:
        return _QUESTION_WORDS[min(found)[1]][0]
    return AnswerKind.DESCRIPTION if _OPEN_WORD.search(clause) else AnswerKind.TOPIC


def years_in(text: str) -> list[int]:
    """Return the years a text names, both ends of one such as 2004-05, each once."""
    years: dict[int, None] = {}
    for match in _YEAR.finditer(text):
        years[int(match["first"])] = None
        if match["second"]:
            years[int(match["first"][: 4 - len(match["second"])] + match["second"])] = None
    return list(years)


def _rules(*pairs: tuple[AnswerKind, str]) -> tuple[tuple[AnswerKind, re.Pattern[str]], ...]:
    return tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in pairs)


_VERB = "is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|shall|should|may|might|must"
_UNIT = "seconds?|minutes?|hours?|days?|weeks?|months?|years?|terms?"
_BODY = (
    "compan(?:y|ies)|firms?|organi[sz]ations?|agenc(?:y|ies)|bod(?:y|ies)|trusts?|contractors?|charit(?:y|ies)"
    "|departments?|teams?|boards?|committees?|providers?|councils?|authorit(?:y|ies)|universit(?:y|ies)"
    "|colleges?|schools?|hospitals?|partnerships?|inspectorates?|unions?"
)
_ANY_BODY = re.compile(
    "organi[sz]ations?|agenc(?:y|ies)|bod(?:y|ies)|providers?|authorit(?:y|ies)", re.IGNORECASE
)
_SITE = (
    "towns?|villages?|places?|cit(?:y|ies)|count(?:y|ies)|countr(?:y|ies)|areas?|streets?|sites?|buildings?"
    "|locations?|parish(?:es)?|regions?|neighbourhoods?|districts?|wards?"
)
_POST = (
    "directors?|managers?|councillors?|officers?|workers?|(?:head ?)?teachers?|heads?|chairs?"
    "|chair(?:man|woman|person)"
    "|ministers?|inspectors?|members?|staff|professionals?|co-?ordinators?|nurses?|advis[eo]rs?|leaders?"
)
_COUNT = "number|population|total|size|average|count|figure|rate"
_COMPARES = re.compile(
    r"\bcompar(?:e|ed|es|ing|ison)\b|\b(?:better|higher|more) or (?:worse|lower|less)\b"
    r"|\bdifferences? between\b|\bdifferent from\b|\bversus\b|\bvs\b",
    re.IGNORECASE,
)
_RULES = (
    (AnswerKind.COMPARISON, _COMPARES),
    *_rules(
        (AnswerKind.TIME, r"\bwhat time\b|\bopening (?:hours|times)\b"),
        (
            AnswerKind.CONTACT,
            r"\b(?:(?:tele)?phone|helpline|fax) number|\be-?mail address|\bweb ?site\b.*\baddress"
            r"|\bpost ?code\b",
        ),
        (
            AnswerKind.PERCENTAGE,
            r"\b(?:what|which|how (?:large|big|high) an?)\b.{0,30}?"
            r"\b(?:percentage|proportion|share|per ?cent)\b"
            r"|^(?:the )?(?:percentage|proportion|share) of\b",
        ),
        (
            AnswerKind.DURATION,
            rf"\bhow many (?:\w+ )?(?:{_UNIT})\b|\bhow (?:long|old|soon)\b|\b(?:what|which) age\b",
        ),
        (
            AnswerKind.MONEY,
            r"\bhow much\b.*\b(?:spen[dt]|costs?|pay|pays|paid|fund(?:s|ed|ing)?|earns?|earned|charged?|gave"
            r"|give|given|budget|price|grants?|money|raised?|saved?|owed?|worth|allocated|invested|received?)\b"
            r"|\bwhat\b.{0,60}\b(?:salary|wages?|fees?|charge|price|budget|bill|annual cost|sum of money)\b"
            r"|\bin pounds\b",
        ),
        (AnswerKind.FREQUENCY, r"\bhow (?:often|frequently|regularly)\b|\bhow many times\b"),
        (
            AnswerKind.NUMBER,
            r"\bhow (?:many|few|far|big|tall|large)\b|^(?:the )?(?:average|number|total|population)\b"
            r"|\b(?:what|which)(?: is| was| are| were|'s)? (?:the |our |its |their )?(?:[\w'-]+ ){0,4}"
            rf"(?:{_COUNT})\b",
        ),
        (AnswerKind.NAME, r"\bnames? of\b|\bwhat'?s?\b.*\b(?:called|named)\b"),
        (
            AnswerKind.GRADE,
            r"\b(?:what|which)(?: \w+){0,2} (?:grades?|scores?|marks?|ratings?|judge?ments?|verdicts?)\b"
            r"|\bhow (?:was|were|is|are)\b.*\b(?:graded|rated|scored|judged|marked)\b",
        ),
        (
            AnswerKind.DEFINITION,
            r"\bstands? for\b|\bwhat (?:does|do|is)\b.*\b(?:mean|meant)\b"
            r"|^what'?s?(?: is| are| was| were)? (?:an? |the )?[\w'-]+(?: [\w'-]+)?\??$",
        ),
    ),
)
"""Tried in this order; the first that fits tells the kind."""

_QUESTION_WORDS = _rules(
    (AnswerKind.PERSON, rf"\bwho\b|\bwhom\b|\bwhose\b|\b(?:what|which) (?:person|people|{_POST})\b"),
    (
        AnswerKind.DATE,
        r"\bwhen\b|\b(?:what|which)(?: \w+)? (?:dates?|days?|year|month|week|period)\b|\bhow recently\b",
    ),
    (AnswerKind.ORGANISATION, rf"\b(?:what|which)(?: of (?:the|our)(?: \w+)?)?(?: [\w-]+)? (?:{_BODY})\b"),
    (AnswerKind.PLACE, rf"\bwhere\b|\b(?:what|which)(?: [\w-]+)? (?:{_SITE})\b|\bwhat address\b"),
    (
        AnswerKind.REASON,
        r"\bwhy\b|\bhow come\b|\bwhat (?:caused?|made)\b|\bwhat\b.{0,15}\b(?:cause|reason)s?\b",
    ),
    (AnswerKind.LIST, r"\bwhich\b|\blist\b|^name (?:the|all|two|three)\b"),
    (AnswerKind.DESCRIPTION, r"\bwhat'?s?\b|\bhow\b"),
)
_OPEN_WORD = re.compile(r"\bwhat'?s?\b|\bhow\b|\bwhy\b", re.IGNORECASE)
_LEADING_VERB = re.compile(rf"(?:{_VERB})(?:n't)?\b", re.IGNORECASE)
_QUESTION_WORD = re.compile(r"\b(?:who|whom|whose|what'?s?|when|where|which|why|how|list)\b", re.IGNORECASE)
_COURTESY = re.compile(
    r"(?:please|(?:can|could|would) (?:you|any(?:one|body)|some(?:one|body)) (?:please )?"
    r"(?:tell|say|show|give|explain)(?: me| us| to me)?|tell (?:me|us)|say"
    r"|do(?:es)? (?:you|any(?:one|body)) know"
    r"|i(?:'d| would) like to know|i wonder(?: if)?|and|but|so|then|also|exactly|roughly|about|overall"
    r")\b[\s,]*",
    re.IGNORECASE,
)
_AFTER_A_SUBORDINATE = re.compile(
    rf"(?!who|what|which|how)[^,]*, (?=(?:{_VERB}|who|what|which|how|why)\b)", re.IGNORECASE
)
_CLAUSE_END = re.compile(r"(?<=[.?!])\s+|\s[–—-]\s|[:;]\s")


def _asking_clause(question: str) -> str:
    clauses = [clause for clause in _CLAUSE_END.split(question.strip().replace("’", "'")) if clause]
    asking = [clause for clause in clauses if clause.endswith("?")] or clauses
    for clause in reversed(asking):
        while match := _COURTESY.match(clause):
            clause = clause[match.end() :]
        main = _AFTER_A_SUBORDINATE.match(clause)
        if main:
            return clause[main.end() :]
        if _LEADING_VERB.match(clause) or _QUESTION_WORD.search(clause):
            return clause
    return clause if asking else ""


# --- what a sentence holds ---------------------------------------------------------------------------------

_MISSING: dict[AnswerKind, str] = {
    AnswerKind.NUMBER: "gives a number for this",
    AnswerKind.PERCENTAGE: "gives a percentage for this",
    AnswerKind.MONEY: "gives a sum of money for this",
    AnswerKind.DATE: "gives a date for this",
    AnswerKind.TIME: "gives a time of day for this",
    AnswerKind.DURATION: "gives a length of time for this",
    AnswerKind.FREQUENCY: "says how often this happens",
    AnswerKind.CONTACT: "gives a telephone number or an address for this",
    AnswerKind.PERSON: "says who this is",
    AnswerKind.ORGANISATION: "names the body that is asked for",
    AnswerKind.PLACE: "names a place for this",
    AnswerKind.NAME: "gives a name for this",
    AnswerKind.REASON: "gives a reason for this",
    AnswerKind.GRADE: "gives a grade for this",
}
"""The kinds of answer that can be recognised, and what is said of passages without one."""

_NUMBER_WORD = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    "|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|dozen"
)
_MONTH = "January|February|March|April|June|July|August|September|October|November|December"
_YEAR = re.compile(r"\b(?P<first>(?:19|20)\d\d)(?:[-/–](?P<second>\d\d(?:\d\d)?)\b)?(?!\d)")
_QUANTITY = re.compile(
    rf"(?<![\w.,£$€-])(?:\d+(?:,\d\d\d)*(?:\.\d+)?|(?:{_NUMBER_WORD}|no|none|neither|both|half|single)\b)(?!\d)",
    re.IGNORECASE,
)
_HARDLY_A_NUMBER = frozenset("no none neither both half single one".split())
_LABEL_BEFORE = re.compile(
    rf"\b(?:stages?|levels?|grades?|section|annex|tier|phase|para(?:graph)?s?|years?|ages?|aged|type|part|act"
    rf"|over the age of|over and under|{_MONTH}|May|summer|spring|autumn|winter)\s*$",
    re.IGNORECASE,
)
_AGE_OR_SHARE_AFTER = re.compile(
    r"(?:[\s-]*(?:to|and)?[\s-]*\d+)?[\s-]*year[\s-]?s?[\s-]?olds?|\s?%", re.IGNORECASE
)
_SHARE = re.compile(
    r"\d\s?%|\bper ?cent\b|\b(?:half|thirds?|quarters?|one in \w+|\w+ out of \w+)\b", re.IGNORECASE
)
_ALL_OR_NONE = re.compile(r"\b(?:all|every|none)\b", re.IGNORECASE)
_DATE = re.compile(
    rf"\b(?:19|20)\d\d\b|\b(?:{_MONTH})\b|\b\d{{1,2}} May\b|\bMay (?:19|20)\d\d\b"
    r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b\d{1,2}/\d{1,2}/\d{2,4}\b",
    re.IGNORECASE,
)
_DURATION = re.compile(
    rf"\b(?:\d+(?:\.\d+)?|{_NUMBER_WORD}|an?|several)[\s-](?P<unit>{_UNIT})\b(?![\s-]olds?)", re.IGNORECASE
)
_PLAIN: dict[AnswerKind, re.Pattern[str]] = {
    AnswerKind.MONEY: re.compile(
        r"[£€$]\s?\d|\b\d[\d,.]*\s?(?:pounds|pence|million|billion|k\b)|\b(?:million|thousand) pounds\b",
        re.IGNORECASE,
    ),
    AnswerKind.TIME: re.compile(
        r"\b\d{1,2}(?:[:.]\d\d)?\s?[ap]\.?m\b|\bo'clock\b|\bnoon\b|\bmidnight\b|\b[0-2]?\d:[0-5]\d\b",
        re.IGNORECASE,
    ),
    AnswerKind.FREQUENCY: re.compile(
        r"\b(?:annual(?:ly)?|yearly|monthly|weekly|daily|termly|quarterly|fortnightly|once|twice|\w+ times"
        rf"|(?:every|each|per|a) (?:\w+ )?(?:{_UNIT}|quarter|fortnight))\b",
        re.IGNORECASE,
    ),
    AnswerKind.CONTACT: re.compile(
        r"\b\d[\d ]{5,}\d\b|\S@\S|\bwww\.|\bhttps?:|\b[A-Z]{1,2}\d{1,2}[A-Z]? \d[A-Z]{2}\b"
    ),
    AnswerKind.REASON: re.compile(
        r"\b(?:because|due to|owing to|as a (?:result|consequence)|result(?:s|ed|ing)? (?:in|from)|caused?"
        r"|causes|leads? to|led to|leading to|therefore|consequently|so that|in order to|to enable"
        r"|given (?:its|the|their|that)|reasons?|stems? from|attributed|thanks to|thus|hence|means that|hinders"
        r"|in response to|having|since(?! \d))\b",
        re.IGNORECASE,
    ),
    AnswerKind.GRADE: re.compile(
        r"\b(?:outstanding|excellent|good|adequate|inadequate|satisfactory|unsatisfactory|poor"
        r"|requires improvement|grade \d|[1-5])\b",
        re.IGNORECASE,
    ),
}
_CAPITALISED = re.compile(r"\b[A-Z][\w'’&-]*(?:(?: (?:of|and|for|the|in|de|upon|on)){0,2} [A-Z][\w'’&-]*)*")
_SENTENCE_START = re.compile(r"(?:^|[.?!:;]['\"’”]?\s)[\W_]*$")
_PERSONAL_TITLE = re.compile(
    r"\b(?:Mr|Mrs|Ms|Miss|Dr|Cllr|Councillor|Sir|Dame|Lord|Lady|Prof(?:essor)?)\.? [A-Z]"
)
_A_BODY = re.compile(
    rf"\b(?:{_BODY}|services?|commissions?|bureau|groups?|offices?|police|units?|directorate|schemes?|executive"
    r"|ltd|limited|plc)\b",
    re.IGNORECASE,
)
_A_ROLE = re.compile(rf"\b(?:{_POST}|parents|carers|people|children|families|stakeholders)\b", re.IGNORECASE)
_A_SITE = re.compile(rf"\b(?:{_SITE}|units?|hospitals?|centres?|outside|neighbouring)\b", re.IGNORECASE)
_PLACE_BEFORE = re.compile(
    r"(?:\b(?:in|at|to|from|near|outside|of|and|or|by|with|covers)|,)\s*$", re.IGNORECASE
)
_WANTS_A_PERSON = re.compile(
    rf"\bwho(?:'s| is| was) (?:the|our|its|their)\b|\bnames? of (?:the|our) (?:\w+ )?(?:{_POST})\b",
    re.IGNORECASE,
)


def _strength(kind: AnswerKind, question: str, sentence: str, known: Collection[str]) -> float:
    """Return how surely a sentence holds an answer of a kind, 0 to 1. What the question says is no answer."""
    match kind:
        case AnswerKind.NUMBER:
            return max(_numbers(question, sentence), default=0.0)
        case AnswerKind.PERCENTAGE:
            return 1.0 if _SHARE.search(sentence) else 0.3 if _ALL_OR_NONE.search(sentence) else 0.0
        case AnswerKind.DATE:
            new = (date.group().casefold() not in question.casefold() for date in _DATE.finditer(sentence))
            return float(any(new))
        case AnswerKind.DURATION:
            wanted = re.search(rf"\bhow many (?:\w+ )?({_UNIT})\b", question, re.IGNORECASE)
            units = [_stem(duration["unit"]) for duration in _DURATION.finditer(sentence)]
            return float(bool(units) and (wanted is None or _stem(wanted.group(1)) in units))
        case AnswerKind.PERSON | AnswerKind.NAME:
            return _who(kind, question, sentence, known)
        case AnswerKind.ORGANISATION:
            return _which_body(question, sentence, known)
        case AnswerKind.PLACE:
            names = [_PLACE_BEFORE.search(sentence[:start]) for start, _, _ in _new_names(sentence, known)]
            if names:
                return 1.0 if any(names) else 0.8
            return 0.3 if _has_new(_A_SITE, sentence, known) else 0.0
    return float(bool(_PLAIN[kind].search(sentence)))


def _numbers(question: str, sentence: str) -> Iterator[float]:
    counted = set(_counted(question))
    typed = set(_words(question.casefold()))
    for match in _QUANTITY.finditer(sentence):
        word, after = match.group().casefold(), sentence[match.end() : match.end() + 60]
        if word in typed or _YEAR.match(sentence, match.start()):
            continue
        if _LABEL_BEFORE.search(sentence[: match.start()]) or _AGE_OR_SHARE_AFTER.match(after):
            continue
        if counted & {_stem(each) for each in _words(after)[:4]}:
            yield 1.0
        elif word in _HARDLY_A_NUMBER:
            yield 0.15
        else:
            yield 0.4 if counted else 0.6


def _counted(question: str) -> list[str]:
    """Return the stems of what is counted: the words after "how many" up to the first verb, fillers aside."""
    match = re.search(rf"\b(?:how (?:many|few)|(?:{_COUNT})(?: of)?)\b(.*)", question, re.IGNORECASE)
    found: list[str] = []
    for word in _words(match.group(1)) if match else []:
        if re.fullmatch(
            rf"{_VERB}|in|of|at|on|from|there|to|for|with|that|who|which|by|per", word, re.IGNORECASE
        ):
            break
        if word.casefold() not in _FILLERS:
            found.append(_stem(word))
    return found[:3]


def _who(kind: AnswerKind, question: str, sentence: str, known: Collection[str]) -> float:
    names = list(_new_names(sentence, known))
    if _PERSONAL_TITLE.search(sentence) or any(
        len(new) > 1 and not _A_BODY.search(name) for _, name, new in names
    ):
        return 1.0
    if _WANTS_A_PERSON.search(question):
        return 0.3 if names else 0.0
    if names:
        return 1.0 if kind is AnswerKind.NAME else 0.8
    if kind is AnswerKind.NAME:
        return float(bool(re.search(r"['‘\"“][A-Z]", sentence)))
    return 0.6 if _has_new(_A_ROLE, sentence, known) or _has_new(_A_BODY, sentence, known) else 0.0


def _which_body(question: str, sentence: str, known: Collection[str]) -> float:
    asked = re.search(rf"\b(?:what|which)\b.*?\b({_BODY})\b", question, re.IGNORECASE)
    fits = (
        asked is None
        or _ANY_BODY.fullmatch(asked.group(1)) is not None
        or _stem(asked.group(1)) in _stems(sentence)
    )
    if any(_new_names(sentence, known)):
        return 1.0 if fits else 0.4
    return 0.3 if _has_new(_A_BODY, sentence, known) else 0.0


def _new_names(sentence: str, known: Collection[str]) -> Iterator[tuple[int, str, list[str]]]:
    """Yield capitalised names with words that the question does not have: place, name and those words."""
    for match in _CAPITALISED.finditer(sentence):
        words = [word for word in _words(match.group()) if word.casefold() not in _FILLERS]
        starts = _SENTENCE_START.search(sentence[: match.start()]) is not None
        new = [word for word in words if _stem(word) not in known]
        if new and not (starts and len(words) == 1) and not all(_DATE.fullmatch(word) for word in new):
            yield match.start(), match.group(), new


def _has_new(pattern: re.Pattern[str], sentence: str, known: Collection[str]) -> bool:
    return any(_stem(match.group()) not in known for match in pattern.finditer(sentence))


# --- the words of a question -------------------------------------------------------------------------------

_JUDGED_PASSAGES = 5
_IN_PASSAGE, _AROUND, _IN_CONTEXT = 0.8, 0.5, 0.4
"""Weight of a word in the passage but not the sentence, in its headings or report, of an earlier question."""

_BESIDE = 0.7
"""How much of what a sentence speaks of holds for its neighbours, if these are in order."""

_WORD = re.compile(r"[^\W_]+")
_FILLERS = frozenset(
    "a about above actually after again all also am an and any anybody anyone anything are as ask asked"
    " at average be been before being below between both but by came can come could count day days did do"
    " does doing done down during each either else ever every everybody everyone exactly few fewer for"
    " from further gave get gets give given go goes going gone got had has have having he hear her here"
    " herself him himself his how i if in instead into is it its itself just kind know knows let list made"
    " make makes many may me might more most much must my myself near no nor not number of off on once one"
    " only or other our ourselves out over own per percentage please proportion put quite rather really s"
    " said same say says seen she should so some somebody someone something such t take taken tell than"
    " that the their them themselves then there these they thing things think thinks this those thought"
    " through to too under until up us very want wants was we were what whats when where which while who"
    " whom whose why will with would yet you your yourself".split()
)
"""Words that say nothing of what is asked."""


class _Asked:
    """The words of a question that a passage should have, each with a weight."""

    def __init__(
        self,
        question: str,
        unknown: Sequence[str],
        expansions: Sequence[Expansion],
        context: str | None,
        rarity: Callable[[str], float],
    ) -> None:
        missing = {word.casefold() for phrase in unknown for word in _words(phrase)}
        typed = [(match.group(), match.start()) for match in _WORD.finditer(question)]
        own = [(word, start) for word, start in typed if _matters(word)]
        self._expansions = [(_stems(each.typed), _content_stems(each.meaning)) for each in expansions]
        weights = {_stem(word): rarity(word) for word, _ in own}
        self._weights = dict(weights)
        for word in _words(context or ""):
            if _matters(word):
                self._weights.setdefault(_stem(word), _IN_CONTEXT * rarity(word))
        self.stems = frozenset(self._weights)
        names = {start for word, start in own if _is_name(word, start, question)}
        if len(own) > 2 and len(names) >= len(own) - 1 and all(word[0].isupper() for word, _ in own):
            names = {start for word, start in own if _is_name(word.lower(), start, question)}
        everyday = [word for word, start in own if start not in names and word.casefold() in missing]
        strange = [(word, start) for word, start in own if start in names and word.casefold() in missing]
        self.unknown_words = tuple(dict.fromkeys(everyday))
        self.unknown_names = tuple(dict.fromkeys(_joined(strange, question)))
        self._names = {
            _stem(word): word for word, start in own if start in names and word.casefold() not in missing
        }
        total = sum(weights.values()) or 1.0
        self.missed = sum(weights[stem] for stem in {_stem(word) for word in everyday}) / total

    def covered(self, sentence: Collection[str], passage: Collection[str], around: Collection[str]) -> float:
        """Return the weighted share of the words that a sentence and its surroundings have, 0 to 1."""
        total = sum(self._weights.values())
        found = 0.0
        for stem, weight in self._weights.items():
            places = ((sentence, 1.0), (passage, _IN_PASSAGE), (around, _AROUND))
            found += weight * max(self._has(stem, stems) * worth for stems, worth in places)
        return found / total if total else 0.0

    def named(self, passages: Sequence[Judged], spoken: Sequence[float]) -> tuple[float, tuple[str, ...]]:
        """Return the share of the known names that passages have, as far as they speak of the thing asked.

        And the names that none of them has. A name in the title of its report counts. `spoken` tells for the
        first passages how well each speaks of the thing asked; only these are weighed.
        """
        if not self._names or not passages:
            return 1.0, ()
        shares: list[float] = []
        absent = set(self._names)
        for place, passage in enumerate(passages):
            stems = _stems(" ".join([passage.reading or passage.text, *passage.section, passage.about]))
            found = {name for name in self._names if self._has(name, stems) == 1.0}
            absent -= found
            if place < len(spoken):
                shares.append(len(found) / len(self._names))
        most = max(spoken) or 1.0
        named = max(share * min(1.0, each / most) for share, each in zip(shares, spoken, strict=True))
        return named if max(spoken) else max(shares), tuple(
            self._names[name] for name in self._names if name in absent
        )

    def _has(self, stem: str, stems: Collection[str]) -> float:
        if stem in stems:
            return 1.0
        meanings = [meaning for typed, meaning in self._expansions if stem in typed and meaning]
        return max((len(meaning & set(stems)) / len(meaning) for meaning in meanings), default=0.0)


def _matters(word: str) -> bool:
    return word.casefold() not in _FILLERS and (len(word) > 1 or word.isdigit())


def _is_name(word: str, start: int, question: str) -> bool:
    """Return whether a word is a name, an abbreviation or a year; a capital at a start says nothing."""
    if word.isdigit():
        return _YEAR.fullmatch(word) is not None
    if sum(letter.isupper() or letter.isdigit() for letter in word) > 1:
        return True
    return word[0].isupper() and not _SENTENCE_START.search(question[:start])


def _joined(words: Sequence[tuple[str, int]], question: str) -> Iterator[str]:
    """Yield names as typed: neighbours as one, and the rest of a hyphened word with it."""
    at = -1
    for word, start in words:
        if start < at:
            continue
        end = start + len(word)
        following = {begin for _, begin in words}
        while (match := re.match(r" (?=\w)|[-–](?=\w)", question[end:])) and (
            match.group() != " " or end + 1 in following
        ):
            more = _WORD.match(question, end + 1)
            end = more.end() if more else end + 1
        at = end
        yield question[start:end]


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _stems(text: str) -> frozenset[str]:
    return frozenset(_stem(word) for word in _words(text))


def _content_stems(text: str) -> frozenset[str]:
    return frozenset(_stem(word) for word in _words(text) if _matters(word))


_ENDING = re.compile(r"(?:ations?|ions?|ments?|ings?|ers?|ors?|ed|ly|es|e|s)$")


def _stem(word: str) -> str:
    """Return a word without its ending, so that its forms are one; the rest is no word."""
    word = word.casefold()
    if len(word) > 4 and word.endswith("ies"):
        word = f"{word[:-3]}y"
    shorter = _ENDING.sub("", word)
    while len(shorter) >= 4 and shorter != word:
        word, shorter = shorter, _ENDING.sub("", shorter)
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    return word[:-1] if len(word) > 4 and word[-1] == word[-2] else word


# --- the sentence that says why ----------------------------------------------------------------------------

_UNSURE = "A passage speaks of this, but perhaps not of all that is asked."
_MUCH_MISSED = 0.25
"""Share of the question's words that no report has, from which it is said."""


def _why_not(signs: Signs) -> str:
    if signs.remote and signs.unknown_words and not signs.strange:
        return _nowhere(signs.unknown_words)
    if signs.kind.checkable and not signs.strange:
        return _lacking(signs.kind)
    return _doubt(signs) or "No passage found speaks of all that is asked."


def _doubt(signs: Signs) -> str | None:
    """Return the plainest true sentence that speaks against an answer, or none."""
    if signs.outside_years:
        return f"These reports do not cover {_listed([str(year) for year in signs.outside_years], 'or')}."
    if signs.unknown_names:
        return _nowhere(signs.unknown_names)
    if signs.absent_names:
        return f"No passage found names {_listed(_quoted(signs.absent_names), 'or')}."
    if signs.kind.checkable and not signs.held:
        return _lacking(signs.kind)
    if signs.missed >= _MUCH_MISSED:
        return _nowhere(signs.unknown_words)
    return None


def _why(signs: Signs) -> str:
    if signs.kind.checkable and signs.held:
        return f"A passage that speaks of this {_MISSING[signs.kind].removesuffix(' for this')}."
    return "A passage speaks of this."


def _lacking(kind: AnswerKind) -> str:
    return f"No passage found {_MISSING[kind]}."


def _nowhere(words: Sequence[str]) -> str:
    verb = "occurs" if len(words) == 1 else "occur"
    return f"{_listed(_quoted(words), 'and')} {verb} nowhere in these reports."


def _quoted(words: Sequence[str]) -> list[str]:
    return [f"“{word}”" for word in words]


def _listed(words: Sequence[str], conjunction: str) -> str:
    *first, last = words
    return f"{', '.join(first)} {conjunction} {last}" if first else last


# --- calibrating -------------------------------------------------------------------------------------------

WRONGLY_REFUSED = 0.04
"""Share of the answerable questions that may be refused; less than is borne, since new questions are harder."""

_PENALTY = 1.0
"""Ridge penalty on the standardised weights."""

_FOLDS = 10


def likeness_scale(questions: Sequence[Sequence[Judged]]) -> Scale:
    """Return the scale of a model's likenesses, from what was found for each of many questions.

    The best likeness of a question lies above the floor for 95 in 100, below the ceiling for 95 in 100.

    Raises
    ------
    ValueError
        If no likeness is known.
    """
    best = [
        max(known)
        for passages in questions
        if (
            known := [
                each.likeness for one in passages for each in one.sentences if each.likeness is not None
            ]
        )
    ]
    if not best:
        raise ValueError("no likeness is known")
    floor, ceiling = (float(each) for each in np.quantile(best, (0.05, 0.95)))
    return Scale(round(floor, 3), round(max(ceiling, floor + 0.05), 3))


def fit(
    examples: Sequence[tuple[Signs, bool]],
    *,
    model: str,
    date: str,
    scale: Scale = DEFAULT_SCALE,
    wrongly_refused: float = WRONGLY_REFUSED,
    wrongly_strong: float = 0.2,
) -> Calibration:
    """Return the calibration that tells answerable questions from others best.

    Ridge logistic regression on standardised signs; the thresholds come from scores of questions that were
    left out in turn.

    Parameters
    ----------
    examples
        Signs of questions, and whether the reports answer each; both sorts, ten of each or more.
    model
        The model that gave the likenesses.
    date
        The day it was fitted, ISO.
    scale
        What the signs were made with.
    wrongly_refused
        The share of the answerable questions that may be refused.
    wrongly_strong
        The share of the unanswerable questions that may be called strong.

    Raises
    ------
    ValueError
        If one of the sorts has fewer than ten questions.
    """
    rows, labels = _arrays(examples)
    intercept, weights = _regress(rows, labels)
    left_out = _left_out(rows, labels, seed=0)
    refuse = float(np.quantile(left_out[labels == 1], wrongly_refused, method="lower"))
    strong = float(np.quantile(left_out[labels == 0], 1 - wrongly_strong, method="higher"))
    return Calibration(
        model=model,
        date=date,
        scale=scale,
        intercept=round(intercept, 4),
        weights=tuple(round(float(weight), 4) for weight in weights),
        refuse_below=round(_logistic(refuse), 4),
        strong_from=round(_logistic(max(refuse, strong)), 4),
        answerable=int(labels.sum()),
        unanswerable=int(len(labels) - labels.sum()),
    )


def cross_validate(
    examples: Sequence[tuple[Signs, bool]], *, repeats: int = 10, wrongly_refused: float = WRONGLY_REFUSED
) -> Validation:
    """Return how well judging does on questions left out of the fit and of its threshold.

    Stratified ten-fold cross-validation, repeated with other folds and averaged.

    Raises
    ------
    ValueError
        As in `fit`.
    """
    rows, labels = _arrays(examples)
    found: list[tuple[float, float, float]] = []
    for seed in range(repeats):
        scores, refused = np.zeros(len(labels)), np.zeros(len(labels), bool)
        for left in _folds(labels, seed):
            kept = ~left
            intercept, weights = _regress(rows[kept], labels[kept])
            scores[left] = intercept + rows[left] @ weights
            inner = _left_out(rows[kept], labels[kept], seed=seed)
            threshold = np.quantile(inner[labels[kept] == 1], wrongly_refused, method="lower")
            refused[left] = scores[left] < threshold
        found.append((auroc(scores, labels), refused[labels == 0].mean(), refused[labels == 1].mean()))
    return Validation(*(float(value) for value in np.mean(found, axis=0)))


def auroc(scores: Any, labels: Any) -> float:
    """Return the share of pairs in which the answerable question scores higher; equals count half."""
    scores, labels = np.asarray(scores, float), np.asarray(labels, bool)
    difference = scores[labels][:, None] - scores[~labels][None, :]
    return float(((difference > 0) + 0.5 * (difference == 0)).mean())


def _row(signs: Signs) -> list[float]:
    return [float(getattr(signs, name)) for name in FEATURES]


def _arrays(examples: Sequence[tuple[Signs, bool]]) -> tuple[Any, Any]:
    labels = np.array([int(answerable) for _, answerable in examples])
    fewest = min(int(labels.sum()), int(len(labels) - labels.sum())) if len(labels) else 0
    if fewest < _FOLDS:
        raise ValueError(f"at least {_FOLDS} answerable and {_FOLDS} unanswerable questions are needed")
    return np.array([_row(signs) for signs, _ in examples]), labels


def _regress(rows: Any, labels: Any) -> tuple[float, Any]:
    """Return intercept and weights of a ridge logistic regression, by Newton's method."""
    mean, scale = rows.mean(axis=0), rows.std(axis=0)
    scale[scale < 1e-9] = 1.0
    design = np.column_stack([np.ones(len(rows)), (rows - mean) / scale])
    penalty = np.diag([0.0] + [_PENALTY] * rows.shape[1])
    found = np.zeros(design.shape[1])
    for _ in range(100):
        chance = 1 / (1 + np.exp(-np.clip(design @ found, -30, 30)))
        gradient = design.T @ (chance - labels) + penalty @ found
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + penalty
        step = np.linalg.solve(curvature + 1e-9 * np.eye(len(found)), gradient)
        found -= step
        if np.abs(step).max() < 1e-8:
            break
    weights = found[1:] / scale
    return float(found[0] - weights @ mean), weights


def _left_out(rows: Any, labels: Any, *, seed: int) -> Any:
    scores = np.zeros(len(labels))
    for left in _folds(labels, seed):
        intercept, weights = _regress(rows[~left], labels[~left])
        scores[left] = intercept + rows[left] @ weights
    return scores


def _folds(labels: Any, seed: int) -> Iterator[Any]:
    fold = np.zeros(len(labels), int)
    shuffle = np.random.default_rng(seed)
    for label in (0, 1):
        members = shuffle.permutation(np.flatnonzero(labels == label))
        fold[members] = np.arange(len(members)) % _FOLDS
    for number in range(_FOLDS):
        yield fold == number


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-min(30.0, max(-30.0, value))))
