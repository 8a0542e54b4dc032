"""Reads the SQLite file of an index: reports, passages, sentences and full-text search."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import numpy as np

from qa.errors import IndexStateError
from qa.store import bm25
from qa.store.rows import PASSAGE_COLUMNS, Statistics, passage_of, report_of, sentences_of_row
from qa.store.words import terms_of, words_of
from qa.types import Kind, Passage, Report, ReportOutline, Sentence, Span


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
            self._reports = {
                report_id: report_of(report_id, fields)
                for report_id, fields in self._connection.execute(
                    "SELECT id, fields FROM report ORDER BY position"
                )
            }
        except (sqlite3.Error, ValueError, TypeError) as error:
            raise _damaged(path) from error

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @property
    def reports(self) -> dict[str, Report]:
        """The reports by id, in order."""
        return self._reports

    def counts(self) -> dict[str, dict[Kind, int]]:
        """Return how many passages of each kind each report has, in the order they first appear."""
        counts: dict[str, dict[Kind, int]] = {report_id: {} for report_id in self._reports}
        query = "SELECT report, kind, count(*) FROM passage GROUP BY report, kind ORDER BY min(number)"
        for report_id, kind, count in self._select(query):
            counts[str(report_id)][Kind(str(kind))] = int(str(count))
        return counts

    def passage(self, passage_id: str) -> Passage | None:
        """Return the passage with this id, or none."""
        found = self._passages("WHERE id = ?", [passage_id])
        return next(iter(found.values()), None)

    def passages(self, numbers: Iterable[int]) -> dict[int, Passage]:
        """Return passages by their numbers."""
        return self._passages("WHERE number IN (SELECT value FROM json_each(?))", [json.dumps(list(numbers))])

    def passages_of(self, report_id: str) -> list[Passage]:
        """Return the passages of a report in reading order."""
        return list(self._passages("WHERE report = ? ORDER BY place", [report_id]).values())

    def sections(self) -> list[tuple[str, ...]]:
        """Return every section path that holds a passage, in reading order."""
        rows = self._select("SELECT section FROM passage GROUP BY section ORDER BY min(number)")
        return [tuple(json.loads(str(section))) for (section,) in rows]

    def ranked_numbers(self, *, reports: Sequence[str] | None, section: str | None) -> list[int]:
        """Return the numbers of the passages that may answer, within some reports and a section.

        A section matches when one of the headings above a passage holds its words, letter case aside.
        """
        wanted = None if reports is None else set(reports)
        rows = self._select("SELECT number, report, section FROM passage WHERE ranked ORDER BY number")
        return [
            int(str(number))
            for number, report, path in rows
            if (wanted is None or report in wanted)
            and (section is None or _in_section(json.loads(str(path)), section))
        ]

    def count_ranked(self, reports: Sequence[str] | None, section: str | None) -> int:
        """Return how many passages may answer within some reports and a section."""
        if reports is None and section is None:
            return self._ranked
        return len(self.ranked_numbers(reports=reports, section=section))

    @cached_property
    def _ranked(self) -> int:
        return int(str(self._select("SELECT ranked FROM total")[0][0]))

    def sentences_of(self, numbers: Iterable[int]) -> list[Sentence]:
        """Return the sentences of some passages, in reading order."""
        rows = self._select(
            "SELECT passage, places FROM sentences WHERE passage IN (SELECT value FROM json_each(?))"
            " ORDER BY passage",
            [json.dumps(list(numbers))],
        )
        with self._reading():
            return [each for number, row in rows for each in sentences_of_row(int(str(number)), _bytes(row))]

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
        ((number,),) = self._select("SELECT min(number) FROM passage WHERE report = ?", [report_id])
        return int(str(number))

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

    def every_passage(self, *, reports: Sequence[str] | None, section: str | None) -> list[Passage]:
        """Return all passages in order, also those that are never ranked, within some reports and a section.

        A section matches as in `ranked_numbers`.
        """
        return [
            passage
            for passage in self._passages("ORDER BY number", []).values()
            if (reports is None or passage.report in reports)
            and (section is None or _in_section(passage.section, section))
        ]

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

    def _passages(self, condition: str, values: Sequence[object]) -> dict[int, Passage]:
        rows = self._select(f"SELECT number, {PASSAGE_COLUMNS} FROM passage {condition}", values)
        with self._reading():
            return {int(str(row[0])): passage_of(*(str(value) for value in row[1:])) for row in rows}

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


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(value)
    return value


def _damaged(path: Path) -> IndexStateError:
    return IndexStateError(f"The index file {path} is damaged; run: qa index --force")


def _in_section(path: Sequence[str], wanted: str) -> bool:
    words = " ".join(words_of(wanted))
    return any(f" {words}" in f" {' '.join(words_of(heading))}" for heading in path)
