"""Writes the SQLite file of an index, a report at a time."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from qa.errors import IndexStateError
from qa.store import bm25, contents
from qa.store.rows import (
    PASSAGE_COLUMNS,
    Statistics,
    passage_of,
    passage_row,
    report_fields,
    report_of,
)
from qa.store.words import TOKENIZER
from qa.types import Passage, Report, ReportOutline, Span

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SCHEMA = f"""
CREATE TABLE report (
    id TEXT PRIMARY KEY, position INTEGER NOT NULL, fields TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE passage (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, report TEXT NOT NULL REFERENCES report(id),
    place INTEGER NOT NULL, kind TEXT NOT NULL, ranked INTEGER NOT NULL, section TEXT NOT NULL,
    text TEXT NOT NULL, fields TEXT NOT NULL
);
CREATE INDEX passage_place ON passage(report, place);
CREATE TABLE sentences (passage INTEGER PRIMARY KEY REFERENCES passage(number), places BLOB NOT NULL);
CREATE TABLE statistics (
    report TEXT PRIMARY KEY REFERENCES report(id), words TEXT NOT NULL, token_ids BLOB NOT NULL,
    token_counts BLOB NOT NULL, with_tokens INTEGER NOT NULL
) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5(heading, body, content = '', tokenize = "{TOKENIZER}");
CREATE TABLE posting (
    term TEXT PRIMARY KEY, passages INTEGER NOT NULL, numbers BLOB NOT NULL, weights BLOB NOT NULL
);
"""
"""`words` finds phrases; `posting` has, for each of its terms, the passages and its weight in each."""

_HEADING_WEIGHT = 0.5
"""Weight of a word in a heading against one in the text (measured best on the development questions)."""


class StoreWriter:
    """Writes reports and passages to a new file; use it in a `with` statement.

    Raises
    ------
    IndexStateError
        From any method, if the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._passages = 0
        self._ranked = 0
        self._reports = 0
        with self._writing():
            self._connection = sqlite3.connect(path, isolation_level=None)
            # What is written counts only once all of it is: nothing needs to be undone.
            self._connection.execute("PRAGMA journal_mode = OFF")
            self._connection.execute("PRAGMA synchronous = OFF")
            self._connection.executescript(_SCHEMA + contents.SCHEMA)
            self._connection.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def add_report(self, read: ReportOutline) -> Span:
        """Add a report with its passages; return their numbers, which go through from 0 over all reports."""
        first = self._passages
        with self._writing():
            self._connection.execute(
                "INSERT INTO report VALUES (?, ?, ?)",
                (read.report.id, self._reports, json.dumps(report_fields(read.report))),
            )
            numbered = list(enumerate(read.passages, start=first))
            self._connection.executemany(
                "INSERT INTO passage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (passage_row(number, passage) for number, passage in numbered),
            )
            self._connection.executemany(
                "INSERT INTO words(rowid, heading, body) VALUES (?, ?, ?)",
                (
                    (number, " ".join([*passage.section, passage.lead_in or ""]), passage.shown)
                    for number, passage in numbered
                    if passage.kind.ranked
                ),
            )
            contents.insert_contents(self._connection, read, first)
        self._reports += 1
        self._passages += len(read.passages)
        self._ranked += sum(passage.kind.ranked for passage in read.passages)
        return Span(first, self._passages)

    @property
    def passages(self) -> int:
        """How many passages were added."""
        return self._passages

    def add_sentences(self, number: int, row: bytes) -> None:
        """Add the sentences of a passage, as `sentences_row` or `Store.sentence_rows` gives them."""
        with self._writing():
            self._connection.execute("INSERT INTO sentences VALUES (?, ?)", (number, row))

    def add_statistics(self, report_id: str, counted: Statistics) -> None:
        """Add what was counted of a report."""
        with self._writing():
            self._connection.execute(
                "INSERT INTO statistics VALUES (?, ?, ?, ?, ?)",
                (
                    report_id,
                    counted.words,
                    counted.token_ids.tobytes(),
                    counted.token_counts.tobytes(),
                    counted.with_tokens,
                ),
            )

    def add_years(self, years: Iterable[int]) -> None:
        """Add years that the reports speak of."""
        with self._writing():
            contents.insert_years(self._connection, years)

    def outline(self, report_id: str) -> tuple[Report, list[Passage]]:
        """Return a report that was added, with its passages in order."""
        with self._writing():
            ((fields,),) = self._connection.execute("SELECT fields FROM report WHERE id = ?", [report_id])
            rows = self._connection.execute(
                f"SELECT {PASSAGE_COLUMNS} FROM passage WHERE report = ? ORDER BY place", [report_id]
            )
            return report_of(report_id, fields), [passage_of(*row) for row in rows]

    def some_ranked(self, count: int) -> list[tuple[Report, Passage]]:
        """Return about so many passages that can be ranked, evenly from all of them."""
        step = max(1, self._passages // max(count, 1))
        with self._writing():
            rows = self._connection.execute(
                f"SELECT {PASSAGE_COLUMNS} FROM passage WHERE ranked AND number % ? = 0 ORDER BY number",
                [step],
            )
            passages = [passage_of(*row) for row in rows]
            reports = dict(self._connection.execute("SELECT id, fields FROM report"))
            return [(report_of(each.report, reports[each.report]), each) for each in passages]

    def close(self) -> None:
        """Weigh the words of all passages and finish the file."""
        with self._writing():
            self._write_postings()
            self._connection.execute("COMMIT")
            self._connection.close()

    def _write_postings(self) -> None:
        connection = self._connection
        connection.execute("CREATE VIRTUAL TABLE temp.instance USING fts5vocab(main, words, instance)")
        lengths = np.zeros(self._passages, dtype=np.float64)
        for (numbers,) in connection.execute("SELECT group_concat(doc) FROM temp.instance GROUP BY term"):
            np.add.at(lengths, _parsed(numbers), 1)
        mean_length = float(lengths.sum()) / max(self._ranked, 1)
        terms = connection.execute(
            "SELECT term, group_concat(doc), group_concat(col = 'body', '') FROM temp.instance GROUP BY term"
        )
        connection.executemany(
            "INSERT INTO posting VALUES (?, ?, ?, ?)",
            (_posting_row(row, lengths, mean_length) for row in terms),
        )
        connection.execute("DROP TABLE temp.instance")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise IndexStateError(
                f"The index cannot be written to {self._path.parent} ({error}); "
                "check the free space and permissions"
            ) from error


def _parsed(numbers: str) -> NDArray[np.int32]:
    return np.fromstring(numbers, dtype=np.int32, sep=",")


def _posting_row(
    found: tuple[str, str, str], lengths: NDArray[np.float64], mean_length: float
) -> tuple[str, int, bytes, bytes]:
    """Return the row of a term, from the passage of each place it stands at and whether it is in the body."""
    term, places, in_body = found
    numbers = _parsed(places)
    counts = np.where(np.frombuffer(in_body.encode(), dtype=np.uint8) == ord("1"), 1.0, _HEADING_WEIGHT)
    first = np.flatnonzero(np.diff(numbers, prepend=-1))
    once = numbers[first]
    weights = bm25.weighed(np.add.reduceat(counts, first), lengths[once], mean_length)
    return term, len(once), once.tobytes(), weights.tobytes()
