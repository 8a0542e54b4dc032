"""What a question is looked up in beside the passages: headings, numbered paragraphs, years."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar

from qa.store.words import words_of
from qa.types import Passage, ReportOutline, Span

SCHEMA = """
CREATE UNIQUE INDEX report_position ON report(position, id);
CREATE TABLE kind (report TEXT NOT NULL, name TEXT NOT NULL, passages INTEGER NOT NULL);
CREATE INDEX kind_report ON kind(report);
CREATE TABLE heading (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, folded TEXT NOT NULL);
CREATE TABLE path (number INTEGER PRIMARY KEY, headings TEXT NOT NULL UNIQUE, words TEXT NOT NULL);
CREATE TABLE section (
    first INTEGER PRIMARY KEY, last INTEGER NOT NULL, report TEXT NOT NULL, path INTEGER NOT NULL,
    ranked INTEGER NOT NULL
);
CREATE INDEX section_report ON section(report);
CREATE INDEX section_path ON section(path);
CREATE TABLE ranked (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, report TEXT NOT NULL);
CREATE INDEX ranked_report ON ranked(report);
CREATE TABLE paragraph (
    scope TEXT NOT NULL, number TEXT NOT NULL, report TEXT NOT NULL, passage INTEGER NOT NULL,
    PRIMARY KEY (scope, number, report)
) WITHOUT ROWID;
CREATE TABLE numbering (report TEXT NOT NULL, scope TEXT NOT NULL, first TEXT NOT NULL, last TEXT NOT NULL);
CREATE INDEX numbering_scope ON numbering(scope);
CREATE TABLE year (value INTEGER PRIMARY KEY);
"""
"""What a question is looked up in, so that it need not read the passages.

`section` has a row for each run of passages under the same headings that are all ranked or all not, from the
number `first` to `last`; `ranked` has the runs of ranked passages whatever they stand under. `path` has each
list of headings once, and `heading` each heading. A `paragraph` is known by its scope in lower case (empty
for a report's own numbering) and its printed number; `numbering` has the first and the last number of each
scope. `year` has the years that the reports speak of.
"""


def insert_contents(connection: sqlite3.Connection, read: ReportOutline, first: int) -> None:
    """Write what the passages of a report are looked up by; its first passage has the number `first`."""
    _insert_kinds(connection, read)
    _insert_sections(connection, read, first)
    _insert_paragraphs(connection, read, first)


def _insert_kinds(connection: sqlite3.Connection, read: ReportOutline) -> None:
    counts = Counter(passage.kind.value for passage in read.passages)
    connection.executemany(
        "INSERT INTO kind VALUES (?, ?, ?)", ((read.report.id, kind, count) for kind, count in counts.items())
    )


def _insert_sections(connection: sqlite3.Connection, read: ReportOutline, first: int) -> None:
    paths = dict.fromkeys(passage.section for passage in read.passages)
    headings = dict.fromkeys(heading for path in paths for heading in path)
    connection.executemany(
        "INSERT OR IGNORE INTO heading(name, folded) VALUES (?, ?)",
        ((heading, heading.casefold()) for heading in headings),
    )
    connection.executemany(
        "INSERT OR IGNORE INTO path(headings, words) VALUES (?, ?)",
        ((json.dumps(path), _words_of_path(path)) for path in paths),
    )
    runs = _runs(read.passages, first, lambda passage: (passage.section, passage.kind.ranked))
    connection.executemany(
        "INSERT INTO section(first, last, report, path, ranked)"
        " SELECT ?, ?, ?, number, ? FROM path WHERE headings = ?",
        ((start, end - 1, read.report.id, rank, json.dumps(path)) for (path, rank), (start, end) in runs),
    )
    ranked = _runs(read.passages, first, lambda passage: passage.kind.ranked)
    connection.executemany(
        "INSERT INTO ranked VALUES (?, ?, ?)",
        ((start, end - 1, read.report.id) for is_ranked, (start, end) in ranked if is_ranked),
    )


_Key = TypeVar("_Key")


def _runs(
    passages: Iterable[Passage], first: int, key: Callable[[Passage], _Key]
) -> Iterator[tuple[_Key, Span]]:
    """Yield the runs of passages that agree in something, with their numbers."""
    for agreed, run in groupby(passages, key):
        end = first + sum(1 for _ in run)
        yield agreed, Span(first, end)
        first = end


def _insert_paragraphs(connection: sqlite3.Connection, read: ReportOutline, first: int) -> None:
    scopes: dict[str, dict[str, int]] = {}
    for place, passage in enumerate(read.passages, start=first):
        if passage.number is not None:
            scopes.setdefault((passage.scope or "").casefold(), {})[passage.number] = place
    for scope, places in scopes.items():
        connection.executemany(
            "INSERT INTO paragraph VALUES (?, ?, ?, ?)",
            ((scope, number, read.report.id, place) for number, place in places.items()),
        )
        numbers = list(places)
        connection.execute(
            "INSERT INTO numbering VALUES (?, ?, ?, ?)", (read.report.id, scope, numbers[0], numbers[-1])
        )


def insert_years(connection: sqlite3.Connection, years: Iterable[int]) -> None:
    """Write the years that reports speak of."""
    connection.executemany("INSERT OR IGNORE INTO year VALUES (?)", ((year,) for year in years))


def wanted_words(section: str) -> str:
    """Return words of a heading as they are looked for in a path's words: from the beginning of a word."""
    return f" {' '.join(words_of(section))}"


def _words_of_path(section: Sequence[str]) -> str:
    """Return the words of headings, each on a line of its own so that none goes on in the next."""
    return "\n".join(wanted_words(heading) for heading in section)
