"""The formats of report files: which there are, and the way from a file to its reader."""

from __future__ import annotations

from collections.abc import Callable

from qa.ingest.text import decode, read_text
from qa.types import Document

SUFFIXES = frozenset({".txt"})
"""Endings of the files that can be read."""


def read_document(data: bytes, name: str, *, on_page: Callable[[int, int], None] | None = None) -> Document:
    """Read a file with the reader of its format.

    Parameters
    ----------
    data
        Its bytes.
    name
        Its name, whose ending tells the format.
    on_page
        Called with how many pages are read and how many there are.

    Raises
    ------
    CorpusError
        If it cannot be read; the sentence follows the path of the file.
    """
    text, note = decode(data)
    return Document(text, tuple(read_text(text)), warnings=(note,) if note else ())
