"""What a file is, whatever its name says."""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Callable
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.errors import CorpusError
from qa.ingest.formats import SUFFIXES, Format, format_of, read_document
from qa.types import Block, Document, Form, Span

PAGE = b"<!doctype html><title>Roads</title><p>" + b"Gritting lorries clear the main roads before dawn. " * 10


def zipped(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), "x")
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"%PDF-1.7\n", Format.PDF),
        (b"\n\n junk %PDF-1.4\n", Format.PDF),
        (zipped("[Content_Types].xml", "word/document.xml"), Format.DOCX),
        (PAGE, Format.HTML),
        (b"\xef\xbb\xbf  <HTML lang=en><p>x", Format.HTML),
        ("\ufeff<html><p>x".encode("utf-16-le"), Format.HTML),
        (
            b'<?xml version="1.0"?>\n<!-- saved -->\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0">',
            Format.HTML,
        ),
        (b"<div><p>One</p><p>Two</p><ul><li>x</li></ul></div>", Format.HTML),
        (b"<p> marks a paragraph in HTML, as <html> and <body> mark a page.", Format.TEXT),
        (b"The page begins with <!doctype html> and <html>.", Format.TEXT),
        (b"Roads\n\n1. Gritting.", Format.TEXT),
        ("Größe".encode("utf-16"), Format.TEXT),
        (b"BMW drivers\nMZ is no program, nor is PK\n", Format.TEXT),
    ],
)
def test_a_format_is_told_by_the_content(data: bytes, expected: Format) -> None:
    for name in ("report", "report.pdf", "report.txt", "report.docx"):
        assert format_of(data, name) is expected


def test_markdown_is_told_by_the_name_alone() -> None:
    assert format_of(b"# Roads", "roads.MD") is Format.MARKDOWN
    assert format_of(b"# Roads", "roads.markdown") is Format.MARKDOWN
    assert format_of(b"# Roads", "roads.txt") is Format.TEXT
    assert format_of(b"<p><b>x</b><p>" + b"<br>" * 9, "roads.md") is Format.MARKDOWN
    assert format_of(PAGE, "roads.md") is Format.HTML


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty; replace it"),
        (b" \n\t\r\n", "is empty; replace it"),
        ("\ufeff \n".encode("utf-16-le"), "is empty; replace it"),
        ("\ufeff\u200b".encode(), "is empty; replace it"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "is an old Word file"),
        (b"{\\rtf1 x}", "is a rich text file"),
        (b"\x89PNG\r\n\x1a\n\0\0", r"is an image \(PNG\): it has no text"),
        (b"\xff\xd8\xff\xe0\0", r"is an image \(JPEG\)"),
        (b"RIFF\0\0\0\0WEBPVP8 ", r"is an image \(WebP\)"),
        (b"BM\x36\0\0\0\0\0", r"is an image \(BMP\)"),
        (b"<svg xmlns='x'><text>a</text></svg>", r"is an image \(SVG\)"),
        (b"MZ\x90\0\x03\0", "is a program"),
        (b"\x7fELF\x02", "is a program"),
        (b"\x1f\x8b\x08\0", "is an archive"),
        (zipped("xl/workbook.xml"), r"is a spreadsheet \(\.xlsx\)"),
        (zipped("ppt/presentation.xml"), r"is a presentation \(\.pptx\)"),
        (zipped("mimetype", "content.xml"), "is an OpenDocument file"),
        (zipped("mimetype", "META-INF/container.xml", "OEBPS/content.xml"), "is an e-book"),
        (zipped("report.pdf"), r"is an archive \(\.zip\)"),
        (zipped(), r"is an archive \(\.zip\)"),
        (zipped("word/document.xml")[:60], "is a damaged Word file or zip archive"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related; x", r"is a web archive \(\.mht\)"),
        (b"<?xml version='1.0'?><rss></rss>", "is an XML file"),
    ],
)
def test_what_cannot_be_read_is_named_with_what_to_do(data: bytes, sentence: str) -> None:
    with pytest.raises(CorpusError, match=sentence):
        format_of(data, "report.pdf")
    with pytest.raises(CorpusError, match=sentence):
        read_document(data, "report.txt")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("report.txt", "is not a text file"),
        ("report.pdf", "is no PDF that can be read; fetch it again"),
        ("report.docx", "is no Word file that can be read; fetch it again"),
    ],
)
def test_bytes_of_no_format_are_named_by_what_they_should_be(name: str, sentence: str) -> None:
    with pytest.raises(CorpusError, match=sentence):
        format_of(b"\0\1\2\3" * 20, name)


