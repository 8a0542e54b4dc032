"""How a file is read, shown to people and scripts without an index or a model."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from qa.cli import ExitCode, main
from qa.errors import CorpusError, NotFoundError, QuestionError
from qa.ingest.outline import Outlined
from qa.inspection import Inspection, inspect, inspection_as_dict, write_page
from qa.library import Library
from qa.types import Block, Document, Dropped, Form, Kind, Page, Span
from tests.fakes import ROADS_REPORT, a_passage, a_report, files_of, small_library
from tests.ingest.test_pages import a_pdf

Run = Callable[..., tuple[int, str, str]]

NOTE = a_passage("note.3", "See <b>annex</b> A.\x1b[2J", kind=Kind.FOOTNOTE, marker="3", page=Page(2, "1"))
PASSAGES = (
    a_passage("front", "A <script>report</script>", kind=Kind.FRONT_MATTER, section=(), page=Page(1)),
    a_passage("1", "First & foremost.", number="1", page=Page(2, "1"), notes=(NOTE.id,)),
    a_passage("2", "Second.", number="2", section=("Main Report", "Enjoying"), page=Page(2, "1")),
    a_passage("2-2", "Second again.", number="2", section=("Main Report", "Enjoying"), page=Page(3, "2")),
    NOTE,
)
DROPPED = tuple(
    Dropped(reason, text, Page(page))
    for reason, text, page in (
        ("header", "Road report, page 1", 2), ("header", "Road report, page 2", 3), ("footer", "<i>", 3),
        ("page number", "1", 2), ("page number", "2", 3),
    )
)  # fmt: skip


def an_inspection(path: Path) -> Inspection:
    return Inspection(
        path, "PDF", a_report(), 3, {"title": "Roads"}, PASSAGES, ("page 3 is slanted",),
        ("paragraph 3 not found between 2 and 4",), ("paragraph 2 is there 2 times",), DROPPED,
    )  # fmt: skip


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run_command(*arguments: str | Path) -> tuple[int, str, str]:
        code = main(["inspect", *map(str, arguments)])
        return (code, *capsys.readouterr())

    return run_command


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    path = tmp_path / "roads.pdf"
    path.write_bytes(a_pdf(*[(200, 300)] * 3))
    return path


# What is inspected


def test_a_file_needs_no_library(tmp_path: Path) -> None:
    (tmp_path / "Roads 2009.txt").write_text(ROADS_REPORT)
    inspection = inspect(tmp_path / "Roads 2009.txt", library=tmp_path / "nowhere")
    assert (inspection.format, inspection.pages) == ("text", None)
    assert inspection.report.title == "Inspection of roads"
    assert [passage.id for passage in inspection.passages if passage.number] == [
        "roads-2009:1",
        "roads-2009:2",
    ]
    assert inspection.counts[Kind.NUMBERED] == 2
    assert files_of(tmp_path) == {"Roads 2009.txt": ROADS_REPORT.encode()}


def test_a_report_of_the_library_is_read_as_corpus_toml_says(tmp_path: Path) -> None:
    folder = small_library(tmp_path / "library")
    (folder / "corpus/corpus.toml").write_text(
        '[reports.winter]\nfile = "roads.txt"\nauthority = "Rutland"\nheadings = ["Nowhere"]\n'
    )
    for given in ("winter", folder / "corpus/roads.txt", folder / "corpus/../corpus/roads.txt"):
        inspection = inspect(given, library=folder)
        assert inspection.report.id == "winter"
        assert inspection.metadata == {"authority": "Rutland"}
        assert inspection.warnings == ("no line reads “Nowhere”, which headings names",)
    assert Library.inspect("winter", path=folder) == inspect("winter", library=folder)


def test_numbers_that_stand_twice_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_annex = [a_passage(f"annex.{n}", number="2", scope="Annex") for n in range(3)]
    outlined = Outlined((*PASSAGES, *in_annex), None, ("paragraph 3 not found between 2 and 4",))
    monkeypatch.setattr("qa.ingest.corpus.outline", lambda *_, **__: outlined)
    (tmp_path / "roads.txt").write_text("Roads.")
    inspection = inspect(tmp_path / "roads.txt")
    assert inspection.repeats == ("paragraph 2 is there 2 times", "Annex: paragraph 2 is there 3 times")
    assert inspection.gaps == outlined.warnings


def test_what_cannot_be_inspected_is_said_with_what_there_is(tmp_path: Path) -> None:
    folder = small_library(tmp_path / "library")
    (tmp_path / "notes.odt").write_text("no report")
    (tmp_path / "empty.txt").write_text("")
    with pytest.raises(
        NotFoundError, match='no file and no report "parks"; the reports are libraries, roads'
    ):
        inspect("parks", library=folder)
    for given, sentence in (
        ("parks.txt", "There is no file parks.txt; check the path"),
        (tmp_path / "nowhere", "There is no file "),
        (tmp_path, "is a folder; name one file in it"),
        (tmp_path / "notes.odt", "cannot be read; files must end in "),
        (tmp_path / "empty.txt", "empty.txt is empty; "),
        ("x" * 5000, "cannot be read (File name too long); check the path"),
    ):
        with pytest.raises(CorpusError, match=re.escape(sentence)):
            inspect(given, library=folder)


def test_of_many_reports_the_nearest_by_name_are_listed(tmp_path: Path) -> None:
    folder = small_library(tmp_path / "library", **{f"report{n}": "Roads." for n in range(40)})
    with pytest.raises(NotFoundError, match="the reports are 40, the nearest by name report17, "):
        inspect("reprt17", library=folder)


# For the terminal


def test_the_outline_is_a_tree_and_what_is_wrong_follows(
    run: Run, pdf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.inspection.inspect", lambda *_, **__: an_inspection(pdf))
    monkeypatch.setenv("COLUMNS", "60")
    code, out, err = run(pdf)
    assert (code, err) == (0, "")
    assert len(str(pdf)) > 44
    lines = out.splitlines()
    assert lines[0].startswith(str(pdf)[:40])
    assert lines[1:] == [
        "Joint area review: Rutland",
        "Ofsted, 2006",
        "",
        "front matter  p. 1  A <script>report</script>",
        "",
        "Main Report",
        "  Staying safe",
        "    1      p. 1  First & foremost.",
        "",
        "  Enjoying",
        "    2      p. 1  Second.",
        "    2      p. 2  Second again.",
        "",
        "  Staying safe",
        "    note 3  p. 1  See <b>annex</b> A.\ufffd[2J",
        "",
        "      3  numbered paragraphs",
        "      1  front matter",
        "      1  footnote",
        "",
        "Warning: page 3 is slanted",
        "Warning: paragraph 3 not found between 2 and 4",
        "Warning: paragraph 2 is there 2 times",
        "",
        "Left out:",
        "  header, 2 pages: “Road report, page 1”",
        "  footer, 1 page: “<i>”",
        "  page number, 2 pages: “1”",
    ]


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_no_line_of_the_outline_is_wider_than_the_terminal(
    run: Run, indexed_folder: Path, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    code, out, err = run("jar-2006", "--library", indexed_folder)
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) == columns
    assert "     79  numbered paragraphs\n" in out
    assert "         no gaps, no repeats\n" in out


def test_errors_have_the_exit_codes_of_the_other_commands(run: Run, tmp_path: Path) -> None:
    folder = small_library(tmp_path / "library")
    code, out, err = run("parks", "--library", folder)
    assert (code, out) == (ExitCode.USAGE, "")
    assert err.startswith("qa: There is no file and no report")
    assert run("parks.txt", "--library", folder)[0] == ExitCode.CORPUS_OR_INDEX


# For scripts


def test_json_has_exactly_the_documented_keys(run: Run, indexed_folder: Path, library: Library) -> None:
    code, out, err = run("apa-2008", "--json", "--library", indexed_folder)
    assert (code, err, out.count("\n")) == (0, "", 1)
    read = json.loads(out)
    assert list(read) == ["file", "format", "title", "pages", "metadata", "passages", "warnings", "dropped"]
    assert (read["format"], read["pages"], read["dropped"]) == ("text", None, [])
    assert read["metadata"]["date"] == "2008-12-17"
    assert set(map(tuple, read["passages"])) == {("id", "section", "paragraph", "page", "kind", "text")}
    for passage in read["passages"]:
        assert library.show(passage["id"])[0].text == passage["text"]


def test_pages_and_what_was_left_out_are_in_json(pdf: Path) -> None:
    read = inspection_as_dict(an_inspection(pdf))
    assert read["passages"][1]["page"] == {"number": 2, "label": "1"}
    assert read["passages"][4]["kind"] == "footnote"
    assert read["dropped"][0] == {
        "reason": "header", "page": {"number": 2, "label": None}, "text": "Road report, page 1",
    }  # fmt: skip
    assert read["warnings"] == [
        "page 3 is slanted", "paragraph 3 not found between 2 and 4", "paragraph 2 is there 2 times",
    ]  # fmt: skip


# As a page


class Tags(HTMLParser):
    """The tags of a page, their attributes, and its words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words += data


