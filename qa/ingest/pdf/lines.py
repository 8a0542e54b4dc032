"""Glyphs to lines: words parted, small raised marks told apart, and what stands side by side kept apart."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from qa.ingest.pdf.pdfium import Glyph

_WORD_GAP = 0.17
"""A gap wider than this share of the letter size parts two words, whether a space is printed or not."""

_SEGMENT_GAP = 1.1
"""A gap wider than this share of the letter size parts two pieces of a line: columns, number and text."""

_RAISED_SIZE = 0.82
"""A letter smaller than this share of its line's, and above the baseline, is a raised one."""

_SMALLEST_BESIDE = 0.4
"""What is smaller than this share of a letter is not beside it: that is a watermark or an initial."""

_STEP = 4.0
"""Lines are looked for by their height in steps of so many points."""

_LIGATURES = str.maketrans(
    {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}
    | {0xA0: " ", 0x2011: "-", 0x91: "‘", 0x92: "’", 0x93: "“", 0x94: "”", 0x95: "•", 0x96: "–", 0x97: "—"}
    | {0x85: "…", 0x2010: "-"}
)
_TOUCHING_NUMBER = re.compile(r"\d{1,3}\.(?=[A-Z“‘\"'(])")
_MARK = re.compile(r"(?:\d{1,3}|[*†‡§]{1,3}|[a-z])(?:,\s?\d{1,3})*")


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a line, set in one stretch.

    `marks` are raised numbers and signs that may call a footnote, each with the place in `text` it stands at;
    they are not in `text`. `strong` and `slanted` are stretches of `text`.
    """

    text: str
    left: float
    right: float
    size: float
    bold: bool
    marks: tuple[tuple[int, str], ...] = ()
    strong: tuple[tuple[int, int], ...] = ()
    slanted: tuple[tuple[int, int], ...] = ()


@dataclass(slots=True)
class Line:
    """A line of a page or of a column; `y` is its baseline, `mark` a raised mark that it begins with."""

    segments: list[Segment]
    y: float
    page: int
    mark: str = ""

    @property
    def left(self) -> float:
        """Where it begins."""
        return self.segments[0].left

    @property
    def right(self) -> float:
        """Where it ends."""
        return self.segments[-1].right

    @property
    def size(self) -> float:
        """The letter size of most of it."""
        return max(self.segments, key=lambda each: len(each.text)).size

    @property
    def bold(self) -> bool:
        """Whether all of it is bold."""
        return all(each.bold for each in self.segments)

    @property
    def text(self) -> str:
        """Its words."""
        return " ".join(each.text for each in self.segments)


def lines_of(glyphs: Iterable[Glyph], *, page: int) -> list[Line]:
    """Return the lines of glyphs that are read from left to right, from the top; those of columns as one."""
    runs = list(_runs(glyphs))
    rows: list[list[_Run]] = []
    at_height: dict[int, list[list[_Run]]] = {}
    for run in sorted(runs, key=lambda each: (-each.size, each.y, each.left)):
        near = [row for row in at_height.get(int(run.y // _STEP), ()) if _is_beside(row[0], run)]
        if near:
            min(near, key=lambda row: abs(row[0].y - run.y)).append(run)
        else:
            rows.append([run])
            first, last = (int((run.y + side * 0.5 * run.size) // _STEP) for side in (-1, 1))
            for height in range(first, last + 1):
                at_height.setdefault(height, []).append(rows[-1])
    lines = [line for row in rows if (line := _line(row, page)) is not None]
    return sorted(lines, key=lambda line: (line.y, line.left))


@dataclass(slots=True)
class _Run:
    """Glyphs of one style that follow each other; whether white space stood before and after them."""

    glyphs: list[Glyph]
    spaced: tuple[bool, bool] = (False, False)

    @property
    def left(self) -> float:
        return min(self.glyphs[0].left, self.glyphs[-1].left)

    @property
    def right(self) -> float:
        return max(self.glyphs[0].right, self.glyphs[-1].right)

    @property
    def y(self) -> float:
        return self.glyphs[0].y

    @property
    def size(self) -> float:
        return self.glyphs[0].size


def _runs(glyphs: Iterable[Glyph]) -> Iterator[_Run]:
    run: _Run | None = None
    for glyph in glyphs:
        if run is not None and _goes_on(run.glyphs[-1], glyph):
            run.glyphs.append(glyph)
            continue
        if run is not None and (shown := _trimmed(run)):
            yield shown
        run = _Run([glyph])
    if run is not None and (shown := _trimmed(run)):
        yield shown


def _goes_on(before: Glyph, glyph: Glyph) -> bool:
    same = (before.bold, before.italic) == (glyph.bold, glyph.italic) and abs(before.size - glyph.size) < 0.3
    gap = glyph.left - before.right
    if _is_leftwards(glyph.text) or _is_leftwards(before.text):
        gap = max(gap, before.left - glyph.right)
    near = -0.6 * glyph.size < gap < _SEGMENT_GAP * glyph.size
    return same and abs(before.y - glyph.y) < 0.12 * glyph.size and near


def _is_leftwards(text: str) -> bool:
    """Whether a letter is of a script that is read from right to left."""
    return text > "\u0590" and unicodedata.bidirectional(text[0]) in {"R", "AL"}


def _trimmed(run: _Run) -> _Run | None:
    """Return a run without white space at its ends; none if there is nothing else."""
    shown = [index for index, glyph in enumerate(run.glyphs) if glyph.text.strip()]
    if not shown:
        return None
    spaced = (shown[0] > 0, shown[-1] + 1 < len(run.glyphs))
    return _Run(run.glyphs[shown[0] : shown[-1] + 1], spaced)


def _is_beside(main: _Run, run: _Run) -> bool:
    """Whether a run stands on the line of another one at least as large: its letters overlap half of them."""
    if run.size < _SMALLEST_BESIDE * main.size:
        return False
    top, bottom = max(main.y - 0.7 * main.size, run.y - 0.7 * run.size), min(main.y, run.y)
    lowest = max(main.y, run.y) - min(main.y, run.y)
    return bottom - top > 0.5 * 0.7 * run.size and lowest < 0.5 * main.size


def _line(row: list[_Run], page: int) -> Line | None:
    """Return the runs of a row as a line: in segments, with the raised marks apart."""
    row = sorted(row, key=lambda run: (run.left, run.y))
    weight: dict[float, int] = {}
    for run in row:
        weight[run.size] = weight.get(run.size, 0) + len(run.glyphs)
    # Of two sizes on a line the text's is the larger one, unless that is a single ornament or initial.
    size = max(each for each in weight if weight[each] * 10 >= sum(weight.values()))
    plain = [run for run in row if run.size > _RAISED_SIZE * size]
    if not plain:
        return None
    baseline = median(run.y for run in plain for _ in run.glyphs)
    pieces: list[list[tuple[_Run, bool]]] = []
    before: _Run | None = None
    for run in row:
        raised = run.size <= _RAISED_SIZE * size and run.y < baseline - 0.15 * size
        if before is None or run.left - before.right > _SEGMENT_GAP * size:
            pieces.append([])
        pieces[-1].append((run, raised))
        before = run if before is None or run.right > before.right else before
    segments: list[Segment] = []
    mark = ""
    for piece in pieces:
        segment, opening = _segment(piece)
        if not segments and not mark:
            mark = opening
        if segment is not None:
            segments.append(segment)
    if not segments:
        return None
    segments[0] = _with_number_apart(segments[0])
    return Line(segments, baseline, page, mark)


def _with_number_apart(segment: Segment) -> Segment:
    """Return a segment with a space after a number that it begins with and that touches the words."""
    match = _TOUCHING_NUMBER.match(segment.text)
    if match is None:
        return segment
    at = match.end()
    return replace(
        segment,
        text=f"{segment.text[:at]} {segment.text[at:]}",
        marks=tuple((place + (place >= at), mark) for place, mark in segment.marks),
        strong=tuple((start + (start >= at), end + (end > at)) for start, end in segment.strong),
        slanted=tuple((start + (start >= at), end + (end > at)) for start, end in segment.slanted),
    )


def _segment(piece: Sequence[tuple[_Run, bool]]) -> tuple[Segment | None, str]:
    """Return a segment, and the raised mark it begins with."""
    text, opening = "", ""
    marks: list[tuple[int, str]] = []
    strong: list[tuple[int, int]] = []
    slanted: list[tuple[int, int]] = []
    before: _Run | None = None
    sizes: list[float] = []
    runs = [run for run, raised in piece if not raised] or [run for run, _ in piece]
    for run, raised in piece:
        words = _words(run.glyphs)
        if (
            before is not None
            and not text.endswith(" ")
            and (before.spaced[1] or run.spaced[0] or run.left - before.right > _WORD_GAP * run.size)
        ):
            text += " "
        before = run
        if raised and _MARK.fullmatch(words):
            if text or opening:
                marks.append((len(text.rstrip()), words))
            else:
                opening = words
            continue
        start = len(text)
        text += words
        sizes += [run.size] * len(words)
        if run.glyphs[0].bold:
            strong.append((start, len(text)))
        if run.glyphs[0].italic:
            slanted.append((start, len(text)))
    if not text.strip():
        return None, opening
    cut = len(text) - len(text.lstrip())
    text = text.strip()
    places = [(max(0, start - cut), min(end - cut, len(text))) for start, end in strong]
    slants = [(max(0, start - cut), min(end - cut, len(text))) for start, end in slanted]
    segment = Segment(
        text,
        min(run.left for run in runs),
        max(run.right for run in runs),
        median(sizes),
        bold=sum(end - start for start, end in places) * 10 >= 9 * len(text),
        marks=tuple((max(0, place - cut), mark) for place, mark in marks),
        strong=tuple(_merged(places)),
        slanted=tuple(_merged(slants)),
    )
    return segment, opening


def _words(glyphs: Sequence[Glyph]) -> str:
    pieces = [glyphs[0].text]
    for before, glyph in pairwise(glyphs):
        gap = max(glyph.left - before.right, before.left - glyph.right)
        if gap > _WORD_GAP * glyph.size and glyph.text.strip() and before.text.strip():
            pieces.append(" ")
        pieces.append(glyph.text)
    text = "".join(pieces).translate(_LIGATURES)
    lead = " " if text[:1].isspace() else ""
    return lead + " ".join(text.split()) + (" " if text[-1:].isspace() and text.strip() else "")


def _merged(places: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield stretches in order, those that touch each other as one."""
    open_: tuple[int, int] | None = None
    for start, end in places:
        if end <= start:
            continue
        if open_ is not None and start <= open_[1] + 1:
            open_ = (open_[0], max(open_[1], end))
            continue
        if open_ is not None:
            yield open_
        open_ = (start, end)
    if open_ is not None:
        yield open_
