"""Tables for a terminal."""

from __future__ import annotations

from qa.printing import build_text
from qa.types import BuildReport, FileOutcome


def a_file(number: int, **fields: object) -> FileOutcome:
    return FileOutcome(f"report{number}.pdf", "PDF", 10, 20, 5, **fields)  # type: ignore[arg-type]


def test_every_file_has_a_line_where_there_are_few() -> None:
    wrong = (a_file(2, warnings=("one", "two")), FileOutcome("scan.pdf", reason="holds no words"))
    assert build_text(BuildReport((a_file(1), *wrong))).splitlines() == [
        "file         format  pages  numbered  other",
        "report1.pdf  PDF        10        20      5",
        "report2.pdf  PDF        10        20      5  2 warnings",
        "scan.pdf     –           –         –      –  holds no words",
    ]


def test_of_many_files_those_with_which_something_is_wrong_have_a_line_and_all_are_counted() -> None:
    wrong = (a_file(41, warnings=("one",)), FileOutcome("copy.pdf", reason="x", same_as="report1.pdf"))
    built = BuildReport((*(a_file(number) for number in range(40)), *wrong))
    assert build_text(built).splitlines() == [
        "file          format  pages  numbered  other",
        "report41.pdf  PDF        10        20      5  1 warning",
        "copy.pdf      –           –         –      –  has the same content as report1.pdf",
        "all 42 files            410       820    205  1 left out",
    ]


def test_a_long_name_is_cut_and_a_name_of_two_lines_is_one() -> None:
    text = build_text(BuildReport((FileOutcome("x" * 200, "text"), FileOutcome("a\n\x1bb", "text"))))
    assert len(text.splitlines()) == 3
    assert "x" * 59 + "…" in text
    assert "\x1b" not in text
