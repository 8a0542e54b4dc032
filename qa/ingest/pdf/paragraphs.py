"""Lines to blocks: paragraphs, headings, items, rows and footnotes, joined over ends of lines and pages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import quantiles

from qa.ingest.blocks import BlockWriter
from qa.ingest.hyphens import Hyphens
from qa.ingest.pdf.layout import Laid, Layout, Note, TableRow
from qa.ingest.pdf.lines import Line
from qa.types import Emphasis, Form

_LARGER = 0.8
"""A letter that is so much larger than the text's, in points, is a heading's."""

_LONGEST_HEADING = 30
_LONGEST_GRADE = 40
_MOST_WITHOUT_PAGE = 4
"""Lines of a contents list that may follow each other without a page number."""

_LEADING = 1.22
"""The usual distance of two lines, in letter sizes, where a file does not tell."""

_WIDE = 1.3
"""Lines further apart than so many usual distances stand in different paragraphs."""

_COLUMNS_APART = 60.0
"""What begins so much further to the right, in points, is another column, not another margin."""

_BULLET = re.compile(
    r"(?P<mark>[•▪◦●■□◼◾‣⁃►➔➢➤✓✔\ue000-\uf8ff]|[-–—o](?=\s))\s*(?=\S)|(?P<part>\((?:[a-z]{1,2}|[ivx]{1,5})\)|[a-z]\))\s+(?=\S)"
)
_NUMBER = re.compile(r"(?P<printed>\d{1,3}(?:\.\d{1,3}){0,3}(?:\([a-z]{1,2}\))?[.)]?)(?:\s+|$)(?=\S|$)")
_LABEL = re.compile(r"(?:\d{1,3}(?:\.\d{1,3}){0,3}[.)]?|[•▪◦●■□◼◾‣➢➤✓✔\ue000-\uf8ff])")
_ENDS = (".", "!", "?", ":", ";", "…")
_CLOSERS = "\"'”’)]"
_CONTENTS = re.compile(r"(?:table of )?contents(?: page)?:?", re.IGNORECASE)
_LABELLED = re.compile(r"[A-Z][\w’ ]{2,40}: ")
_PAGE_AT_END = re.compile(r"(?:\d{1,3}|[ivx]{1,5})")
_DOTS = re.compile(r"(?:\s*[.…·]){3,}\s*")


@dataclass(slots=True)
class _Group:
    """Lines of one paragraph, heading, item or cell."""

    lines: list[Line]
    laid: Laid
    heading: bool = False
    marker: str = ""
    gap: int = 1
    body_left: float = field(default=0.0)
    """Where its lines after the first begin."""

    first_left: float = field(default=0.0)
    """Where its first line begins, or would begin on the page that it goes on to."""

    def go_on(self, line: Line, laid: Laid) -> None:
        """Add a line of the next page or column, where lines may begin elsewhere."""
        self.first_left += line.left - self.body_left
        self.body_left = line.left
        self.lines.append(line)
        self.laid = laid

    @property
    def first(self) -> Line:
        return self.lines[0]

    @property
    def last(self) -> Line:
        return self.lines[-1]


def write_blocks(layout: Layout) -> BlockWriter:
    """Return the blocks of a file, in reading order."""
    return _Paragraphs(layout).written()


class _Paragraphs:
    """One walk through the columns of a file."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._writer = BlockWriter()
        self._leading = _leading(layout)
        lines = [piece for laid in layout.columns for piece in laid.pieces if isinstance(piece, Line)]
        self._hyphens = Hyphens(line.text for line in lines)
        # Left and right pages may have other margins.
        self._margins = [
            _most_common(left for laid in layout.columns if laid.page % 2 == side for left in _lefts(laid))
            for side in (0, 1)
        ]
        self._lefts: dict[int, float] = {}
        self._listed: set[int] = set()
        # What is read with the page turned is a stream of its own.
        self._previous: dict[bool, _Group | None] = {False: None, True: None}
        self._notes: dict[tuple[int, str], list[Note]] = {}
        for note in _whole_notes(layout.notes):
            self._notes.setdefault((note.page, note.mark or ""), []).append(note)

    def written(self) -> BlockWriter:
        pieces = [piece for laid in self._layout.columns for piece in self._grouped(laid)]
        levels = self._levels([piece for piece in pieces if isinstance(piece, _Group) and piece.heading])
        table: list[TableRow] = []
        for piece in [*pieces, None]:
            if isinstance(piece, TableRow):
                if piece.is_first and table and not self._goes_on(table, piece):
                    self._write_table(table, levels)
                    table = []
                table.append(piece)
                continue
            if table:
                self._write_table(table, levels)
                table = []
            if piece is not None:
                self._write(piece, levels)
        for note in [note for notes in self._notes.values() for note in notes]:
            self._write_note(note)
        return self._writer

    # --- lines to groups ---------------------------------------------------------------------------------

    def _grouped(self, laid: Laid) -> Iterator[_Group | TableRow]:
        """Yield the groups that begin in a column; one of the column before may grow by its first lines."""
        group = None
        above = self._previous[laid.turned]
        if above is not None and id(above.last) in self._listed:
            self._list_contents(laid, 0)
        for place, piece in enumerate(laid.pieces):
            if isinstance(piece, TableRow):
                self._previous[laid.turned] = group = None
                yield piece
                continue
            if _CONTENTS.fullmatch(piece.text):
                self._list_contents(laid, place)
            if group is not None and self._belongs(group, piece):
                group.lines.append(piece)
                if len(group.lines) == 2:
                    group.body_left = piece.left
                continue
            before = self._previous[laid.turned]
            group = self._opened(piece, laid, before)
            if before is not None and before.laid is not laid and self._goes_on_from(before, group):
                before.go_on(piece, laid)
                group = before
            else:
                yield group
            self._previous[laid.turned] = group

    def _opened(self, line: Line, laid: Laid, before: _Group | None) -> _Group:
        """Return a group that begins with a line."""
        bullet = None if self._is_large(line) else _BULLET.match(line.text)
        marker = (bullet["mark"] or bullet["part"]) if bullet else ""
        group = _Group([line], laid, heading=self._looks_like_heading(line), marker=marker)
        group.first_left, group.body_left = line.left, _text_left(line)
        if id(line) in self._listed:
            group.heading, group.marker = False, ""
        if before is not None and before.laid is laid:
            group.gap = 1 if line.y - before.last.y > _WIDE * self._distance(line) else 0
        return group

    def _list_contents(self, laid: Laid, start: int) -> None:
        """Note which lines from one on are a contents list, whose entries end with their pages."""
        end, without = start, 0
        for place, piece in enumerate(laid.pieces[start:], start):
            if isinstance(piece, Line) and _ends_with_page(piece, laid):
                end, without = place, 0
            elif place > start:
                without += 1
            if without > _MOST_WITHOUT_PAGE:
                break
        if end > start or _ends_with_page(laid.pieces[start], laid):
            self._listed.update(id(piece) for piece in laid.pieces[start : end + 1])

    def _belongs(self, group: _Group, line: Line) -> bool:
        """Whether a line goes on with the lines above it."""
        above = group.last
        if abs(line.size - above.size) > 0.7 or (line.bold != above.bold and (line.bold or group.heading)):
            return False
        usual = self._distance(line)
        if line.y - above.y > _WIDE * usual or line.y <= above.y:
            return False
        if _LABEL.fullmatch(above.text) and len(group.lines) == 1:
            return True
        if id(line) in self._listed:
            return not _ends_with_page(above, group.laid) and _CONTENTS.fullmatch(above.text) is None
        if group.heading:
            return self._looks_like_heading(line) and not (
                _LABELLED.match(line.text) or (_NUMBER.match(line.text) and self._may_open(group, line))
            )
        if _BULLET.match(line.text) and not self._is_dash_within(group, line):
            return False
        if _NUMBER.match(line.text) and self._may_open(group, line):
            return False
        if len(group.lines) > 1 and abs(line.left - group.body_left) > 1.6 * line.size:
            return False
        if len(group.lines) == 1 and line.left - above.left > 4 * line.size:
            return False
        return not self._was_broken_off(group, line)

    def _is_dash_within(self, group: _Group, line: Line) -> bool:
        """Whether a line begins with a dash of the sentence above it."""
        return (
            line.text[0] in "-–—"
            and not group.last.text.rstrip(_CLOSERS).endswith(_ENDS)
            and (abs(line.left - group.body_left) < 2)
        )

    def _may_open(self, group: _Group, line: Line) -> bool:
        """Whether a line that begins with a number may open a paragraph: it stands out from what is above."""
        stands_out = line.left < group.body_left - 4
        own_hang = _text_left(line) - line.left > 0.9 * line.size and abs(line.left - group.first_left) < 3
        apart = line.y - group.last.y > 1.12 * self._distance(line)
        numbered = _NUMBER.match(group.first.text) is not None and abs(line.left - group.first_left) < 3
        hangs = group.body_left > group.first_left + 4
        return (
            stands_out
            or (own_hang and (apart or numbered))
            or (apart and not hangs)
            or (numbered and not hangs and self._was_broken_off(group, line))
        )

    def _was_broken_off(self, group: _Group, line: Line) -> bool:
        """Whether the line above ends early: the first word below would have had room on it."""
        above = group.last
        letters = max(1, len(line.text))
        first_word = (line.right - line.left) / letters * (len(line.text.split(" ", 1)[0]) + 1)
        room = group.laid.right - above.right - first_word
        if above.text.rstrip(_CLOSERS).endswith(_ENDS):
            return room > 1.5 * line.size
        return room > 6 * line.size and (line.text[0].isupper() or line.text[0].isdigit())

    def _goes_on_from(self, before: _Group, group: _Group) -> bool:
        """Whether a group goes on with the one before it, on the page or in the column before."""
        line, above = group.first, before.last
        if group.marker or group.heading or before.heading or id(line) in self._listed:
            return False
        if abs(line.size - above.size) > 0.7 or line.bold != above.bold:
            return False
        hangs = before.body_left > before.first_left + 4
        left = line.left - self._shift(before.laid, group.laid)
        if _NUMBER.match(line.text) and (not hangs or left < before.body_left - 4):
            return False
        if line.text[0].islower():
            return True
        ended = above.text.rstrip(_CLOSERS).endswith(_ENDS)
        if not ended and len(before.lines) + len(group.lines) > 2:
            return True
        same_indent = abs(left - before.body_left) < 3
        return same_indent and not self._was_broken_off(before, line)

    def _shift(self, before: Laid, after: Laid) -> float:
        """Return how much further to the right lines begin in a column or page than in the one before."""
        apart = self._usual_left(after) - self._usual_left(before)
        if abs(apart) > _COLUMNS_APART:
            return apart
        margins = self._margins
        return margins[after.page % 2] - margins[before.page % 2] if before.page != after.page else 0.0

    def _usual_left(self, laid: Laid) -> float:
        if id(laid) not in self._lefts:
            self._lefts[id(laid)] = _most_common(_lefts(laid))
        return self._lefts[id(laid)]

    def _looks_like_heading(self, line: Line) -> bool:
        text = line.text
        return (
            (self._is_large(line) or line.bold)
            and any(letter.isalpha() for letter in text)
            and (self._is_large(line) or not text.endswith((";", ",", ".")))
            and _BULLET.match(text) is None
        )

    def _is_large(self, line: Line) -> bool:
        return line.size > self._layout.size + _LARGER

    def _distance(self, line: Line) -> float:
        """Return the usual distance between two lines of such a size."""
        size = round(line.size)
        return self._leading.get(size, _LEADING * line.size)

    # --- groups to blocks --------------------------------------------------------------------------------

    def _levels(self, headings: Sequence[_Group]) -> dict[tuple[float, bool], int]:
        """Return the level of each look that headings have: the larger the higher, bold before plain."""
        looks: Counter[tuple[float, bool]] = Counter(_look(group.first) for group in headings)
        ordered = sorted(looks, key=lambda look: (-look[0], not look[1]))
        levels: dict[tuple[float, bool], int] = {}
        level = 0
        for before, look in pairwise([None, *ordered]):
            assert look is not None
            if before is None or abs(before[0] - look[0]) > 0.6 or before[1] != look[1]:
                level += 1
            levels[look] = level
        return levels

    def _write(self, group: _Group, levels: dict[tuple[float, bool], int]) -> None:
        text, emphasis, calls = self._text(group.lines)
        level = 0
        is_heading = group.heading and len(text.split()) <= _LONGEST_HEADING
        if is_heading:
            level, emphasis = levels[_look(group.first)], []
        form = Form.TEXT
        marker = ""
        bullet = _BULLET.match(text) if group.marker else None
        if bullet and not is_heading:
            form, marker = Form.ITEM, group.marker
            text = text[bullet.end() :]
            emphasis = _moved(emphasis, -bullet.end())
        if self._in_contents_entry(group):
            text = _DOTS.sub(" ", text)
            emphasis = []
        page = self._layout.pages[group.first.page]
        self._writer.add(
            form,
            text,
            emphasis=emphasis,
            gap=group.gap,
            marker="•" if marker and "\ue000" <= marker[0] <= "\uf8ff" else marker,
            level=None if form is Form.ITEM else level,
            page=page,
            indent=group.first.left,
            calls=tuple(calls),
        )
        self._write_called(calls, group.lines)

    def _in_contents_entry(self, group: _Group) -> bool:
        return _DOTS.search(group.last.text) is not None and _ends_with_page(group.last, group.laid)

    def _text(self, lines: Sequence[Line]) -> tuple[str, list[Emphasis], list[str]]:
        """Return the words of lines, broken words joined, what is emphasised, and the footnotes called."""
        done: list[str] = []
        last, length = "", 0
        emphasis: list[Emphasis] = []
        calls: list[str] = []
        for line in lines:
            words, stretches, called = self._line_text(line)
            calls += called
            joined = self._hyphens.joined(last, words) if last else words
            before = joined.removesuffix(words)
            done.append(before)
            length += len(before)
            last = words
            emphasis += _moved(stretches, length)
        return "".join([*done, last]), _joined(emphasis), calls

    def _line_text(self, line: Line) -> tuple[str, list[Emphasis], list[str]]:
        """Return the words of a line; a raised mark that calls no footnote is one of its words."""
        pieces: list[str] = []
        emphasis: list[Emphasis] = []
        calls: list[str] = []
        length = 0
        for segment in line.segments:
            if pieces:
                pieces.append(" ")
                length += 1
            kept: list[tuple[int, str]] = []
            for place, mark in segment.marks:
                if self._is_called(line.page, mark):
                    calls += re.split(r",\s?", mark)
                else:
                    kept.append((place, mark))
            pieces.append(_with_marks(segment.text, kept))
            for style, stretches in (("strong", segment.strong), ("em", segment.slanted)):
                for start, end in stretches:
                    # Marks that are words move what stands behind them.
                    before = sum(len(mark) for place, mark in kept if place <= start)
                    within = sum(len(mark) for place, mark in kept if start < place < end)
                    moved = length + before
                    emphasis.append(Emphasis(start + moved, end + moved + within, style))
            length += len(pieces[-1])
        return "".join(pieces), sorted(emphasis), calls

    def _is_called(self, page: int, mark: str) -> bool:
        return all((page, each) in self._notes for each in re.split(r",\s?", mark))

    def _write_called(self, calls: Sequence[str], lines: Sequence[Line]) -> None:
        """Write the footnotes that lines call, once."""
        for mark in calls:
            for page in dict.fromkeys(line.page for line in lines):
                for note in self._notes.pop((page, mark), []):
                    self._write_note(note)

    def _write_note(self, note: Note) -> None:
        text, emphasis, _ = self._text(note.lines)
        mark = note.mark or ""
        opening = re.match(rf"{re.escape(mark)}\s+", text) if mark and not note.lines[0].mark else None
        cut = opening.end() if opening else 0
        self._writer.add(
            Form.NOTE,
            text[cut:],
            emphasis=_moved(emphasis, -cut),
            marker=mark,
            page=self._layout.pages[note.page],
            indent=note.lines[0].left,
        )

    # --- tables ------------------------------------------------------------------------------------------

    def _goes_on(self, table: Sequence[TableRow], row: TableRow) -> bool:
        """Whether a row goes on with a table of the page before."""
        return row.page == table[-1].page + 1 and len(row.cells) == len(table[-1].cells)

    def _write_table(self, rows: Sequence[TableRow], levels: dict[tuple[float, bool], int]) -> None:
        written: list[list[str]] = []
        for place, row in enumerate(rows):
            read = [self._text(cell) for cell in row.cells]
            cells = [text for text, _, _ in read]
            if place and row.is_first and cells == written[0]:
                continue  # the heads again, on the next page
            page = self._layout.pages[row.page]
            lines = [line for cell in row.cells for line in cell]
            if len(rows) == 1 and (level := self._level_of_row(row, levels)):
                self._writer.add(
                    Form.TEXT, cells[0], gap=2, level=level, page=page, indent=row.cells[0][0].left
                )
            written.append(cells)
            calls = [mark for _, _, called in read for mark in called]
            self._writer.add_row(
                cells,
                gap=0 if place else 2,
                page=page,
                indent=lines[0].left,
                calls=tuple(calls),
            )
            self._write_called(calls, lines)

    def _level_of_row(self, row: TableRow, levels: dict[tuple[float, bool], int]) -> int | None:
        """Return the level of the heading that a table of one row is: its title beside its grade."""
        title, *rest = row.cells
        if not title or not any(rest) or not all(line.bold or self._is_large(line) for line in title):
            return None
        if max(len(line.text) for cell in rest for line in cell) > _LONGEST_GRADE:
            return None
        look = _look(title[0])
        if not self._is_large(title[0]):
            # A bold title in a frame stands over the bold titles outside of frames.
            return max(1, levels.get(look, max(levels.values(), default=0) + 1) - 1)
        nearest = min(levels, key=lambda each: abs(each[0] - look[0]), default=None)
        return levels.get(look) or (levels[nearest] if nearest else 1)


