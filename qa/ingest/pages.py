"""The pages of a PDF file as pictures, for people who check how it was read."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from qa.errors import CorpusError

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

_TALLEST = 6
"""How many times as high as wide a picture may be; a page that is higher is drawn smaller."""


def page_pictures(data: bytes, *, width: int) -> Iterator[bytes]:
    """Yield the pages of a PDF file, one at a time, as PNG pictures; of one that cannot be drawn, nothing.

    Parameters
    ----------
    data
        The file.
    width
        Dots in a line of a picture.

    Raises
    ------
    CorpusError
        If it cannot be read as a PDF; the sentence follows the path of the file.
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise CorpusError("cannot be read as a PDF; replace or remove it") from error
    with closing(document):
        for number in range(len(document)):
            try:
                with closing(document[number]) as page:
                    picture = _picture(page, width)
            except pypdfium2.PdfiumError:
                picture = b""
            yield picture


def _picture(page: PdfPage, width: int) -> bytes:
    across, down = page.get_size()
    if not (across > 0 and down > 0):
        return b""
    scale = min(width / across, width * _TALLEST / down)
    # A little less, for a fraction of a dot too many would be one more dot.
    bitmap = page.render(scale=scale * 0.9999, rev_byteorder=True)
    with closing(bitmap):
        return _png(bytes(bitmap.buffer), bitmap.width, bitmap.height, bitmap.stride, bitmap.n_channels)


def _png(dots: bytes, width: int, height: int, stride: int, channels: int) -> bytes:
    """Return rows of dots (grey, or red, green and blue, perhaps with one byte more) as a PNG file.

    Source: Portable Network Graphics (PNG) Specification, second edition, W3C 2003.
    """
    colours = 1 if channels == 1 else 3
    rows = bytearray()
    for start in range(0, height * stride, stride):
        row = dots[start : start + width * channels]
        if channels == 4:
            kept = bytearray(width * 3)
            for colour in range(3):
                kept[colour::3] = row[colour::4]
            row = bytes(kept)
        rows += b"\0" + row
    header = struct.pack(">IIBBBBB", width, height, 8, 0 if colours == 1 else 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 6)), (b"IEND", b""))
    )
