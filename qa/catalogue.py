"""What there is to be named: the reports by what people call them, their headings, their numbered paragraphs.

Nothing here grows with the passages: the reports' names are read once, all else is looked up. Sentences that
list what exists list all of it where that is little, and else what is nearest and how much there is.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Protocol

from rapidfuzz import fuzz, process

from qa.cite import listed
from qa.errors import NotFoundError, QuestionError
from qa.types import Report

_MOST_LISTED = 30
"""How many reports or headings are listed in full."""

_NEAREST = 5
"""How many are listed of more than that."""

_WORD = re.compile(r"[^\W_]+(?:[’'][^\W_]+)?")
_NAME_END = re.compile(r"[\s,:]|$")
_AFTER_NAME = re.compile(r"[\s,:]*")


class Contents(Protocol):
    """Where headings and numbered paragraphs are looked up; `qa.store.Store` is one."""

    def holds_heading(self, words: str) -> bool:
        """Whether any heading holds the beginnings of some words, one after the other."""

    def headings(self, beginning: str = "", *, limit: int | None = None) -> list[str]:
        """The headings that begin so, letter case aside."""

    def sections_of(self, report_id: str) -> list[tuple[str, ...]]:
        """The section paths of a report."""

    def ids_under(self, report_id: str, section: Sequence[str]) -> list[str]:
        """The ids of the passages right under some headings."""

    def scopes(self) -> list[str]:
        """The scopes that paragraphs are numbered in, in lower case, the longest first."""

    def numbered(
        self, scope: str, numbers: Sequence[str], *, reports: Sequence[str] | None, limit: int
    ) -> list[tuple[str, str, str]]:
        """The paragraphs with some printed numbers: report, number and id."""

    def numberings(self, scope: str, *, reports: Sequence[str] | None) -> list[tuple[str, str, str]]:
        """The reports that number paragraphs in a scope, with the first and last number of each."""


class Catalogue:
    """What there is to be named.

    Parameters
    ----------
    reports
        By id, in order.
    contents
        Where headings and numbered paragraphs are looked up.
    content_words
        Returns the words of a text that a passage may be found by.
    """

    def __init__(
        self, reports: Mapping[str, Report], contents: Contents, content_words: Callable[[str], list[str]]
    ) -> None:
        self.reports = reports
        self.contents = contents
        self.content_words = content_words

    @cached_property
    def names(self) -> Names:
        """What the reports are called; made at first use."""
        return Names(self.reports.values())

    @cached_property
    def scopes(self) -> tuple[str, ...]:
        """The scopes that paragraphs are numbered in, in lower case, the longest first."""
        return tuple(self.contents.scopes())

    def known_reports(self, wanted: Sequence[str] | None) -> list[str] | None:
        """Return the ids of the reports wanted, in order; none for all.

        Raises
        ------
        QuestionError
            If no report is named.
        NotFoundError
            If one does not exist.
        """
        if wanted is None:
            return None
        if not wanted:
            raise QuestionError(f"No report is named to be searched; there are {_some(list(self.reports))}")
        for report_id in wanted:
            if report_id not in self.reports:
                raise NotFoundError(
                    f'There is no report "{report_id}"; there are {_some(list(self.reports), near=report_id)}'
                )
        chosen = set(wanted)
        return [report_id for report_id in self.reports if report_id in chosen]

    def within_years(
        self, wanted: list[str] | None, *, before: str | None, after: str | None
    ) -> list[str] | None:
        """Return the ids of those of the reports wanted that are dated before and after some years.

        Raises
        ------
        NotFoundError
            If there are none.
        """
        if before is None and after is None:
            return wanted
        chosen = None if wanted is None else set(wanted)
        within = [
            report_id
            for report_id, year in self.names.years_by_id.items()
            if (chosen is None or report_id in chosen)
            and (before is None or year < before)
            and (after is None or year > after)
        ]
        if not within:
            raise NotFoundError(f"No report is from that time; there are {self._years()}")
        return within

    def numberings(self, scope: str, among: Sequence[str] | None) -> str:
        """Return which paragraphs are numbered in a scope, in words: the first and last of each report."""
        found = [
            f"{report_id}: {first} to {last}"
            for report_id, first, last in self.contents.numberings(scope, reports=among)
        ]
        if len(found) > _MOST_LISTED:
            return f"{'; '.join(found[:_NEAREST])}; and those of {len(found) - _NEAREST:,} more reports"
        return "; ".join(found) or "no paragraphs"

    def _years(self) -> str:
        years = self.names.years_by_id
        if len(years) <= _MOST_LISTED:
            dated = listed(f"{report_id} ({year})" for report_id, year in years.items())
            return dated if years else "no dated reports"
        return f"{len(years):,}, from {min(years.values())} to {max(years.values())}"

    def check_section(self, section: str | None) -> None:
        """Refuse a section that no heading has the words of.

        Raises
        ------
        QuestionError
            If it has no words.
        NotFoundError
            If no heading has them.
        """
        if section is None:
            return
        if not _WORD.search(section):
            raise QuestionError("The section has no words; give words of a heading")
        if not self.contents.holds_heading(section):
            headings = _some(self.contents.headings(), near=section, between="; ")
            raise NotFoundError(f'No heading has the words "{section}"; there are {headings}')


_OF_PLACE = re.compile(
    r"^(?:the )?(?:(?:london|royal|metropolitan) borough|city|county|borough|district) of ", re.IGNORECASE
)
_COUNCIL = re.compile(
    r"(?: (?:county|city|(?:metropolitan )?borough|district|unitary))? (?:council|local authority)$",
    re.IGNORECASE,
)
_ALSO_WORDS = frozenset("barking bath battle bury deal hart hull reading rugby sale slough wells".split())
"""Places that are words, too: they name the place only if they begin with a capital."""


class Names:
    """What people call reports: their ids, titles, kinds and years, each with the places of the reports.

    A place is a report's position in their order, from 0.

    Parameters
    ----------
    reports
        In order.
    """

    def __init__(self, reports: Iterable[Report]) -> None:
        self.ids: list[str] = []
        """The ids of the reports, in order."""
        self.years_by_id: dict[str, str] = {}
        """The year of each report that is dated, in order."""
        self._places: dict[str, list[int]] = defaultdict(list)
        self._authorities: dict[str, list[int]] = defaultdict(list)
        self._by_year: dict[str, list[int]] = defaultdict(list)
        dates: list[tuple[str, int]] = []
        kinds: dict[str, list[int]] = defaultdict(list)
        for place, report in enumerate(reports):
            self.ids.append(report.id)
            kinds[report.kind or ""].append(place)
            for name in _names_of(report):
                self._places[name].append(place)
            for name in _names_of_authority(report.authority or ""):
                self._authorities[name].append(place)
            if report.date:
                self.years_by_id[report.id] = report.date[:4]
                self._by_year[report.date[:4]].append(place)
                dates.append((report.date, place))
        for name, places in _names_of_kinds(kinds):
            self._places[name] = sorted({*self._places.get(name, ()), *places})
        self._ends = (min(dates)[1], max(dates)[1]) if len(dates) > 1 else None
        self._lengths: dict[str, set[int]] = defaultdict(set)
        for name in (*self._places, *self._authorities):
            self._lengths[name.partition(" ")[0]].add(name.count(" ") + 1)

    @property
    def earliest(self) -> tuple[int, ...]:
        """The place of the earliest report, if more than one is dated."""
        return self._ends[:1] if self._ends else ()

    @property
    def latest(self) -> tuple[int, ...]:
        """The place of the latest report, if more than one is dated."""
        return self._ends[1:] if self._ends else ()

    def of_year(self, year: str) -> Sequence[int]:
        """Return the places of the reports of a year."""
        return self._by_year.get(year, ())

    def in_text(self, text: str) -> set[int]:
        """Return the places of the reports that a text calls by a name of theirs, anywhere in it."""
        words = folded(text).split()
        found: set[int] = set()
        for start, word in enumerate(words):
            for length in self._lengths.get(word, ()):
                found.update(self._places.get(" ".join(words[start : start + length]), ()))
        return found

    def on_authorities(self, text: str) -> tuple[set[int], list[str]]:
        """Return the places of the reports on the authorities that a text names, and the names as typed."""
        typed = list(_WORD.finditer(text.replace("’", "'")))
        words = [match.group().casefold().removesuffix("'s") for match in typed]
        found: set[int] = set()
        names: list[str] = []
        for start, word in enumerate(words):
            if word in _ALSO_WORDS and typed[start].group().islower():
                continue
            for length in sorted(self._lengths.get(word, ()), reverse=True):
                name = typed[start : start + length]
                places = self._authorities.get(" ".join(words[start : start + length]))
                if places:
                    found.update(places)
                    names.append(text[name[0].start() : name[-1].end()].removesuffix("'s").removesuffix("’s"))
                    break
        return found, names

    def called(self, name: str, among: Collection[str] | None) -> str | None:
        """Return the id of the first report that is called so; of those among, or none for all."""
        return next((self.ids[place] for place in self._first(folded(name), among)), None)

    def opening(self, text: str, among: Collection[str] | None) -> tuple[str, str] | None:
        """Return the id of the first report with whose name a text opens, and the text after the name."""
        found = [
            (place, -match.start())
            for match in _NAME_END.finditer(text)
            for place in self._first(text[: match.start()].casefold(), among)
        ]
        if not found:
            return None
        place, end = min(found)
        return self.ids[place], _AFTER_NAME.sub("", text[-end:], count=1)

    def _first(self, name: str, among: Collection[str] | None) -> Iterator[int]:
        """Yield the place of the first report with a name, if there is one."""
        places = self._places.get(name, ())
        yield from islice((place for place in places if among is None or self.ids[place] in among), 1)


def folded(text: str) -> str:
    """Return the words of a text in lower case with single spaces between them."""
    return " ".join(_WORD.findall(text.casefold().replace("’", "'")))


def _names_of(report: Report) -> set[str]:
    """Return what people call a report for itself: id, title and short title, as far as they are names."""
    titles = {report.id, report.title, report.short_title, report.short_title.partition(",")[0]}
    return {name for name in {report.id.casefold(), *map(folded, titles)} if _is_name(name)}


def _names_of_authority(authority: str) -> set[str]:
    """Return what people call an authority: its name, and the place alone ("Hampshire")."""
    place = _COUNCIL.sub("", _OF_PLACE.sub("", authority))
    return {name for name in map(folded, (authority, place)) if _is_name(name)}


def _names_of_kinds(kinds: Mapping[str, Sequence[int]]) -> Iterator[tuple[str, Sequence[int]]]:
    """Yield what people call reports for their kinds.

    That is the kind, and of a kind only one report has, as far as no other report has them: its first words,
    their initials, and its last word.

    Parameters
    ----------
    kinds
        The places of the reports of each kind.
    """
    places: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for kind, those in kinds.items():
        places[tuple(folded(kind).split())] += those
    openings: Counter[tuple[str, ...]] = Counter()
    holding: Counter[str] = Counter()
    for words, those in places.items():
        openings.update({words[:length]: len(those) for length in range(2, len(words) + 1)})
        holding.update({word: len(those) for word in words})
    for words, those in places.items():
        names = {" ".join(words)}
        for length in range(2, len(words) + 1):
            if openings[words[:length]] == 1:
                names.add(" ".join(words[:length]))
                if length > 2:
                    names.add("".join(word[0] for word in words[:length]))
        if words and holding[words[-1]] == 1:
            names.add(words[-1])
        yield from ((name, those) for name in names if _is_name(name))


def _is_name(name: str) -> bool:
    return len(name) > 2


def _some(names: Sequence[str], *, near: str | None = None, between: str = ", ") -> str:
    """Return names as people list them; of many only how many there are, and those nearest to one."""
    if len(names) <= _MOST_LISTED:
        return between.join(names) or "none"
    if near is None:
        return f"{len(names):,}, such as {between.join(names[:_NEAREST])}"
    nearest = process.extract(near, names, scorer=fuzz.WRatio, processor=str.casefold, limit=_NEAREST)
    return f"{len(names):,}, nearest to it {between.join(name for name, _, _ in nearest)}"
