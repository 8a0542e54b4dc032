"""Reads the SQLite file of an index: reports, passages, sentences and full-text search."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, ValuesView
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from qa.errors import IndexStateError
from qa.store import bm25
from qa.store.contents import wanted_words
from qa.store.rows import PASSAGE_COLUMNS, Statistics, headings_of, passage_of, report_of, sentences_of_row
from qa.store.words import terms_of, words_of
from qa.types import Kind, Passage, Report, ReportOutline, Sentence, Span

T = TypeVar("T")

_MOST_KEPT = 2_048
"""Passages kept in memory once they were read."""

_MOST_REPORTS_KEPT = 256


class Store:
    """Reports and passages of one index, read only.

    Raises
    ------
    IndexStateError
        From any method, if the file is not what a `StoreWriter` wrote.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        # Read-only and immutable: nothing is locked or written, and several threads may read.
        uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        try:
            self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        except sqlite3.Error as error:
            raise _damaged(path) from error
        self._kept_passages: _Kept[Passage] = _Kept()
        self._kept_sentences: _Kept[list[Sentence]] = _Kept()
        ids = self._select("SELECT id FROM report ORDER BY position")
        self._reports = _Reports((str(report_id) for (report_id,) in ids), self._read_reports)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @property
    def reports(self) -> Mapping[str, Report]:
        """The reports by id, in order; each is read when it is asked for."""
        return self._reports

    def counts(self) -> dict[str, dict[Kind, int]]:
        """Return how many passages of each kind each report has, in the order they first appear."""
        counts: dict[str, dict[Kind, int]] = {report_id: {} for report_id in self._reports}
        for report_id, kind, count in self._select("SELECT report, name, passages FROM kind ORDER BY rowid"):
            counts[str(report_id)][Kind(str(kind))] = int(str(count))
        return counts

    def count(self) -> int:
        """Return how many passages there are, also those that are never ranked."""
        return int(str(self._select("SELECT ifnull(max(number) + 1, 0) FROM passage")[0][0]))

    def passage(self, passage_id: str) -> Passage | None:
        """Return the passage with this id, or none."""
        found = self._passages("WHERE id = ?", [passage_id])
        return next(iter(found.values()), None)

    def passages(self, numbers: Iterable[int]) -> dict[int, Passage]:
        """Return passages by their numbers."""
        return self._kept_passages.of(
            numbers,
            lambda missing: self._passages(
                "WHERE number IN (SELECT value FROM json_each(?))", [json.dumps(missing)]
            ),
        )

    def passages_of(self, report_id: str) -> list[Passage]:
        """Return the passages of a report in reading order."""
        return list(self._passages("WHERE report = ? ORDER BY place", [report_id]).values())

    def passages_between(self, report_id: str, within: Span) -> list[Passage]:
        """Return the passages of a report from one place up to another, as far as there are any, in order."""
        count, first = self._counted(report_id)
        numbers = range(first + max(0, within.start), first + min(count, within.end))
        found = self.passages(numbers)
        return [found[number] for number in numbers]

    def section_around(self, passage_id: str) -> Span | None:
        """Return the numbers of the passages around one that stand under the same headings.

        None if there is no such passage.
        """
        rows = self._select("SELECT number FROM passage WHERE id = ?", [passage_id])
        here = self._run_of(int(str(rows[0][0]))) if rows else None
        if here is None:
            return None
        start, end = here.numbers
        # A section has more than one run where some of its passages are never ranked.
        while (before := self._run_of(start - 1)) is not None and before.under == here.under:
            start = before.numbers.start
        while (after := self._run_of(end)) is not None and after.under == here.under:
            end = after.numbers.end
        return Span(start, end)

    def ids_of(self, report_id: str) -> list[tuple[str, str | None]]:
        """Return the ids of the passages of a report with their printed numbers, in reading order."""
        rows = self._select(
            "SELECT id, json_extract(fields, '$.number') FROM passage WHERE report = ? ORDER BY place",
            [report_id],
        )
        return [(str(passage_id), None if number is None else str(number)) for passage_id, number in rows]

    def sections_of(self, report_id: str) -> list[tuple[str, ...]]:
        """Return every section path of a report that holds a passage, in reading order."""
        rows = self._select(
            "SELECT headings FROM section JOIN path ON path.number = section.path WHERE report = ?"
            " GROUP BY path ORDER BY min(first)",
            [report_id],
        )
        return [headings_of(str(headings)) for (headings,) in rows]

    def ids_under(self, report_id: str, section: Sequence[str]) -> list[str]:
        """Return the ids of the passages of a report right under some headings, in reading order."""
        rows = self._select(
            "SELECT id FROM section JOIN passage ON passage.number BETWEEN first AND last"
            " WHERE section.report = ? AND path = (SELECT number FROM path WHERE headings = ?)"
            " ORDER BY passage.number",
            [report_id, json.dumps(section)],
        )
        return [str(passage_id) for (passage_id,) in rows]

    def holds_heading(self, words: str) -> bool:
        """Whether any heading holds some words, as `ranked_numbers` matches them."""
        return bool(self._select("SELECT 1 FROM path WHERE instr(words, ?) LIMIT 1", [wanted_words(words)]))

    def headings(self, beginning: str = "", *, limit: int | None = None) -> list[str]:
        """Return the headings that begin so, letter case aside, in the order they first appear.

        Of more than `limit` those with the beginning in the same letter case come first.
        """
        folded = beginning.casefold()
        rows = self._select(
            "SELECT name FROM heading WHERE substr(folded, 1, ?) = ?"
            " ORDER BY substr(name, 1, ?) = ? DESC, number LIMIT ?",
            [len(folded), folded, len(beginning), beginning, -1 if limit is None else limit],
        )
        return [str(name) for (name,) in rows]

    def scopes(self) -> list[str]:
        """Return the scopes that paragraphs are numbered in, in lower case, the longest first."""
        rows = self._select("SELECT DISTINCT scope FROM numbering WHERE scope != ''")
        return sorted((str(scope) for (scope,) in rows), key=lambda scope: (-len(scope), scope))

    def numbered(
        self, scope: str, numbers: Sequence[str], *, reports: Sequence[str] | None, limit: int
    ) -> list[tuple[str, str, str]]:
        """Return the paragraphs with some printed numbers: report, number and id, in reading order.

        Parameters
        ----------
        scope
            In lower case; empty for a report's own numbering.
        numbers
            As printed.
        reports
            Ids of the reports they may stand in; none for all.
        limit
            The largest number of paragraphs returned.
        """
        within = "" if reports is None else " AND report IN (SELECT value FROM json_each(:reports))"
        rows = self._select(
            "SELECT found.report, found.number, id FROM (SELECT report, number, passage FROM paragraph"
            f" WHERE scope = :scope AND number IN (SELECT value FROM json_each(:numbers)){within}"
            " ORDER BY passage LIMIT :limit) AS found"
            " JOIN passage ON passage.number = found.passage ORDER BY passage.number",
            {
                "scope": scope,
                "numbers": json.dumps(list(numbers)),
                "reports": json.dumps(list(reports or [])),
                "limit": limit,
            },
        )
        return [(str(report), str(number), str(passage_id)) for report, number, passage_id in rows]

    def numberings(self, scope: str, *, reports: Sequence[str] | None) -> list[tuple[str, str, str]]:
        """Return the reports that number paragraphs in a scope, with the first and last number of each.

        Parameters
        ----------
        scope, reports
            As in `numbered`.
        """
        within = "" if reports is None else " AND report IN (SELECT value FROM json_each(:reports))"
        rows = self._select(
            f"SELECT report, first, last FROM numbering WHERE scope = :scope{within} ORDER BY rowid",
            {"scope": scope, "reports": json.dumps(list(reports or []))},
        )
        return [(str(report), str(first), str(last)) for report, first, last in rows]

    def years(self) -> frozenset[int]:
        """Return the years that the reports speak of."""
        return frozenset(int(str(value)) for (value,) in self._select("SELECT value FROM year"))

    def ranked_numbers(self, *, reports: Sequence[str] | None, section: str | None) -> list[int]:
        """Return the numbers of the passages that may answer, within some reports and a section.

        A section matches when one of the headings above a passage holds the beginnings of its words, one
        after the other, letter case aside.
        """
        spans = self._spans(reports, section, ranked=True)
        return [number for span in spans for number in range(span.start, span.end)]

    def count_ranked(self, reports: Sequence[str] | None, section: str | None) -> int:
        """Return how many passages may answer within some reports and a section."""
        if reports is None and section is None:
            return self._ranked
        return _length(self._spans(reports, section, ranked=True))

    @cached_property
    def _ranked(self) -> int:
        return _length(self._spans(None, None, ranked=True))

    def sentences_of(self, numbers: Iterable[int]) -> list[Sentence]:
        """Return the sentences of some passages, in reading order."""
        found = self._kept_sentences.of(numbers, self._read_sentences)
        return [each for number in sorted(found) for each in found[number]]

    def sentence_rows(self, numbers: Span) -> dict[int, bytes]:
        """Return the sentences of passages from one number up to another as they are stored."""
        rows = self._select(
            "SELECT passage, places FROM sentences WHERE passage >= ? AND passage < ?", list(numbers)
        )
        with self._reading():
            return {int(str(number)): _bytes(row) for number, row in rows}

    def statistics(self, report_id: str) -> Statistics:
        """Return what was counted of a report."""
        query = "SELECT words, token_ids, token_counts, with_tokens FROM statistics WHERE report = ?"
        with self._reading():
            ((words, ids, counts, with_tokens),) = self._select(query, [report_id])
            return Statistics(
                str(words),
                np.frombuffer(_bytes(ids), dtype=np.int32),
                np.frombuffer(_bytes(counts), dtype=np.int32),
                int(str(with_tokens)),
            )

    def outline(self, report_id: str) -> ReportOutline:
        """Return a report with its passages, as it was read."""
        return ReportOutline(self.reports[report_id], tuple(self.passages_of(report_id)))

    def first_number(self, report_id: str) -> int:
        """Return the number of a report's first passage; the others follow."""
        return self._counted(report_id)[1]

    def search_words(
        self, words: Sequence[str], *, among: Sequence[int] | None, limit: int
    ) -> list[tuple[int, float]]:
        """Return passages that hold any of the words, best first, with their BM25 score.

        Parameters
        ----------
        words
            Plain words; nothing in them is read as a query language.
        among
            Numbers of the passages that may be returned; none for all.
        limit
            The largest number of passages returned.
        """
        postings = [self._posting(term) for word in words for term in terms_of(word)]
        return bm25.search(postings, total=self._ranked, among=among, limit=limit)

    def every_passage(self, *, reports: Sequence[str] | None, section: str | None) -> Iterator[Passage]:
        """Yield all passages in order, also those that are never ranked, within some reports and a section.

        A section matches as in `ranked_numbers`.
        """
        if reports is None and section is None:
            yield from (passage for _, passage in self._read("ORDER BY number", []))
            return
        for span in self._spans(reports, section, ranked=False):
            within = "WHERE number >= ? AND number < ? ORDER BY number"
            yield from (passage for _, passage in self._read(within, span))

    def rarity(self, word: str) -> float:
        """Return the inverse document frequency of a word, in any form, over the ranked passages."""
        count = min((self._holding(term) for term in terms_of(word)), default=0)
        return math.log1p((self._ranked - count + 0.5) / (count + 0.5))

    def holds_phrase(self, phrase: str) -> bool:
        """Whether any passage holds some words one after the other, in some form."""
        term = " ".join(words_of(phrase))
        if not term:
            return False
        return bool(self._select("SELECT 1 FROM words WHERE words MATCH ? LIMIT 1", [f'"{term}"']))

    def reports_of(self, numbers: Iterable[int]) -> dict[int, str]:
        """Return the report each of some passages stands in."""
        rows = self._select(
            "SELECT number, report FROM passage WHERE number IN (SELECT value FROM json_each(?))",
            [json.dumps(list(numbers))],
        )
        return {int(str(number)): str(report) for number, report in rows}

    def highest_score(self, words: Sequence[str]) -> float:
        """Return a BM25 score that no passage can reach for these words, each taken once."""
        counts = [self._holding(term) for word in words for term in terms_of(word)]
        return sum(bm25.HIGHEST * bm25.rarity(count, self._ranked) for count in counts)

    def _counted(self, report_id: str) -> tuple[int, int]:
        """Return how many passages a report has, and the number of its first one."""
        rows = self._select(
            "SELECT place + 1, number - place FROM passage WHERE report = ? ORDER BY place DESC LIMIT 1",
            [report_id],
        )
        return (int(str(rows[0][0])), int(str(rows[0][1]))) if rows else (0, 0)

    def _run_of(self, number: int) -> _Run | None:
        """Return the run of passages that the one with this number is in, or none."""
        rows = self._select(
            "SELECT first, last, report, path FROM section WHERE first <= ? ORDER BY first DESC LIMIT 1",
            [number],
        )
        for first, last, report_id, path in rows:
            numbers = Span(int(str(first)), int(str(last)) + 1)
            if number < numbers.end:
                return _Run(numbers, (str(report_id), int(str(path))))
        return None

    def _posting(self, term: str) -> bm25.Posting:
        """Return the passages that hold a term and what it weighs there."""
        rows = self._select("SELECT numbers, weights FROM posting WHERE term = ?", [term])
        numbers, weights = rows[0] if rows else (b"", b"")
        with self._reading():
            return bm25.Posting(
                np.frombuffer(_bytes(numbers), dtype=np.int32),
                np.frombuffer(_bytes(weights), dtype=np.float32),
            )

    def _holding(self, term: str) -> int:
        """Return how many passages hold a term."""
        rows = self._select("SELECT passages FROM posting WHERE term = ?", [term])
        return int(str(rows[0][0])) if rows else 0

    def _read_reports(self, condition: str, values: Sequence[object]) -> Iterator[Report]:
        query = f"SELECT id, fields FROM report {condition}"
        try:
            for report_id, fields in self._connection.execute(query, values):
                yield report_of(str(report_id), str(fields))
        except (sqlite3.Error, ValueError, TypeError) as error:
            raise _damaged(self._path) from error

    def _spans(self, reports: Sequence[str] | None, section: str | None, *, ranked: bool) -> list[Span]:
        """Return the numbers of the passages within some reports and a section, as spans, in order."""
        conditions = ["ranked"] if ranked and section is not None else []
        values: dict[str, object] = {}
        if reports is not None:
            conditions.append("report IN (SELECT value FROM json_each(:reports))")
            values["reports"] = json.dumps(list(reports))
        if section is not None:
            conditions.append("path IN (SELECT number FROM path WHERE instr(words, :words))")
            values["words"] = wanted_words(section)
        runs = "ranked" if ranked and section is None else "section"
        rows = self._select(
            f"SELECT first, last FROM {runs} WHERE {' AND '.join(conditions) or 'true'} ORDER BY first",
            values,
        )
        spans: list[Span] = []
        for first, last in rows:
            start, end = int(str(first)), int(str(last)) + 1
            if spans and spans[-1].end == start:
                start = spans.pop().start
            spans.append(Span(start, end))
        return spans

    def _read_sentences(self, numbers: Sequence[int]) -> dict[int, list[Sentence]]:
        rows = self._select(
            "SELECT passage, places FROM sentences WHERE passage IN (SELECT value FROM json_each(?))",
            [json.dumps(numbers)],
        )
        with self._reading():
            return {
                number: sentences_of_row(number, _bytes(row))
                for number, row in ((int(str(number)), row) for number, row in rows)
            }

    def _passages(self, condition: str, values: Sequence[object]) -> dict[int, Passage]:
        return dict(self._read(condition, values))

    def _read(self, condition: str, values: Sequence[object]) -> Iterator[tuple[int, Passage]]:
        """Yield passages with their numbers, one at a time."""
        query = f"SELECT number, {PASSAGE_COLUMNS} FROM passage {condition}"
        try:
            for number, *row in self._connection.execute(query, values):
                yield int(number), passage_of(*map(str, row))
        except (sqlite3.Error, ValueError, TypeError, KeyError) as error:
            raise _damaged(self._path) from error

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (ValueError, TypeError, KeyError) as error:
            raise _damaged(self._path) from error

    def _select(
        self, query: str, values: Sequence[object] | dict[str, object] = ()
    ) -> list[tuple[object, ...]]:
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise _damaged(self._path) from error


