"""A small maker of PDF files: words, bars, rules and pictures put on pages.

Places are in points from the upper left. In words, ``^1^`` is raised and small, ``**so**`` is bold.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

MARGIN = 72.0
WIDTH, HEIGHT = 595.0, 842.0
BODY = WIDTH - 2 * MARGIN
LEADING = 1.25
_FONTS = ("Helvetica", "Helvetica-Bold", "Helvetica-Oblique")

# Widths of the letters of Helvetica from the space on, in thousandths of the letter size (Adobe's metrics).
_WIDTHS = [
    *(278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278),
    *[556] * 10,
    *(278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833),
    *(722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556),
    *(556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556),
    *(500, 722, 500, 500, 500, 334, 260, 334, 584),
]
_MARKUP = re.compile(r"(\^[^^]+\^|\*\*[^*]+\*\*)")

Colour = tuple[float, float, float]
BLACK, WHITE = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)


def words_width(words: str, size: float = 11.0) -> float:
    """Return how wide words are set, in points."""
    return sum(_WIDTHS[ord(c) - 32] if 32 <= ord(c) < 127 else 556 for c in words) * size / 1000


def wrapped(words: str, width: float, size: float = 11.0) -> list[str]:
    """Return words in lines no wider than so many points."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and words_width(longer, size) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


class MadePage:
    """A page in the making; `rotate` is how far a reader turns it, what is put on it then reads upright."""

    def __init__(
        self,
        *,
        width: float = WIDTH,
        height: float = HEIGHT,
        rotate: int = 0,
        crop: tuple[float, float, float, float] | None = None,
    ) -> None:
        self.width, self.height, self.rotate, self.crop = width, height, rotate, crop
        self.marks: list[bytes] = []
        self.y = MARGIN

    def put(self, x: float, y: float, words: str, *, size: float = 11.0, **look: Any) -> MadePage:
        """Put words on a baseline; `look` is as in `_written`."""
        self.marks.append(_written(x, self.height - y, words, size, **look))
        return self

    def lines(
        self,
        lines: Sequence[str],
        *,
        x: float = MARGIN,
        hang: float = 0.0,
        size: float = 11.0,
        **look: Any,
    ) -> MadePage:
        """Put lines below each other, those after the first set in; the page goes on below them."""
        for place, line in enumerate(lines):
            self.put(x + hang * bool(place), self.y, line, size=size, **look)
            self.y += LEADING * size
        return self

    def paragraph(
        self,
        words: str,
        *,
        number: str = "",
        x: float = MARGIN,
        width: float = BODY,
        set_in: float = 28.0,
        size: float = 11.0,
        **look: Any,
    ) -> MadePage:
        """Put a paragraph in lines, with its number to the left of its words, and some space below it."""
        if number:
            self.put(x, self.y, number, size=size, **look)
            x, width = x + set_in, width - set_in
        self.lines(wrapped(words, width, size), x=x, size=size, **look)
        self.y += 0.7 * size
        return self

    def bar(self, x: float, y: float, width: float, height: float, colour: Colour = BLACK) -> MadePage:
        """Fill a rectangle."""
        colours = " ".join(map(str, colour))
        self.marks.append(f"{colours} rg {x} {self.height - y - height} {width} {height} re f".encode())
        return self

    def rule(self, x: float, y: float, to_x: float, to_y: float) -> MadePage:
        """Draw a line."""
        self.marks.append(f"0 G {x} {self.height - y} m {to_x} {self.height - to_y} l S".encode())
        return self

    def frame(self, x: float, y: float, width: float, height: float) -> MadePage:
        """Draw a rectangle."""
        self.marks.append(f"0 G {x} {self.height - y - height} {width} {height} re S".encode())
        return self

    def table(
        self, rows: Sequence[Sequence[str]], widths: Sequence[float], *, x: float = MARGIN, size: float = 10.0
    ) -> MadePage:
        """Draw a ruled table; a cell ``"<"`` is one with the cell on its left."""
        for row in rows:
            cells: list[tuple[float, float, list[str]]] = []
            left = x
            for words, width in zip(row, widths, strict=True):
                if words == "<":
                    before = cells.pop()
                    cells.append((before[0], before[1] + width, before[2]))
                else:
                    cells.append((left, width, wrapped(words, width - 8, size)))
                left += width
            height = max(len(lines) for *_, lines in cells) * LEADING * size + 6
            for cell_left, width, lines in cells:
                self.frame(cell_left, self.y, width, height)
                for place, line in enumerate(lines):
                    self.put(cell_left + 4, self.y + 2 + size + place * LEADING * size, line, size=size)
            self.y += height
        self.y += 2 * size
        return self

    def picture(self) -> MadePage:
        """Cover the page with a grey picture."""
        self.marks.append(
            b"q %d 0 0 %d 0 0 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \xc0 EI Q" % (self.width, self.height)
        )
        return self

    def content(self) -> bytes:
        """Return the page's content stream."""
        if not self.rotate:
            return b"\n".join(self.marks)
        # The page as it lies in the file, turned so that it reads upright when a reader turns it back.
        width, height = self.media
        turn = {
            90: f"0 1 -1 0 {width} 0 cm",
            180: f"-1 0 0 -1 {width} {height} cm",
            270: f"0 -1 1 0 0 {height} cm",
        }[self.rotate]
        return b"\n".join([turn.encode(), *self.marks])

    @property
    def media(self) -> tuple[float, float]:
        """How wide and high the page lies in the file."""
        return (self.height, self.width) if self.rotate in {90, 270} else (self.width, self.height)


