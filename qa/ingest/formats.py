"""What a file is, told from its content, and the one way to read it whatever it is."""

from __future__ import annotations

import codecs
import io
import re
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from pathlib import PurePath

from qa.errors import CorpusError
from qa.ingest.front_page import front_page
from qa.ingest.text import clean, decode, read_text
from qa.types import Document


class Format(StrEnum):
    """A format that can be read. The value is what people read."""

    PDF = "PDF"
    DOCX = "Word"
    HTML = "web page"
    MARKDOWN = "Markdown"
    TEXT = "text"


SUFFIXES: frozenset[str] = frozenset(
    {".txt", ".text", ".md", ".markdown", ".html", ".htm", ".xhtml", ".pdf", ".docx"}
)
"""The endings of the names of files that are taken for reports, in lower case."""

_EMPTY = "is empty; replace it with the report, or remove it"
_MARKDOWN_SUFFIXES = frozenset({".md", ".markdown"})
_FORMAT_OF_SUFFIX = {
    ".pdf": Format.PDF,
    ".docx": Format.DOCX,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".xhtml": Format.HTML,
    ".txt": Format.TEXT,
    ".text": Format.TEXT,
    ".md": Format.MARKDOWN,
    ".markdown": Format.MARKDOWN,
}
_CALLED = {
    Format.PDF: ("a PDF", "one"),
    Format.DOCX: ("a Word file", "one"),
    Format.HTML: ("a web page", "one"),
    Format.MARKDOWN: ("Markdown", "such"),
    Format.TEXT: ("plain text", "such"),
}

_IMAGE = "is an image ({}): it has no text; have its text recognised (OCR) and save that as a PDF"
_PROGRAM = "is a program; remove it"
_ARCHIVE = "is an archive ({}); unpack it and take the reports out of it"
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "is an old Word file (.doc) or an encrypted one; save it as .docx without a password",
    ),
    (b"{\\rtf", "is a rich text file (.rtf); save it as .docx"),
    (b"\xffWPC", "is a WordPerfect file; save it as .docx"),
    (b"%!PS", "is a PostScript file; save it as a PDF"),
    (b"\x89PNG\r\n\x1a\n", _IMAGE.format("PNG")),
    (b"\xff\xd8\xff", _IMAGE.format("JPEG")),
    (b"GIF87a", _IMAGE.format("GIF")),
    (b"GIF89a", _IMAGE.format("GIF")),
    (b"II*\0", _IMAGE.format("TIFF")),
    (b"MM\0*", _IMAGE.format("TIFF")),
    (b"\x7fELF", _PROGRAM),
    (b"\xcf\xfa\xed\xfe", _PROGRAM),
    (b"\xca\xfe\xba\xbe", _PROGRAM),
    (b"\x1f\x8b", _ARCHIVE.format(".gz")),
    (b"7z\xbc\xaf\x27\x1c", _ARCHIVE.format(".7z")),
    (b"Rar!\x1a\x07", _ARCHIVE.format(".rar")),
    (b"SQLite format 3\0", "is a database; remove it"),
)
_OFFICE = (
    (re.compile(r"xl[/\\]"), "is a spreadsheet (.xlsx); save the report in it as a PDF or .docx"),
    (re.compile(r"ppt[/\\]"), "is a presentation (.pptx); save it as a PDF"),
    (re.compile(r"META-INF/container\.xml$"), "is an e-book (.epub); save it as a PDF or .docx"),
    (re.compile(r"content\.xml$"), "is an OpenDocument file (.odt, .ods or .odp); save it as .docx or a PDF"),
)
_WORD = re.compile(r"word[/\\]document\d*\.xml", re.IGNORECASE)
_ZIP_FAULTS = (
    zipfile.BadZipFile,
    NotImplementedError,
    ValueError,
    OSError,
    EOFError,
    struct.error,
    OverflowError,
)
"""What the reader of zip directories raises on damaged ones."""

_SNIFFED = 65536
_PROLOG = re.compile(r"\s+|<\?xml\b[^>]{0,1000}\?>|<!--(?:(?!-->)[\s\S]){0,60000}-->")
_PAGE_OPENING = re.compile(r"<(?:!doctype\s+html\b|(?:html|head|body)(?=[\s>/]))", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:a|article|br|div|em|h[1-6]|img|li|link|main|meta|ol|p|section|span|strong|style|table|tbody|td"
    r"|th|title|tr|ul)(?:\s[^<>]{0,500})?/?>",
    re.IGNORECASE,
)
_FEWEST_TAGS = 6


