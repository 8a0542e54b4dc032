"""Pages to pieces in reading order: lines of text, rows of tables, footnotes; headers and footers apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import mean

from qa.ingest.pdf.aligned import aligned_lines
from qa.ingest.pdf.furniture import find_furniture, is_in_band, repeated_on_pages
from qa.ingest.pdf.grids import CellBox, Grid, find_grids
from qa.ingest.pdf.lines import Line, Segment, lines_of
from qa.ingest.pdf.pdfium import Glyph, PdfFile, PrintedPage, Rule
from qa.types import Dropped, Page

_GUTTER = 12.0
"""The least distance between two columns, in points."""

_MOST_GUTTERS = 12
_FEWEST_IN_COLUMN = 5
_SHORTEST_IN_COLUMN = 18
"""Lines a column has at least, and letters they have on average."""

_MOST_SEGMENTS = 1_000
"""A page with more pieces of lines than this holds a drawing, not columns."""

_BEHIND = 3.0
"""What is so many times as large as the text and overlaps it is a watermark."""

_NOTE_SIZE = 0.93
"""Footnotes are set no larger than this share of the text's size."""

_NOTE_BAND = 0.4
_NOTE_MARK = re.compile(r"(?P<mark>\d{1,3}|[*†‡§]{1,3})\s+(?=\S)")


@dataclass(slots=True)
class TableRow:
    """A row of a table: for each column the lines of its cell; `table` is where the table begins and ends."""

    cells: list[list[Line]]
    page: int
    top: float
    is_first: bool = False
    table: tuple[float, float] = (0.0, 0.0)

    @property
    def lines(self) -> list[Line]:
        """The lines of all its cells."""
        return [line for cell in self.cells for line in cell]


@dataclass(slots=True)
class Note:
    """A footnote: its printed mark (none if it goes on from the page before) and its lines."""

    mark: str | None
    lines: list[Line]
    page: int


@dataclass(slots=True)
class Laid:
    """The pieces of a page or column that follow each other down the page."""

    page: int
    pieces: list[Line | TableRow]
    right: float
    """Where its lines end at most."""

    turned: bool = False
    """Whether it is read with the page turned, so that nothing else goes on in it."""


@dataclass(slots=True)
class Layout:
    """A whole file in reading order."""

    columns: list[Laid] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    pages: dict[int, Page] = field(default_factory=dict)
    dropped: list[Dropped] = field(default_factory=list)
    without_text: list[int] = field(default_factory=list)
    damaged: list[int] = field(default_factory=list)
    size: float = 12.0
    """The letter size of most of the text, in points."""


@dataclass(slots=True)
class _Sheet:
    """A page read: its lines that stand in no table, its tables, and where lines are ruled."""

    number: int
    label: str | None
    height: float
    lines: list[Line]
    turned: list[Line]
    rows: list[TableRow]
    rules: list[Rule]
    hidden: str
    blank: bool


def lay_out(file: PdfFile, *, on_page: Callable[[int, int], None] | None = None) -> Layout:
    """Return what is printed in a file, in reading order; `on_page` is told of each page, and how many."""
    layout = Layout()
    sheets: list[_Sheet] = []
    for number in range(1, len(file) + 1):
        page = file.page(number)
        if page is None:
            layout.damaged.append(number)
        else:
            sheets.append(_sheet(page))
        if on_page is not None:
            on_page(number, len(file))
    layout.size = _usual_size(sheets)
    _free_running_tables(sheets)
    furniture = find_furniture([(sheet.lines, sheet.height) for sheet in sheets])
    beside = repeated_on_pages([sheet.turned for sheet in sheets])
    for sheet, found, along in zip(sheets, furniture, beside, strict=True):
        layout.pages[sheet.number] = Page(sheet.number, found.label or _other_label(sheet))
        watermarks = [*along, *_behind(sheet.lines, layout.size)]
        _add(layout, sheet, [*found.lines, *(("header", line) for line in watermarks)])
    return layout


def _free_running_tables(sheets: Sequence[_Sheet]) -> None:
    """Make lines of the tables that running headers and footers are set in, to be known as such."""
    within = [[row for row in sheet.rows if is_in_band(*row.table, height=sheet.height)] for sheet in sheets]
    repeated = repeated_on_pages([[line for row in rows for line in row.lines] for rows in within])
    for sheet, rows, lines in zip(sheets, within, repeated, strict=True):
        known = set(map(id, lines))
        freed = {id(row) for row in rows if any(id(line) in known for line in row.lines)}
        if freed:
            sheet.lines += [line for row in rows if id(row) in freed for line in row.lines]
            sheet.lines.sort(key=lambda line: (line.y, line.left))
            sheet.rows = [row for row in sheet.rows if id(row) not in freed]


