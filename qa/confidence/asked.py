"""The words of a question that a passage should have, and the names among them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence

from qa.confidence.kinds import SENTENCE_START, YEAR
from qa.confidence.signs import Judged
from qa.confidence.words import WORD, content_stems, matters, stem_of, stems_in, words_in
from qa.types import Expansion

_IN_PASSAGE, _AROUND, _IN_CONTEXT = 0.8, 0.5, 0.4
"""Weight of a word in the passage but not the sentence, in its headings or report, of an earlier question."""


class Asked:
    """The words of a question that a passage should have, each with a weight."""

    def __init__(
        self,
        question: str,
        unknown: Sequence[str],
        expansions: Sequence[Expansion],
        context: str | None,
        rarity: Callable[[str], float],
    ) -> None:
        missing = {word.casefold() for phrase in unknown for word in words_in(phrase)}
        typed = [(match.group(), match.start()) for match in WORD.finditer(question)]
        own = [(word, start) for word, start in typed if matters(word)]
        self._expansions = [(stems_in(each.typed), content_stems(each.meaning)) for each in expansions]
        weights = {stem_of(word): rarity(word) for word, _ in own}
        self._weights = dict(weights)
        for word in words_in(context or ""):
            if matters(word):
                self._weights.setdefault(stem_of(word), _IN_CONTEXT * rarity(word))
        self.stems = frozenset(self._weights)
        names = {start for word, start in own if _is_name(word, start, question)}
        if len(own) > 2 and len(names) >= len(own) - 1 and all(word[0].isupper() for word, _ in own):
            names = {start for word, start in own if _is_name(word.lower(), start, question)}
        everyday = [word for word, start in own if start not in names and word.casefold() in missing]
        strange = [(word, start) for word, start in own if start in names and word.casefold() in missing]
        self.unknown_words = tuple(dict.fromkeys(everyday))
        self.unknown_names = tuple(dict.fromkeys(_joined(strange, question)))
        self._names = {
            stem_of(word): word for word, start in own if start in names and word.casefold() not in missing
        }
        total = sum(weights.values()) or 1.0
        self.missed = sum(weights[stem] for stem in {stem_of(word) for word in everyday}) / total

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
            stems = stems_in(" ".join([passage.reading or passage.text, *passage.section, passage.about]))
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


def _is_name(word: str, start: int, question: str) -> bool:
    """Return whether a word is a name, an abbreviation or a year; a capital at a start says nothing."""
    if word.isdigit():
        return YEAR.fullmatch(word) is not None
    if sum(letter.isupper() or letter.isdigit() for letter in word) > 1:
        return True
    return word[0].isupper() and not SENTENCE_START.search(question[:start])


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
            more = WORD.match(question, end + 1)
            end = more.end() if more else end + 1
        at = end
        yield question[start:end]