def made_pdf(*pages: MadePage, labels: str = "", form: bytes = b"", trailer: str = "") -> bytes:
    """Return a PDF file of pages.

    `labels` are the entries of its page label tree (PDF 32000-1, 12.4.2), `form` is what ``/X0 Do`` draws.
    """
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    if labels:
        objects[0] = objects[0].replace(b" >>", f" /PageLabels << /Nums [{labels}] >> >>".encode())
    own = 4 + len(_FONTS) + 1
    first = own + 2
    kids = " ".join(f"{first + 2 * place} 0 R" for place in range(len(pages)))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode())
    fonts = " ".join(f"/F{place} {4 + place} 0 R" for place in range(len(_FONTS) + 1))
    objects.append(f"<< /Font << {fonts} >> /XObject << /X0 {own + 1} 0 R >> >>".encode())
    for name in _FONTS:
        objects.append(
            f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>".encode()
        )
    objects.append(f"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode {own} 0 R >>".encode())
    objects.append(_stream(_to_unicode()))
    objects.append(_stream(form, "/Type /XObject /Subtype /Form /BBox [0 0 2000 2000] /Resources 3 0 R"))
    for place, page in enumerate(pages):
        width, height = page.media
        crop = f"/CropBox [{' '.join(map(str, page.crop))}]" if page.crop else ""
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] {crop} /Rotate {page.rotate} "
            f"/Resources 3 0 R /Contents {first + 2 * place + 1} 0 R >>".encode()
        )
        objects.append(_stream(page.content()))
    return pdf_of(objects, trailer=trailer)


def pdf_of(objects: Sequence[bytes], *, trailer: str = "") -> bytes:
    """Return a PDF file of objects, numbered from 1; the first is the catalogue."""
    pieces, places, length = [b"%PDF-1.7\n"], [], 9
    for number, content in enumerate(objects, start=1):
        places.append(length)
        pieces.append(b"%d 0 obj\n%b\nendobj\n" % (number, content))
        length += len(pieces[-1])
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    pieces.append(b"xref\n0 %d\n0000000000 65535 f \n%b" % (len(objects) + 1, table))
    pieces.append(b"trailer\n<< /Size %d /Root 1 0 R %b >>\n" % (len(objects) + 1, trailer.encode()))
    pieces.append(b"startxref\n%d\n%%%%EOF\n" % length)
    return b"".join(pieces)


def _written(
    x: float,
    y: float,
    words: str,
    size: float,
    *,
    bold: bool = False,
    italic: bool = False,
    hebrew: bool = False,
    colour: Colour = BLACK,
    matrix: tuple[float, float, float, float] = (1, 0, 0, 1),
    mode: int = 0,
) -> bytes:
    """Return the operators that set words; `matrix` turns them, `mode` 3 hides them."""
    plain = 3 if hebrew else 2 if italic else int(bold)
    parts = [f"BT {' '.join(map(str, colour))} rg {mode} Tr {' '.join(map(str, matrix))} {x} {y} Tm".encode()]
    for piece in filter(None, _MARKUP.split(words)):
        if piece.startswith("^"):
            parts.append(f"/F{plain} {0.6 * size:.2f} Tf {0.4 * size:.2f} Ts".encode() + _shown(piece[1:-1]))
        elif piece.startswith("**"):
            parts.append(f"/F1 {size} Tf 0 Ts".encode() + _shown(piece[2:-2]))
        else:
            parts.append(f"/F{plain} {size} Tf 0 Ts".encode() + _shown(piece))
    return b" ".join([*parts, b"ET"])


def _shown(words: str) -> bytes:
    return b" <" + words.encode("cp1252").hex().encode() + b"> Tj"


def _stream(content: bytes, entries: str = "") -> bytes:
    return b"<< %b /Length %d >>\nstream\n%b\nendstream" % (entries.encode(), len(content), content)


def _to_unicode() -> bytes:
    return (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        b"/CMapName /Hebrew def /CMapType 2 def\n"
        b"1 begincodespacerange <00> <FF> endcodespacerange\n"
        b"1 beginbfrange <61> <7A> <05D0> endbfrange\nendcmap end end"
    )
