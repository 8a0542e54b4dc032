"""The only door to PDFium: the glyphs and the ruled lines of a page, and pictures of pages.

Coordinates are points from the upper left corner of the page as it is shown: x to the right, y downwards.
"""

from __future__ import annotations

import ctypes
import math
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from qa.errors import CorpusError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ONE_AT_A_TIME = threading.RLock()
"""PDFium may be used by one thread at a time."""

_THIN = 3.0
"""A filled rectangle no wider than this is a ruled line, in points."""

_BOLD_FROM = 600
_BOLD_NAMES = ("bold", "black", "heavy", "semibold", "demi")
_ITALIC_NAMES = ("italic", "oblique")
_ITALIC_FLAG = 1 << 6
_INVISIBLE = {3, 7}
"""Ways to set text that leave no mark: none, and as the edge of what is drawn after it."""

_PALE = 235
_SMALLEST = 1.5
_LARGEST = 1_000.0
"""Letters smaller or larger than this cannot be read, in points."""

_MOST_GLYPHS = 400_000
"""More characters than this on a page are a drawing, or meant to do harm."""

_FAR = 1e9
_LEVEL = 5.0
"""Text turned by no more degrees than this is level: its page lay askew on the scanner."""

_STRAIGHT = 0.1
_WIDEST_PICTURE = 5_000.0
"""No picture of a page is made wider or higher than this, in pixels."""


class Glyph(NamedTuple):
    """A character where it is printed: from `left` to `right` on its baseline, which is at `y`."""

    text: str
    left: float
    right: float
    y: float
    size: float
    bold: bool
    italic: bool


