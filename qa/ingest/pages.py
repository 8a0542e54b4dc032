"""The pages of a PDF file as pictures, for people who check how it was read."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from qa.ingest.pdf import PdfFile

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
    with PdfFile(data) as file:
        for number in range(1, len(file) + 1):
            page = file.page(number)
            if page is None or not (page.width > 0 and page.height > 0):
                yield b""
                continue
            # The picture of a strip many metres long would not fit into memory.
            across = max(1, int(width * min(1.0, _TALLEST * page.width / page.height)))
            picture = file.picture(number, width=across)
            yield b"" if picture is None else _png(picture)


def _png(dots: NDArray[np.uint8]) -> bytes:
    """Return rows of dots, shape ``(height, width, 3)``, red, green and blue, as a PNG file.

    Source: Portable Network Graphics (PNG) Specification, second edition, W3C 2003.
    """
    height, width, _ = dots.shape
    rows = np.pad(
        dots.reshape(height, width * 3), ((0, 0), (1, 0))
    )  # before each row, that nothing is filtered
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 6)), (b"IEND", b""))
    )
