"""The librarian's `glossary.toml`: what people type and what reports say instead."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from qa.errors import CorpusError
from qa.vocabulary.words import key_of

GLOSSARY_FILE = "glossary.toml"
GLOSSARY = "glossary"
"""The source of an expansion that no report defines."""
_CAPITALS = "needs_capitals"


class EntryKind(StrEnum):
    """Which list of the glossary an entry is in; the value is the list's heading."""

    ABBREVIATION = "abbreviations"
    EVERYDAY = "everyday"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the glossary: `typed` means any of `meanings`; an abbreviation works both ways."""

    kind: EntryKind
    typed: str
    meanings: tuple[str, ...]
    needs_capitals: bool = False


def read_glossary(path: Path) -> tuple[Entry, ...]:
    """Return the entries of a glossary file; none if there is no such file.

    Raises
    ------
    CorpusError
        If the file is not as it should be; the sentence names the line.
    """
    try:
        source = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path} cannot be read ({error}); mend or remove it") from error
    try:
        parsed = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        end = f"at line {len(source.splitlines())}"
        place = str(error).replace("at end of document", end)
        raise CorpusError(f"{path} is not valid TOML: {place}; mend that line") from error
    return _CheckedGlossary(path, source, parsed).entries()


@dataclass(frozen=True, slots=True)
class _CheckedGlossary:
    """`glossary.toml` parsed; tells the line of whatever is wrong in it."""

    path: Path
    source: str
    parsed: dict[str, Any]

    def entries(self) -> tuple[Entry, ...]:
        for key in self.parsed:
            if key != _CAPITALS and key not in set(EntryKind):
                raise self._fault(
                    f'"{key}" is not known here; known are {_CAPITALS}, [abbreviations] and [everyday]',
                    None,
                    key,
                )
        capitals = self._capitals()
        entries = tuple(
            Entry(kind, typed.strip(), self._meanings(kind, typed, value), typed.strip() in capitals)
            for kind in EntryKind
            for typed, value in self._table(kind).items()
        )
        for short in capitals.difference(entry.typed for entry in entries):
            raise self._fault(
                f'"{short}" in {_CAPITALS} has no entry below; add one or take it out', None, _CAPITALS
            )
        return entries

    def _capitals(self) -> frozenset[str]:
        listed = self.parsed.get(_CAPITALS, [])
        if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
            raise self._fault(
                f'"{_CAPITALS}" must be a list of abbreviations: ["IT", "SALT"]', None, _CAPITALS
            )
        return frozenset(listed)

    def _table(self, kind: EntryKind) -> dict[str, object]:
        table = self.parsed.get(kind, {})
        if not isinstance(table, dict):
            raise self._fault(f'"{kind}" must be a heading in square brackets: [{kind}]', None, kind)
        return table

    def _meanings(self, kind: EntryKind, typed: str, value: object) -> tuple[str, ...]:
        meanings = [value] if isinstance(value, str) else value
        if typed == _CAPITALS:
            raise self._fault(f'"{_CAPITALS}" must stand above [{EntryKind.ABBREVIATION}]', kind, typed)
        if not key_of(typed):
            raise self._fault(f'"{typed}" holds no word to look for', kind, typed)
        if not isinstance(meanings, list) or not meanings:
            raise self._fault(
                f'"{typed}" must be followed by words in quotation marks: ["looked after children"]',
                kind,
                typed,
            )
        for meaning in meanings:
            if not isinstance(meaning, str) or not key_of(meaning):
                raise self._fault(
                    f'"{typed}" has a meaning that is not words in quotation marks', kind, typed
                )
            if meaning.strip() == typed.strip():
                raise self._fault(f'"{typed}" is said to mean itself', kind, typed)
        return tuple(meaning.strip() for meaning in meanings)

    def _fault(self, sentence: str, kind: EntryKind | None, key: str) -> CorpusError:
        return CorpusError(f"{self.path}, line {self._line(kind, key)}: {sentence}")

    def _line(self, kind: EntryKind | None, key: str) -> int:
        """Return the line a key stands on, below the heading of its list."""
        lines = self.source.splitlines()
        heading = re.compile(rf"\s*\[\s*{kind}\s*\]")
        start = 0 if kind is None else next((n for n, line in enumerate(lines) if heading.match(line)), 0)
        pattern = re.compile(rf"\s*\[?\s*[\"']?{re.escape(key)}[\"']?\s*[\]=.]")
        return next((n for n in range(start, len(lines)) if pattern.match(lines[n])), start) + 1
