"""The only door to SQLite: reports, passages, windows and full-text search.

One file, written once by `create` and only read afterwards. Words of a question reach full-text search as
quoted terms, never as its query language.
"""

from __future__ import annotations

import json
import math
import re
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from functools import cached_property
from pathlib import Path

from qa.errors import IndexStateError
from qa.types import Emphasis, Kind, Passage, Report, ReportOutline, Sentence, Span, Window

_SCHEMA = """
CREATE TABLE report (
    id TEXT PRIMARY KEY, position INTEGER NOT NULL, fields TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE passage (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, report TEXT NOT NULL REFERENCES report(id),
    place INTEGER NOT NULL, kind TEXT NOT NULL, ranked INTEGER NOT NULL, section TEXT NOT NULL,
    text TEXT NOT NULL, fields TEXT NOT NULL
);
CREATE INDEX passage_place ON passage(report, place);
CREATE TABLE window (
    number INTEGER PRIMARY KEY, passage INTEGER NOT NULL REFERENCES passage(number),
    start INTEGER NOT NULL, "end" INTEGER NOT NULL
);
CREATE INDEX window_passage ON window(passage);
CREATE TABLE sentence (
    number INTEGER PRIMARY KEY, passage INTEGER NOT NULL REFERENCES passage(number),
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, first_token INTEGER NOT NULL, end_token INTEGER NOT NULL,
    length REAL NOT NULL
);
CREATE INDEX sentence_passage ON sentence(passage);
CREATE VIRTUAL TABLE words USING fts5(heading, body, tokenize = "porter unicode61 remove_diacritics 2");
"""
_HEADING_WEIGHT = 0.5
"""Weight of a word in a heading against one in the text (measured best on the development questions)."""

_WORD = re.compile(r"[^\W_]+")
_STOP_WORDS = frozenset(
    "a about above after again all also am an and any are as at be been before being below between both"
    " but by can could did do does doing down during each either for from further get give given had has"
    " have having he her here hers him his how i if in into is it its just let me more most my myself"
    " near no nor not of off on once one only or other our ours out over own s said same say says she"
    " should so some such t tell than that the their theirs them then there these they this those"
    " through to too under until up us very was we were what when where which while who whom whose why"
    " will with would you your yours".split()
)


def words_of(text: str) -> list[str]:
    """Return the words and numbers of a text in lower case."""
    return [match.group().casefold() for match in _WORD.finditer(text)]


def content_words(question: str) -> list[str]:
    """Return the words of a question that a passage may be found by, each once."""
    words = dict.fromkeys(words_of(question))
    return [word for word in words if word not in _STOP_WORDS and (len(word) > 1 or word.isdigit())]


def create(
    path: Path, outlines: Sequence[ReportOutline], windows: Sequence[Window], sentences: Sequence[Sentence]
) -> None:
    """Write reports, passages and windows to a new file.

    Parameters
    ----------
    path
        A file that does not exist yet.
    outlines
        The reports; their passages are numbered through from 0 in this order.
    windows, sentences
        The windows, the one at position i for vector i, and the single sentences.

    Raises
    ------
    IndexStateError
        If the file cannot be written.
    """
    try:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.executescript(_SCHEMA)
            number = 0
            for position, read in enumerate(outlines):
                connection.execute(
                    "INSERT INTO report VALUES (?, ?, ?)",
                    (read.report.id, position, json.dumps(_report_fields(read.report))),
                )
                for passage in read.passages:
                    connection.execute(
                        "INSERT INTO passage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        _passage_row(number, passage),
                    )
                    if passage.kind.ranked:
                        heading = " ".join([*passage.section, passage.lead_in or ""])
                        connection.execute(
                            "INSERT INTO words(rowid, heading, body) VALUES (?, ?, ?)",
                            (number, heading, passage.shown),
                        )
                    number += 1
            connection.executemany(
                "INSERT INTO window VALUES (?, ?, ?, ?)",
                ((place, each.passage, each.start, each.end) for place, each in enumerate(windows)),
            )
            connection.executemany(
                "INSERT INTO sentence VALUES (?, ?, ?, ?, ?, ?, ?)",
                ((place, *each[:3], *each.tokens, each.length) for place, each in enumerate(sentences)),
            )
    except (sqlite3.Error, OSError) as error:
        raise IndexStateError(
            f"The index cannot be written to {path.parent} ({error}); check the free space and permissions"
        ) from error


