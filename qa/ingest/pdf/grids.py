"""Ruled tables: the cells that lines drawn on a page make."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from qa.ingest.pdf.pdfium import Glyph, Rule

_NEAR = 3.0
"""Lines that end so near to each other meet, in points."""

_SHORTEST = 7.0
_MOST_RULES = 4_000
"""A page with more lines than this holds a drawing, not a table."""


@dataclass(frozen=True, slots=True)
class CellBox:
    """A cell: where it is on the page, and its row and column, from 0; `columns` are those it spans."""

    left: float
    top: float
    right: float
    bottom: float
    row: int
    column: int
    columns: int

    def holds(self, glyph: Glyph) -> bool:
        """Whether a glyph stands in the cell."""
        middle = (glyph.left + glyph.right) / 2
        return (
            self.left - 1 <= middle <= self.right + 1 and self.top < glyph.y - 0.3 * glyph.size < self.bottom
        )


@dataclass(frozen=True, slots=True)
class Grid:
    """A ruled table: its cells in reading order, and how many columns it has."""

    cells: tuple[CellBox, ...]
    columns: int

    @property
    def top(self) -> float:
        """Where it begins."""
        return min(cell.top for cell in self.cells)


def find_grids(rules: Sequence[Rule]) -> list[Grid]:
    """Return the ruled tables of a page, from the top; a frame around one piece of text is none."""
    level = [rule for rule in rules if rule.is_level and rule.right - rule.left > _SHORTEST]
    upright = [rule for rule in rules if not rule.is_level and rule.bottom - rule.top > _SHORTEST]
    if len(level) + len(upright) > _MOST_RULES:
        return []
    grids: list[Grid] = []
    for group in _connected([*level, *upright]):
        lines = ([rule for rule in group if rule.is_level], [rule for rule in group if not rule.is_level])
        ys = _places(rule.top for rule in lines[0])
        xs = _places(rule.left for rule in lines[1])
        if len(xs) > 1 and len(ys) > 1:
            cells = tuple(_cells(xs, ys, *lines))
            if any(cell.columns < len(xs) - 1 for cell in cells):
                grids.append(Grid(cells, len(xs) - 1))
    return sorted(grids, key=lambda grid: grid.top)


def _connected(rules: Sequence[Rule]) -> list[list[Rule]]:
    """Return the rules in groups, those of a group touching each other."""
    groups: list[list[Rule]] = []
    for rule in rules:
        touched = [group for group in groups if any(_touch(rule, other) for other in group)]
        merged = [rule, *(other for group in touched for other in group)]
        groups = [group for group in groups if group not in touched]
        groups.append(merged)
    return groups


def _touch(one: Rule, other: Rule) -> bool:
    return (
        one.left - _NEAR <= other.right
        and other.left - _NEAR <= one.right
        and one.top - _NEAR <= other.bottom
        and other.top - _NEAR <= one.bottom
    )


def _places(values: Iterable[float]) -> list[float]:
    places: list[float] = []
    for value in sorted(values):
        if not places or value - places[-1] > _NEAR:
            places.append(value)
    return places


def _cells(
    xs: Sequence[float], ys: Sequence[float], level: Sequence[Rule], upright: Sequence[Rule]
) -> Iterator[CellBox]:
    """Yield the cells, those that no line parts as one."""
    taken: set[tuple[int, int]] = set()
    for row in range(len(ys) - 1):
        for column in range(len(xs) - 1):
            if (row, column) in taken:
                continue
            right = column + 1
            while right < len(xs) - 1 and not _is_drawn(upright, xs[right], ys[row], ys[row + 1]):
                right += 1
            below = row + 1
            while below < len(ys) - 1 and not _is_ruled(level, ys[below], xs[column], xs[right]):
                below += 1
            taken |= {(r, c) for r in range(row, below) for c in range(column, right)}
            yield CellBox(xs[column], ys[row], xs[right], ys[below], row, column, right - column)


def _is_drawn(upright: Sequence[Rule], x: float, top: float, bottom: float) -> bool:
    """Whether a line goes down at a place for most of the way."""
    drawn = sum(
        max(0.0, min(rule.bottom, bottom) - max(rule.top, top))
        for rule in upright
        if abs(rule.left - x) <= _NEAR
    )
    return drawn > 0.5 * (bottom - top)


def _is_ruled(level: Sequence[Rule], y: float, left: float, right: float) -> bool:
    drawn = sum(
        max(0.0, min(rule.right, right) - max(rule.left, left))
        for rule in level
        if abs(rule.top - y) <= _NEAR
    )
    return drawn > 0.5 * (right - left)