def test_text_web_pages_and_markdown_are_read() -> None:
    assert read_document(b"Roads\n\nGood.", "roads.txt").text == "Roads\n\nGood."
    assert read_document(b"# Roads\n\nGood.", "roads.md").blocks[0].level == 1
    assert read_document(PAGE, "roads.htm").metadata == {"title": "Roads"}


def test_a_name_that_belies_the_content_is_told() -> None:
    (warning,) = read_document(PAGE, "roads.PDF").warnings
    assert warning == "is a web page, though its name ends in .pdf; it was read as one"
    (warning,) = read_document(b"Roads", "roads.docx").warnings
    assert warning == "is plain text, though its name ends in .docx; it was read as such"
    for name in ("roads", "roads.txt", "roads.old"):
        assert not read_document(b"Roads", name).warnings


def test_text_that_is_not_utf_8_is_told() -> None:
    for name in ("roads.txt", "roads.md"):
        (warning,) = read_document("Größe".encode("cp1252"), name).warnings
        assert "Windows-1252" in warning


@pytest.mark.parametrize("name", ["roads.md", "roads.txt"])
def test_a_file_of_which_no_block_results_is_empty(name: str) -> None:
    data = b"<!-- nothing -->\n" if name.endswith("md") else b"\xef\xbb\xbf \n"
    with pytest.raises(CorpusError, match="is empty"):
        read_document(data, name)


def test_pdf_and_word_files_go_to_their_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    read = Document("x", (Block(Form.TEXT, "x", Span(0, 1)),))
    calls: list[object] = []

    def read_pdf(data: bytes, *, on_page: Callable[[int, int], None] | None = None) -> Document:
        calls.append(on_page)
        return read

    def read_docx(data: bytes) -> Document:
        return read

    for name, function in (("pdf", read_pdf), ("docx", read_docx)):
        module = ModuleType(f"qa.ingest.{name}")
        setattr(module, f"read_{name}", function)
        monkeypatch.setitem(sys.modules, f"qa.ingest.{name}", module)
    seen: list[tuple[int, int]] = []

    def on_page(page: int, pages: int) -> None:
        seen.append((page, pages))

    assert read_document(b"%PDF-1.7", "x.pdf", on_page=on_page) == read
    assert calls == [on_page]
    assert read_document(zipped("word/document.xml"), "x.docx") == read
    assert read_document(b"%PDF-1.7", "x.docx").warnings == (
        "is a PDF, though its name ends in .docx; it was read as one",
    )


def test_every_suffix_has_a_format() -> None:
    for suffix in SUFFIXES:
        assert not read_document(b"Roads", f"x{suffix}").warnings or suffix not in {".txt", ".text", ".md"}


BEGINNINGS = st.sampled_from(
    [
        b"",
        b"<html>",
        b"<?xml",
        b"<!--",
        b"PK\x03\x04",
        zipped("word/x")[:80],
        zipped("xl/x"),
        b"\xff\xfe",
        b"\xfe\xff",
        b"\xef\xbb\xbf",
        b"<p><p><p><p><p><p>",
        b"{\\rtf",
        b"---\n",
        b"# ",
        b"\xff\xfe<\0h\0",
    ]
)


@settings(max_examples=400, deadline=None)
@given(BEGINNINGS, st.binary(max_size=200), st.sampled_from(["x.txt", "x.md", "x.html", "x.pdf", "x"]))
def test_any_bytes_are_read_or_refused_with_a_sentence(opening: bytes, data: bytes, name: str) -> None:
    data = opening + data
    try:
        read = format_of(data, name) in {Format.PDF, Format.DOCX} or read_document(data, name)
    except CorpusError as error:
        sentence = str(error)
    else:
        assert read is True or read.blocks
        return
    assert sentence.startswith(("is ", "nests "))
