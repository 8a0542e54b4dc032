"""How one passage is drawn in the thread: what is shown of its words, and what is cut to fit."""

from __future__ import annotations

import pytest
from textual.content import Content

from qa.tui.display import excerpt
from qa.tui.entry import Entries, Entry
from qa.tui.marks import ASCII_MARKS, UNICODE_MARKS
from qa.types import Span
from tests.tui.fakes import cite, passage

LONG = "Outcomes are good. Of the children who live in the villages of the county many go to a school nearby."


def lines(entry: Entry, width: int) -> list[str]:
    return [line.plain for line in entry.lines(width)]


@pytest.mark.parametrize(
    ("match", "shown"),
    [
        ("", LONG),
        ("Outcomes", LONG),
        ("good", LONG),
        ("Of the children", f"…{LONG[19:]}"),
        ("children", f"…{LONG[19:]}"),
        ("villages", f"…{LONG[19:]}"),
        ("nearby", "…go to a school nearby."),
    ],
)
def test_an_excerpt_begins_with_the_sentence_of_its_match_or_shortly_before_it(
    match: str, shown: str
) -> None:
    start = LONG.index(match)
    cited = cite(passage(0, LONG, number="1"), 1, (Span(start, start + len(match)),) if match else ())
    assert excerpt(cited, UNICODE_MARKS) == shown


def test_an_excerpt_begins_at_a_match_in_a_word_without_end() -> None:
    cited = cite(passage(0, "x" * 500, number="1"), 1, (Span(100, 110),))
    assert excerpt(cited, ASCII_MARKS) == "..." + "x" * 400


def test_a_heading_that_is_too_long_keeps_its_beginning_and_its_end() -> None:
    heading = Content(
        "Joint area review, Rutland, Main Report > Staying safe > Access to the register, para 29"
    )
    entry = Entry(Content(" 1"), heading, Content("Words."), most_lines=2)
    assert lines(entry, 44) == [
        " 1  Joint area review, Rutland, Main Report…",
        "    safe > Access to the register, para 29",
        "    Words.",
    ]


@pytest.mark.parametrize("width", range(1, 60))
def test_no_line_is_wider_than_there_is_room_for(width: int) -> None:
    entry = Entry(
        Content(" *12"),
        Content("漢字 and " + "a" * 70),
        Content(f"{LONG} 漢字漢字漢字"),
        note=Content("Also said at para 14"),
        most_lines=2,
    )
    drawn = Entries([entry, entry]).lines(width)
    assert all(line.cell_length <= width for line in drawn)
    assert len(drawn) == 2 * len(entry.lines(width))


def test_a_body_is_cut_where_a_line_ends_and_its_note_is_shown_in_full() -> None:
    entry = Entry(
        Content(" 1"), Content("Review"), Content(LONG), note=Content("Also said at para 14"), most_lines=2
    )
    assert lines(entry, 40) == [
        " 1  Review",
        "    Outcomes are good. Of the children",
        "    who live in the villages of the…",
        "    Also said at para 14",
    ]


def test_a_question_is_shown_whole() -> None:
    entry = Entry(Content("Q1"), Content(LONG), Content(LONG))
    assert "".join(line.strip() for line in lines(entry, 30)).count("nearby.") == 2
