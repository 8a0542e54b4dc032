"""The only door to PDFium: the glyphs and the ruled lines of a page, and pictures of pages.

Coordinates are points from the upper left corner of the page as it is shown: x to the right, y downwards.
"""

from __future__ import annotations

import ctypes
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
_INVISIBLE = 3
_PALE = 235
_SMALLEST = 1.5
"""Letters smaller than this cannot be read, in points."""


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
    has_pictures: bool


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
        if not self._count:
            raise CorpusError("holds no page that can be read; fetch it again")

    def __enter__(self) -> PdfFile:
        return self

    def __exit__(self, *_: object) -> None:
        with _ONE_AT_A_TIME:
            self._file.close()

    def __len__(self) -> int:
        return self._count

    def title(self) -> str:
        """Return the title in the file's properties; often it is empty or that of a template."""
        with _ONE_AT_A_TIME:
            return str(self._file.get_metadata_value("Title"))

    def page(self, number: int) -> PrintedPage | None:
        """Return what is printed on a page, counted from 1; none if the page is damaged."""
        with _ONE_AT_A_TIME, self._opened(number) as page:
            return None if page is None else _Reading(self._file, page, number).printed()

    def picture(self, number: int, *, width: int) -> NDArray[np.uint8] | None:
        """Return a picture of a page so many pixels wide, shape ``(height, width, 3)``; none if damaged."""
        with _ONE_AT_A_TIME, self._opened(number) as page:
            return None if page is None else _picture(page, width / max(page.get_width(), 1.0))

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

    def printed(self) -> PrintedPage:
        width, height = self._right - self._left, self._top - self._bottom
        if self._rotation in {90, 270}:
            width, height = height, width
        by_angle, hidden = self._glyphs()
        rules, has_pictures = self._objects()
        return PrintedPage(
            number=self._number,
            label=self._file.get_page_label(self._number - 1) or None,
            width=width,
            height=height,
            glyphs=tuple(by_angle.pop(0, [])),
            turned=tuple(tuple(glyphs) for _, glyphs in sorted(by_angle.items())),
            hidden=" ".join(hidden.split()),
            rules=tuple(rules),
            has_pictures=has_pictures,
        )

    def _glyphs(self) -> tuple[dict[int, list[Glyph]], str]:
        """Return the glyphs that show, by the angle they are read at in degrees, and what does not show."""
        raw = self._raw
        found: dict[int, list[Glyph]] = {}
        hidden: list[str] = []
        pale: list[tuple[int, Glyph, bool, tuple[float, ...]]] = []
        text_page = self._page.get_textpage()
        text = text_page.raw
        box, x, y = raw.FS_RECTF(), ctypes.c_double(), ctypes.c_double()
        name, flags = ctypes.create_string_buffer(256), ctypes.c_int()
        colour = [ctypes.c_uint() for _ in range(4)]
        matrix = raw.FS_MATRIX()
        styles: dict[tuple[bytes, int, int], tuple[bool, bool]] = {}
        some_show = False
        try:
            for index in range(raw.FPDFText_CountChars(text)):
                if raw.FPDFText_IsGenerated(text, index) == 1:
                    continue
                character = _character(raw.FPDFText_GetUnicode(text, index))
                raw.FPDFText_GetLooseCharBox(text, index, box)
                raw.FPDFText_GetCharOrigin(text, index, x, y)
                raw.FPDFText_GetMatrix(text, index, matrix)
                size = raw.FPDFText_GetFontSize(text, index) * math.hypot(matrix.c, matrix.d)
                length = raw.FPDFText_GetFontInfo(text, index, name, len(name), flags)
                weight = raw.FPDFText_GetFontWeight(text, index)
                key = (name.raw[: max(0, min(length, len(name)) - 1)], flags.value, weight)
                if key not in styles:
                    styles[key] = _style(*key)
                angle = self._angle(matrix.a, matrix.b)
                left, right, baseline = self._placed(box, x.value, y.value, angle)
                glyph = Glyph(character, left, right, baseline, size, *styles[key])
                mode = raw.FPDFTextObj_GetTextRenderMode(raw.FPDFText_GetTextObject(text, index))
                outside = not self._is_inside(x.value, y.value)
                if outside or size < _SMALLEST or not character:
                    hidden.append(character if character != "\0" else "")
                    continue
                raw.FPDFText_GetFillColor(text, index, *colour)
                is_pale = min(each.value for each in colour[:3]) >= _PALE or colour[3].value < 20
                if mode == _INVISIBLE or (is_pale and character.strip()):
                    pale.append(
                        (angle, glyph, mode == _INVISIBLE, (box.left, box.bottom, box.right, box.top))
                    )
                    continue
                some_show = some_show or bool(character.strip())
                found.setdefault(angle, []).append(glyph)
        finally:
            text_page.close()
        for angle, glyph in self._shown(pale, hidden, some_show=some_show):
            found.setdefault(angle, []).append(glyph)
        return found, "".join(hidden)

    def _shown(
        self, pale: list[tuple[int, Glyph, bool, tuple[float, ...]]], hidden: list[str], *, some_show: bool
    ) -> Iterator[tuple[int, Glyph]]:
        """Yield those glyphs that can be read all the same: white on dark, or the text of a scanned page."""
        picture = None
        for angle, glyph, invisible, (left, bottom, right, top) in pale:
            if invisible:
                shows = not some_show
            else:
                if picture is None:
                    picture = _picture(self._page, 1.0)
                shows = self._has_contrast(picture, left, bottom, right, top)
            if shows:
                yield angle, glyph
            else:
                hidden.append(glyph.text)

    def _has_contrast(
        self, picture: NDArray[np.uint8], left: float, bottom: float, right: float, top: float
    ) -> bool:
        corners = [self._turned(left, bottom), self._turned(right, top)]
        (x0, x1), (y0, y1) = (sorted(int(corner[axis]) for corner in corners) for axis in (0, 1))
        around = picture[max(0, y0 - 1) : y1 + 2, max(0, x0 - 1) : x1 + 2]
        return around.size > 0 and int(around.min()) < _PALE - 40

    def _placed(self, box: Any, x: float, y: float, angle: int) -> tuple[float, float, float]:
        """Return where a glyph begins and ends on its line, and where its baseline is."""
        origin_x, baseline = _held_upright(*self._turned(x, y), angle)
        ends = [
            _held_upright(*self._turned(*corner), angle)[0]
            for corner in ((box.left, box.bottom), (box.right, box.top))
        ]
        return min(origin_x, *ends) if angle else min(ends), max(ends), baseline

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

    def _angle(self, a: float, b: float) -> int:
        """Return how far a glyph is turned as the page is shown, in whole degrees, 0 to 359."""
        return int(round(math.degrees(math.atan2(b, a)) - self._rotation) % 360)

    def _is_inside(self, x: float, y: float) -> bool:
        return bool(self._left - 1 <= x <= self._right + 1 and self._bottom - 1 <= y <= self._top + 1)

    def _objects(self) -> tuple[list[Rule], bool]:
        """Return the ruled lines of the page, and whether it has pictures."""
        raw, has_pictures = self._raw, False
        rules: list[Rule] = []
        for item in self._page.get_objects(max_depth=2):
            if item.type == raw.FPDF_PAGEOBJ_IMAGE:
                has_pictures = True
            elif item.type == raw.FPDF_PAGEOBJ_PATH:
                rules += self._rules(item.raw)
        return rules, has_pictures

    def _rules(self, path: Any) -> Iterator[Rule]:
        raw = self._raw
        fill, stroke = ctypes.c_int(), ctypes.c_int()
        raw.FPDFPath_GetDrawMode(path, fill, stroke)
        matrix = raw.FS_MATRIX()
        raw.FPDFPageObj_GetMatrix(path, matrix)
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


def _character(code: int) -> str:
    # A hyphen at the end of a line, as PDFium marks it.
    if code in {0xFFFE, 0x02}:
        return "-"
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else ""


def _style(name: bytes, flags: int, weight: int) -> tuple[bool, bool]:
    """Return whether a font is bold and whether it is italic."""
    font = name.decode("utf-8", errors="replace").casefold()
    bold = weight >= _BOLD_FROM or any(each in font for each in _BOLD_NAMES)
    return bold, bool(flags & _ITALIC_FLAG) or any(each in font for each in _ITALIC_NAMES)


def _held_upright(x: float, y: float, angle: int) -> tuple[float, float]:
    """Return a place after the page is turned so that what is read at an angle is read upright."""
    if not angle:
        return x, y
    turn = math.radians(angle)
    return x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)


def _picture(page: Any, scale: float) -> NDArray[np.uint8]:
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
