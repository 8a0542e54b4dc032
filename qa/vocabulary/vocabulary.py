"""What is known of words: what else to search for, what was meant by a misspelt one, what no report says."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self

from qa.types import Correction, Expansion, Passage
from qa.vocabulary.abbreviations import Definition, Harvest
from qa.vocabulary.glossary import GLOSSARY, Entry, EntryKind
from qa.vocabulary.meanings import Definitions, Meaning, Meanings
from qa.vocabulary.rows import SortedRows
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

    Nothing is worked out of the reports' words and abbreviations when a vocabulary is opened; what a question
    needs of them is looked up. `Vocabulary.build` makes one, `VocabularyBuilder` one passage at a time.

    Parameters
    ----------
    words
        The words of the reports.
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
        words: ReportWords,
        *,
        definitions: Definitions,
        glossary: Iterable[Entry],
        ordinary_words: SortedRows,
    ) -> None:
        self._words = words
        self._definitions = definitions
        self._glossary = tuple(glossary)
        self._ordinary = ordinary_words
        self._meanings = Meanings(definitions, self._glossary)
        self._entries_with = _entries_by_word(self._glossary)
        self._leading: dict[str, bool] = {}
        self._spelling = Spelling(
            words,
            glossary_words=self._entries_with.keys(),
            is_meant=self._leads_to_reports,
            ordinary_words=ordinary_words,
        )

    @classmethod
    def build(
        cls,
        passages: Iterable[Passage],
        *,
        glossary: Iterable[Entry] = (),
        ordinary_words: Iterable[str] = (),
    ) -> Vocabulary:
        """Return the vocabulary of passages, with the abbreviations they define; each is read once."""
        builder = VocabularyBuilder()
        for passage in passages:
            builder.add(passage)
        return builder.finish(glossary=glossary, ordinary_words=ordinary_words)

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Self:
        """Return the vocabulary that `to_dict` described.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is no such description.
        """
        return cls(
            ReportWords.from_dict(kept),
            definitions=Definitions.from_dict(kept),
            glossary=[
                Entry(EntryKind(kind), str(typed), tuple(map(str, meanings)), bool(needs_capitals))
                for kind, typed, meanings, needs_capitals in kept["glossary"]
            ],
            ordinary_words=SortedRows.read(kept["ordinary_words"]),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain JSON values."""
        return {
            **self._words.to_dict(),
            **self._definitions.to_dict(),
            "glossary": [
                [entry.kind.value, entry.typed, list(entry.meanings), entry.needs_capitals]
                for entry in self._glossary
            ],
            "ordinary_words": self._ordinary.text,
        }

    def with_glossary(self, glossary: Iterable[Entry]) -> Vocabulary:
        """Return the same words of the reports with another glossary."""
        return Vocabulary(
            self._words, definitions=self._definitions, glossary=glossary, ordinary_words=self._ordinary
        )

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """The abbreviations the reports define."""
        return self._definitions.all()

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

    def _leads_to_reports(self, word: str) -> bool:
        """Tell whether an entry that a word belongs to leads to words of the reports."""
        if word not in self._leading:
            self._leading[word] = any(
                self._held_by_reports([Meaning(text, GLOSSARY) for text in entry.meanings])
                for entry in self._entries_with.get(word, ())
            )
        return self._leading[word]

    def _matches(self, tokens: Sequence[Token]) -> Iterator[tuple[int, int, list[Meaning]]]:
        """Find what has a meaning, longest first from the left: its first and last token and its meanings."""
        # Small words that join others do not count, so that "the" or "&" cannot hide a phrase.
        places = [place for place, token in enumerate(tokens) if token.stem not in CONNECTORS]
        at = 0
        while at < len(places):
            longest = min(self._meanings.longest, len(places) - at)
            for length in range(longest, 0, -1):
                taken = places[at : at + length]
                meanings = self._meanings.of_phrase(tuple(tokens[place].stem for place in taken))
                if length == 1:
                    meanings = [*self._meanings_of_short(tokens[taken[0]].text), *meanings]
                if held := self._held_by_reports(meanings):
                    yield taken[0], taken[-1], held
                    at += length
                    break
            else:
                at += 1

    def _meanings_of_short(self, typed: str) -> list[Meaning]:
        for form in (typed, singular(typed)):
            if meanings := self._meanings.of_short(form.casefold()):
                in_capitals = sum(letter.isupper() for letter in form) > 1
                return [each for each in meanings if in_capitals or not self._needs_capitals(each)]
        return []

    def _needs_capitals(self, meaning: Meaning) -> bool:
        return meaning.needs_capitals or (
            meaning.short is not None and self._words.is_lower_case(meaning.short)
        )

    def _held_by_reports(self, meanings: Sequence[Meaning]) -> list[Meaning]:
        """Keep the meanings whose words the reports hold: all of the words, or else at least half of them."""
        shares = [self._share_held(meaning.text) for meaning in meanings]
        wanted = 1.0 if 1.0 in shares else 0.5
        return [meaning for meaning, share in zip(meanings, shares, strict=True) if share >= wanted]

    def _share_held(self, meaning: str) -> float:
        if is_abbreviation(meaning):
            # "IT" is not held by a report that says "it".
            in_capitals = self._words.is_written(meaning) or self._words.is_written(f"{meaning}s")
            only_so = meaning.casefold() in self._words and not self._words.is_lower_case(meaning)
            return float(in_capitals or only_so)
        words = list(WORD.findall(CLITIC.sub("", meaning.casefold())))
        telling = [word for word in words if word not in ASKING] or words
        return sum(map(self._words.holds, telling)) / max(len(telling), 1)

    def _is_known(self, word: str) -> bool:
        if word[0].isdigit():
            return word in self._words or not _YEAR.fullmatch(word)
        return len(word) == 1 or word in ASKING or self._words.holds(word)


class VocabularyBuilder:
    """Gathers a vocabulary, one passage or what was gathered of many at a time; no passage is kept."""

    def __init__(self) -> None:
        self._forms: Counter[str] = Counter()
        self._harvest = Harvest()

    def add(self, passage: Passage) -> None:
        """Take in the words of a passage and of its headings, and the abbreviations it defines."""
        text = " ".join((*passage.section, passage.lead_in or "", passage.shown))
        self._forms.update(set(WORD.findall(text)))
        self._harvest.add(passage)

    def add_json(self, gathered: str) -> None:
        """Take in what `to_json` gave."""
        kept = json.loads(gathered)
        self._forms.update(kept["forms"])
        for row in kept["definitions"]:
            self._harvest.define(Definition(*row))

    def to_json(self) -> str:
        """Return what was gathered."""
        definitions = [[each.short, each.long, each.report] for each in self._harvest.definitions]
        forms = dict(sorted(self._forms.items()))
        return json.dumps({"forms": forms, "definitions": definitions}, ensure_ascii=False)

    def finish(self, *, glossary: Iterable[Entry] = (), ordinary_words: Iterable[str] = ()) -> Vocabulary:
        """Return the vocabulary of all the passages."""
        in_reports = {form.casefold() for form in self._forms}
        return Vocabulary(
            ReportWords.of(self._forms),
            definitions=Definitions.of(self._harvest.definitions),
            glossary=glossary,
            ordinary_words=SortedRows.of(word for word in ordinary_words if word not in in_reports),
        )


def _entries_by_word(glossary: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Return the words by which entries are recognised, with these entries."""
    entries: dict[str, list[Entry]] = {}
    for entry in glossary:
        for word in WORD.findall(CLITIC.sub("", entry.typed)):
            entries.setdefault(word.casefold(), []).append(entry)
    return entries
