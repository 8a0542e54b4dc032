"""The corpus folder and what `corpus.toml` says of its reports."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qa.errors import CorpusError, UnreadableReportError
from qa.ingest.corpus import ReportFile, find_reports, read_report, read_whole, report_names
from qa.ingest.overrides import overridden
from qa.types import Block, Document, Form, Overrides, Page, PageRange, Span

REPORT = "Inspection of roads\n\nWinter\n\n1. Gritting lorries clear the main roads before dawn.\n"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name in ("roads.txt", "roads-2009.txt"):
        (folder / name).write_text(REPORT, encoding="utf-8")
    return folder


def describe(corpus: Path, text: str) -> None:
    (corpus / "corpus.toml").write_text(text, encoding="utf-8")


def test_a_report_without_an_entry_has_its_title_from_its_text_and_its_id_from_its_name(corpus: Path) -> None:
    (first, second) = find_reports(corpus)
    assert (first.id, second.id) == ("roads-2009", "roads")
    report = read_report(first).report
    assert (report.title, report.short_title, report.date) == (
        "Inspection of roads",
        "Inspection of roads",
        None,
    )


def test_the_id_of_a_file_with_underscores_is_one_that_corpus_toml_takes(corpus: Path) -> None:
    (corpus / "Parks_2010_final.txt").write_text(REPORT)
    assert [report.id for report in find_reports(corpus)] == ["parks-2010-final", "roads-2009", "roads"]
    describe(corpus, '[reports.parks-2010-final]\nfile = "Parks_2010_final.txt"\n')
    assert find_reports(corpus)[0].id == "parks-2010-final"


def test_what_corpus_toml_says_wins_and_its_order_comes_first(corpus: Path) -> None:
    describe(corpus, '[reports.winter]\nfile = "roads.txt"\ntitle = "Roads in winter"\ndate = 2009-01-31\n')
    first, second = find_reports(corpus)
    assert (first.id, second.id) == ("winter", "roads-2009")
    report = read_report(first).report
    assert (report.title, report.date) == ("Roads in winter", "2009-01-31")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[reports.roads]\nfile = "roads.txt"\ncolour = "red"\n', "line 3"),
        ('[reports.roads]\nfile = "nowhere.txt"\n', "line 2"),
        ('[reports.roads]\ntitle = "Roads"\n', "line 1"),
        ('[reports.roads]\nfile = "roads.txt"\ndate = "last week"\n', "line 3"),
        ('[reports.Roads]\nfile = "roads.txt"\n', "line 1"),
        ('[reports.roads]\nfile = "../roads.txt"\n', "line 2"),
        ('[reports.roads]\nfile = "a\\u0000.txt"\n', "line 2"),
        ('[reports.roads]\nfile = "roads.txt"\ntitle = ""\n', "line 3"),
        ('[reports.roads-2009]\nfile = "roads-2009.txt"\n[reports.roads]\ntitle = "x"\n', "line 3"),
        ('[reports.a]\nfile = "roads.txt"\n\n[reports.b]\nfile = "roads.txt"\n', "line 5"),
        ('[reports.roads]\nfile = "roads.txt\n', "line 2"),
        ('[reports.roads]\nfile = "roads.txt', "line 2"),
        ('[reports.roads]\nfile = "roads.txt"\nskip_pages = "3-1"\n', "line 3"),
        ('[reports.roads]\nfile = "roads.txt"\nskip_pages = "0"\n', "line 3"),
        ('[reports.roads]\nfile = "roads.txt"\nskip_pages = ""\n', "line 3"),
        ('[reports.roads]\nfile = "roads.txt"\nskip_pages = "last"\n', "line 3"),
        ('[reports.roads]\nfile = "roads.txt"\nskip_pages = [1, true]\n', "line 3"),
        ('[reports.roads]\nfile = "roads.txt"\nskip_pages = 3\n', "line 3"),
        ('[reports.roads]\nfile = "roads.txt"\nheadings = "Winter"\n', "line 3"),
        ('[reports.roads]\nfile = "roads.txt"\nheadings = ["Winter", " "]\n', "line 3"),
        ('[reports.roads]\nfile = "roads.txt"\nfirst_paragraph = "5"\n', "line 3"),
        ('[reports.roads]\nfile = "roads.txt"\nfirst_paragraph = 0\n', "line 3"),
        ('[reports.roads]\nfile = "roads.txt"\nfirst_paragraph = true\n', "line 3"),
        ('[reports.roads]\nfile = "roads.txt"\ninspected = 2006\n', "line 3"),
        ("name = 1\n", "line 1"),
        ("reports = 1\n", "line 1"),
    ],
)
def test_a_fault_in_corpus_toml_is_named_with_its_line(corpus: Path, text: str, line: str) -> None:
    describe(corpus, text)
    with pytest.raises(CorpusError, match=r"corpus\.toml") as caught:
        find_reports(corpus)
    assert line in str(caught.value)


def test_a_deeply_nested_corpus_toml_is_refused(corpus: Path) -> None:
    describe(corpus, "a = " + "[" * 5000 + "]" * 5000 + "\n")
    with pytest.raises(CorpusError, match="not valid TOML"):
        find_reports(corpus)


def test_a_byte_order_mark_before_corpus_toml_does_no_harm(corpus: Path) -> None:
    describe(corpus, '\ufeff[reports.winter]\nfile = "roads.txt"\n')
    assert find_reports(corpus)[0].id == "winter"


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "is empty"),
        (b" \n\t\n", "is empty"),
        (b"\x7fELF\x00\x01", "is a program"),
        (b"\0\1\2\3 roads", "is not a text file"),
    ],
)
def test_a_file_that_is_no_report_is_refused_by_name(corpus: Path, data: bytes, complaint: str) -> None:
    (corpus / "roads.txt").write_bytes(data)
    with pytest.raises(CorpusError, match=complaint) as caught:
        [read_report(file) for file in find_reports(corpus)]
    assert "roads.txt" in str(caught.value)


def test_a_folder_without_reports_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="There is no folder"):
        find_reports(tmp_path / "nowhere")
    with pytest.raises(CorpusError, match="holds no report; put files"):
        find_reports(tmp_path)


# What corpus.toml says on how a report is to be read


def document(*blocks: Block, pages: int | None = None) -> Document:
    return Document("".join(block.text for block in blocks), blocks, pages=pages)


def block(text: str, *, page: int | None = None, **fields: object) -> Block:
    return Block(
        fields.pop("form", Form.TEXT),  # type: ignore[arg-type]
        text,
        Span(0, len(text)),
        page=None if page is None else Page(page),
        **fields,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("written", ['"1-3, 40"', "[1, 2, 3, 40]", '"1–2,3 , 40"'])
def test_pages_to_skip_are_named_as_ranges_or_as_a_list(corpus: Path, written: str) -> None:
    describe(corpus, f'[reports.roads]\nfile = "roads.txt"\nskip_pages = {written}\n')
    overrides = find_reports(corpus)[0].overrides
    assert [page for page in range(60) if overrides.skips(page)] == [1, 2, 3, 40]


def test_what_a_report_is_read_otherwise_by_is_kept_with_its_file(corpus: Path) -> None:
    describe(
        corpus,
        '[reports.roads]\nfile = "roads.txt"\nheadings = ["Main  findings"]\nfirst_paragraph = 5\n',
    )
    first, second = find_reports(corpus)
    assert first.overrides == Overrides(headings=("Main findings",), first_paragraph=5)
    assert second.overrides == Overrides()


def test_a_page_to_skip_is_dropped_and_named_as_skipped() -> None:
    read = document(block("Cover", page=1), block("Findings", page=2), block("No page"), pages=2)
    changed = overridden(read, Overrides((PageRange(1, 1), PageRange(7, 9))))
    assert [each.text for each in changed.blocks] == ["Findings", "No page"]
    assert [(each.reason, each.text, each.page) for each in changed.dropped] == [
        ("skipped", "Cover", Page(1))
    ]
    assert changed.warnings == ("skip_pages names page 7; the file has 2",)
    assert changed.text == read.text


def test_pages_cannot_be_skipped_where_there_are_none() -> None:
    changed = overridden(document(block("Findings")), Overrides((PageRange(1, 1),)))
    assert [each.text for each in changed.blocks] == ["Findings"]
    assert changed.warnings == ("skip_pages has no effect: the file has no pages",)


def test_a_line_that_is_named_a_heading_has_the_level_of_the_lowest_heading_there_is() -> None:
    read = document(
        block("Report", level=1), block("Part", level=2), block("Main  findings", level=0),
        block("Well.", level=0), block("Safety", form=Form.ITEM, marker="2.", level=4),
    )  # fmt: skip
    changed = overridden(read, Overrides(headings=("Main findings", "2. Safety", "Nowhere")))
    assert [(each.form, each.text, each.level) for each in changed.blocks] == [
        (Form.TEXT, "Report", 1), (Form.TEXT, "Part", 2), (Form.TEXT, "Main  findings", 2),
        (Form.TEXT, "Well.", 0), (Form.TEXT, "Safety", 2),
    ]  # fmt: skip
    assert changed.warnings == ("no line reads “Nowhere”, which headings names",)
    (only,) = overridden(document(block("Findings")), Overrides(headings=("Findings",))).blocks
    assert only.level == 1


def test_nothing_is_changed_where_nothing_is_said() -> None:
    read = document(block("Findings", page=1), pages=1)
    assert overridden(read, Overrides(first_paragraph=5)) == read


def test_a_report_all_of_whose_pages_are_skipped_says_what_to_mend(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = document(block("Findings", page=1), pages=1)
    monkeypatch.setattr("qa.ingest.corpus.read_document", lambda *_, **__: read)
    file = ReportFile("roads", corpus / "roads.txt", "roads.txt", {}, Overrides((PageRange(1, 1),)))
    with pytest.raises(UnreadableReportError, match=r"no words on .* left; mend skip_pages in corpus\.toml"):
        read_report(file)


def test_what_has_no_effect_is_said_when_the_report_is_read(corpus: Path) -> None:
    described = Overrides((PageRange(1, 2),), ("Gritting",))
    read = read_report(ReportFile("roads", corpus / "roads.txt", "roads.txt", {}, described))
    assert read.warnings == (
        "roads.txt skip_pages has no effect: the file has no pages",
        "roads.txt no line reads “Gritting”, which headings names",
    )


# What a file says of itself


def test_what_a_file_says_of_itself_is_taken_where_corpus_toml_says_nothing(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {
        "title": " Roads\nin winter", "publisher": "Ofsted", "date": "2009-01-31", "authority": "Rutland",
        "inspected": "3 to 5 March 2009", "kind": " ",
    }  # fmt: skip

    def read(data: bytes, name: str, **_: object) -> Document:
        return Document("Roads.", (block("Roads.", page=1),), told, pages=3)

    monkeypatch.setattr("qa.ingest.corpus.read_document", read)
    described = {"file": "roads.txt", "publisher": "The council", "inspected": "spring 2009"}
    reading = read_whole(ReportFile("roads", corpus / "roads.txt", "roads.txt", described))
    report = reading.report
    assert (report.title, report.short_title) == ("Roads in winter", "Roads in winter")
    assert (report.publisher, report.date, report.kind) == ("The council", "2009-01-31", None)
    assert (report.authority, report.inspected) == ("Rutland", "spring 2009")
    assert read_report(ReportFile("roads", corpus / "roads.txt", "roads.txt")).pages == 3


@pytest.mark.parametrize("date", ["31 January 2009", "20090131", "2009-13", "D:2009"])
def test_a_date_a_file_says_of_itself_is_left_out_if_it_is_none(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, date: str
) -> None:
    read = Document("Roads.", (block("Roads."),), {"date": date})
    monkeypatch.setattr("qa.ingest.corpus.read_document", lambda *_, **__: read)
    assert read_report(ReportFile("roads", corpus / "roads.txt", "roads.txt")).report.date is None


def test_authority_and_inspection_dates_can_be_told_in_corpus_toml(corpus: Path) -> None:
    describe(corpus, '[reports.roads]\nfile = "roads.txt"\nauthority = "Rutland"\ninspected = "May 2009"\n')
    report = read_report(find_reports(corpus)[0]).report
    assert (report.authority, report.inspected) == ("Rutland", "May 2009")


# Files


def test_a_file_that_speaks_of_the_others_is_no_report_unless_it_is_named(corpus: Path) -> None:
    (corpus / "README.txt").write_text(REPORT)
    (corpus / "deep").mkdir()
    (corpus / "deep/readme.txt").write_text(REPORT)
    assert list(report_names(corpus)) == ["roads-2009.txt", "roads.txt"]
    describe(corpus, '[reports.about]\nfile = "README.txt"\n')
    assert [report.id for report in find_reports(corpus)] == ["about", "roads-2009", "roads"]


def test_a_file_that_cannot_be_read_is_told_from_one_that_has_gone(corpus: Path) -> None:
    (corpus / "folder.txt").mkdir()
    with pytest.raises(UnreadableReportError, match=re.escape("folder.txt cannot be read (")) as caught:
        read_report(ReportFile("x", corpus / "folder.txt", "folder.txt"))
    assert caught.value.reason.startswith("cannot be read (")
    with pytest.raises(CorpusError, match=r"gone\.txt cannot be read \(No such file") as gone:
        read_report(ReportFile("x", corpus / "gone.txt", "gone.txt"))
    assert not isinstance(gone.value, UnreadableReportError)
