"""What is known of the passages found, and what speaks for and against an answer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from qa.confidence.kinds import AnswerKind
from qa.types import Expansion


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
        Its sentences in reading order, best all of them. None given: the whole passage counts as one.
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
class Case:
    """A question and what was found for it: all that is judged.

    Attributes
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
    """

    question: str
    passages: Sequence[Judged]
    unknown: Sequence[str] = ()
    years: Collection[int] = ()
    expansions: Sequence[Expansion] = ()
    context: str | None = None
    rarity: Callable[[str], float] | None = None


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

    @property
    def weighed(self) -> tuple[float, ...]:
        """The signs that are weighed, in the order of `FEATURES`."""
        return tuple(float(getattr(self, name)) for name in FEATURES)


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


PLAIN_SCALE = Scale(0.0, 1.0)
"""Cosines as they are, where nothing is known of the model's."""
