"""Words people type and words reports use: abbreviations, everyday words, spelling.

Abbreviations come from the reports themselves (`harvest`) and from the librarian's `glossary.toml`
(`read_glossary`). A `Vocabulary` knows both and every word of the reports; it says what else to search for
(`expand`), what a misspelt word was meant to be (`correct`) and which words stand in no report (`unknown`).
"""

from __future__ import annotations

import math
import re
import tomllib
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, Self

from rapidfuzz import process
from rapidfuzz.distance import OSA

from qa.errors import CorpusError
from qa.types import Correction, Expansion, Passage

GLOSSARY_FILE = "glossary.toml"
GLOSSARY = "glossary"
"""The source of an expansion that no report defines."""

MOST_EXPANSIONS = 6

_CAPITALS = "needs_capitals"


@dataclass(frozen=True, slots=True)
class Definition:
    """An abbreviation a report defines itself: `short` (singular) stands for `long`, as printed."""

    short: str
    long: str
    report: str


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


def harvest(passages: Iterable[Passage]) -> tuple[Definition, ...]:
    """Return the abbreviations that passages define in brackets, in order, each meaning once.

    Both "long form (SHORT)" and "SHORT (long form)" are read. First the letters are held against the first
    letters of the words; where that fails the letters may stand anywhere in the words, from the right, after
    Schwartz and Hearst, "A simple algorithm for identifying abbreviation definitions in biomedical text"
    (Pacific Symposium on Biocomputing 2003), but so that no word that matters goes unused.
    """
    found: dict[tuple[str, _Key], Definition] = {}
    for passage in passages:
        for text in (passage.lead_in or "", passage.shown):
            for short, long in _defined_in(text):
                found.setdefault((short, _key(long)), Definition(short, long, passage.report))
    return tuple(found.values())


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
        self._forms = dict(forms)
        self._definitions = tuple(definitions)
        self._glossary = tuple(glossary)
        self._counts: Counter[str] = Counter()
        self._usual: dict[str, str] = {}
        for form, count in self._forms.items():
            word = form.casefold()
            self._counts[word] += count
            if count > self._forms.get(self._usual.get(word, ""), 0):
                self._usual[word] = form
        self._sorted = sorted(self._counts)
        self._ordinary = frozenset(ordinary_words)
        self._shorts: dict[str, list[_Meaning]] = defaultdict(list)
        self._phrases: dict[_Key, list[_Meaning]] = defaultdict(list)
        self._learn_meanings()
        self._longest = max(map(len, self._phrases), default=1)
        self._glossary_words = self._words_of_glossary()
        self._pool: dict[int, list[str]] = defaultdict(list)
        for word in sorted({*self._counts, *self._glossary_words}):
            if len(word) >= _SHORTEST_MENDED and word.isalpha():
                self._pool[len(word)].append(word)

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
            forms.update(set(_WORD.findall(text)))
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
            "forms": dict(sorted(self._forms.items())),
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
            self._forms,
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
        tokens = _tokens(words)
        typed_words = frozenset(token.stem for token in tokens)
        seen: set[_Key] = set()
        ranked: list[tuple[int, int, Expansion]] = []
        for first, last, meanings in self._matches(tokens):
            typed, rank = words[tokens[first].start : tokens[last].end], 0
            for meaning in meanings:
                key = _key(meaning.text)
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
        shouted = len(words) > 2 and all(word.isupper() or not word.isalpha() for word in words)
        corrections: dict[str, Correction] = {}
        for place, typed in enumerate(words):
            for part in _WORD.findall(_CLITIC.sub("", typed)):
                if part in corrections or not self._may_be_misspelt(part, shouted=shouted):
                    continue
                is_name = part[0].isupper() and place > 0 and not shouted
                meant = self._nearest(part.casefold(), is_name=is_name)
                if meant is not None:
                    corrections[part] = Correction(part, self._as_written(meant))
        return tuple(corrections.values())

    def unknown(self, words: Sequence[str]) -> tuple[str, ...]:
        """Return the words of a question that stand in no report in any form, as typed, in order, each once.

        Words that ask rather than name something are left out, and so are words that the glossary translates
        into words of the reports and misspellings that `correct` mends. Of numbers only years count.
        """
        mended = {correction.typed for correction in self.correct(words)}
        text = " ".join(words)
        tokens = _tokens(text)
        translated = {
            token.start for first, last, _ in self._matches(tokens) for token in tokens[first : last + 1]
        }
        parts = (
            part
            for token in tokens
            if token.start not in translated
            for part in _WORD.findall(_CLITIC.sub("", token.text))
        )
        return tuple(
            dict.fromkeys(
                part for part in parts if part not in mended and not self._is_known(part.casefold())
            )
        )

    def _learn_meanings(self) -> None:
        capitals = {entry.typed for entry in self._glossary if entry.needs_capitals}
        for definition in self._definitions:
            needs_capitals = definition.short in capitals or self._is_lower_case_word(definition.short)
            self._learn(definition.short, definition.long, definition.report, needs_capitals)
            self._learn(definition.long, definition.short, definition.report, False)
        for entry in self._glossary:
            needs_capitals = entry.needs_capitals or self._is_lower_case_word(entry.typed)
            for meaning in entry.meanings:
                self._learn(entry.typed, meaning, GLOSSARY, needs_capitals)
                if entry.kind is EntryKind.ABBREVIATION:
                    self._learn(meaning, entry.typed, GLOSSARY, False)

    def _learn(self, typed: str, text: str, source: str, needs_capitals: bool) -> None:
        if _is_abbreviation(typed):
            known, meaning = self._shorts[typed.casefold()], _Meaning(text, source, needs_capitals)
        else:
            known, meaning = self._phrases[_key(typed)], _Meaning(text, source, False)
        if all(_key(other.text) != _key(text) for other in known):
            known.append(meaning)

    def _words_of_glossary(self) -> frozenset[str]:
        """Return the words by which an entry is recognised, for entries that lead to words of the reports."""
        return frozenset(
            word.casefold()
            for entry in self._glossary
            if self._held_by_reports([_Meaning(text, GLOSSARY, False) for text in entry.meanings])
            for word in _WORD.findall(_CLITIC.sub("", entry.typed))
        )

    def _matches(self, tokens: Sequence[_Token]) -> Iterator[tuple[int, int, list[_Meaning]]]:
        """Find what has a meaning, longest first from the left: its first and last token and its meanings."""
        # Small words that join others do not count, so that "the" or "&" cannot hide a phrase.
        places = [place for place, token in enumerate(tokens) if token.stem not in _CONNECTORS]
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
        for form in (typed, _singular(typed)):
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
        if _is_abbreviation(meaning):
            # "IT" is not held by a report that says "it".
            in_capitals = meaning in self._forms or f"{meaning}s" in self._forms
            only_so = meaning.casefold() in self._counts and not self._is_lower_case_word(meaning)
            return float(in_capitals or only_so)
        words = list(_WORD.findall(_CLITIC.sub("", meaning.casefold())))
        telling = [word for word in words if word not in _ASKING] or words
        return sum(map(self._stands_in_reports, telling)) / max(len(telling), 1)

    def _is_lower_case_word(self, short: str) -> bool:
        return short.casefold() in self._forms

    def _is_known(self, word: str) -> bool:
        if word[0].isdigit():
            return word in self._counts or not _YEAR.fullmatch(word)
        return len(word) == 1 or word in _ASKING or self._stands_in_reports(word)

    def _stands_in_reports(self, word: str) -> bool:
        """Tell whether the word or another form of it stands in a report."""
        return word in self._counts or any(True for _ in self._relatives(word))

    def _relatives(self, word: str) -> Iterator[str]:
        """Return the words of the reports with the same root."""
        root = _root(word)
        beginning = root[:_SHORTEST_ROOT]
        for at in range(bisect_left(self._sorted, beginning), len(self._sorted)):
            if not self._sorted[at].startswith(beginning):
                return
            if _root(self._sorted[at]) == root:
                yield self._sorted[at]

    def _may_be_misspelt(self, typed: str, *, shouted: bool) -> bool:
        word = typed.casefold()
        return (
            len(word) >= _SHORTEST_MENDED
            and word.isalpha()
            and (shouted or not _is_abbreviation(typed))
            and word not in self._glossary_words
            and word not in _ASKING
            and not self._is_ordinary(word)
            and word not in self._counts
            and not any(_stem(relative) == _stem(word) for relative in self._relatives(word))
        )

    def _is_ordinary(self, word: str) -> bool:
        stem = _stem(word)
        return not self._ordinary.isdisjoint({word, stem, f"{stem}e", f"{stem}s"})

    def _nearest(self, typed: str, *, is_name: bool) -> str | None:
        """Return the likeliest word of the reports, or none if none is near or two are equally likely."""
        if relatives := list(self._relatives(typed)):
            same = (word for word in relatives if _is_same_word_misspelt(typed, word))
            return max(same, key=lambda word: (self._counts[word], word), default=None)
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
                return meant if all(_root(word) == _root(meant) for word in rivals) else None
        return None

    def _words_at(self, typed: str, distance: int) -> Iterator[str]:
        """Return the words so many errors away: a letter dropped, added, changed, or two swapped.

        Words two errors away begin with the same letter.
        """
        for length in range(len(typed) - distance, len(typed) + distance + 1):
            words = self._pool.get(length, [])
            if distance > 1:
                first = typed[0]
                words = words[bisect_left(words, first) : bisect_left(words, chr(ord(first) + 1))]
            found = process.extract(typed, words, scorer=OSA.distance, score_cutoff=distance, limit=None)
            yield from (word for word, _, _ in found)

    def _is_plausible(self, typed: str, word: str, distance: int, *, is_name: bool) -> bool:
        named_in_reports = word in self._counts and not self._is_lower_case_word(word)
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
        return math.log(1 + self._counts[word]) - cost

    def _as_written(self, word: str) -> str:
        """Return a word in lower case if the reports ever write it so, else as they do."""
        return word if self._is_lower_case_word(word) else self._usual.get(word, word)


