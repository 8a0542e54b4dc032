"""What typed words mean: by the abbreviations that reports define, and by the librarian's glossary."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, Self

from qa.vocabulary.abbreviations import Definition
from qa.vocabulary.glossary import GLOSSARY, Entry, EntryKind
from qa.vocabulary.rows import BETWEEN, SortedRows
from qa.vocabulary.words import Key, is_abbreviation, key_of


class Meaning(NamedTuple):
    """What something typed means, and who says so.

    `short` is an abbreviation that means it only in capitals where the reports write it as a word;
    `needs_capitals` tells whether it does so anyway.
    """

    text: str
    source: str
    short: str | None = None
    needs_capitals: bool = False


class Definitions:
    """The abbreviations that reports define, looked up by what is typed, either way round.

    Parameters
    ----------
    rows
        The definitions in order, as JSON, a line each.
    typed
        For each definition a row by its short form and a row by its long form, as `_row` has them.
    longest
        How many words the longest phrase has that is looked up.
    """

    def __init__(self, rows: str, typed: SortedRows, longest: int) -> None:
        self._text = rows
        self._typed = typed
        self.longest = longest

    @classmethod
    def of(cls, definitions: Iterable[Definition]) -> Self:
        """Return definitions with what they are looked up by."""
        rows: list[str] = []
        typed: list[str] = []
        longest = 1
        for place, (short, long, report) in enumerate((d.short, d.long, d.report) for d in definitions):
            rows.append(json.dumps([short, long, report], ensure_ascii=False))
            typed += [_row(short, place, is_short=True), _row(long, place, is_short=False)]
            longest = max(longest, len(key_of(short)), len(key_of(long)))
        return cls("\n".join(rows), SortedRows.of(typed), longest)

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Self:
        """Return the definitions that `to_dict` described.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is no such description.
        """
        rows, typed = SortedRows.read(kept["definitions"]).text, SortedRows.read(kept["defined"])
        return cls(rows, typed, int(kept["longest"]))

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain JSON values."""
        return {"definitions": self._text, "defined": self._typed.text, "longest": self.longest}

    def all(self) -> tuple[Definition, ...]:
        """Return the definitions in order."""
        return tuple(Definition(*map(str, json.loads(row))) for row in self._rows)

    def of_short(self, short: str) -> list[Meaning]:
        """Return what an abbreviation in lower case means, in the order it was defined."""
        return self._meanings(self._typed.beginning(f"{_SHORT}{short}{BETWEEN}"))

    def of_phrase(self, key: Key) -> list[Meaning]:
        """Return the other form of a phrase, in the order it was defined."""
        return self._meanings(self._typed.beginning(f"{_PHRASE}{' '.join(key)}{BETWEEN}"))

    def phrases_from(self, stem: str) -> Iterator[Key]:
        """Yield what the phrases are compared by that begin with a word."""
        for ending in (" ", BETWEEN):
            for row in self._typed.beginning(f"{_PHRASE}{stem}{ending}"):
                yield tuple(row[1:].partition(BETWEEN)[0].split(" "))

    @cached_property
    def _rows(self) -> list[str]:
        return self._text.split("\n") if self._text else []

    def _meanings(self, rows: Iterator[str]) -> list[Meaning]:
        found: list[tuple[int, Meaning]] = []
        for row in rows:
            _, place, is_short = row.split(BETWEEN)
            short, long, report = map(str, json.loads(self._rows[int(place)]))
            found.append(
                (int(place), Meaning(long, report, short) if int(is_short) else Meaning(short, report))
            )
        return [meaning for _, meaning in sorted(found, key=lambda each: each[0])]


_SHORT, _PHRASE = "s", "p"


def _row(typed: str, place: int, *, is_short: bool) -> str:
    """Return the row by which a definition is found: what is typed, the definition's place, its form."""
    looked_up = _SHORT + typed.casefold() if is_abbreviation(typed) else _PHRASE + " ".join(key_of(typed))
    return BETWEEN.join((looked_up, str(place), str(int(is_short))))


class Meanings:
    """What typed words mean, by the reports' definitions first and then by the librarian's glossary.

    Parameters
    ----------
    definitions
        Abbreviations the reports define.
    glossary
        The librarian's entries.
    """

    def __init__(self, definitions: Definitions, glossary: Sequence[Entry]) -> None:
        self._definitions = definitions
        self._capitals = {entry.typed for entry in glossary if entry.needs_capitals}
        self._shorts: dict[str, list[Meaning]] = defaultdict(list)
        self._phrases: dict[Key, list[Meaning]] = defaultdict(list)
        self._from: dict[str, set[Key]] = {}
        for entry in glossary:
            for meaning in entry.meanings:
                self._learn(entry.typed, Meaning(meaning, GLOSSARY, entry.typed, entry.needs_capitals))
                if entry.kind is EntryKind.ABBREVIATION:
                    self._learn(meaning, Meaning(entry.typed, GLOSSARY))
        self.longest = max(definitions.longest, *map(len, self._phrases), 1)

    def _learn(self, typed: str, meaning: Meaning) -> None:
        if is_abbreviation(typed):
            self._shorts[typed.casefold()].append(meaning)
        else:
            self._phrases[key_of(typed)].append(meaning)

    def of_short(self, short: str) -> list[Meaning]:
        """Return what an abbreviation in lower case means, each meaning once."""
        defined = [
            meaning._replace(needs_capitals=meaning.short in self._capitals)
            for meaning in self._definitions.of_short(short)
        ]
        return _each_once([*defined, *self._shorts.get(short, ())])

    def of_phrase(self, key: Key) -> list[Meaning]:
        """Return what a phrase means, each meaning once."""
        if key not in self._phrases and key not in self._phrases_from(key[0]):
            return []
        return _each_once([*self._definitions.of_phrase(key), *self._phrases.get(key, ())])

    def _phrases_from(self, stem: str) -> set[Key]:
        if stem not in self._from:
            self._from[stem] = set(self._definitions.phrases_from(stem))
        return self._from[stem]


def _each_once(meanings: Iterable[Meaning]) -> list[Meaning]:
    found: dict[Key, Meaning] = {}
    for meaning in meanings:
        found.setdefault(key_of(meaning.text), meaning)
    return list(found.values())