def _add(layout: Layout, sheet: _Sheet, no_text: Sequence[tuple[str, Line]]) -> None:
    """Add a page to a layout, given those of its lines that are no text, and why."""
    page = layout.pages[sheet.number]
    gone = {id(line) for _, line in no_text}
    lines = [line for line in sheet.lines if id(line) not in gone]
    layout.dropped += [Dropped(reason, line.text, page) for reason, line in no_text]
    if sheet.hidden:
        layout.dropped.append(Dropped("hidden", sheet.hidden, page))
    if sheet.blank:
        layout.without_text.append(sheet.number)
    lines, notes = _notes(lines, sheet, layout.size)
    layout.notes += notes
    layout.columns += _columns(lines, sheet)
    if turned := [line for line in sheet.turned if id(line) not in gone]:
        layout.columns.append(_laid(turned, [], sheet.number, turned=True))


def _sheet(page: PrintedPage) -> _Sheet:
    grids = find_grids(page.rules)
    in_cells: set[int] = set()
    rows: list[TableRow] = []
    loose: list[Line] = []
    for grid in grids:
        found, framed, taken = _rows(grid, page, in_cells)
        rows += found
        loose += framed
        in_cells |= taken
    rest = [glyph for index, glyph in enumerate(page.glyphs) if index not in in_cells]
    lines = [*lines_of(rest, page=page.number), *loose]
    return _Sheet(
        number=page.number,
        label=page.label,
        height=page.height,
        lines=sorted(lines, key=lambda line: (line.y, line.left)),
        turned=[line for glyphs in page.turned for line in lines_of(glyphs, page=page.number)],
        rows=rows,
        rules=list(page.rules),
        hidden=page.hidden,
        blank=not page.glyphs and not page.turned,
    )


def _rows(grid: Grid, page: PrintedPage, taken: set[int]) -> tuple[list[TableRow], list[Line], set[int]]:
    """Return the rows of a table, the lines in cells as wide as it (text), and the glyphs of both."""
    by_row: dict[int, list[list[Line]]] = {}
    tops: dict[int, float] = {}
    framed: list[Line] = []
    inside: dict[CellBox, list[Glyph]] = {}
    used: set[int] = set()
    for index, glyph in enumerate(page.glyphs):
        if index not in taken and (held_by := grid.cell_of(glyph)):
            inside.setdefault(held_by, []).append(glyph)
            used.add(index)
    for cell in grid.cells:
        lines = lines_of(inside.get(cell, ()), page=page.number)
        if cell.columns == grid.columns and cell.column == 0:
            framed += lines
            continue
        by_row.setdefault(cell.row, [[] for _ in range(grid.columns)])[cell.column] = lines
        tops[cell.row] = cell.top
    rows = [TableRow(cells, page.number, tops[row]) for row, cells in sorted(by_row.items()) if any(cells)]
    filled = [any(row.cells[column] for row in rows) for column in range(grid.columns)]
    for place, row in enumerate(rows):
        row.cells = [cell for cell, is_filled in zip(row.cells, filled, strict=True) if is_filled]
        row.is_first, row.table = not place, (grid.top, grid.ys[-1])
    return rows, framed, used


def _usual_size(sheets: Iterable[_Sheet]) -> float:
    sizes: Counter[float] = Counter()
    for sheet in sheets:
        for line in sheet.lines:
            sizes[round(line.size * 2) / 2] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 12.0


def _behind(lines: Sequence[Line], size: float) -> list[Line]:
    """Return the lines that others are printed over."""
    return [
        line
        for line in lines
        if line.size > _BEHIND * size
        and any(
            other.size < line.size / 2
            and line.y - 0.7 * line.size < other.y < line.y
            and other.left < line.right
            and line.left < other.right
            for other in lines
        )
    ]


def _other_label(sheet: _Sheet) -> str | None:
    """Return the label that the file gives a page, if it says more than its place does."""
    return sheet.label if sheet.label and sheet.label != str(sheet.number) else None


def _notes(lines: Sequence[Line], sheet: _Sheet, size: float) -> tuple[list[Line], list[Note]]:
    """Return the lines of the text and the footnotes below them."""
    first = len(lines)
    while (
        first > 0
        and lines[first - 1].size <= _NOTE_SIZE * size
        and lines[first - 1].y > _NOTE_BAND * sheet.height
    ):
        first -= 1
    small = list(lines[first:])
    if small and not _is_under_rule(small[0], sheet.rules):
        start = next((place for place, line in enumerate(small) if _mark(line)), len(small))
        first, small = first + start, small[start:]
    notes: list[Note] = []
    for line in small:
        mark = _mark(line)
        if mark or not notes:
            notes.append(Note(mark, [line], sheet.number))
        else:
            notes[-1].lines.append(line)
    return list(lines[:first]), notes


