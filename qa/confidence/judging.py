"""Whether the passages found answer a question, and why, in words that are true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from qa.confidence.asked import Asked
from qa.confidence.calibration import Calibration
from qa.confidence.kinds import MISSING, AnswerKind, expects, strength_of, years_in
from qa.confidence.signs import PLAIN_SCALE, Case, Scale, Sentence, Signs
from qa.confidence.words import stems_in

_JUDGED_PASSAGES = 5
_BESIDE = 0.7
"""How much of what a sentence speaks of holds for its neighbours, if these are in order."""


class Level(StrEnum):
    """How sure it is that the passages answer; uncalibrated where that cannot be told."""

    STRONG = "strong"
    POSSIBLE = "possible"
    NONE = "none"
    UNCALIBRATED = "uncalibrated"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How sure it is that the passages answer, and why, in words that are true.

    `score` is none where no calibration fits the model.
    """

    level: Level
    reason: str
    signs: Signs
    score: float | None = None


# --- judging -----------------------------------------------------------------------------------------------


def judge(case: Case, *, calibration: Calibration | None) -> Verdict:
    """Return whether the passages found answer a question, and why it is thought so.

    Without a calibration nothing is refused, for what a likeness is worth is not known; what can be said of
    the words alone still is.

    Parameters
    ----------
    case
        The question and what was found.
    calibration
        For the model that gave the likenesses; none if there is none for it.
    """
    signs = signs_of(case, scale=PLAIN_SCALE if calibration is None else calibration.scale)
    if not case.passages:
        return Verdict(
            Level.NONE, "No passage was found for this.", signs, None if calibration is None else 0.0
        )
    doubt = _doubt(signs)
    if calibration is None:
        return Verdict(Level.UNCALIBRATED, f"{doubt} {_UNCALIBRATED}" if doubt else _UNCALIBRATED, signs)
    score = calibration.score(signs)
    if score < calibration.refuse_below:
        return Verdict(Level.NONE, _why_not(signs), signs, score)
    if doubt is None and score >= calibration.strong_from:
        return Verdict(Level.STRONG, _why(signs), signs, score)
    return Verdict(Level.POSSIBLE, doubt or _UNSURE, signs, score)


def signs_of(case: Case, *, scale: Scale) -> Signs:
    """Return what speaks for and against an answer, likeness on the scale of the model that gave it."""
    question, passages = case.question, case.passages
    kind = expects(question)
    asked = Asked(question, case.unknown, case.expansions, case.context, case.rarity or (lambda _: 1.0))
    support = held = spoken = 0.0
    by_words: list[float] = []
    likenesses: list[float] = []
    for passage in passages[:_JUDGED_PASSAGES]:
        shown = passage.text if passage.reading is None else passage.reading
        sentences = passage.sentences or (Sentence(shown, passage.dense),)
        within, around = stems_in(shown), stems_in(" ".join([*passage.section, passage.about]))
        covered = [asked.covered(stems_in(sentence.text), within, around) for sentence in sentences]
        # Half by its words and half by its meaning, so that an idiom far from the text has its chance.
        near = [
            share if sentence.likeness is None else (share + scale.of(sentence.likeness)) / 2
            for share, sentence in zip(covered, sentences, strict=True)
        ]
        by_words.append(max(covered))
        spoken = max(spoken, *near)
        likenesses += [sentence.likeness for sentence in sentences if sentence.likeness is not None]
        for place, sentence in enumerate(sentences) if kind.checkable else ():
            strength = strength_of(kind, question, sentence.text, asked.stems)
            # The answer may stand in the sentence before or after the one that speaks of the thing.
            beside = max(near[max(0, place - 1) : place + 2])
            belongs = max(near[place], _BESIDE * beside + (1 - _BESIDE) * near[place])
            support, held = max(support, strength * belongs), max(held, strength)
    if kind.checkable and not held:
        rest = (each.reading or each.text for each in passages[_JUDGED_PASSAGES:])
        held = max((strength_of(kind, question, text, asked.stems) for text in rest), default=0.0)
    likenesses += [each.dense for each in passages[:_JUDGED_PASSAGES] if each.dense is not None]
    outside = tuple(sorted(set(years_in(question)) - set(case.years))) if case.years else ()
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


# --- the sentence that says why ----------------------------------------------------------------------------

_UNCALIBRATED = "No calibration fits this model; to make one, run: qa eval --calibrate."
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
        return f"A passage that speaks of this {MISSING[signs.kind].removesuffix(' for this')}."
    return "A passage speaks of this."


def _lacking(kind: AnswerKind) -> str:
    return f"No passage found {MISSING[kind]}."


def _nowhere(words: Sequence[str]) -> str:
    verb = "occurs" if len(words) == 1 else "occur"
    return f"{_listed(_quoted(words), 'and')} {verb} nowhere in these reports."


def _quoted(words: Sequence[str]) -> list[str]:
    return [f"“{word}”" for word in words]


def _listed(words: Sequence[str], conjunction: str) -> str:
    *first, last = words
    return f"{', '.join(first)} {conjunction} {last}" if first else last