class Rule(NamedTuple):
    """A line drawn from left to right or from top to bottom."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def is_level(self) -> bool:
        """Whether it goes from left to right."""
        return self.right - self.left >= self.bottom - self.top


@dataclass(frozen=True, slots=True)
class PrintedPage:
    """What is printed on a page.

    `turned` are glyphs that do not read from left to right as the page is held, for each of their angles, as
    if the page were turned so that they do. `hidden` is what stands in the file but does not show.
    """

    number: int
    label: str | None
    width: float
    height: float
    glyphs: tuple[Glyph, ...]
    turned: tuple[tuple[Glyph, ...], ...]
    hidden: str
    rules: tuple[Rule, ...]


class PdfFile:
    """A PDF file, open; its pages are read one at a time.

    Raises
    ------
    CorpusError
        If it cannot be opened; the sentence follows the name of the file.
    """

    def __init__(self, data: bytes) -> None:
        import pypdfium2

        with _ONE_AT_A_TIME:
            try:
                self._file = pypdfium2.PdfDocument(data)
            except pypdfium2.PdfiumError as error:
                raise _refused(error) from error
            self._count = len(self._file)
        # A page takes more than a byte, even one of a file that says it has a milliard of them.
        if not 0 < self._count <= len(data):
            self.__exit__()
            raise CorpusError("holds no page that can be read; fetch it again")

    def __enter__(self) -> PdfFile:
        return self

    def __exit__(self, *_: object) -> None:
        with _ONE_AT_A_TIME:
            self._file.close()

    def __len__(self) -> int:
        return self._count

    def page(self, number: int) -> PrintedPage | None:
        """Return what is printed on a page, counted from 1; none if the page is damaged."""
        with _ONE_AT_A_TIME, self._opened(number) as page:
            return None if page is None else _Reading(self._file, page, number).printed()
        return None

    def picture(self, number: int, *, width: int) -> NDArray[np.uint8] | None:
        """Return a picture of a page so many pixels wide, shape ``(height, width, 3)``; none if damaged."""
        with _ONE_AT_A_TIME, self._opened(number) as page:
            return None if page is None else _picture(page, width / max(page.get_width(), 1.0))
        return None

    @contextmanager
    def _opened(self, number: int) -> Iterator[Any]:
        import pypdfium2

        try:
            page = self._file[number - 1]
        except pypdfium2.PdfiumError:
            yield None
            return
        try:
            yield page
        except pypdfium2.PdfiumError:
            return  # The page opens, but what is on it cannot be read.
        finally:
            page.close()


class _Reading:
    """One page being read."""

    def __init__(self, file: Any, page: Any, number: int) -> None:
        import pypdfium2.raw as raw

        self._raw = raw
        self._file = file
        self._page = page
        self._number = number
        self._left, self._bottom, self._right, self._top = page.get_bbox()
        self._rotation = page.get_rotation()
        width, height = self._right - self._left, self._top - self._bottom
        self._size = (height, width) if self._rotation in {90, 270} else (width, height)

    def printed(self) -> PrintedPage:
        width, height = self._size
        by_angle, hidden = self._glyphs()
        return PrintedPage(
            number=self._number,
            label=self._file.get_page_label(self._number - 1) or None,
            width=width,
            height=height,
            glyphs=tuple(by_angle.pop(0, [])),
            turned=tuple(tuple(glyphs) for _, glyphs in sorted(by_angle.items())),
            hidden=" ".join(hidden.split()),
            rules=tuple(self._ruled()),
        )

    def _glyphs(self) -> tuple[dict[int, list[Glyph]], str]:
        """Return the glyphs that show, by the angle they are read at in degrees, and what does not show."""
        found: dict[int, list[Glyph]] = {}
        hidden: list[str] = []
        pale: list[_Pale] = []
        tilts: list[float] = []
        text_page = self._page.get_textpage()
        try:
            for letter in _Letters(self._raw, text_page.raw):
                if letter is None:
                    if hidden and hidden[-1] != " ":
                        hidden.append(" ")
                    continue
                tilt = self._tilt(letter)
                angle = 0 if abs(tilt) <= _LEVEL else round(tilt) % 360
                glyph = self._placed(letter, angle)
                if not letter.text or not _SMALLEST <= letter.size <= _LARGEST or not self._is_inside(letter):
                    hidden.append(letter.text)
                elif letter.mode in _INVISIBLE or letter.is_pale:
                    pale.append(_Pale(angle, glyph, letter.mode in _INVISIBLE, letter.box))
                else:
                    found.setdefault(angle, []).append(glyph)
                    tilts += [] if angle else [tilt]
        finally:
            text_page.close()
        some_show = any(glyph.text.strip() for glyphs in found.values() for glyph in glyphs)
        for angle, glyph in self._shown(pale, hidden, some_show=some_show):
            found.setdefault(angle, []).append(glyph)
        if tilts and abs(askew := median(tilts)) > _STRAIGHT:
            found[0] = [_held_level(glyph, askew) for glyph in found[0]]
        return found, "".join(hidden)

    def _shown(
        self, pale: Sequence[_Pale], hidden: list[str], *, some_show: bool
    ) -> Iterator[tuple[int, Glyph]]:
        """Yield those glyphs that can be read all the same: white on dark, or the text of a scanned page."""
        picture = None
        shows = False
        for angle, glyph, invisible, box in pale:
            if invisible:
                shows = not some_show
            elif glyph.text.strip():
                if picture is None:
                    picture = _picture(self._page, 1.0)
                shows = self._has_contrast(picture, box)
            # A space shows if the letter before it does.
            if shows:
                yield angle, glyph
            else:
                hidden.append(glyph.text)

    def _has_contrast(self, picture: NDArray[np.uint8], box: _Box) -> bool:
        corners = [self._turned(box.left, box.bottom), self._turned(box.right, box.top)]
        # A very large page is drawn smaller.
        scale = picture.shape[0] / max(self._size[1], 1.0)
        (x0, x1), (y0, y1) = (sorted(int(corner[axis] * scale) for corner in corners) for axis in (0, 1))
        around = picture[max(0, y0 - 1) : max(0, y1 + 2), max(0, x0 - 1) : max(0, x1 + 2)]
        return around.size > 0 and int(around.min()) < _PALE - 40

    def _placed(self, letter: _Letter, angle: int) -> Glyph:
        """Return a glyph where it begins and ends on its line, and where its baseline is."""
        box = letter.box
        origin_x, baseline = _held_upright(*self._turned(letter.x, letter.y), angle)
        ends = [
            _held_upright(*self._turned(*corner), angle)[0]
            for corner in ((box.left, box.bottom), (box.right, box.top))
        ]
        left = min(origin_x, *ends) if angle else min(ends)
        return Glyph(letter.text, left, max(ends), baseline, letter.size, letter.bold, letter.italic)

    def _turned(self, x: float, y: float) -> tuple[float, float]:
        """Return a place of the page as it is shown, from its upper left corner."""
        x, y = x - self._left, y - self._bottom
        width, height = self._right - self._left, self._top - self._bottom
        if self._rotation == 90:
            return y, x
        if self._rotation == 180:
            return width - x, y
        if self._rotation == 270:
            return height - y, width - x
        return x, height - y

    def _tilt(self, letter: _Letter) -> float:
        """Return how far a letter is turned as the page is shown, in degrees, -180 to 180."""
        return float((letter.angle - self._rotation + 180) % 360 - 180)

    def _is_inside(self, letter: _Letter) -> bool:
        return bool(
            self._left - 1 <= letter.x <= self._right + 1 and self._bottom - 1 <= letter.y <= self._top + 1
        )

    def _ruled(self) -> Iterator[Rule]:
        """Yield the ruled lines of the page."""
        for item in self._page.get_objects(filter=[self._raw.FPDF_PAGEOBJ_PATH], max_depth=2):
            matrix = item.get_matrix()
            if item.container is not None:
                matrix = matrix.multiply(item.container.get_matrix())
            yield from filter(None, map(self._cut, self._rules(item.raw, matrix)))

    def _cut(self, rule: Rule) -> Rule | None:
        """Return what is on the page of a ruled line; none if nothing is."""
        width, height = self._size
        cut = Rule(max(rule.left, 0.0), max(rule.top, 0.0), min(rule.right, width), min(rule.bottom, height))
        return cut if cut.left <= cut.right and cut.top <= cut.bottom else None

    def _rules(self, path: Any, matrix: Any) -> Iterator[Rule]:
        raw = self._raw
        fill, stroke = ctypes.c_int(), ctypes.c_int()
        raw.FPDFPath_GetDrawMode(path, fill, stroke)
        for outline in self._outlines(path, matrix):
            xs, ys = [x for x, _ in outline], [y for _, y in outline]
            left, right, top, bottom = min(xs), max(xs), min(ys), max(ys)
            if min(right - left, bottom - top) <= _THIN:
                if fill.value or stroke.value:
                    yield Rule(left, top, right, bottom)
            elif stroke.value and len(outline) >= 4:
                yield Rule(left, top, right, top)
                yield Rule(left, bottom, right, bottom)
                yield Rule(left, top, left, bottom)
                yield Rule(right, top, right, bottom)

    def _outlines(self, path: Any, matrix: Any) -> Iterator[list[tuple[float, float]]]:
        """Yield the straight outlines of a path as places on the page."""
        raw = self._raw
        x, y = ctypes.c_float(), ctypes.c_float()
        points: list[tuple[float, float]] = []
        for index in range(min(raw.FPDFPath_CountSegments(path), 5_000)):
            segment = raw.FPDFPath_GetPathSegment(path, index)
            kind = raw.FPDFPathSegment_GetType(segment)
            raw.FPDFPathSegment_GetPoint(segment, x, y)
            place = (
                matrix.a * x.value + matrix.c * y.value + matrix.e,
                matrix.b * x.value + matrix.d * y.value + matrix.f,
            )
            if kind == raw.FPDF_SEGMENT_MOVETO:
                if len(points) > 1:
                    yield points
                points = [self._turned(*place)]
            elif kind == raw.FPDF_SEGMENT_LINETO:
                points.append(self._turned(*place))
            else:
                points = []
        if len(points) > 1:
            yield points


class _Box(NamedTuple):
    """The space a letter takes, in the file's own coordinates."""

    left: float
    bottom: float
    right: float
    top: float


