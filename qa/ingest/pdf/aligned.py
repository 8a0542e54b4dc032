"""Tables without ruled lines: pieces of lines that stand below each other, as an area and its judgement."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from qa.ingest.pdf.lines import Line

_FEWEST_LINES = 3
_MOST_PIECES = 6
_NEAR = 3.0
_GAP = 2.0
"""Pieces stand further apart than so many letter sizes, lines no further than twice as much."""

_LONGEST = 36
"""Letters of the last piece of a line at most; what is longer may be prose in columns."""

_SHORTEST = 3
"""Letters of the first piece at least; what is shorter is a number or a bullet."""

_PAGE = re.compile(r"(?:\d{1,3}|[ivxlc]{1,7})", re.IGNORECASE)
_DOTS = re.compile(r"(?:[.…·]\s*){3}")


def aligned_lines(lines: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """Yield where tables begin and end among the lines of a page; a contents list is none."""
    start = 0
    while start < len(lines):
        end = start + 1
        if _is_row(lines[start]):
            while end < len(lines) and _goes_on(lines[start], lines[end - 1], lines[end]):
                end += 1
        if end - start >= _FEWEST_LINES and not _counts_pages(lines[start:end]):
            yield start, end
        start = end


def _is_row(line: Line) -> bool:
    texts = [segment.text for segment in line.segments]
    return (
        1 < len(texts) <= _MOST_PIECES
        and len(texts[-1]) <= _LONGEST
        and sum(letter.isalpha() for letter in texts[0]) >= _SHORTEST
        and not _DOTS.search(line.text)
        and all(
            after.left - before.right > _GAP * line.size
            for before, after in zip(line.segments, line.segments[1:], strict=False)
        )
    )


def _goes_on(first: Line, above: Line, line: Line) -> bool:
    return (
        _is_row(line)
        and len(line.segments) == len(first.segments)
        and abs(line.size - first.size) < 1
        and 0 < line.y - above.y < 2 * _GAP * line.size
        and all(
            abs(one.left - other.left) <= _NEAR
            for one, other in zip(first.segments, line.segments, strict=True)
        )
    )


def _counts_pages(lines: Sequence[Line]) -> bool:
    """Whether most lines end with what could be the number of a page."""
    return sum(_PAGE.fullmatch(line.segments[-1].text) is not None for line in lines) * 2 > len(lines)
