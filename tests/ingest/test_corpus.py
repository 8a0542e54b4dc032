"""The corpus folder and what `corpus.toml` says of its reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa.errors import CorpusError
from qa.ingest.corpus import find_reports, read_report

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
    [(b"", "is empty"), (b" \n\t\n", "is empty"), (b"\x7fELF\x00\x01", "is not a text file")],
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