def format_of(data: bytes, name: str) -> Format:
    """Tell the format of a file from its content.

    Parameters
    ----------
    data
        The file.
    name
        Its name, which only tells Markdown from other text.

    Raises
    ------
    CorpusError
        If it is empty, or nothing that can be read; the sentence, which follows a file's name, says what it
        is and what to do.
    """
    if not data.strip():
        raise CorpusError(_EMPTY)
    if re.search(rb"%PDF-?\d", data[:1024]):
        return Format.PDF
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _format_of_zip(data)
    if refusal := _refusal(data):
        raise CorpusError(refusal)
    is_markdown = PurePath(name).suffix.lower() in _MARKDOWN_SUFFIXES
    opening = _opening(data)
    if _PAGE_OPENING.match(opening):
        return Format.HTML
    if re.match(r"<svg[\s>]", opening, re.IGNORECASE):
        raise CorpusError(_IMAGE.format("SVG"))
    if not is_markdown and _TAG.match(opening) and len(_TAG.findall(opening[:8192])) >= _FEWEST_TAGS:
        return Format.HTML
    try:
        text, _ = decode(data)
    except CorpusError:
        named = _FORMAT_OF_SUFFIX.get(PurePath(name).suffix.lower(), Format.TEXT)
        if named in {Format.TEXT, Format.MARKDOWN}:
            raise
        raise CorpusError(
            f"is no {_CALLED[named][0].removeprefix('a ')} that can be read; fetch it again"
        ) from None
    if not clean(text):
        raise CorpusError(_EMPTY)
    if text.lstrip("\ufeff \t\r\n").startswith("<?xml"):
        raise CorpusError("is an XML file and no web page; save the report as a PDF, .docx or a web page")
    return Format.MARKDOWN if is_markdown else Format.TEXT


def read_document(data: bytes, name: str, *, on_page: Callable[[int, int], None] | None = None) -> Document:
    """Read a file of any format that can be read.

    Parameters
    ----------
    data
        The file.
    name
        Its name.
    on_page
        Called with the pages read so far and the pages there are, for a format that has pages.

    Raises
    ------
    CorpusError
        If it cannot be read or holds no report; the sentence follows a file's name.
    """
    told = format_of(data, name)
    document = _read(data, told, on_page)
    if not document.blocks:
        raise CorpusError(_EMPTY)
    document = replace(document, metadata={**front_page(document.blocks), **document.metadata})
    suffix = PurePath(name).suffix.lower()
    if _FORMAT_OF_SUFFIX.get(suffix, told) is not told:
        what, such = _CALLED[told]
        warning = f"is {what}, though its name ends in {suffix}; it was read as {such}"
        document = replace(document, warnings=(*document.warnings, warning))
    return document


def _read(data: bytes, told: Format, on_page: Callable[[int, int], None] | None) -> Document:
    # Each reader brings its own library, which a corpus of other files should not wait for.
    if told is Format.PDF:
        from qa.ingest.pdf import read_pdf

        return read_pdf(data, on_page=on_page)
    if told is Format.DOCX:
        from qa.ingest.docx import read_docx

        return read_docx(data)
    if told is Format.HTML:
        from qa.ingest.html import read_html

        return read_html(data)
    text, note = decode(data)
    warnings = (note,) if note else ()
    if told is Format.MARKDOWN:
        from qa.ingest.markdown import read_markdown

        document = read_markdown(text)
        return replace(document, warnings=(*warnings, *document.warnings))
    return Document(text=text, blocks=tuple(read_text(text)), warnings=warnings)


def _format_of_zip(data: bytes) -> Format:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except _ZIP_FAULTS as error:
        raise CorpusError("is a damaged Word file or zip archive; fetch or save it again") from error
    if any(_WORD.fullmatch(name) for name in names):
        return Format.DOCX
    for pattern, refusal in _OFFICE:
        if any(pattern.match(name) for name in names):
            raise CorpusError(refusal)
    raise CorpusError(_ARCHIVE.format(".zip"))


def _refusal(data: bytes) -> str | None:
    for magic, refusal in _MAGIC:
        if data.startswith(magic):
            return refusal
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _IMAGE.format("WebP")
    if data[4:12] in {b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif"}:
        return _IMAGE.format("HEIC")
    # Two letters may begin a text, too: what follows them in such a file is not text.
    if data.startswith(b"BM") and b"\0" in data[:64]:
        return _IMAGE.format("BMP")
    if data.startswith(b"MZ") and b"\0" in data[:256]:
        return _PROGRAM
    if re.match(rb"(?:From:[^\n]*\n)?MIME-Version:", data) and b"multipart/related" in data[:4096]:
        return "is a web archive (.mht); save the page as .html or as a PDF"
    return None


def _opening(data: bytes) -> str:
    """Return the beginning of a file as text, without what may stand before the first tag of a page."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = data[:_SNIFFED].decode("utf-16", errors="replace")
    else:
        text = data[:_SNIFFED].removeprefix(codecs.BOM_UTF8).decode("latin-1")
    place = 0
    while match := _PROLOG.match(text, place):
        place = match.end()
    return text[place:]