class _Letter(NamedTuple):
    """A character as PDFium tells of it, in the file's coordinates; `text` is empty if it shows nothing."""

    text: str
    x: float
    y: float
    box: _Box
    size: float
    angle: float
    bold: bool
    italic: bool
    mode: int
    is_pale: bool


class _Pale(NamedTuple):
    """A glyph that may not show, and whether it is invisible of itself or only as pale as paper."""

    angle: int
    glyph: Glyph
    invisible: bool
    box: _Box


class _Letters:
    """The letters of a page; none for a space or line end that PDFium puts between them."""

    def __init__(self, raw: Any, text: Any) -> None:
        self._raw, self._text = raw, text
        self._box, self._matrix = raw.FS_RECTF(), raw.FS_MATRIX()
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self._name, self._flags = ctypes.create_string_buffer(256), ctypes.c_int()
        self._colour = [ctypes.c_uint() for _ in range(4)]
        self._styles: dict[tuple[bytes, int, int], tuple[bool, bool]] = {}

    def __iter__(self) -> Iterator[_Letter | None]:
        raw, text = self._raw, self._text
        for index in range(min(raw.FPDFText_CountChars(text), _MOST_GLYPHS)):
            yield None if raw.FPDFText_IsGenerated(text, index) == 1 else self._letter(index)

    def _letter(self, index: int) -> _Letter:
        raw, text, box, matrix = self._raw, self._text, self._box, self._matrix
        raw.FPDFText_GetLooseCharBox(text, index, box)
        raw.FPDFText_GetCharOrigin(text, index, self._x, self._y)
        raw.FPDFText_GetMatrix(text, index, matrix)
        raw.FPDFText_GetFillColor(text, index, *self._colour)
        x, y = self._x.value, self._y.value
        size = raw.FPDFText_GetFontSize(text, index) * math.hypot(matrix.c, matrix.d)
        character = _character(raw.FPDFText_GetUnicode(text, index))
        # What is nowhere, or endlessly large, cannot be placed among the rest.
        if not math.isfinite(
            x + y + box.left + box.right + box.top + box.bottom + matrix.a + matrix.b + size
        ):
            return _Letter(character, -_FAR, -_FAR, _Box(0, 0, 0, 0), 0, 0, False, False, 0, False)
        *rgb, alpha = (each.value for each in self._colour)
        return _Letter(
            character,
            x,
            y,
            _Box(box.left, box.bottom, box.right, box.top),
            size,
            math.degrees(math.atan2(matrix.b, matrix.a)),
            *self._style(index),
            raw.FPDFTextObj_GetTextRenderMode(raw.FPDFText_GetTextObject(text, index)),
            min(rgb) >= _PALE or alpha < 20,
        )

    def _style(self, index: int) -> tuple[bool, bool]:
        raw, name = self._raw, self._name
        length = raw.FPDFText_GetFontInfo(self._text, index, name, len(name), self._flags)
        weight = raw.FPDFText_GetFontWeight(self._text, index)
        key = (name.raw[: max(0, min(length, len(name)) - 1)], self._flags.value, weight)
        if key not in self._styles:
            self._styles[key] = _style(*key)
        return self._styles[key]


