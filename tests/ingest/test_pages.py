"""The pages of a PDF file as pictures."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pypdfium2
import pytest

from qa.errors import CorpusError
from qa.ingest.pages import _png, page_pictures


def a_pdf(*sizes: tuple[float, float]) -> bytes:
    """Return a PDF file with empty pages of these sizes, in points."""
    document = pypdfium2.PdfDocument.new()
    for width, height in sizes:
        document.new_page(width, height)
    written = io.BytesIO()
    document.save(written)
    document.close()
    return written.getvalue()


def decoded(picture: bytes) -> tuple[int, int, bytes]:
    """Return width, height and the rows of a PNG picture of plain colours, each after its filter byte."""
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    at, parts = 8, {}
    while at < len(picture):
        (length,) = struct.unpack(">I", picture[at : at + 4])
        name, content = picture[at + 4 : at + 8], picture[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack(">I", picture[at + 8 + length : at + 12 + length])
        assert checksum == zlib.crc32(name + content)
        parts[name] = content
        at += 12 + length
    assert list(parts) == [b"IHDR", b"IDAT", b"IEND"]
    width, height, depth, *_ = struct.unpack(">IIBBBBB", parts[b"IHDR"])
    assert depth == 8
    return width, height, zlib.decompress(parts[b"IDAT"])


def test_every_page_is_drawn_about_as_wide_as_asked_for() -> None:
    pictures = [decoded(picture) for picture in page_pictures(a_pdf((595, 842), (842, 595)), width=100)]
    assert [(round(width, -1), height // 10) for width, height, _ in pictures] == [(100, 14), (100, 7)]
    for width, height, rows in pictures:
        assert rows == (b"\0" + b"\xff" * 3 * width) * height


def test_a_page_far_higher_than_wide_is_drawn_smaller() -> None:
    ((width, height, _),) = [decoded(each) for each in page_pictures(a_pdf((10, 10_000)), width=100)]
    assert width <= 2
    assert height <= 2_000


def test_the_dots_are_those_that_were_drawn() -> None:
    dots = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    assert decoded(_png(dots)) == (2, 2, bytes([0, *range(6), 0, *range(6, 12)]))


def test_pages_are_drawn_one_at_a_time() -> None:
    pictures = page_pictures(a_pdf(*[(595, 842)] * 500), width=50)
    assert decoded(next(pictures))[0] in {50, 51}


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n", b"words"])
def test_what_is_no_pdf_is_refused(data: bytes) -> None:
    with pytest.raises(CorpusError, match="is no whole PDF file"):
        list(page_pictures(data, width=100))
