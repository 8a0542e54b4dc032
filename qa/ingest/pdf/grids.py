"""Ruled tables: the cells that lines drawn on a page make."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from qa.ingest.pdf.pdfium import Glyph, Rule

_NEAR = 3.0
"""Lines that end so near to each other meet, in points."""

_SHORTEST = 7.0
_MOST_RULES = 4_000
_MOST_CELLS = 4_000
"""A page with more lines, or lines with more places between them, than this holds a drawing, not a table."""


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


@dataclass(frozen=True)
class Grid:
    """A ruled table: its cells in reading order, and where its columns and rows are parted."""

    cells: tuple[CellBox, ...]
    xs: tuple[float, ...]
    ys: tuple[float, ...]

    @property
    def columns(self) -> int:
        """How many columns it has."""
        return len(self.xs) - 1

    @property
    def top(self) -> float:
        """Where it begins."""
        return self.ys[0]

    def cell_of(self, glyph: Glyph) -> CellBox | None:
        """Return the cell that a glyph stands in, if one."""
        middle, height = (glyph.left + glyph.right) / 2, glyph.y - 0.3 * glyph.size
        if not (self.xs[0] - 1 <= middle <= self.xs[-1] + 1 and self.ys[0] < height < self.ys[-1]):
            return None
        column = min(max(bisect_right(self.xs, middle) - 1, 0), self.columns - 1)
        return self._by_place.get((bisect_right(self.ys, height) - 1, column))

    @cached_property
    def _by_place(self) -> dict[tuple[int, int], CellBox]:
        return {
            (row, column): cell
            for cell in self.cells
            for row in range(cell.row, bisect_right(self.ys, cell.bottom - 0.01))
            for column in range(cell.column, cell.column + cell.columns)
        }


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
        if len(xs) > 1 and len(ys) > 1 and len(xs) * len(ys) <= _MOST_CELLS:
            cells = tuple(_cells(xs, ys, *lines))
            if any(cell.columns < len(xs) - 1 for cell in cells):
                grids.append(Grid(cells, tuple(xs), tuple(ys)))
    return sorted(grids, key=lambda grid: grid.top)


def _connected(rules: Sequence[Rule]) -> Iterator[list[Rule]]:
    """Yield the rules in groups, those of a group touching each other."""
    sides = np.array(rules, dtype=np.float64).reshape(-1, 4)
    # Left and top of each, and right and bottom: two touch if neither begins past the other's end.
    begins, ends = sides[:, :2] - _NEAR, sides[:, 2:]
    is_left = np.ones(len(rules), dtype=bool)
    for first in range(len(rules)):
        if not is_left[first]:
            continue
        is_left[first] = False
        group = [first]
        for place in group:
            touched = is_left & (begins <= ends[place]).all(axis=1) & (begins[place] <= ends).all(axis=1)
            is_left &= ~touched
            group += np.flatnonzero(touched).tolist()
        yield [rules[place] for place in group]


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
    at_x = [[rule for rule in upright if abs(rule.left - x) <= _NEAR] for x in xs]
    at_y = [[rule for rule in level if abs(rule.top - y) <= _NEAR] for y in ys]
    for row in range(len(ys) - 1):
        for column in range(len(xs) - 1):
            if (row, column) in taken:
                continue
            right = column + 1
            while right < len(xs) - 1 and not _is_drawn(at_x[right], ys[row], ys[row + 1]):
                right += 1
            below = row + 1
            while below < len(ys) - 1 and not _is_ruled(at_y[below], xs[column], xs[right]):
                below += 1
            taken |= {(r, c) for r in range(row, below) for c in range(column, right)}
            yield CellBox(xs[column], ys[row], xs[right], ys[below], row, column, right - column)


def _is_drawn(upright: Sequence[Rule], top: float, bottom: float) -> bool:
    """Whether lines go down for most of the way."""
    drawn = sum(max(0.0, min(rule.bottom, bottom) - max(rule.top, top)) for rule in upright)
    return drawn > 0.5 * (bottom - top)


def _is_ruled(level: Sequence[Rule], left: float, right: float) -> bool:
    """Whether lines go across for most of the way."""
    drawn = sum(max(0.0, min(rule.right, right) - max(rule.left, left)) for rule in level)
    return drawn > 0.5 * (right - left)
