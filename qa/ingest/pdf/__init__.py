"""Reader of PDF files: glyphs on pages to blocks.

`pdfium` opens the file, `lines` puts glyphs together, `grids` finds ruled tables and `aligned` others,
`furniture` running headers and footers, `layout` the reading order, and `paragraphs` makes blocks of it all.
"""

from __future__ import annotations

from collections.abc import Callable

from qa.errors import CorpusError
from qa.ingest.pdf.layout import Layout, lay_out
from qa.ingest.pdf.paragraphs import write_blocks
from qa.ingest.pdf.pdfium import PdfFile
from qa.types import Document

__all__ = ["PdfFile", "read_pdf"]


def read_pdf(data: bytes, *, on_page: Callable[[int, int], None] | None = None) -> Document:
    """Read a PDF file.

    Parameters
    ----------
    data
        The file.
    on_page
        Called after each page with its number and how many there are.

    Raises
    ------
    CorpusError
        If it is damaged, encrypted or holds no text; the sentence follows the name of the file.
    """
    with PdfFile(data) as file:
        layout = lay_out(file, on_page=on_page)
        pages = len(file)
    writer = write_blocks(layout)
    if not writer.blocks:
        what = "its one page is a picture" if pages == 1 else f"its {pages} pages are pictures"
        found = "no text but headers and footers" if layout.dropped else "no text layer"
        raise CorpusError(
            f"has {found}: {what}, as of a scanner; have the text recognised (OCR) and add the result"
        )
    return Document(
        writer.text,
        tuple(writer.blocks),
        pages=pages,
        dropped=tuple(layout.dropped),
        warnings=tuple(_warnings(layout)),
    )


def _warnings(layout: Layout) -> list[str]:
    found: list[str] = []
    if layout.without_text:
        found.append(f"has no text on {_pages(layout.without_text)}: pictures, or empty")
    if layout.damaged:
        found.append(f"is damaged: {_pages(layout.damaged)} cannot be read")
    return found


def _pages(numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"page {numbers[0]}"
    listed = ", ".join(map(str, numbers[:10]))
    return f"pages {listed}{' and others' if len(numbers) > 10 else ''}"
