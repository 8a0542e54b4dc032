"""Words cut from a text, the stems and roots they are compared by, and the words of the reports."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Self

from qa.vocabulary.rows import BETWEEN, SortedRows

Key = tuple[str, ...]
"""A phrase to compare: the stems of its words in order, joining words left out."""
WORD = re.compile(r"[^\W_]+")
TOKEN = re.compile(r"\b[A-Za-z]&[A-Za-z]\b|&|[^\W_]+(?:['’][^\W_]+)*")
CLITIC = re.compile(r"['’](?:s|t|re|ve|ll|d|m)\b", re.I)
CONNECTORS = frozenset({"and", "or", "of", "the", "for", "an", "&"})
ASKING = frozenset(
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
_SHORTEST_ROOT = 4


class ReportWords:
    """The words of the reports and how often they stand there, looked up one by one.

    Parameters
    ----------
    words
        A row for each word in lower case: the word, and each form it is written in with the number of
        passages that has it.
    roots
        A row for each word in lower case: its root and the word.
    spelt
        The words in lower case that are letters only, by their length.
    """

    def __init__(self, words: SortedRows, roots: SortedRows, spelt: Mapping[int, SortedRows]) -> None:
        self._words = words
        self._roots = roots
        self._spelt = dict(spelt)

    @classmethod
    def of(cls, forms: Mapping[str, int]) -> Self:
        """Return the words with these forms, each as written with the number of passages it stands in."""
        words: dict[str, list[str]] = {}
        for form in sorted(forms):
            words.setdefault(form.casefold(), []).append(f"{form} {forms[form]}")
        spelt: dict[int, list[str]] = {}
        for word in words:
            if word.isalpha():
                spelt.setdefault(len(word), []).append(word)
        return cls(
            SortedRows.of(BETWEEN.join((word, *written)) for word, written in words.items()),
            SortedRows.of(f"{root_of(word)}{BETWEEN}{word}" for word in words),
            {length: SortedRows.of(those) for length, those in sorted(spelt.items())},
        )

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Self:
        """Return the words that `to_dict` described.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is no such description.
        """
        spelt = {int(length): SortedRows.read(those) for length, those in dict(kept["spelt"]).items()}
        return cls(SortedRows.read(kept["words"]), SortedRows.read(kept["roots"]), spelt)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain JSON values."""
        spelt = {str(length): those.text for length, those in self._spelt.items()}
        return {"words": self._words.text, "roots": self._roots.text, "spelt": spelt}

    def __contains__(self, word: str) -> bool:
        return any(True for _ in self._words.beginning(f"{word}{BETWEEN}"))

    def count(self, word: str) -> int:
        """Return the number of passages that a word in lower case stands in, summed over its forms."""
        return sum(self._forms(word).values())

    def holds(self, word: str) -> bool:
        """Tell whether the word or another form of it stands in a report."""
        return word in self or any(True for _ in self.relatives(word))

    def relatives(self, word: str) -> Iterator[str]:
        """Return the words of the reports with the same root."""
        root = root_of(word)
        for row in self._roots.beginning(f"{root}{BETWEEN}"):
            relative = row.partition(BETWEEN)[2]
            if relative.startswith(root[:_SHORTEST_ROOT]):
                yield relative

    def of_length(self, length: int) -> list[str]:
        """Return the words in lower case that are so many letters, in order."""
        return list(self._spelt.get(length, ()))

    def is_written(self, form: str) -> bool:
        """Tell whether the reports ever write the word just so."""
        return form in self._forms(form.casefold())

    def is_lower_case(self, short: str) -> bool:
        """Tell whether the reports ever write the word in lower case."""
        return self.is_written(short.casefold())

    def as_written(self, word: str) -> str:
        """Return a word in lower case if the reports ever write it so, else as they mostly do."""
        forms = self._forms(word)
        return word if not forms or self.is_lower_case(word) else max(forms, key=forms.__getitem__)

    def _forms(self, word: str) -> dict[str, int]:
        """Return the forms a word in lower case is written in, with the number of passages of each."""
        row = next(self._words.beginning(f"{word}{BETWEEN}"), "")
        pairs = (written.rpartition(" ") for written in row.split(BETWEEN)[1:])
        return {form: int(count) for form, _, count in pairs}


class Token(NamedTuple):
    """A word of a question with its place and the form it is compared in."""

    text: str
    stem: str
    start: int
    end: int


def tokens_of(text: str) -> list[Token]:
    """Cut a text into words; "A&E" and "child's" are one each."""
    return [
        Token(match.group(), stem_of(CLITIC.sub("", match.group()).casefold()), match.start(), match.end())
        for match in TOKEN.finditer(text)
    ]


def key_of(phrase: str) -> Key:
    """Return what a phrase is compared by."""
    stems = tuple(token.stem for token in tokens_of(phrase))
    return tuple(stem for stem in stems if stem not in CONNECTORS) or stems


def is_abbreviation(text: str) -> bool:
    """Tell whether a text is one word with two capitals or more, such as LAC, CiC, A&E or NEETs."""
    return bool(TOKEN.fullmatch(text)) and sum(letter.isupper() for letter in text) > 1


def singular(short: str) -> str:
    """Take the plural or the possessive off an abbreviation."""
    short = CLITIC.sub("", short)
    return short[:-1] if len(short) > 2 and short.endswith("s") else short


def stem_of(word: str) -> str:
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


def root_of(word: str) -> str:
    """Take up to two suffixes off a word, so that its forms and derivations can be compared."""
    word = _EXCLUSION.sub("de", stem_of(word))
    for _ in range(2):
        match = _SUFFIX.search(word)
        if match is None or match.start() < _SHORTEST_ROOT:
            break
        word = word[: match.start()]
    return word[:-2] + undoubled(word[-2:])


def undoubled(word: str) -> str:
    """Make each letter that stands twice or more in a row one."""
    return re.sub(r"(.)\1+", r"\1", word)


_SUFFIX = re.compile(
    r"(?:ational|ations?|ators?|ative|ances?|ences?|ancy|ency|ments?|ness|ities|ity|ively|ive|ially|ial|ical"
    r"|ally|al|fully|ful|less|ably|able|ibly|ible|ists?|ism|isers?|ise|ising|ised|ions?|ers?|ors?|ants?|ents?"
    r"|ily|ly|ing|ied|ed|es|ous|e|s)$"
)
_EXCLUSION = re.compile(r"(?<=[aiu])sion$")
"""As exclusion is of exclude, and provision of provide."""
