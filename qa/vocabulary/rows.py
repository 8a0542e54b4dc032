"""Rows in order, kept as one text and looked up by how they begin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

BETWEEN = ":"
"""What parts the fields of a row. Like `_END` it is no letter or digit, and needs no escape in JSON."""

_END = "|"

_MOST_KEPT = 4_096
"""Look-ups remembered: the words of one question are looked up again and again."""


class SortedRows:
    """Rows in order; one is cut out of the text only when it is asked for.

    So a text of a million rows costs no more to open than to read, and a look-up some twenty comparisons.

    Parameters
    ----------
    text
        The rows in the order of their characters, parted by bars.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._first = lru_cache(maxsize=_MOST_KEPT)(self._find)

    @classmethod
    def of(cls, rows: Iterable[str]) -> SortedRows:
        """Return rows in any order, sorted, each once; none may be empty or hold a bar."""
        return cls(_END.join(sorted(set(rows))))

    @classmethod
    def read(cls, kept: object) -> SortedRows:
        """Return the rows whose text was kept.

        Raises
        ------
        TypeError
            If it is no text.
        """
        if not isinstance(kept, str):
            raise TypeError(type(kept).__name__)
        return cls(kept)

    def __bool__(self) -> bool:
        return bool(self.text)

    def __iter__(self) -> Iterator[str]:
        return iter(self.text.split(_END) if self.text else ())

    def __contains__(self, row: str) -> bool:
        start = self._first(row)
        return self.text.startswith(row, start) and self._end(start) == start + len(row)

    def beginning(self, beginning: str) -> Iterator[str]:
        """Yield the rows with a beginning, in order."""
        start = self._first(beginning)
        while start < len(self.text) and self.text.startswith(beginning, start):
            end = self._end(start)
            yield self.text[start:end]
            start = end + 1

    def _find(self, beginning: str) -> int:
        """Return where the first row starts that is not before a beginning."""
        text, size = self.text, len(beginning)
        low, high = 0, len(text)
        while low < high:
            middle = (low + high) // 2
            start = max(low, text.rfind(_END, low, middle) + 1)
            end = self._end(middle)
            if text[start : min(end, start + size)] < beginning:
                low = end + 1
            else:
                high = start
        return low

    def _end(self, place: int) -> int:
        end = self.text.find(_END, place)
        return len(self.text) if end < 0 else end
