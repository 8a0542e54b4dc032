"""What dialogs are made of that needs no terminal: the tray, the scope, paths, rows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from textual.content import Content

from qa.ingest.formats import SUFFIXES
from qa.tui.dialogs.paths import at_home, complete_last_path, complete_path, split_paths
from qa.tui.dialogs.reports import REPORT_SUFFIXES, bar
from qa.tui.dialogs.rows import Row, matching, searchable
from qa.tui.line import Completions
from qa.tui.scope import Scope
from qa.tui.tray import Tray
from qa.types import ReportSummary
from tests.tui.fakes import PASSAGES, REVIEW, cite

FIRST, SECOND, THIRD = (cite(PASSAGES[place], 1) for place in (0, 1, 2))
SEVEN = [ReportSummary(REVIEW, {})] * 7


# The tray


def test_a_passage_is_in_the_tray_once_and_goes_when_it_is_marked_again() -> None:
    tray = Tray()
    assert not tray
    assert tray.toggle(FIRST)
    assert FIRST in tray
    assert FIRST.id in tray
    assert "another" not in tray
    assert not tray.toggle(cite(PASSAGES[0], 9))
    assert len(tray) == 0


def test_the_tray_keeps_the_order_people_give_it() -> None:
    tray = Tray([FIRST, SECOND, THIRD])
    tray.move(THIRD.id, -1)
    assert list(tray.passages) == [FIRST, THIRD, SECOND]
    tray.move(FIRST.id, -1)
    tray.move(FIRST.id, 99)
    assert list(tray.passages) == [THIRD, SECOND, FIRST]
    tray.move("another", 1)
    tray.remove("another")
    tray.remove(SECOND.id)
    assert list(tray.passages) == [THIRD, FIRST]
    tray.clear()
    assert list(tray.passages) == []


# The scope


@pytest.mark.parametrize(
    ("scope", "in_words"),
    [
        (Scope(), "all reports"),
        (Scope(("a", "b")), "2 of 7 reports"),
        (Scope(("a",), "Staying safe"), "a (1 of 7 reports), section “Staying safe”"),
        (Scope((), "Staying safe"), "all reports, section “Staying safe”"),
    ],
)
def test_a_scope_is_told_in_words(scope: Scope, in_words: str) -> None:
    assert scope.in_words(SEVEN) == in_words


# Filtering


def test_a_filter_finds_all_typed_words_in_any_order_and_case() -> None:
    searched = [searchable("Joint area review: Rutland", None, "2006"), searchable("Rutland ΣΊΣΥΦΟΣ", "2008")]
    assert matching("", searched) == [0, 1]
    assert matching("  2006 RUT ", searched) == [0]
    assert matching("rut 200", searched) == [0, 1]
    assert matching("σίσυφος", searched) == [1]
    assert matching("rutland 2007", searched) == []


# Rows


def test_words_at_the_right_go_below_a_heading_that_needs_the_room() -> None:
    row = Row(
        Content("Joint area review, Rutland"), right=Content("17 December 2006"), below=Content("Ofsted")
    )
    assert [line.plain for line in row.lines(64)] == [
        "  Joint area review, Rutland                    17 December 2006",
        "  Ofsted",
    ]
    assert [line.plain for line in row.lines(40)] == [
        "  Joint area review, Rutland",
        "  17 December 2006; Ofsted",
    ]


def test_a_row_cut_after_some_lines_says_so() -> None:
    row = Row(Content("one two three four five six"), mark=" 1 ", most_lines=2)
    assert [line.plain for line in row.lines(15)] == ["   1 one two", "     three..."]
    assert row.get_height({}, 0) == 0


@pytest.mark.parametrize(
    ("done", "total", "drawn"),
    [
        (0, 0, "░" * 30 + "   0 %"),
        (7, 12, "█" * 17 + "░" * 13 + "  58 %"),
        (12, 12, "█" * 30 + " 100 %"),
        (13, 12, "█" * 30 + " 100 %"),
    ],
)
def test_the_bar_never_tells_more_than_is_done(done: int, total: int, drawn: str) -> None:
    assert bar(done, total) == drawn


# Completion


async def test_what_is_typed_in_any_case_is_completed_as_it_is_written() -> None:
    completions = Completions(lambda typed: ["Staying safe", "Staying safe: grades"])
    assert await completions.get_suggestion("stay") == "Staying safe"
    assert await completions.get_suggestion("staying safe:") == "Staying safe: grades"


async def test_a_whole_heading_is_not_made_another_one() -> None:
    completions = Completions(lambda typed: ["Staying safe: grades", "Staying safe"])
    assert await completions.get_suggestion("Staying safe") is None


async def test_nothing_is_offered_that_a_terminal_would_act_on_or_that_does_not_go_on() -> None:
    completions = Completions(lambda typed: ["abc\x1b[2J", "\u202eabc", "xyz", "abcd"], in_thread=True)
    assert await completions.get_suggestion("ab") == "abcd"
    assert await Completions(lambda typed: []).get_suggestion("ab") is None


# Paths


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    base = tmp_path / "base"
    for name in ("Reports", "review notes", ".hidden"):
        (base / name).mkdir(parents=True)
    for name in ("Reports/rutland.pdf", "Reports/Hull 2008.docx", "Reports/picture.png", "report.txt"):
        (base / name).write_text("x")
    return base


def test_the_suffixes_offered_are_those_that_can_be_read() -> None:
    assert set(REPORT_SUFFIXES) == SUFFIXES


def test_folders_and_files_of_the_right_suffix_complete_a_path(folder: Path) -> None:
    assert complete_path("re", base=folder, suffixes=REPORT_SUFFIXES) == (
        "report.txt", f"review notes{os.sep}", f"Reports{os.sep}",
    )  # fmt: skip
    assert complete_path("re", base=folder) == (f"review notes{os.sep}", f"Reports{os.sep}")
    assert complete_path("Reports/h", base=folder, suffixes=REPORT_SUFFIXES) == ("Reports/Hull 2008.docx",)
    assert complete_path(f"{folder}/Reports/p", base=Path(), suffixes=REPORT_SUFFIXES) == ()


def test_hidden_files_and_folders_that_cannot_be_read_are_not_offered(folder: Path) -> None:
    assert not any(".hidden" in path for path in complete_path("", base=folder))
    assert complete_path(".h", base=folder) == (f".hidden{os.sep}",)
    assert complete_path("none/such", base=folder) == ()
    assert complete_path("a\x00b/c", base=folder) == ()


def test_the_home_folder_is_completed_and_kept_short(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    assert complete_path("~", base=Path()) == (f"~{os.sep}",)
    assert complete_path("~/Rep", base=Path()) == (f"~/Reports{os.sep}",)
    assert at_home("~/report.txt") == folder / "report.txt"
    assert at_home("~no-such-user-at-all/x") == Path("~no-such-user-at-all/x")


def test_the_last_of_several_paths_is_completed(folder: Path) -> None:
    def completed(typed: str) -> tuple[str, ...]:
        return complete_last_path(typed, base=folder, suffixes=REPORT_SUFFIXES)

    assert completed("") == ()
    assert completed("Reports/ru") == ("Reports/rutland.pdf",)
    assert completed("report.txt Reports/ru") == ("report.txt Reports/rutland.pdf",)
    assert completed("report.txt ") == ()
    assert completed('report.txt "Reports/Hu') == ('report.txt "Reports/Hull 2008.docx"',)
    assert completed('"rev') == (f'"review notes{os.sep}',)
    # Not quoted, the rest of the name would be another path.
    assert completed("report.txt Reports/Hu") == ()
    # As the only path it may stand as it is.
    assert completed("Reports/Hull 2") == ("Reports/Hull 2008.docx",)


def test_a_line_is_one_path_if_there_is_one_of_that_name(folder: Path) -> None:
    assert split_paths("Reports/Hull 2008.docx ", base=folder) == (str(Path("Reports/Hull 2008.docx")),)
    assert split_paths(str(folder / "review notes"), base=Path()) == (str(folder / "review notes"),)


@pytest.mark.parametrize(
    ("typed", "paths"),
    [
        ("a.pdf b.pdf", ("a.pdf", "b.pdf")),
        ("\"my a.pdf\" 'your b.pdf' c", ("my a.pdf", "your b.pdf", "c")),
        ('"my a.pdf', ("my a.pdf",)),
        ("Ofsted's report.pdf", ("Ofsted's report.pdf",)),
        ("", ()),
    ],
)
def test_a_line_of_several_paths_is_taken_apart_as_a_shell_does(
    typed: str, paths: tuple[str, ...], tmp_path: Path
) -> None:
    assert split_paths(typed, base=tmp_path) == paths


@pytest.mark.skipif(os.sep == "\\", reason="a backslash parts folders there")
def test_a_backslash_holds_a_space_as_terminals_paste_it(tmp_path: Path) -> None:
    assert split_paths(r"/a/my\ file.pdf b", base=tmp_path) == ("/a/my file.pdf", "b")
