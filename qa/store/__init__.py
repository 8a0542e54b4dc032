"""The only door to SQLite: reports, passages, sentences and full-text search.

One file, written once by a `StoreWriter` and only read afterwards, by a `Store`. Words of a question are
looked up as values, never read as a query language.
"""

from qa.store.reader import Store
from qa.store.rows import Statistics, sentences_row
from qa.store.words import content_words, words_of
from qa.store.writer import StoreWriter

__all__ = ["Statistics", "Store", "StoreWriter", "content_words", "sentences_row", "words_of"]