class Store:
    """Reports and passages of one index, read only.

    Raises
    ------
    IndexStateError
        From any method, if the file is not what `create` wrote.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        # Read-only and immutable: nothing is locked or written, and several threads may read.
        uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        try:
            self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
            self._reports = {
                report_id: _report(report_id, fields)
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
        return int(str(self._select("SELECT count(*) FROM words")[0][0]))

    def window_positions(self, numbers: Iterable[int]) -> list[int]:
        """Return the positions of the vectors of some passages' windows."""
        rows = self._select(
            "SELECT number FROM window WHERE passage IN (SELECT value FROM json_each(?)) ORDER BY number",
            [json.dumps(list(numbers))],
        )
        return [int(str(position)) for (position,) in rows]

    def sentences_of(self, numbers: Iterable[int]) -> list[Sentence]:
        """Return the sentences of some passages, in reading order."""
        rows = self._select(
            'SELECT passage, start, "end", first_token, end_token, length FROM sentence'
            " WHERE passage IN (SELECT value FROM json_each(?)) ORDER BY number",
            [json.dumps(list(numbers))],
        )
        found: list[Sentence] = []
        for *places, length in rows:
            passage, start, end, first, last = (int(str(place)) for place in places)
            found.append(Sentence(passage, start, end, Span(first, last), float(str(length))))
        return found

    def window_owners(self, positions: Iterable[int]) -> dict[int, int]:
        """Return the passage numbers that vectors at some positions belong to."""
        rows = self._select(
            "SELECT number, passage FROM window WHERE number IN (SELECT value FROM json_each(?))",
            [json.dumps(list(positions))],
        )
        return {int(str(position)): int(str(number)) for position, number in rows}

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
        terms = " OR ".join(f'"{term}"' for word in words for term in words_of(word))
        if not terms:
            return []
        within = "" if among is None else "AND rowid IN (SELECT value FROM json_each(:among)) "
        rows = self._select(
            f"SELECT rowid, -bm25(words, {_HEADING_WEIGHT}, 1.0) AS score FROM words"
            f" WHERE words MATCH :terms {within}ORDER BY score DESC, rowid LIMIT :limit",
            {"terms": terms, "among": json.dumps(list(among or [])), "limit": limit},
        )
        return [(int(str(number)), float(str(score))) for number, score in rows]

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
        total = self._ranked
        term = " ".join(f'"{part}"' for part in words_of(word))
        query = "SELECT count(*) FROM words WHERE words MATCH ?"
        count = int(str(self._select(query, [term])[0][0])) if term else 0
        return math.log1p((total - count + 0.5) / (count + 0.5))

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
        """Return a BM25 score that no passage can reach for these words, each taken once.

        A word of n of N passages adds at most log((N - n + 0.5) / (n + 0.5)) times 2.2, which is k1 + 1.
        """
        total = self._ranked
        score = 0.0
        for word in words:
            term = " ".join(f'"{part}"' for part in words_of(word))
            if term:
                count = int(str(self._select("SELECT count(*) FROM words WHERE words MATCH ?", [term])[0][0]))
                score += 2.2 * max(math.log((total - count + 0.5) / (count + 0.5)), 1e-6)
        return score

    def _passages(self, condition: str, values: Sequence[object]) -> dict[int, Passage]:
        rows = self._select(
            f"SELECT number, id, report, place, kind, section, text, fields FROM passage {condition}", values
        )
        try:
            return {int(str(row[0])): _passage(*(str(value) for value in row[1:])) for row in rows}
        except (ValueError, TypeError, KeyError) as error:
            raise _damaged(self._path) from error

    def _select(
        self, query: str, values: Sequence[object] | dict[str, object] = ()
    ) -> list[tuple[object, ...]]:
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise _damaged(self._path) from error


def _damaged(path: Path) -> IndexStateError:
    return IndexStateError(f"The index file {path} is damaged; run: qa index --force")


def _in_section(path: Sequence[str], wanted: str) -> bool:
    words = " ".join(words_of(wanted))
    return any(f" {words}" in f" {' '.join(words_of(heading))}" for heading in path)


def _report_fields(report: Report) -> dict[str, str | None]:
    return {name: getattr(report, name) for name in Report.__slots__ if name != "id"}


def _report(report_id: str, fields: str) -> Report:
    return Report(id=report_id, **json.loads(fields))


def _passage_row(number: int, passage: Passage) -> tuple[object, ...]:
    fields = {
        "number": passage.number,
        "scope": passage.scope,
        "position": passage.position,
        "reading": passage.reading,
        "lead_in": passage.lead_in,
        "emphasis": passage.emphasis,
        "source": passage.source,
    }
    return (
        number,
        passage.id,
        passage.report,
        passage.order,
        passage.kind.value,
        passage.kind.ranked,
        json.dumps(passage.section),
        passage.text,
        json.dumps(fields),
    )


def _passage(
    passage_id: str, report: str, place: str, kind: str, section: str, text: str, fields: str
) -> Passage:
    kept = json.loads(fields)
    return Passage(
        id=passage_id,
        report=report,
        order=int(place),
        kind=Kind(kind),
        section=tuple(json.loads(section)),
        text=text,
        number=kept["number"],
        scope=kept["scope"],
        position=kept["position"],
        reading=kept["reading"],
        lead_in=kept["lead_in"],
        emphasis=tuple(Emphasis(*span) for span in kept["emphasis"]),
        source=tuple(Span(*span) for span in kept["source"]),
    )
