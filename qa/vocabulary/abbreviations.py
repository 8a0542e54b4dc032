"""Abbreviations that reports define themselves, in brackets beside what they stand for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from qa.types import Passage
from qa.vocabulary.words import CONNECTORS, WORD, Key, key_of


@dataclass(frozen=True, slots=True)
class Definition:
    """An abbreviation a report defines itself: `short` (singular) stands for `long`, as printed."""

    short: str
    long: str
    report: str


class Harvest:
    """The abbreviations that passages define in brackets, gathered one passage at a time.

    Both "long form (SHORT)" and "SHORT (long form)" are read. First the letters are held against the first
    letters of the words; where that fails the letters may stand anywhere in the words, from the right, after
    Schwartz and Hearst, "A simple algorithm for identifying abbreviation definitions in biomedical text"
    (Pacific Symposium on Biocomputing 2003), but so that no word that matters goes unused.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, Key], Definition] = {}

    def add(self, passage: Passage) -> None:
        """Take in what a passage defines."""
        for text in (passage.lead_in or "", passage.shown):
            for short, long in _defined_in(text):
                self.define(Definition(short, long, passage.report))

    def define(self, definition: Definition) -> None:
        """Take in a definition, unless there is one that means the same."""
        self._found.setdefault((definition.short, key_of(definition.long)), definition)

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """The abbreviations in the order they were defined, each meaning once."""
        return tuple(self._found.values())


def harvest(passages: Iterable[Passage]) -> tuple[Definition, ...]:
    """Return the abbreviations that passages define in brackets, in order, each meaning once."""
    found = Harvest()
    for passage in passages:
        found.add(passage)
    return found.definitions


_BRACKETS = re.compile(r"\(([^()]{2,120})\)")
_CLAUSE_END = re.compile(r"[.;:!?()\[\]]\s|[()\[\]]")
_ASIDE = re.compile(r"[,;:–—]|\s-\s|\sor\s")
_PRELUDE = re.compile(r"^(?:the|a|an|or|i\.e\.|hereafter|known as|also known as|formerly|now)\s+", re.I)
_QUOTES = "\"'“”‘’ "
_SHORT = re.compile(r"[^\W_]+(?:[&/.-][^\W_]+)*")
_LONG_FORM_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*['’]?")
_MORE_CONNECTORS = CONNECTORS | {"in", "on", "to", "with", "a", "at", "by", "from", "into"}


def _defined_in(text: str) -> Iterator[tuple[str, str]]:
    """Find the short and long forms that stand in brackets beside each other."""
    for match in _BRACKETS.finditer(text):
        inside = match.group(1).strip(_QUOTES)
        before = _CLAUSE_END.split(text[: match.start()])[-1].rstrip(_QUOTES)
        short = _PRELUDE.sub("", _ASIDE.split(inside)[0]).strip(_QUOTES)
        if _may_be_short(short):
            long = _long_form(_one(short), before)
            if long is not None:
                yield _one(short), long
                continue
        words = before.split()
        short = words[-1].strip(_QUOTES) if words else ""
        if _may_be_short(short):
            for part in (inside, re.split(r";|\s[–—-]\s", inside)[0]):
                candidate = _PRELUDE.sub("", part).strip(_QUOTES)
                long = _long_form(_one(short), candidate)
                if long is not None and candidate.startswith(long):
                    yield _one(short), long
                    break


def _may_be_short(text: str) -> bool:
    return (
        2 <= len(text) <= 10
        and bool(_SHORT.fullmatch(text))
        and any(letter.isupper() for letter in text)
        and text[0].isalpha()
    )


def _one(short: str) -> str:
    """Return "PMHW" for "PMHWs"."""
    return short[:-1] if re.fullmatch(r"[A-Z&]{2,}s", short) else short


def _long_form(short: str, before: str) -> str | None:
    """Return the words at the end of a text that a short form stands for, or none."""
    letters = "".join(letter for letter in short.casefold() if letter.isalnum())
    # At most as many words as Schwartz and Hearst look at, and one or two for a name or a year that follows.
    most = min(len(letters) + 5, len(letters) * 2) + 2
    words = list(_LONG_FORM_WORD.finditer(before))[-most:]
    while words and words[-1].group().isdigit():
        words.pop()
    for dropped in (0, 1):
        kept = words[: len(words) - dropped]
        for first in range(len(kept) - 1, -1, -1):
            plain = [word.group().casefold() for word in kept[first:]]
            if len(plain) > 1 and plain[0] not in _MORE_CONNECTORS and _initials_fit(letters, plain):
                return _checked(short, before[kept[first].start() : kept[-1].end()])
    return _scattered(short, letters, before, words)


def _initials_fit(letters: str, words: Sequence[str]) -> bool:
    """Tell whether letters are the first letters of words; only joining words may go without."""
    reached = {0}
    for word in words:
        used = {count + 1 for count in reached if letters[count : count + 1] == word[0]}
        reached = used | (reached if word in _MORE_CONNECTORS else set())
    return len(letters) in reached


def _scattered(short: str, letters: str, before: str, words: Sequence[re.Match[str]]) -> str | None:
    """Find the letters anywhere in the words, from the right, the first at the start of a word."""
    if not words:
        return None
    lowered, at, used = before.casefold(), words[-1].end(), set()
    if len(lowered) != len(before):
        return None
    for place in range(len(letters) - 1, -1, -1):
        at -= 1
        while at >= words[0].start() and (
            lowered[at] != letters[place] or (place == 0 and at > 0 and lowered[at - 1].isalnum())
        ):
            at -= 1
        if at < words[0].start():
            return None
        used.add(next(index for index, word in enumerate(words) if at < word.end()))
    telling = [
        index
        for index in range(min(used), len(words))
        if words[index].group().casefold() not in _MORE_CONNECTORS
    ]
    is_name = sum(letter.isupper() for letter in short) < 2
    if min(used) not in telling or not used.issuperset(telling) or (is_name and len(telling) < 3):
        return None
    return _checked(short, before[at : words[-1].end()])


def _checked(short: str, long: str) -> str | None:
    """Return a long form without a possessive at its end; none if it holds the short form or is no longer."""
    long = re.sub(r"['’]s?$", "", long)
    plain = [word.casefold() for word in WORD.findall(long)]
    return long if len(long) > len(short) and short.casefold() not in plain else None
