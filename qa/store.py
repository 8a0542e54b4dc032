"""The only door to SQLite: reports, passages, windows and full-text search.

One file, written once by `create` and only read afterwards. Words of a question reach full-text search as
quoted terms, never as its query language.
"""

from __future__ import annotations

import json
import math
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, ValuesView
from contextlib import closing
from functools import cached_property, lru_cache
from itertools import groupby
from pathlib import Path
from typing import TypeVar

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
_CONTENTS_SCHEMA = """
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
    path: Path,
    outlines: Sequence[ReportOutline],
    windows: Sequence[Window],
    sentences: Sequence[Sentence],
    *,
    years: Iterable[int] = (),
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
    years
        The years that the reports speak of.

    Raises
    ------
    IndexStateError
        If the file cannot be written.
    """
    try:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.executescript(_SCHEMA + _CONTENTS_SCHEMA)
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
                _insert_contents(connection, read, number - len(read.passages))
            _insert_years(connection, years)
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


def _insert_contents(connection: sqlite3.Connection, read: ReportOutline, first: int) -> None:
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


def _insert_years(connection: sqlite3.Connection, years: Iterable[int]) -> None:
    connection.executemany("INSERT OR IGNORE INTO year VALUES (?)", ((year,) for year in years))


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
        except sqlite3.Error as error:
            raise _damaged(path) from error
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
        return self._passages("WHERE number IN (SELECT value FROM json_each(?))", [json.dumps(list(numbers))])

    def passages_of(self, report_id: str) -> list[Passage]:
        """Return the passages of a report in reading order."""
        return list(self._passages("WHERE report = ? ORDER BY place", [report_id]).values())

    def sections_of(self, report_id: str) -> list[tuple[str, ...]]:
        """Return every section path of a report that holds a passage, in reading order."""
        rows = self._select(
            "SELECT headings FROM section JOIN path ON path.number = section.path WHERE report = ?"
            " GROUP BY path ORDER BY min(first)",
            [report_id],
        )
        return [_headings(str(headings)) for (headings,) in rows]

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
        return bool(self._select("SELECT 1 FROM path WHERE instr(words, ?) LIMIT 1", [_wanted(words)]))

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

    def _read_reports(self, condition: str, values: Sequence[object]) -> Iterator[Report]:
        query = f"SELECT id, fields FROM report {condition}"
        try:
            for report_id, fields in self._connection.execute(query, values):
                yield _report(str(report_id), str(fields))
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
            values["words"] = _wanted(section)
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

    def _passages(self, condition: str, values: Sequence[object]) -> dict[int, Passage]:
        return dict(self._read(condition, values))

    def _read(self, condition: str, values: Sequence[object]) -> Iterator[tuple[int, Passage]]:
        """Yield passages with their numbers, one at a time."""
        query = f"SELECT number, id, report, place, kind, section, text, fields FROM passage {condition}"
        try:
            for number, *row in self._connection.execute(query, values):
                yield int(number), _passage(*map(str, row))
        except (sqlite3.Error, ValueError, TypeError, KeyError) as error:
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


class _Reports(Mapping[str, Report]):
    """The reports of a store by id, in order; only their ids are kept."""

    def __init__(self, ids: Iterable[str], read: Callable[[str, Sequence[object]], Iterator[Report]]) -> None:
        self._ids = dict.fromkeys(ids)
        self.read = read

    def __getitem__(self, report_id: str) -> Report:
        for report in self.read("WHERE id = ?", [report_id]):
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


def _wanted(section: str) -> str:
    """Return words of a heading as they are looked for in a path's words: from the beginning of a word."""
    return f" {' '.join(words_of(section))}"


def _words_of_path(section: Sequence[str]) -> str:
    """Return the words of headings, each on a line of its own so that none goes on in the next."""
    return "\n".join(_wanted(heading) for heading in section)


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
        section=_headings(section),
        text=text,
        number=kept["number"],
        scope=kept["scope"],
        position=kept["position"],
        reading=kept["reading"],
        lead_in=kept["lead_in"],
        emphasis=tuple(Emphasis(*span) for span in kept["emphasis"]),
        source=tuple(Span(*span) for span in kept["source"]),
    )


@lru_cache(maxsize=256)
def _headings(path: str) -> tuple[str, ...]:
    """Return headings as they were written down; passages that follow each other often share them."""
    return tuple(json.loads(path))