_Key = tuple[str, ...]
"""A phrase to compare: the stems of its words in order, joining words left out."""

_WORD = re.compile(r"[^\W_]+")
_TOKEN = re.compile(r"\b[A-Za-z]&[A-Za-z]\b|&|[^\W_]+(?:['’][^\W_]+)*")
_CLITIC = re.compile(r"['’](?:s|t|re|ve|ll|d|m)\b", re.I)
_YEAR = re.compile(r"(19|20)\d\d")
_CONNECTORS = frozenset({"and", "or", "of", "the", "for", "an", "&"})
_ASKING = frozenset(
    "a about above actually after again against ago ain all already also always am amount an and"
    " another any anybody anyone anything are area aren as ask asked at back be because been before"
    " being below between both but by came can cannot cant come comes comment compare compared could"
    " couldn cover covered deal dealt describe described detail did didn didnt differ difference do does"
    " doesn doesnt doing don done dont down during each either else ever every everyone everything"
    " exactly explain far few find for found from further gave get gets getting give given go goes going"
    " gone good got had hadn happen happened happening happens has hasn have haven having he hear heard"
    " help her here him his how however i if in inspector inspectors instead into is isn isnt it its"
    " just kind kinds know last latest least less let like likely list long look looking lot lots made"
    " main make makes many may me mean means mention mentioned might more most much must my name near"
    " never no nobody none nor not nothing now number of off often on once one ones only or order other"
    " others our out over own page paragraph part particular passage people per perhaps place please"
    " point possible put quite quote rather really reason regarding report reported reports s said same"
    " say saying says section see seem seen sentence shall she should shouldn show since so some"
    " somebody someone something sort state stated still such sum summarise summary t take taken talk"
    " tell than that thats the their them then there these they thing things think this those though"
    " through time times to told too toward towards try two under until up upon us use used using very"
    " want wanted was wasn wasnt way ways we well went were weren what whatever whats when where whether"
    " which while who whole whom whose why will with within without won wont word words would wouldn"
    " write written yes yet you your yours".split()
)
"""Words that ask or join; they name nothing that a report could lack."""