def _mark(line: Line) -> str | None:
    if line.mark:
        return line.mark
    match = _NOTE_MARK.match(line.text)
    return match["mark"] if match else None


def _is_under_rule(line: Line, rules: Iterable[Rule]) -> bool:
    """Whether a short line is ruled above, as over footnotes."""
    return any(
        rule.is_level
        and 40 < rule.right - rule.left < 260
        and -4 < line.y - rule.top < 40
        and rule.left <= line.left + 8
        for rule in rules
    )


def _columns(lines: list[Line], sheet: _Sheet) -> Iterator[Laid]:
    """Yield the lines of a page, column by column where there are some; rows of tables in their places."""
    rows = list(sheet.rows)
    at = 0
    if sum(len(line.segments) for line in lines) > _MOST_SEGMENTS:
        yield _laid(lines, rows, sheet.number)
        return
    while at < len(lines):
        band = _band(lines, at)
        if band is None:
            nearest = next((i for i in range(at + 1, len(lines)) if _band(lines, i)), len(lines))
            yield _laid(
                lines[at:nearest],
                _taken(rows, lines[nearest].y if nearest < len(lines) else None),
                sheet.number,
            )
            at = nearest
            continue
        end, gutter = band
        parts: tuple[list[Line], list[Line]] = ([], [])
        for line in lines[at:end]:
            for side, segments in enumerate(_parted(line, gutter)):
                if segments:
                    parts[side].append(Line(segments, line.y, line.page, line.mark if not side else ""))
        for part in parts:
            yield _laid(part, [], sheet.number)
        at = end
    if rows:
        yield _laid([], rows, sheet.number)


def _taken(rows: list[TableRow], above: float | None) -> list[TableRow]:
    """Take the rows that stand above a place, or all."""
    taken = [row for row in rows if above is None or row.top < above]
    rows[:] = [row for row in rows if not (above is None or row.top < above)]
    return taken


def _laid(lines: Sequence[Line], rows: Sequence[TableRow], page: int, *, turned: bool = False) -> Laid:
    aligned = {
        place: TableRow(
            [[Line([segment], line.y, line.page)] for segment in line.segments], page, line.y, place == start
        )
        for start, end in aligned_lines(lines)
        for place, line in enumerate(lines[start:end], start)
    }
    pieces: list[Line | TableRow] = [aligned.get(place, line) for place, line in enumerate(lines)]
    pieces += rows
    pieces.sort(key=lambda piece: piece.top if isinstance(piece, TableRow) else piece.y - piece.size)
    return Laid(page, pieces, max((line.right for line in lines), default=0.0), turned)


def _band(lines: Sequence[Line], start: int) -> tuple[int, float] | None:
    """Return where two columns that begin at a line end, and a place between them; none if there are none."""
    for gutter in _gutters(lines, start):
        end = start
        left: list[int] = []
        right: list[int] = []
        while end < len(lines) and not _crosses(lines[end], gutter):
            for side, segments in zip((left, right), _parted(lines[end], gutter), strict=True):
                if segments:
                    side.append(sum(len(segment.text) for segment in segments))
            end += 1
        if all(
            len(side) >= _FEWEST_IN_COLUMN and mean(side) >= _SHORTEST_IN_COLUMN for side in (left, right)
        ):
            return end, gutter
    return None


def _gutters(lines: Sequence[Line], start: int) -> list[float]:
    """Return places where columns may be parted: to the left of where one of the first lines begins again."""
    first = lines[start : start + 2 * _FEWEST_IN_COLUMN]
    places: list[float] = []
    for line in first:
        for before, after in pairwise([None, *line.segments]):
            assert after is not None
            gap = after.left - (min(each.left for each in first) if before is None else before.right)
            is_new = not any(abs(after.left - _GUTTER / 2 - place) < _GUTTER for place in places)
            if gap >= _GUTTER and is_new:
                places.append(after.left - _GUTTER / 2)
    return places[:_MOST_GUTTERS]


def _crosses(line: Line, gutter: float) -> bool:
    return any(segment.left < gutter - 1 and segment.right > gutter + 1 for segment in line.segments)


def _parted(line: Line, gutter: float) -> tuple[list[Segment], list[Segment]]:
    left = [segment for segment in line.segments if segment.left < gutter]
    return left, [segment for segment in line.segments if segment.left >= gutter]