def _character(code: int) -> str:
    """Return what a character code shows; a sign that steers a terminal shows nothing."""
    # A hyphen at the end of a line, as PDFium marks it.
    if code in {0xFFFE, 0x02}:
        return "-"
    character = chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else ""
    return (
        " " if character.isspace() else "" if unicodedata.category(character or "\0") == "Cc" else character
    )


def _style(name: bytes, flags: int, weight: int) -> tuple[bool, bool]:
    """Return whether a font is bold and whether it is italic."""
    font = name.decode("utf-8", errors="replace").casefold()
    bold = weight >= _BOLD_FROM or any(each in font for each in _BOLD_NAMES)
    return bold, bool(flags & _ITALIC_FLAG) or any(each in font for each in _ITALIC_NAMES)


def _held_upright(x: float, y: float, angle: float) -> tuple[float, float]:
    """Return a place after the page is turned so that what is read at an angle is read upright."""
    if not angle:
        return x, y
    turn = math.radians(angle)
    return x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)


def _held_level(glyph: Glyph, askew: float) -> Glyph:
    """Return a glyph where it would be if the page were not turned by so many degrees."""
    left, y = _held_upright(glyph.left, glyph.y, askew)
    return glyph._replace(left=left, right=left + glyph.right - glyph.left, y=y)


def _picture(page: Any, scale: float) -> NDArray[np.uint8]:
    scale = min(scale, _WIDEST_PICTURE / max(page.get_width(), page.get_height(), 1.0))
    bitmap = page.render(scale=scale, draw_annots=False, rev_byteorder=True)
    try:
        return np.array(bitmap.to_numpy()[:, :, :3], dtype=np.uint8)
    finally:
        bitmap.close()


def _refused(error: Exception) -> CorpusError:
    said = str(error).casefold()
    if "password" in said or "security" in said:
        return CorpusError("is encrypted; save it without a password and add that")
    return CorpusError("is no whole PDF file (damaged or cut short); fetch it again")