_SHORTEST_MENDED = 4
_LONGEST_WITH_ONE_ERROR = 5
_LONG_WORD = 7
_SHORTEST_ROOT = 4
_COST_OF_LETTER = 4.0
"""Of a letter missing or too many, in units of log frequency, where a slip costs nothing; as measured on
misspellings made by chance."""
_COST_OF_SUBSTITUTION = 6.0
_TIE = 1e-6


class _Meaning(NamedTuple):
    """What something typed means, who says so, and whether it must have been typed in capitals."""

    text: str
    source: str
    needs_capitals: bool


class _Token(NamedTuple):
    """A word of a question with its place and the form it is compared in."""

    text: str
    stem: str
    start: int
    end: int


def _tokens(text: str) -> list[_Token]:
    return [
        _Token(match.group(), _stem(_CLITIC.sub("", match.group()).casefold()), match.start(), match.end())
        for match in _TOKEN.finditer(text)
    ]


def _key(phrase: str) -> _Key:
    stems = tuple(token.stem for token in _tokens(phrase))
    return tuple(stem for stem in stems if stem not in _CONNECTORS) or stems


def _is_abbreviation(text: str) -> bool:
    """Tell whether a text is one word with two capitals or more, such as LAC, CiC, A&E or NEETs."""
    return bool(_TOKEN.fullmatch(text)) and sum(letter.isupper() for letter in text) > 1