def test_a_page_sets_each_picture_beside_what_was_read_from_it(pdf: Path, tmp_path: Path) -> None:
    path = write_page(an_inspection(pdf), tmp_path / "page.html")
    text = path.read_text(encoding="utf-8")
    assert text.count('src="data:image/png;base64,') == 3
    sections = text.split("<section")[1:]
    assert ["Page 2, printed 1" in section for section in sections] == [False, True, False]
    assert "First &amp; foremost." in sections[1]
    assert "<p class=note><b>note 3</b>See &lt;b&gt;annex&lt;/b&gt; A.\ufffd[2J</p>" in sections[1]
    assert "<p class=dropped>left out (footer): &lt;i&gt;</p>" in sections[2]
    assert "Second again." in sections[2]
    for sentence in ("page 3 is slanted", "paragraph 2 is there 2 times"):
        assert f"<p>Warning: {sentence}</p>" in text


def test_a_page_stands_by_itself_and_nothing_in_a_report_is_markup(pdf: Path, tmp_path: Path) -> None:
    page = Tags(write_page(an_inspection(pdf), tmp_path / "page.html").read_text(encoding="utf-8"))
    assert set(page.tags) <= {
        "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "b", "section", "img", "div",
    }  # fmt: skip
    assert "A <script>report</script>" in page.words
    for name, value in page.attributes:
        assert not name.startswith("on")
        assert name != "href"
        assert name != "src" or str(value).startswith("data:image/png;base64,")