def _whole_notes(notes: Sequence[Note]) -> list[Note]:
    """Return the footnotes, those that go on over a page as one."""
    whole: list[Note] = []
    for note in notes:
        if note.mark is None and whole and whole[-1].page == note.page - 1:
            whole[-1].lines += note.lines
        else:
            whole.append(note)
    return whole


def _leading(layout: Layout) -> dict[int, float]:
    """Return the usual distance between two lines of each letter size."""
    distances: dict[int, list[float]] = {}
    for laid in layout.columns:
        lines = [piece for piece in laid.pieces if isinstance(piece, Line)]
        for above, below in pairwise(lines):
            distance = below.y - above.y
            if abs(above.size - below.size) < 0.3 and 0.9 < distance / below.size < 1.8:
                distances.setdefault(round(below.size), []).append(distance)
    # Lines of one paragraph are the nearest to each other; where most stand alone, still a quarter are.
    return {size: quantiles(each, n=4)[0] for size, each in distances.items() if len(each) >= 5}


def _lefts(laid: Laid) -> Iterator[float]:
    """Yield where the words of each line begin."""
    return (_text_left(piece) for piece in laid.pieces if isinstance(piece, Line))


def _most_common(places: Iterable[float]) -> float:
    counted = Counter(round(place) for place in places)
    return float(counted.most_common(1)[0][0]) if counted else 0.0