def _singular(short: str) -> str:
    short = _CLITIC.sub("", short)
    return short[:-1] if len(short) > 2 and short.endswith("s") else short


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
    return sorted(typed) == sorted(word) or _undoubled(typed) == _undoubled(word)


def _shortest_sure(typed: str, word: str, distance: int) -> int:
    """Return from which length on an error is mended if nothing tells ordinary words from misspelt ones.

    Measured on everyday words: those near a word of the reports are mostly short and differ by one letter.
    """
    if distance > 1:
        return 10
    if _is_slip(typed, word):
        return _SHORTEST_MENDED
    return 8 if len(typed) == len(word) else 5


def _undoubled(word: str) -> str:
    return re.sub(r"(.)\1+", r"\1", word)


def _stem(word: str) -> str:
    """Take the plural and the endings -ed and -ing off a word, as the first step of Porter's stemmer does.

    Method: M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980.
    """
    if len(word) > 3:
        if word.endswith(("sses", "xes", "ches", "shes", "zes")):
            word = word[:-2]
        elif word.endswith("ies"):
            word = f"{word[:-3]}y" if len(word) > 4 else word[:-1]
        elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
            word = word[:-1]
    for ending in ("ing", "ed"):
        rest = word.removesuffix(ending)
        if rest == word or len(rest) < 3 or not re.search("[aeiouy]", rest) or word.endswith("eed"):
            continue
        if rest[-1] == rest[-2] and rest[-1] not in "lsz":
            return rest[:-1]
        if rest.endswith("ll") and len(rest) > 5:
            return rest[:-1]
        if rest.endswith(("at", "bl", "iz", "is", "v", "c", "s", "u", "dg", "rg")) and not rest.endswith(
            "ss"
        ):
            return f"{rest}e"
        if re.fullmatch(r"[^aeiou]*[aeiouy][^aeiouywx]", rest):
            return f"{rest}e"
        return rest
    return word


_SUFFIX = re.compile(
    r"(?:ational|ations?|ators?|ative|ances?|ences?|ancy|ency|ments?|ness|ities|ity|ively|ive|ially|ial|ical"
    r"|ally|al|fully|ful|less|ably|able|ibly|ible|ists?|ism|isers?|ise|ising|ised|ions?|ers?|ors?|ants?|ents?"
    r"|ily|ly|ing|ied|ed|es|ous|e|s)$"
)
_EXCLUSION = re.compile(r"(?<=[aiu])sion$")
"""As exclusion is of exclude, and provision of provide."""


def _root(word: str) -> str:
    """Take up to two suffixes off a word, so that its forms and derivations can be compared."""
    word = _EXCLUSION.sub("de", _stem(word))
    for _ in range(2):
        match = _SUFFIX.search(word)
        if match is None or match.start() < _SHORTEST_ROOT:
            break
        word = word[: match.start()]
    return word[:-2] + _undoubled(word[-2:])


_BRACKETS = re.compile(r"\(([^()]{2,120})\)")
_CLAUSE_END = re.compile(r"[.;:!?()\[\]]\s|[()\[\]]")
_ASIDE = re.compile(r"[,;:–—]|\s-\s|\sor\s")
_PRELUDE = re.compile(r"^(?:the|a|an|or|i\.e\.|hereafter|known as|also known as|formerly|now)\s+", re.I)
_QUOTES = "\"'“”‘’ "
_SHORT = re.compile(r"[^\W_]+(?:[&/.-][^\W_]+)*")
_LONG_FORM_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*['’]?")
_MORE_CONNECTORS = _CONNECTORS | {"in", "on", "to", "with", "a", "at", "by", "from", "into"}


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
    plain = [word.casefold() for word in _WORD.findall(long)]
    return long if len(long) > len(short) and short.casefold() not in plain else None


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
        if not _key(typed):
            raise self._fault(f'"{typed}" holds no word to look for', kind, typed)
        if not isinstance(meanings, list) or not meanings:
            raise self._fault(
                f'"{typed}" must be followed by words in quotation marks: ["looked after children"]',
                kind,
                typed,
            )
        for meaning in meanings:
            if not isinstance(meaning, str) or not _key(meaning):
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