class _Run(NamedTuple):
    """Passages in a row, by their numbers, and what they stand under: report and number of the headings."""

    numbers: Span
    under: tuple[str, int]


class _Kept(Generic[T]):
    """What was read of passages, kept by their numbers: the questions of a meeting meet the same passages."""

    def __init__(self) -> None:
        self._kept: dict[int, T] = {}

    def of(self, numbers: Iterable[int], read: Callable[[list[int]], dict[int, T]]) -> dict[int, T]:
        """Return what is kept of some passages; what is not is read."""
        kept, missing = {}, []
        for number in numbers:
            if (known := self._kept.get(number)) is None:
                missing.append(number)
            else:
                kept[number] = known
        found = read(missing) if missing else {}
        if len(self._kept) + len(found) > _MOST_KEPT:
            self._kept = {}
        self._kept.update(islice(found.items(), _MOST_KEPT))
        return kept | found


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(value)
    return value


def _damaged(path: Path) -> IndexStateError:
    return IndexStateError(f"The index file {path} is damaged; run: qa index --force")


class _Reports(Mapping[str, Report]):
    """The reports of a store by id, in order; only their ids and the reports asked for last are kept."""

    def __init__(self, ids: Iterable[str], read: Callable[[str, Sequence[object]], Iterator[Report]]) -> None:
        self._ids = dict.fromkeys(ids)
        self._kept: dict[str, Report] = {}
        self.read = read

    def __getitem__(self, report_id: str) -> Report:
        if (known := self._kept.get(report_id)) is not None:
            return known
        for report in self.read("WHERE id = ?", [report_id]):
            if len(self._kept) >= _MOST_REPORTS_KEPT:
                self._kept = {}
            self._kept[report_id] = report
            return report
        raise KeyError(report_id)

    def __contains__(self, report_id: object) -> bool:
        return report_id in self._ids

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)

    def values(self) -> ValuesView[Report]:
        return _EveryReport(self)


class _EveryReport(ValuesView[Report]):
    """The reports of a store, read in one go."""

    _mapping: _Reports

    def __iter__(self) -> Iterator[Report]:
        return self._mapping.read("ORDER BY position", [])


def _length(spans: Iterable[Span]) -> int:
    return sum(span.end - span.start for span in spans)