def test_a_report_without_pages_is_one_column(run: Run, tmp_path: Path) -> None:
    folder = small_library(tmp_path / "library")
    code, out, err = run("roads", "--html", tmp_path / "page.html", "--library", folder)
    assert (code, out, err) == (0, "", f"qa: Written: {tmp_path}/page.html\n")
    text = (tmp_path / "page.html").read_text()
    assert text.count("<section class=text>") == text.count("<section") == 1
    assert "<img" not in text
    assert "<b>2</b>" in text


def test_a_file_that_is_there_is_replaced_only_by_force(run: Run, tmp_path: Path) -> None:
    folder = small_library(tmp_path / "library")
    page = tmp_path / "page.html"
    page.write_text("mine")
    code, out, err = run("roads", "--html", page, "--library", folder)
    assert (code, out) == (ExitCode.USAGE, "")
    assert err == f"qa: {page} is there already; give another name, or --force to replace it\n"
    assert page.read_text() == "mine"
    assert run("roads", "--html", page, "--force", "--library", folder)[0] == 0
    assert page.read_text() != "mine"
    code, _, err = run("roads", "--html", tmp_path / "no/page.html", "--library", folder)
    assert code == ExitCode.CORPUS_OR_INDEX
    assert "no/page.html cannot be written (No such file or directory)" in err
    assert not list(tmp_path.glob(".*"))


def test_a_page_never_takes_the_place_of_its_report(pdf: Path) -> None:
    with pytest.raises(QuestionError, match="is the report itself"):
        write_page(an_inspection(pdf), pdf, force=True)
    assert pdf.read_bytes().startswith(b"%PDF")


def test_a_page_that_fails_half_way_leaves_nothing(pdf: Path, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("mine")
    inspection = an_inspection(pdf)
    pdf.write_bytes(b"no more a PDF")
    with pytest.raises(CorpusError, match=r"roads\.pdf is no whole PDF file"):
        write_page(inspection, tmp_path / "page.html", force=True)
    assert (tmp_path / "page.html").read_text() == "mine"
    assert not list(tmp_path.glob(".*"))


def test_what_a_reader_left_out_and_the_pages_it_saw_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "The road is open."
    block = Block(Form.TEXT, text, Span(0, len(text)), page=Page(2))
    read = Document(text, (block,), {"publisher": "Ofsted"}, 2, (Dropped("footer", "x"),), ("is slanted",))
    monkeypatch.setattr("qa.ingest.corpus.read_document", lambda *_, **__: read)
    (tmp_path / "roads.txt").write_text("stands for a file with pages")
    inspection = inspect(tmp_path / "roads.txt")
    assert (inspection.pages, inspection.dropped, inspection.warnings) == (2, read.dropped, read.warnings)
    assert inspection.metadata == {"publisher": "Ofsted"}
    assert inspection.dropped_groups[0].pages == 0
