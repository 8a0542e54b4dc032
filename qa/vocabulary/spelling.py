"""Misspelt words and what was meant: the words nearest to them, and how likely each is."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

from qa.types import Correction
from qa.vocabulary.rows import SortedRows
from qa.vocabulary.words import (
    ASKING,
    CLITIC,
    WORD,
    ReportWords,
    is_abbreviation,
    root_of,
    stem_of,
    undoubled,
)

_SHORTEST_MENDED = 4
_LONGEST_WITH_ONE_ERROR = 5
_LONG_WORD = 7
_COST_OF_LETTER = 4.0
"""Of a letter missing or too many, in units of log frequency, where a slip costs nothing; as measured on
misspellings made by chance."""
_COST_OF_SUBSTITUTION = 6.0
_TIE = 1e-6


class Spelling:
    """Tells which words are misspelt and which words of the reports were meant.

    Parameters
    ----------
    words
        The words of the reports.
    glossary_words
        Words by which the librarian's glossary recognises what is typed.
    is_meant
        Tells of one of these whether it leads to words of the reports, so that it is meant too.
    ordinary_words
        Words of general English in lower case; they are never taken for misspellings.
    """

    def __init__(
        self,
        words: ReportWords,
        *,
        glossary_words: Collection[str],
        is_meant: Callable[[str], bool],
        ordinary_words: SortedRows,
    ) -> None:
        self._words = words
        self._glossary_words = glossary_words
        self._is_meant = is_meant
        self._ordinary = ordinary_words
        self._of_length: dict[int, list[str]] = {}

    def correct(self, words: Sequence[str]) -> tuple[Correction, ...]:
        """Return the misspelt words of a question and the words meant, in order, each once.

        Parameters
        ----------
        words
            The question's words in order, as typed: capitals tell names and abbreviations.
        """
        shouted = len(words) > 2 and all(word.isupper() or not word.isalpha() for word in words)
        corrections: dict[str, Correction] = {}
        for place, typed in enumerate(words):
            for part in WORD.findall(CLITIC.sub("", typed)):
                if part in corrections or not self._may_be_misspelt(part, shouted=shouted):
                    continue
                is_name = part[0].isupper() and place > 0 and not shouted
                meant = self._nearest(part.casefold(), is_name=is_name)
                if meant is not None:
                    corrections[part] = Correction(part, self._words.as_written(meant))
        return tuple(corrections.values())

    def _may_be_misspelt(self, typed: str, *, shouted: bool) -> bool:
        word = typed.casefold()
        return (
            len(word) >= _SHORTEST_MENDED
            and word.isalpha()
            and (shouted or not is_abbreviation(typed))
            and word not in ASKING
            and word not in self._words
            and not self._is_ordinary(word)
            and not (word in self._glossary_words and self._is_meant(word))
            and not any(stem_of(relative) == stem_of(word) for relative in self._words.relatives(word))
        )

    def _is_ordinary(self, word: str) -> bool:
        stem = stem_of(word)
        return any(form in self._ordinary for form in (word, stem, f"{stem}e", f"{stem}s"))

    def _nearest(self, typed: str, *, is_name: bool) -> str | None:
        """Return the likeliest word of the reports, or none if none is near or two are equally likely."""
        if relatives := list(self._words.relatives(typed)):
            same = (word for word in relatives if _is_same_word_misspelt(typed, word))
            return max(same, key=lambda word: (self._words.count(word), word), default=None)
        most = 1 if is_name or len(typed) <= _LONGEST_WITH_ONE_ERROR else 2
        for distance in range(1, most + 1):
            scored = [
                (self._likelihood(typed, word), word)
                for word in self._words_at(typed, distance)
                if self._is_plausible(typed, word, distance, is_name=is_name)
            ]
            if scored:
                best, meant = max(scored)
                rivals = (word for score, word in scored if best - score < _TIE)
                return meant if all(root_of(word) == root_of(meant) for word in rivals) else None
        return None

    def _words_at(self, typed: str, distance: int) -> Iterator[str]:
        """Return the words so many errors away: a letter dropped, added, changed, or two swapped.

        Words two errors away begin with the same letter.
        """
        for length in range(max(len(typed) - distance, _SHORTEST_MENDED), len(typed) + distance + 1):
            words = self._spelt(length)
            meant = [word for word in self._glossary_words if len(word) == length and word.isalpha()]
            if distance > 1:
                first = typed[0]
                words = words[bisect_left(words, first) : bisect_left(words, chr(ord(first) + 1))]
                meant = [word for word in meant if word[0] == first]
            yield from self._near(typed, words, distance)
            yield from filter(self._is_meant, self._near(typed, meant, distance))

    def _near(self, typed: str, words: Sequence[str], distance: int) -> Iterator[str]:
        found = process.extract(typed, words, scorer=OSA.distance, score_cutoff=distance, limit=None)
        yield from (word for word, _, _ in found)

    def _spelt(self, length: int) -> list[str]:
        if length not in self._of_length:
            self._of_length[length] = self._words.of_length(length)
        return self._of_length[length]

    def _is_plausible(self, typed: str, word: str, distance: int, *, is_name: bool) -> bool:
        named_in_reports = word in self._words and not self._words.is_lower_case(word)
        if not self._ordinary and len(typed) < _shortest_sure(typed, word, distance):
            return False
        if distance == 1:
            if word[0] != typed[0] and len(word) == len(typed) and not _is_slip(typed, word):
                return False  # Nobody types "hack" for "back".
            return not is_name or named_in_reports or len(typed) >= _LONG_WORD
        # Names of places differ by two letters too often: a question about Oldham is not about Oakham.
        return not named_in_reports or len(typed) >= _LONG_WORD

    def _likelihood(self, typed: str, word: str) -> float:
        """Score one of the nearest words as a noisy channel does: log frequency less cost of the error."""
        cost = 0.0
        if not _is_slip(typed, word):
            cost = _COST_OF_SUBSTITUTION if len(typed) == len(word) else _COST_OF_LETTER
        return math.log(1 + self._words.count(word)) - cost


def _is_same_word_misspelt(typed: str, word: str) -> bool:
    """Tell whether a word misses its relative by a slip inside it ("managment") or a vowel ("attendence").

    Other relatives are words of their own: a provider does not mean that they provide.
    """
    if len(typed) < _LONG_WORD or typed[-1] != word[-1] or OSA.distance(typed, word, score_cutoff=1) > 1:
        return False
    if len(typed) != len(word) or _is_slip(typed, word):
        return True
    changed = {letter for pair in zip(typed, word, strict=True) if pair[0] != pair[1] for letter in pair}
    return changed <= set("aeiou")


def _is_slip(typed: str, word: str) -> bool:
    """Tell whether one error apart is a slip of the hand: two letters swapped, or one doubled or not."""
    return sorted(typed) == sorted(word) or undoubled(typed) == undoubled(word)


def _shortest_sure(typed: str, word: str, distance: int) -> int:
    """Return from which length on an error is mended if nothing tells ordinary words from misspelt ones.

    Measured on everyday words: those near a word of the reports are mostly short and differ by one letter.
    """
    if distance > 1:
        return 10
    if _is_slip(typed, word):
        return _SHORTEST_MENDED
    return 8 if len(typed) == len(word) else 5