def _look(line: Line) -> tuple[float, bool]:
    return round(line.size * 2) / 2, line.bold


def _text_left(line: Line) -> float:
    """Return where the words of a line begin, after its number or bullet."""
    if len(line.segments) > 1 and re.fullmatch(rf"{_NUMBER.pattern}|\S", line.segments[0].text):
        return line.segments[1].left
    match = _NUMBER.match(line.text) or _BULLET.match(line.text)
    if match is None:
        return line.left
    first = line.segments[0]
    return first.left + (first.right - first.left) * match.end() / max(1, len(first.text))


def _ends_with_page(line: Line | TableRow, laid: Laid) -> bool:
    """Whether a line of a contents list ends with a page number, apart from its words or at the margin."""
    if isinstance(line, TableRow) or _PAGE_AT_END.fullmatch(line.text.split()[-1]) is None:
        return False
    apart = len(line.segments) > 1 or _DOTS.search(line.text) is not None
    return apart or (line.right > laid.right - line.size and " " in line.text)


def _with_marks(text: str, marks: Sequence[tuple[int, str]]) -> str:
    """Return a text with marks put in at their places."""
    for place, mark in reversed(marks):
        text = text[:place] + mark + text[place:]
    return text


def _moved(emphasis: Sequence[Emphasis], by: int) -> list[Emphasis]:
    return [Emphasis(max(0, e.start + by), e.end + by, e.style) for e in emphasis if e.end + by > 0]


def _joined(emphasis: Sequence[Emphasis]) -> list[Emphasis]:
    """Return emphasised stretches, those that only a line end parts as one."""
    joined: list[Emphasis] = []
    for style in ("em", "strong"):
        own = sorted(each for each in emphasis if each.style == style)
        for each in own:
            if joined and joined[-1].style == style and each.start <= joined[-1].end + 1:
                joined[-1] = Emphasis(joined[-1].start, max(joined[-1].end, each.end), style)
            else:
                joined.append(each)
    return sorted(joined)
