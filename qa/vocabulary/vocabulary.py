"""What is known of words: what else to search for, what was meant by a misspelt one, what no report says."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Self

from qa.types import Correction, Expansion, Passage
from qa.vocabulary.abbreviations import Definition, harvest
from qa.vocabulary.glossary import GLOSSARY, Entry, EntryKind
from qa.vocabulary.spelling import Spelling
from qa.vocabulary.words import (
    ASKING,
    CLITIC,
    CONNECTORS,
    WORD,
    Key,
    ReportWords,
    Token,
    is_abbreviation,
    key_of,
    singular,
    tokens_of,
)

MOST_EXPANSIONS = 6
_YEAR = re.compile(r"(19|20)\d\d")


class Vocabulary:
    """What is known of words: those of the reports, their abbreviations, and the librarian's glossary.

    Parameters
    ----------
    forms
        Every word of the reports as written, with the number of passages it stands in.
    definitions
        Abbreviations the reports define.
    glossary
        The librarian's entries.
    ordinary_words
        Words of general English in lower case. They are never taken for misspellings, though no report holds
        them.
    """

    def __init__(
        self,
        forms: Mapping[str, int],
        *,
        definitions: Iterable[Definition] = (),
        glossary: Iterable[Entry] = (),
        ordinary_words: Iterable[str] = (),
    ) -> None:
        self._words = ReportWords(forms)
        self._definitions = tuple(definitions)
        self._glossary = tuple(glossary)
        self._ordinary = frozenset(ordinary_words)
        self._shorts: dict[str, list[_Meaning]] = defaultdict(list)
        self._phrases: dict[Key, list[_Meaning]] = defaultdict(list)
        self._learn_meanings()
        self._longest = max(map(len, self._phrases), default=1)
        self._spelling = Spelling(
            self._words, glossary_words=self._words_of_glossary(), ordinary_words=self._ordinary
        )

    @classmethod
    def build(
        cls,
        passages: Iterable[Passage],
        *,
        glossary: Iterable[Entry] = (),
        ordinary_words: Iterable[str] = (),
    ) -> Self:
        """Return the vocabulary of passages, with the abbreviations they define."""
        forms: Counter[str] = Counter()
        seen = tuple(passages)
        for passage in seen:
            text = " ".join((*passage.section, passage.lead_in or "", passage.shown))
            forms.update(set(WORD.findall(text)))
        in_reports = {form.casefold() for form in forms}
        ordinary = (word for word in ordinary_words if word not in in_reports)
        return cls(forms, definitions=harvest(seen), glossary=glossary, ordinary_words=ordinary)

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Self:
        """Return the vocabulary that `to_dict` described.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is no such description.
        """
        return cls(
            {str(form): int(count) for form, count in dict(kept["forms"]).items()},
            definitions=(Definition(*map(str, row)) for row in kept["definitions"]),
            glossary=(
                Entry(EntryKind(kind), str(typed), tuple(map(str, meanings)), bool(needs_capitals))
                for kind, typed, meanings, needs_capitals in kept["glossary"]
            ),
            ordinary_words=map(str, kept["ordinary_words"]),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain JSON values."""
        return {
            "forms": dict(sorted(self._words.forms.items())),
            "definitions": [[each.short, each.long, each.report] for each in self._definitions],
            "glossary": [
                [entry.kind.value, entry.typed, list(entry.meanings), entry.needs_capitals]
                for entry in self._glossary
            ],
            "ordinary_words": sorted(self._ordinary),
        }

    def with_glossary(self, glossary: Iterable[Entry]) -> Vocabulary:
        """Return the same words of the reports with another glossary."""
        return Vocabulary(
            self._words.forms,
            definitions=self._definitions,
            glossary=glossary,
            ordinary_words=self._ordinary,
        )

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """The abbreviations the reports define."""
        return self._definitions

    def expand(self, words: str) -> tuple[Expansion, ...]:
        """Return what to search beside a question's words, in order of appearance, at most six.

        The longest phrase counts. A meaning is left out if the reports do not hold most of its words, if the
        question already has them all, or if an earlier phrase of the question means the same.
        """
        tokens = tokens_of(words)
        typed_words = frozenset(token.stem for token in tokens)
        seen: set[Key] = set()
        ranked: list[tuple[int, int, Expansion]] = []
        for first, last, meanings in self._matches(tokens):
            typed, rank = words[tokens[first].start : tokens[last].end], 0
            for meaning in meanings:
                key = key_of(meaning.text)
                if key not in seen and not typed_words.issuperset(key):
                    seen.add(key)
                    ranked.append((rank, len(ranked), Expansion(typed, meaning.text, meaning.source)))
                    rank += 1
        # Every phrase's first meaning comes before any phrase's second.
        kept = sorted(ranked, key=lambda each: each[:2])[:MOST_EXPANSIONS]
        return tuple(expansion for _, _, expansion in sorted(kept, key=lambda each: each[1]))

    def correct(self, words: Sequence[str]) -> tuple[Correction, ...]:
        """Return the misspelt words of a question and the words meant, in order, each once.

        Parameters
        ----------
        words
            The question's words in order, as typed: capitals tell names and abbreviations.
        """
        return self._spelling.correct(words)

    def unknown(self, words: Sequence[str]) -> tuple[str, ...]:
        """Return the words of a question that stand in no report in any form, as typed, in order, each once.

        Words that ask rather than name something are left out, and so are words that the glossary translates
        into words of the reports and misspellings that `correct` mends. Of numbers only years count.
        """
        mended = {correction.typed for correction in self.correct(words)}
        text = " ".join(words)
        tokens = tokens_of(text)
        translated = {
            token.start for first, last, _ in self._matches(tokens) for token in tokens[first : last + 1]
        }
        parts = (
            part
            for token in tokens
            if token.start not in translated
            for part in WORD.findall(CLITIC.sub("", token.text))
        )
        return tuple(
            dict.fromkeys(
                part for part in parts if part not in mended and not self._is_known(part.casefold())
            )
        )

    def _learn_meanings(self) -> None:
        capitals = {entry.typed for entry in self._glossary if entry.needs_capitals}
        for definition in self._definitions:
            needs_capitals = definition.short in capitals or self._words.is_lower_case(definition.short)
            self._learn(definition.short, definition.long, definition.report, needs_capitals)
            self._learn(definition.long, definition.short, definition.report, False)
        for entry in self._glossary:
            needs_capitals = entry.needs_capitals or self._words.is_lower_case(entry.typed)
            for meaning in entry.meanings:
                self._learn(entry.typed, meaning, GLOSSARY, needs_capitals)
                if entry.kind is EntryKind.ABBREVIATION:
                    self._learn(meaning, entry.typed, GLOSSARY, False)

    def _learn(self, typed: str, text: str, source: str, needs_capitals: bool) -> None:
        if is_abbreviation(typed):
            known, meaning = self._shorts[typed.casefold()], _Meaning(text, source, needs_capitals)
        else:
            known, meaning = self._phrases[key_of(typed)], _Meaning(text, source, False)
        if all(key_of(other.text) != key_of(text) for other in known):
            known.append(meaning)

    def _words_of_glossary(self) -> frozenset[str]:
        """Return the words by which an entry is recognised, for entries that lead to words of the reports."""
        return frozenset(
            word.casefold()
            for entry in self._glossary
            if self._held_by_reports([_Meaning(text, GLOSSARY, False) for text in entry.meanings])
            for word in WORD.findall(CLITIC.sub("", entry.typed))
        )

    def _matches(self, tokens: Sequence[Token]) -> Iterator[tuple[int, int, list[_Meaning]]]:
        """Find what has a meaning, longest first from the left: its first and last token and its meanings."""
        # Small words that join others do not count, so that "the" or "&" cannot hide a phrase.
        places = [place for place, token in enumerate(tokens) if token.stem not in CONNECTORS]
        at = 0
        while at < len(places):
            longest = min(self._longest, len(places) - at)
            for length in range(longest, 0, -1):
                taken = places[at : at + length]
                meanings = self._phrases.get(tuple(tokens[place].stem for place in taken), [])
                if length == 1:
                    meanings = [*self._meanings_of_short(tokens[taken[0]].text), *meanings]
                if held := self._held_by_reports(meanings):
                    yield taken[0], taken[-1], held
                    at += length
                    break
            else:
                at += 1

    def _meanings_of_short(self, typed: str) -> list[_Meaning]:
        for form in (typed, singular(typed)):
            if meanings := self._shorts.get(form.casefold()):
                in_capitals = sum(letter.isupper() for letter in form) > 1
                return [each for each in meanings if in_capitals or not each.needs_capitals]
        return []

    def _held_by_reports(self, meanings: Sequence[_Meaning]) -> list[_Meaning]:
        """Keep the meanings whose words the reports hold: all of the words, or else at least half of them."""
        shares = [self._share_held(meaning.text) for meaning in meanings]
        wanted = 1.0 if 1.0 in shares else 0.5
        return [meaning for meaning, share in zip(meanings, shares, strict=True) if share >= wanted]

    def _share_held(self, meaning: str) -> float:
        if is_abbreviation(meaning):
            # "IT" is not held by a report that says "it".
            in_capitals = meaning in self._words.forms or f"{meaning}s" in self._words.forms
            only_so = meaning.casefold() in self._words.counts and not self._words.is_lower_case(meaning)
            return float(in_capitals or only_so)
        words = list(WORD.findall(CLITIC.sub("", meaning.casefold())))
        telling = [word for word in words if word not in ASKING] or words
        return sum(map(self._words.holds, telling)) / max(len(telling), 1)

    def _is_known(self, word: str) -> bool:
        if word[0].isdigit():
            return word in self._words.counts or not _YEAR.fullmatch(word)
        return len(word) == 1 or word in ASKING or self._words.holds(word)


class _Meaning(NamedTuple):
    """What something typed means, who says so, and whether it must have been typed in capitals."""

    text: str
    source: str
    needs_capitals: bool
