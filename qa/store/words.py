"""Words of texts and of questions, and the terms that full-text search knows them by."""

from __future__ import annotations

import re
import sqlite3
from functools import lru_cache
from threading import Lock

TOKENIZER = "porter unicode61 remove_diacritics 2"
"""How SQLite cuts a text into terms: words in lower case, without accents and endings (Porter, 1980)."""

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


@lru_cache(maxsize=4_096)
def terms_of(word: str) -> tuple[str, ...]:
    """Return the terms that full-text search knows a word by: none, one, or those it is cut into."""
    return _TERMS.of(word)


class _Terms:
    """A table of one row, in memory, that cuts a text just as the index was cut."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None

    def of(self, text: str) -> tuple[str, ...]:
        with self._lock:
            connection = self._connection = self._connection or _table_in_memory()
            connection.execute("INSERT INTO typed(rowid, text) VALUES (1, ?)", (text,))
            terms = connection.execute("SELECT term FROM term ORDER BY offset").fetchall()
            connection.execute("DELETE FROM typed")
        return tuple(term for (term,) in terms)


def _table_in_memory() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    connection.execute(f'CREATE VIRTUAL TABLE typed USING fts5(text, tokenize = "{TOKENIZER}")')
    connection.execute("CREATE VIRTUAL TABLE term USING fts5vocab(typed, instance)")
    return connection


_TERMS = _Terms()
