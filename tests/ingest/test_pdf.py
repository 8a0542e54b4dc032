"""PDF files: paragraphs over lines, columns and pages, what stands around them, tables, and broken files."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.errors import CorpusError
from qa.ingest.outline import outline
from qa.ingest.pdf import read_pdf
from qa.types import Document, Form, Kind, Passage
from tests.ingest.made_pdf import (
    BODY,
    HEIGHT,
    MARGIN,
    WHITE,
    WIDTH,
    MadePage,
    made_pdf,
    pdf_of,
    words_width,
    wrapped,
)

SENTENCES = (
    "The council and its partners know their communities well and plan their services with care.",
    "Children who need help and protection receive it at the right time in almost all of the cases seen.",
    "Social workers visit families often and write down plainly what they have seen and what must change.",
    "Managers read the records of each case every month and challenge work that does not meet the standard.",
    "Leaders have acted with vigour on the findings of the last inspection, and most of them are now met.",
    "The board hears from young people at each of its meetings and can show what it has changed for them.",
)


def text_of(number: int, sentences: int = 3) -> str:
    """Return a text that no other number has."""
    place = "".join(f"{'bdfgklmnpr'[int(digit)]}a" for digit in str(number)).capitalize()
    said = [SENTENCES[(number + each) % len(SENTENCES)] for each in range(sentences)]
    return " ".join([f"{place} was seen first.", *said])


def ending_early(words: str, width: float) -> str:
    """Return words with as many more as end them in the first half of a line."""
    while words_width(wrapped(words, width)[-1]) > width / 2:
        words += " So it is."
    return words


def read(*pages: MadePage, labels: str = "") -> Document:
    return read_pdf(made_pdf(*pages, labels=labels))


def texts(document: Document, form: Form | None = None) -> list[str]:
    return [block.text for block in document.blocks if form is None or block.form is form]


def dropped(document: Document) -> list[tuple[str, str]]:
    return [(each.reason, each.text) for each in document.dropped]


def passages(document: Document) -> tuple[Passage, ...]:
    return outline(document.blocks, report_id="r", text=document.text).passages


def numbers(document: Document) -> list[str]:
    return [passage.number for passage in passages(document) if passage.number]


def filler(page: MadePage, first: int = 1, last: int = 3, *, stop: str = ".", sentences: int = 3) -> MadePage:
    """Put numbered paragraphs on a page."""
    for number in range(first, last + 1):
        page.paragraph(text_of(number, sentences), number=f"{number}{stop}")
    return page


def flowed(paragraphs: Sequence[str], *, width: float = BODY, last: float = 720.0) -> list[MadePage]:
    """Return pages of paragraphs, broken where a page is full, with a page number below."""
    pages: list[MadePage] = []
    for words in paragraphs:
        for line in wrapped(words, width):
            if not pages or pages[-1].y > last:
                pages.append(MadePage())
                pages[-1].y = 125.0
            pages[-1].lines([line])
        pages[-1].y += 8.0
    for place, page in enumerate(pages, start=1):
        page.put(WIDTH / 2, 815, str(place), size=9)
    return pages


# --- paragraphs ------------------------------------------------------------------------------------------


def test_a_paragraph_broken_at_line_ends_is_one_block() -> None:
    assert texts(read(MadePage().paragraph(text_of(1)))) == [text_of(1)]


def test_every_numbered_paragraph_is_a_passage_under_its_printed_number() -> None:
    document = read(filler(MadePage(), 1, 5))
    assert [(each.number, each.text) for each in passages(document)] == [
        (str(number), text_of(number)) for number in range(1, 6)
    ]


def test_the_sources_of_blocks_are_their_words_in_the_text() -> None:
    document = read(filler(MadePage(), 1, 5).table([["A", "B"], ["one", "two"]], [100, 100]))
    assert document.blocks
    for block in document.blocks:
        assert document.text[block.source.start : block.source.end] == block.text


def test_a_paragraph_goes_on_over_a_page_with_header_footer_number_and_footnote_between() -> None:
    pages: list[MadePage] = []
    for place in range(4):
        page = filler(MadePage(), 3 * place + 1, 3 * place + 3)
        page.put(MARGIN, 40, "Inspection of services in Anytown", size=9)
        page.put(WIDTH / 2, 815, str(place + 1 + bool(place)), size=9)
        pages.append(page)
    first, second = wrapped(text_of(4), BODY - 28)[:2], wrapped(text_of(4), BODY - 28)[2:]
    pages[0].y = 650
    pages[0].put(MARGIN, 650, "99.").lines([first[0], f"{first[1]}^1^"], x=MARGIN + 28)
    pages[0].rule(MARGIN, 755, MARGIN + 140, 755).put(MARGIN, 768, "^1^ The Children Act 1989.", size=9)
    after = (
        MadePage().lines(second, x=MARGIN + 28).put(MARGIN, 40, "Inspection of services in Anytown", size=9)
    )
    after.put(WIDTH / 2, 815, "2", size=9)
    document = read(pages[0], after, *pages[1:])
    assert f"99. {text_of(4)}" in texts(document)
    assert ("header", "Inspection of services in Anytown") in dropped(document)
    assert texts(document, Form.NOTE) == ["The Children Act 1989."]


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (
            ["The plan was for a 10-", "day visit by the team."],
            "The plan was for a 10-day visit by the team.",
        ),
        (
            ["Good work by the multi-", "agency team was seen."],
            "Good work by the multi-agency team was seen.",
        ),
        (
            ["They share infor-", "mation; this information helps."],
            "They share information; this information helps.",
        ),
        (["They share infor\xad", "mation as they should."], "They share information as they should."),
        (["In the years 2012–", "2014 it grew."], "In the years 2012–2014 it grew."),
    ],
)
def test_a_word_broken_at_a_line_end_is_written_as_elsewhere(lines: list[str], wanted: str) -> None:
    assert texts(read(MadePage().lines(lines))) == [wanted]


def test_a_number_alone_on_its_line_opens_the_words_below_it() -> None:
    page = MadePage()
    for number in range(1, 5):
        page.lines([f"{number}."]).lines(wrapped(text_of(number), BODY))
        page.y += 8
    assert numbers(read(page)) == ["1", "2", "3", "4"]


def test_a_number_that_touches_the_words_is_parted_from_them() -> None:
    page = MadePage()
    for number in range(8, 12):
        page.paragraph(f"{number}.Assessments are timely. {text_of(number)}")
    document = read(page)
    assert numbers(document) == ["8", "9", "10", "11"]
    assert passages(document)[2].text.startswith("Assessments are timely.")


def test_numbers_of_one_two_and_three_digits_are_found_whatever_their_indent() -> None:
    pages = [MadePage() for _ in range(16)]
    for number in range(1, 113):
        page = pages[(number - 1) // 7]
        x = MARGIN + {1: 12.0, 2: 6.0, 3: 0.0}[len(str(number))]
        page.put(x, page.y, f"{number}.").paragraph(text_of(number), x=MARGIN + 34, width=BODY - 34)
    assert numbers(read(*pages)) == [str(number) for number in range(1, 113)]


def test_numbers_may_hang_to_the_left_of_words_set_in_as_far_as_those_of_others() -> None:
    page = MadePage()
    for number in range(8, 13):
        lines = wrapped(text_of(number), BODY - 24)
        page.lines([f"{number}. {lines[0]}", *lines[1:]], hang=24)
        page.y += 6
    assert numbers(read(page)) == ["8", "9", "10", "11", "12"]


def test_numbers_without_space_between_paragraphs_are_found() -> None:
    page = MadePage()
    for number in range(1, 7):
        page.put(MARGIN, page.y, f"{number}.").lines(wrapped(text_of(number), BODY - 28), x=MARGIN + 28)
    assert numbers(read(page)) == ["1", "2", "3", "4", "5", "6"]


def test_margins_that_change_from_page_to_page_part_no_paragraph() -> None:
    pages: list[MadePage] = []
    for number in range(1, 25):
        lines = wrapped(text_of(number, 4), BODY - 50)
        for place, line in enumerate(lines):
            if not pages or pages[-1].y > 500:
                pages.append(MadePage())
                pages[-1].y = 130
            x = MARGIN + 28 * (len(pages) % 2)
            if not place:
                pages[-1].put(x, pages[-1].y, f"{number}.")
            pages[-1].lines([line], x=x + 28)
        pages[-1].y += 8
    document = read(*pages)
    assert texts(document) == [f"{number}. {text_of(number, 4)}" for number in range(1, 25)]


def test_numbering_starts_again_in_a_second_part() -> None:
    first = filler(MadePage().paragraph("Part one", size=16, bold=True), 1, 5)
    second = filler(MadePage().paragraph("Part two", size=16, bold=True), 1, 5)
    assert numbers(read(first, second)) == ["1", "2", "3", "4", "5"] * 2


def test_numbers_of_parts_are_kept_as_printed() -> None:
    page = MadePage()
    for number in ("3.12", "3.13", "3.14", "3.15"):
        page.paragraph(text_of(len(number)), number=number, set_in=36)
    assert numbers(read(page)) == ["3.12", "3.13", "3.14", "3.15"]


def test_lettered_parts_of_a_numbered_paragraph_are_kept_with_their_letters() -> None:
    page = filler(MadePage(), 11, 11)
    for number in ("12(a)", "12(b)", "13."):
        page.paragraph(text_of(3), number=number, set_in=36)
    opened = [text.split()[0] for text in texts(read(page))]
    assert opened == ["11.", "12(a)", "12(b)", "13."]


def test_roman_parts_of_a_paragraph_are_its_items() -> None:
    page = filler(MadePage(), 1, 2)
    for part in ("(i)", "(ii)", "(iii)", "(iv)"):
        page.paragraph("the plans that the board has agreed for children", number=part, x=MARGIN + 28)
    document = read(filler(page, 3, 4))
    assert [block.marker for block in document.blocks if block.form is Form.ITEM] == [
        "(i)",
        "(ii)",
        "(iii)",
        "(iv)",
    ]
    assert numbers(document) == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    "lines",
    [
        [
            "The service now reaches many people, and it gave help with housing to over",
            "400 adults last year.",
        ],
        [
            "The board met for the first time, after many months of preparation, on",
            "12. March in the town hall.",
        ],
        [
            "Of the young people who left care in that year the council knew where all but",
            "3 were living now.",
        ],
        [
            "The team had hoped to do so and to be back in the town with all of them on",
            "3 March 2016 at noon.",
        ],
    ],
)
def test_a_line_that_begins_with_a_number_in_mid_paragraph_opens_none(lines: list[str]) -> None:
    page = filler(MadePage(), 1, 2)
    page.put(MARGIN, page.y, "3.").lines(lines, x=MARGIN + 28)
    page.y += 8
    document = read(filler(page, 4, 6))
    assert f"3. {' '.join(lines)}" in texts(document)
    assert numbers(document) == ["1", "2", "3", "4", "5", "6"]


def test_numbers_in_lists_and_tables_and_dates_open_no_paragraph() -> None:
    page = filler(MadePage(), 1, 2)
    page.paragraph("The three parts are:", x=MARGIN + 28)
    for place, part in enumerate(("help", "care", "protection"), start=1):
        page.paragraph(part, number=f"{place})", x=MARGIN + 40, width=300)
    page.table([["3.", "Grade"], ["4.", "Good"]], [100, 100])
    page.paragraph("5 March 2016")
    assert numbers(read(filler(page, 3, 5))) == ["1", "2", "3", "4", "5"]


# --- around the text -------------------------------------------------------------------------------------


def test_headers_that_differ_on_left_and_right_pages_and_hold_the_page_number_are_no_text() -> None:
    pages = [filler(MadePage(), 4 * place + 1, 4 * place + 4) for place in range(6)]
    for place, page in enumerate(pages, start=1):
        if place % 2:
            page.put(MARGIN, 40, "Ofsted", size=9).put(WIDTH - 90, 40, str(place), size=9)
        else:
            page.put(MARGIN, 40, str(place), size=9).put(WIDTH - 160, 40, "Anytown children", size=9)
    document = read(*pages)
    assert texts(document) == [f"{number}. {text_of(number)}" for number in range(1, 25)]
    assert {reason for reason, _ in dropped(document)} == {"header"}
    assert [page.label for page in {b.page.number: b.page for b in document.blocks if b.page}.values()] == [
        str(place) for place in range(1, 7)
    ]


def test_a_running_header_set_in_a_ruled_table_is_no_text() -> None:
    pages: list[MadePage] = []
    for place in range(6):
        page = MadePage()
        page.y = 30
        page.table([["Inspection of Anytown", f"Page {place + 1} of 6"]], [300, 150])
        page.y = 125
        pages.append(filler(page, 3 * place + 1, 3 * place + 3))
    document = read(*pages)
    assert texts(document) == [f"{number}. {text_of(number)}" for number in range(1, 19)]
    assert [block.page.label for block in document.blocks if block.page][::3] == list("123456")


def test_a_table_that_goes_on_at_the_top_of_many_pages_is_text() -> None:
    pages: list[MadePage] = []
    for place in range(5):
        page = filler(MadePage().table([["Area", "Judgement"]], [200, 150]), 5 * place + 1, 5 * place + 5)
        pages.append(page.table([["Area", "Judgement"], [text_of(place, 1), "Good"]], [200, 150]))
    assert [text_of(place, 1) for place in range(5)] == [
        row[0] for row in rows(read(*pages)) if row[1] == "Good"
    ]


def test_the_label_printed_on_a_page_is_told_apart_from_its_place_in_the_file() -> None:
    cover = MadePage().put(MARGIN, 300, "Inspection of Anytown", size=28)
    roman = [filler(MadePage(), 1, 2, stop=")").put(WIDTH / 2, 815, label, size=9) for label in ("i", "ii")]
    body = [
        filler(MadePage(), 3 * place + 1, 3 * place + 3).put(WIDTH / 2, 815, str(place + 1), size=9)
        for place in range(5)
    ]
    document = read(cover, *roman, *body)
    labels = {block.page.number: block.page.label for block in document.blocks if block.page}
    assert labels == {1: None, 2: "i", 3: "ii", 4: "1", 5: "2", 6: "3", 7: "4", 8: "5"}


def test_labels_that_the_file_gives_its_pages_serve_where_none_is_printed() -> None:
    pages = [filler(MadePage(), 3 * place + 1, 3 * place + 3) for place in range(4)]
    document = read(*pages, labels="0 << /S /r >> 2 << /S /D >>")
    labels = {block.page.number: block.page.label for block in document.blocks if block.page}
    assert labels == {1: "i", 2: "ii", 3: "1", 4: "2"}


def test_page_numbers_that_start_again_are_no_text() -> None:
    pages = []
    for place, label in enumerate(("1", "2", "3", "4", "1", "2", "3")):
        page = filler(MadePage(), 3 * place + 1, 3 * place + 3)
        pages.append(page.put(WIDTH / 2, 815, label, size=9))
    document = read(*pages)
    assert texts(document) == [f"{number}. {text_of(number)}" for number in range(1, 22)]
    labels = {block.page.number: block.page.label for block in document.blocks if block.page}
    assert list(labels.values()) == ["1", "2", "3", "4", "1", "2", "3"]


def test_a_year_or_a_sum_that_stands_alone_in_the_text_is_no_page_number() -> None:
    pages = [filler(MadePage(), 3 * place + 1, 3 * place + 3) for place in range(4)]
    pages[1].put(MARGIN, 500, "2016")
    for place, page in enumerate(pages, start=1):
        page.put(WIDTH / 2, 815, str(place), size=9)
    assert "2016" in texts(read(*pages))


def noted(*, body: Sequence[str], notes: Sequence[str], rule: bool = True) -> MadePage:
    page = MadePage()
    for number, words in enumerate(body, start=1):
        page.paragraph(words, number=f"{number}.")
    page.y = 700
    if rule:
        page.rule(MARGIN, 692, MARGIN + 140, 692)
    for words in notes:
        page.lines(wrapped(words, BODY, 9), size=9)
    return page


def test_a_raised_number_that_calls_a_footnote_is_no_word() -> None:
    document = read(
        noted(body=[f"The act^1^ applies. {text_of(1)}", text_of(2)], notes=["^1^ Children Act 1989."])
    )
    assert texts(document, Form.TEXT)[0] == f"1. The act applies. {text_of(1)}"
    assert document.blocks[0].calls == ("1",)
    assert [(b.marker, b.text) for b in document.blocks if b.form is Form.NOTE] == [
        ("1", "Children Act 1989.")
    ]


@pytest.mark.parametrize("words", ["On the 1^st^ of May", "Rooms of 12 m^2^ each", "Less CO2 and 10^6^ more"])
def test_a_raised_sign_that_calls_no_footnote_is_kept(words: str) -> None:
    plain = words.replace("^", "")
    page = noted(body=[f"{words} were seen. {text_of(1)}", text_of(2)], notes=["^9^ Another."])
    assert texts(read(page), Form.TEXT)[0] == f"1. {plain} were seen. {text_of(1)}"


def test_emphasis_stands_where_it_is_printed_behind_a_raised_sign() -> None:
    page = filler(MadePage(), 1, 2)
    page.lines(["The 1^st^ of **many rooms** was 12 m^2^ and **very small** indeed."])
    block = read(page).blocks[-1]
    assert block.text == "The 1st of many rooms was 12 m2 and very small indeed."
    assert [block.text[e.start : e.end] for e in block.emphasis] == ["many rooms", "very small"]


def test_two_footnotes_on_a_page_are_two_and_each_belongs_to_what_calls_it() -> None:
    page = noted(
        body=[f"The act^1^ applies. {text_of(1)}", f"The guide^2^ too. {text_of(2)}"],
        notes=["^1^ Children Act 1989.", f"^2^ Working together. {text_of(3)}"],
    )
    found = passages(read(page))
    by_id = {each.id: each for each in found}
    called = {each.number: [by_id[note].text for note in each.notes] for each in found if each.number}
    assert called == {"1": ["Children Act 1989."], "2": [f"Working together. {text_of(3)}"]}


def test_a_footnote_with_an_asterisk_is_one() -> None:
    page = noted(body=[f"The act^*^ applies. {text_of(1)}", text_of(2)], notes=["* Children Act 1989."])
    document = read(page)
    assert [(b.marker, b.text) for b in document.blocks if b.form is Form.NOTE] == [
        ("*", "Children Act 1989.")
    ]
    assert document.blocks[0].calls == ("*",)


def test_a_footnote_goes_on_over_a_page() -> None:
    first = noted(body=[f"The act^1^ applies. {text_of(1)}", text_of(2)], notes=[])
    lines = wrapped(f"Children Act. {text_of(3)} {text_of(4)}", BODY, 9)
    first.lines([f"^1^ {lines[0]}", *lines[1:3]], size=9)
    second = filler(MadePage(), 3, 5)
    second.rule(MARGIN, 692, MARGIN + 140, 692)
    second.y = 700
    second.lines(lines[3:], size=9)
    assert texts(read(first, second), Form.NOTE) == [" ".join(lines)]


# --- tables ----------------------------------------------------------------------------------------------

GRADES = [
    ["Area", "Judgement", "Why"],
    ["Leadership", "Good", text_of(1, 1)],
    ["Quality", "Outstanding", "Best"],
]


def rows(document: Document) -> list[list[str]]:
    return [[cell.text for cell in block.cells] for block in document.blocks if block.form is Form.ROW]


def test_a_ruled_table_is_read_by_rows_with_cells_of_several_lines() -> None:
    document = read(filler(filler(MadePage(), 1, 2).table(GRADES, [100, 100, 200]), 3, 4))
    assert rows(document) == GRADES
    assert numbers(document) == ["1", "2", "3", "4"]
    reading = next(each.reading for each in passages(document) if each.kind is Kind.TABLE_ROW)
    assert reading is not None
    assert "Judgement: Good" in reading


def test_a_table_stands_where_it_stands_on_the_page() -> None:
    document = read(filler(filler(MadePage(), 1, 2).table(GRADES, [100, 100, 200]), 3, 4))
    forms = [block.form for block in document.blocks]
    assert forms == [Form.TEXT, Form.TEXT, Form.ROW, Form.ROW, Form.ROW, Form.TEXT, Form.TEXT]


def test_a_merged_cell_stands_in_its_first_column() -> None:
    table = [["Area", "2015", "2016"], ["Both years", "Good", "<"], ["Other", "Good", "Poor"]]
    assert rows(read(filler(MadePage(), 1, 2).table(table, [120, 80, 80]))) == [
        ["Area", "2015", "2016"],
        ["Both years", "Good", ""],
        ["Other", "Good", "Poor"],
    ]


def test_a_table_over_two_pages_is_one_and_its_heads_stand_once() -> None:
    first = filler(MadePage(), 1, 2).table(GRADES, [100, 100, 200])
    second = filler(MadePage().table([GRADES[0], ["Care", "Poor", "Worst"]], [100, 100, 200]), 3, 4)
    document = read(first, second)
    assert rows(document) == [*GRADES, ["Care", "Poor", "Worst"]]


def test_a_table_whose_lines_are_drawn_in_a_form_is_a_table() -> None:
    page = filler(MadePage(), 1, 2).table(GRADES, [100, 100, 200])
    frames = [mark for mark in page.marks if mark.endswith(b"re S")]
    page.marks = [mark for mark in page.marks if mark not in frames]
    page.marks.append(b"q 2 0 0 2 10 20 cm /X0 Do Q")
    # The form is drawn moved and at twice the size.
    form = b"0.5 0 0 0.5 -5 -10 cm\n" + b"\n".join(frames)
    assert rows(read_pdf(made_pdf(page, form=form))) == GRADES


def test_judgements_in_aligned_columns_without_rules_are_rows() -> None:
    judged = [
        ["Overall effectiveness", "Good"],
        ["Leadership and governance", "Outstanding"],
        ["Help and protection", "Requires improvement"],
    ]
    page = filler(MadePage(), 1, 2)
    for area, grade in judged:
        page.put(MARGIN + 260, page.y, grade).lines([area])
    page.y += 20
    document = read(filler(page, 3, 4))
    assert rows(document) == judged
    assert numbers(document) == ["1", "2", "3", "4"]


def test_a_contents_list_without_dots_is_no_table() -> None:
    page = MadePage().paragraph("Contents", size=16, bold=True)
    for title, number in (("Summary", "3"), ("Leadership", "4"), ("Safeguarding", "11"), ("Annex", "ix")):
        page.put(WIDTH - MARGIN - 20, page.y, number).lines([title])
    document = read(page, filler(MadePage()))
    assert not rows(document)
    assert passages(document)[0].kind is Kind.CONTENTS


def test_short_columns_of_prose_are_no_table() -> None:
    page = filler(MadePage(), 1, 2)
    top = page.y
    for place, x in enumerate((MARGIN, WIDTH / 2 + 10)):
        page.y = top
        page.lines(wrapped(text_of(place, 1), COLUMN)[:3], x=x)
    assert not rows(read(filler(page, 3, 4)))


def test_words_in_a_frame_are_text() -> None:
    page = filler(MadePage(), 1, 2)
    page.frame(MARGIN, page.y - 14, BODY, 70)
    page.paragraph("What we found", x=MARGIN + 8, bold=True)
    page.paragraph(text_of(5, 2), x=MARGIN + 8, width=BODY - 16)
    page.y += 30
    document = read(filler(page, 3, 4))
    assert not rows(document)
    assert text_of(5, 2) in texts(document)


# --- columns ---------------------------------------------------------------------------------------------


COLUMN = BODY / 2 - 20


def column_of(number: int) -> str:
    return ending_early(text_of(number, 4), COLUMN)


def test_two_columns_are_read_one_after_the_other_under_a_heading_across_both() -> None:
    page = MadePage().paragraph("A heading that goes across both of the columns", size=16, bold=True)
    top = page.y
    for place, x in enumerate((MARGIN, WIDTH / 2 + 10)):
        page.y = top
        page.paragraph(column_of(place), x=x, width=COLUMN)
    assert texts(read(page)) == ["A heading that goes across both of the columns", column_of(0), column_of(1)]


def test_a_paragraph_goes_on_from_one_column_to_the_next() -> None:
    lines = wrapped(text_of(1, 6), COLUMN)
    half = len(lines) // 2
    page = MadePage().lines(lines[:half])
    page.y = MARGIN
    page.lines(lines[half:], x=WIDTH / 2 + 10)
    assert texts(read(page)) == [text_of(1, 6)]


def test_columns_whose_lines_stand_at_other_heights_are_read_one_after_the_other() -> None:
    page = MadePage()
    for place, x in enumerate((MARGIN, WIDTH / 2 + 10)):
        page.y = MARGIN + 6.9 * place
        page.paragraph(column_of(place), x=x, width=COLUMN)
    assert texts(read(page)) == [column_of(0), column_of(1)]


def test_numbered_paragraphs_in_two_columns_are_found() -> None:
    page = MadePage()
    for place, x in enumerate((MARGIN, WIDTH / 2 + 10)):
        page.y = MARGIN
        for number in range(4 * place + 1, 4 * place + 5):
            page.paragraph(text_of(number), number=f"{number}.", x=x, width=COLUMN)
    document = read(page)
    assert texts(document) == [f"{number}. {text_of(number)}" for number in range(1, 9)]


def test_a_heading_between_two_bands_of_columns_parts_them() -> None:
    page = MadePage()
    for heading, first in (
        ("Leadership and governance of the whole service", 0),
        ("The care that is given to all children in it", 2),
    ):
        page.paragraph(heading, size=16, bold=True)
        top = page.y
        for place, x in enumerate((MARGIN, WIDTH / 2 + 10)):
            page.y = top
            page.paragraph(column_of(first + place), x=x, width=COLUMN)
        page.y += 30
    wanted = [column_of(number) for number in range(4)]
    assert [text for text in texts(read(page)) if text in wanted] == wanted


# --- contents lists and headings -------------------------------------------------------------------------


def contents_page(entries: Sequence[tuple[str, str]]) -> MadePage:
    page = MadePage().paragraph("Contents", size=16, bold=True)
    for title, number in entries:
        *above, last = wrapped(title, 300)
        page.lines(above)
        page.put(WIDTH - MARGIN - 20, page.y, number)
        dots = "." * int((BODY - 30 - words_width(last)) / words_width("."))
        page.lines([f"{last} {dots}"])
        page.y += 3
    return page


def test_a_contents_list_is_one_and_its_numbers_open_no_paragraphs() -> None:
    entries = [
        ("1. Summary", "1"),
        ("2. What must be done", "2"),
        ("3. Leadership", "3"),
        ("4. Safeguarding", "4"),
    ]
    pages = [contents_page(entries)]
    for place, (title, _) in enumerate(entries):
        page = MadePage().paragraph(title.split(" ", 1)[1], size=16, bold=True)
        pages.append(filler(page, 3 * place + 1, 3 * place + 3))
    document = read(*pages)
    assert numbers(document) == [str(number) for number in range(1, 13)]
    assert "1. Summary 1" in texts(document)
    assert {each.section for each in passages(document) if each.number == "5"} == {("What must be done",)}


def test_an_entry_of_two_lines_in_a_contents_list_is_one() -> None:
    long = "The experiences and progress of children who need help, protection and care in the borough"
    document = read(contents_page([("Summary", "3"), (long, "4"), ("Leadership", "9")]), filler(MadePage()))
    assert f"{long} 4" in texts(document)


def test_headings_are_told_by_size_and_by_boldness_and_have_levels() -> None:
    page = MadePage().paragraph("The whole report", size=20, bold=True)
    page.paragraph("First part", size=14, bold=True)
    filler(page, 1, 2).paragraph("Small heading", bold=True)
    filler(page, 3, 4).paragraph("Second part", size=14, bold=True)
    document = read(filler(page, 5, 6))
    levels = {block.text: block.level for block in document.blocks if block.level}
    assert levels == {"The whole report": 1, "First part": 2, "Small heading": 3, "Second part": 2}


def test_a_heading_of_two_lines_is_one() -> None:
    page = filler(MadePage(), 1, 2)
    page.lines(["The experiences and progress of children", "looked after"], size=16, bold=True)
    page.y += 8
    assert "The experiences and progress of children looked after" in texts(read(filler(page, 3, 4)))


def test_bold_words_that_lead_in_to_a_paragraph_are_emphasis_and_no_heading() -> None:
    page = filler(MadePage(), 1, 2)
    page.lines(
        [
            "**Leadership.** The leaders of the service have made sure that",
            "help comes early to all who need it.",
        ]
    )
    block = next(b for b in read(page).blocks if b.text.startswith("Leadership"))
    assert (
        block.text
        == "Leadership. The leaders of the service have made sure that help comes early to all who need it."
    )
    assert not block.level
    assert [block.text[e.start : e.end] for e in block.emphasis if e.style == "strong"] == ["Leadership."]


@pytest.mark.parametrize("sign", ["•", "–", "-", "o"])
def test_bullets_are_items_with_their_lead_in(sign: str) -> None:
    page = filler(MadePage(), 1, 2)
    page.paragraph("The council must now:")
    items = [text_of(number, 1) for number in range(4)]
    for item in items:
        page.paragraph(item, number=sign, x=MARGIN + 10, set_in=14)
    document = read(page)
    assert texts(document, Form.ITEM) == items
    found = [each for each in passages(document) if each.kind is Kind.BULLET]
    assert [each.lead_in for each in found] == ["The council must now:"] * 4


def test_bullets_of_two_depths_are_items_all() -> None:
    page = filler(MadePage(), 1, 2)
    page.paragraph("The council must now:")
    for place in range(3):
        page.paragraph(text_of(place, 1), number="•", x=MARGIN, set_in=14)
        page.paragraph(text_of(place + 1, 1), number="–", x=MARGIN + 20, set_in=14)
    document = read(page)
    assert texts(document, Form.ITEM) == [text_of(place + more, 1) for place in range(3) for more in (0, 1)]


# --- turned, hidden and other letters --------------------------------------------------------------------


@pytest.mark.parametrize("rotate", [90, 180, 270])
def test_a_turned_page_is_read_as_it_is_shown(rotate: int) -> None:
    page = filler(MadePage(width=HEIGHT, height=WIDTH, rotate=rotate), 1, 3).table(GRADES, [100, 100, 200])
    document = read(page)
    assert texts(document, Form.TEXT) == [f"{number}. {text_of(number)}" for number in range(1, 4)]
    assert rows(document) == GRADES


def test_words_up_the_side_of_a_page_stand_after_its_text() -> None:
    page = filler(MadePage(), 1, 3).put(40, 500, "Crown copyright 2016", matrix=(0, 1, -1, 0))
    assert texts(read(page))[-2:] == [f"3. {text_of(3)}", "Crown copyright 2016"]


def test_words_up_the_side_of_every_page_are_no_text_and_part_no_paragraph() -> None:
    pages = flowed([text_of(number) for number in range(30)], last=600)
    for page in pages:
        page.put(40, 500, "Crown copyright 2016", matrix=(0, 1, -1, 0))
    document = read(*pages)
    assert texts(document) == [text_of(number) for number in range(30)]
    assert ("header", "Crown copyright 2016") in dropped(document)


def test_hebrew_words_are_kept_in_the_order_they_are_read() -> None:
    # Set from left to right, as it is seen: the last letter of the last word first.
    page = filler(MadePage(), 1, 2).put(MARGIN, 600, "dcba hgfe", hebrew=True)
    assert "הוזח אבגד" in texts(read(page))[-1]


@pytest.mark.parametrize("degrees", [-2.0, -0.6, 0.4, 1.5])
def test_a_page_that_lay_askew_is_read_as_if_it_were_straight(degrees: float) -> None:
    turn = math.radians(degrees)
    cosine, sine = math.cos(turn), math.sin(turn)
    page = filler(MadePage(), 1, 5)
    page.marks.insert(0, f"{cosine:.6f} {sine:.6f} {-sine:.6f} {cosine:.6f} 0 0 cm".encode())
    assert texts(read(page)) == [f"{number}. {text_of(number)}" for number in range(1, 6)]


def test_a_large_pale_word_behind_the_text_harms_none_of_it() -> None:
    page = MadePage().put(MARGIN, 250, "DRAFT", size=120, bold=True, colour=(0.8, 0.8, 0.8))
    document = read(filler(page, 1, 6))
    assert set(texts(document)) >= {f"{number}. {text_of(number)}" for number in range(1, 7)}
    assert numbers(document) == [str(number) for number in range(1, 7)]


def test_words_printed_twice_to_look_bold_are_read_once() -> None:
    page = filler(MadePage(), 1, 2)
    page.put(MARGIN, 400, "What we found").put(MARGIN + 0.3, 400, "What we found")
    assert texts(read(page))[-1] == "What we found"


def test_signs_that_would_steer_a_terminal_are_no_text() -> None:
    page = filler(MadePage(), 1, 2)
    page.marks.append(b"BT /F0 11 Tf 1 0 0 1 72 400 Tm (Plain\x1b[2Jwords\x07) Tj ET")
    assert all(character.isprintable() for text in texts(read(page)) for character in text)


def test_a_page_is_cut_to_what_shows_of_it() -> None:
    page = MadePage(crop=(50, 50, 545, 792))
    page.put(60, 20, "Printer's marks")
    document = read(filler(page, 1, 3))
    assert texts(document) == [f"{number}. {text_of(number)}" for number in range(1, 4)]
    assert dropped(document) == [("hidden", "Printer's marks")]


@pytest.mark.parametrize(
    "hide",
    [
        pytest.param(lambda page: page.put(MARGIN, 700, "Secret words", colour=WHITE), id="white on white"),
        pytest.param(lambda page: page.put(900, 700, "Secret words"), id="outside the page"),
        pytest.param(lambda page: page.put(MARGIN, 700, "Secret words", mode=3), id="drawn invisibly"),
        pytest.param(lambda page: page.put(MARGIN, 700, "Secret words", size=0.5), id="too small to be read"),
    ],
)
def test_words_that_do_not_show_are_no_text(hide: object) -> None:
    assert callable(hide)
    document = read(hide(filler(MadePage(), 1, 3)))
    assert texts(document) == [f"{number}. {text_of(number)}" for number in range(1, 4)]
    assert dropped(document) == [("hidden", "Secret words")]


def test_white_words_on_a_dark_bar_are_read() -> None:
    page = MadePage().bar(MARGIN, 60, BODY, 22, (0.1, 0.2, 0.5))
    page.put(MARGIN + 6, 76, "What we found", size=14, bold=True, colour=WHITE)
    page.y = 110
    assert texts(read(filler(page)))[0] == "What we found"


# --- scans -----------------------------------------------------------------------------------------------


def test_a_scan_is_refused_with_how_many_pages_it_has() -> None:
    with pytest.raises(CorpusError, match="no text layer: its 3 pages are pictures"):
        read(*[MadePage().picture() for _ in range(3)])


def test_a_scanned_page_is_read_by_the_text_that_was_recognised_on_it() -> None:
    page = MadePage().picture()
    for number in range(1, 4):
        page.paragraph(text_of(number), number=f"{number}.", mode=3)
    assert numbers(read(page)) == ["1", "2", "3"]


def test_a_page_without_text_among_others_is_warned_of() -> None:
    assert read(filler(MadePage()), MadePage().picture()).warnings == (
        "has no text on page 2: pictures, or empty",
    )


# --- broken and hostile files ----------------------------------------------------------------------------


def test_an_encrypted_file_is_refused_with_what_to_do() -> None:
    nothing = "00" * 32
    data = made_pdf(
        filler(MadePage()),
        trailer=f"/Encrypt << /Filter /Standard /V 1 /R 2 /O <{nothing}> /U <{nothing}> /P -4 >> "
        "/ID [<00> <00>]",
    )
    with pytest.raises(CorpusError, match="is encrypted"):
        read_pdf(data)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"%PDF-1.7\n" + bytes(range(256)) * 40, id="noise"),
        pytest.param(b"%PDF-1.7\n%%EOF\n", id="nothing between"),
        pytest.param(made_pdf(filler(MadePage()))[:300], id="cut short"),
        pytest.param(made_pdf(), id="no pages"),
        pytest.param(b"PK\x03\x04 a Word file", id="another kind of file"),
    ],
)
def test_a_file_that_is_no_whole_pdf_file_is_refused(data: bytes) -> None:
    with pytest.raises(CorpusError):
        read_pdf(data)


def test_a_file_whose_end_is_lost_is_read_or_refused() -> None:
    data = made_pdf(filler(MadePage()), filler(MadePage(), 4, 6))
    for keep in range(len(data), 0, -97):
        with read_or_refused():
            assert read_pdf(data[:keep]).blocks


@contextmanager
def read_or_refused() -> Iterator[None]:
    with suppress(CorpusError):
        yield


def test_cross_references_that_lead_to_each_other_end() -> None:
    data = made_pdf(filler(MadePage()))
    start = data.rindex(b"xref\n0")
    with read_or_refused():
        read_pdf(data.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev %d" % start))


def test_more_pages_than_the_file_can_hold_are_refused() -> None:
    data = made_pdf(filler(MadePage())).replace(b"/Count 1 ", b"/Count 900000 ")
    start = time.monotonic()
    with read_or_refused():
        read_pdf(data)
    assert time.monotonic() - start < 10


def test_pages_that_lead_back_to_their_own_parent_end() -> None:
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R 2 0 R] /Count 5 /Parent 3 0 R >>",
        b"<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 5 /Parent 2 0 R >>",
    ]
    with read_or_refused():
        read_pdf(pdf_of(objects))


def test_a_form_that_draws_itself_ends() -> None:
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources << /XObject << /X 4 0 R >> >>"
        b" /Contents 5 0 R >>",
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources << /XObject << /X 4 0 R >> >>"
        b" /Length 9 >>\nstream\n/X Do  /X\nendstream",
        b"<< /Length 5 >>\nstream\n/X Do\nendstream",
    ]
    with read_or_refused():
        read_pdf(pdf_of(objects))


def test_two_thousand_pages_are_read_in_bounded_time_and_each_is_told_of() -> None:
    pages = [MadePage().put(MARGIN, 200, f"{number}. Words of this page.") for number in range(1, 2001)]
    told: list[tuple[int, int]] = []
    start = time.monotonic()
    document = read_pdf(made_pdf(*pages), on_page=lambda number, of: told.append((number, of)))
    assert time.monotonic() - start < 20
    assert told == [(number, 2000) for number in range(1, 2001)]
    assert document.pages == 2000


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(MadePage().lines(["word " * 400] * 50, size=2.0), id="many letters"),
        pytest.param(MadePage().lines(["w " * 20] * 1500, size=0.9), id="many lines outside"),
    ],
)
def test_a_page_with_very_many_letters_is_read_in_bounded_time(page: MadePage) -> None:
    start = time.monotonic()
    with read_or_refused():
        read(page)
    assert time.monotonic() - start < 20


@pytest.mark.parametrize(
    "look",
    [
        {"size": 0.0},
        {"size": 1e9},
        {"size": -11.0},
        {"matrix": (0, 0, 0, 0)},
        {"matrix": (1e38, 1e38, 1e38, 1e38)},
        {"matrix": (1e-38, 0, 0, 1e-38)},
        {"matrix": (1, 0, 0, -1)},
        {"matrix": (-1, 0, 0, 1)},
        {"matrix": (1, 1, -1, 1)},
    ],
)
def test_letters_of_absurd_sizes_and_shapes_harm_no_other_text(look: dict[str, Any]) -> None:
    page = filler(MadePage(), 1, 3).put(MARGIN, 700, "Odd words", **look)
    assert texts(read(page))[:3] == [f"{number}. {text_of(number)}" for number in range(1, 4)]


@pytest.mark.parametrize("x", [1e30, -1e30, 1e38, 3e9, -40000.0])
def test_letters_and_rules_at_absurd_places_harm_no_other_text(x: float) -> None:
    page = filler(MadePage(), 1, 3).put(x, x, "Odd words").put(x, 400, "Odd words")
    page.rule(x, 100, x, 200).rule(MARGIN, 100, x, 100).frame(0, 0, x, x)
    assert texts(read(page)) == [f"{number}. {text_of(number)}" for number in range(1, 4)]


def test_white_words_on_an_endless_page_take_no_endless_picture() -> None:
    page = filler(MadePage(width=1e6, height=1e6), 1, 3).put(MARGIN, 700, "Pale", colour=WHITE)
    assert "Pale" not in texts(read(page))


@pytest.mark.parametrize(
    "marks",
    [
        pytest.param([f"{x} 0 m {x} 842 l S" for x in range(0, 595, 1)] * 3, id="upright"),
        pytest.param([f"{x} 0 m {x} 842 l S 0 {x} m 595 {x} l S" for x in range(0, 590, 4)], id="a fine net"),
        pytest.param(
            [f"{x} {y} 20 20 re S" for x in range(0, 590, 25) for y in range(0, 840, 25)], id="many boxes"
        ),
        pytest.param(["0 0 m 500 500 l S"] * 20_000, id="many lines"),
    ],
)
def test_a_page_with_very_many_rules_is_read_in_bounded_time(marks: list[str]) -> None:
    page = filler(MadePage(), 1, 8)
    page.marks += [mark.encode() for mark in marks]
    start = time.monotonic()
    document = read(page)
    assert time.monotonic() - start < 10
    assert "children" in document.text.casefold()


def test_letters_scattered_over_a_page_are_read_in_bounded_time() -> None:
    page = MadePage()
    for place in range(20_000):
        page.put(place * 7919 % 560, place * 104729 % 8300 / 10, "w", size=2 + place % 9)
    start = time.monotonic()
    read(page)
    assert time.monotonic() - start < 20


def test_a_word_without_end_is_read_in_bounded_time() -> None:
    page = MadePage().lines(["a" * 500 + "-"] * 400, size=1.6)
    start = time.monotonic()
    read(page)
    assert time.monotonic() - start < 20


@pytest.mark.parametrize(
    "box", [(0, 0, 0, 0), (1e30, 1e30, -1e30, -1e30), (0, 0, 1e9, 1e9), (10, 10, 10, 800)]
)
def test_a_page_box_of_absurd_size_ends(box: tuple[float, float, float, float]) -> None:
    page = filler(MadePage(crop=box), 1, 3).put(MARGIN, 700, "Pale", colour=WHITE)
    with read_or_refused():
        read(page)


# --- made at random --------------------------------------------------------------------------------------

WORDS = st.sampled_from("".join(SENTENCES).replace(".", " ").replace(",", "").split())
PARAGRAPHS = st.lists(st.lists(WORDS, min_size=4, max_size=90), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(
    PARAGRAPHS,
    st.floats(150, BODY),
    st.booleans(),
    st.booleans(),
    st.floats(300, 715),
    st.booleans(),
)
def test_all_words_come_back_in_order_and_none_of_header_and_footer(
    paragraphs: list[list[str]], width: float, header: bool, footer: bool, last: float, numbered: bool
) -> None:
    written = [
        f"{number}. " * numbered + " ".join(words).capitalize() + "."
        for number, words in enumerate(paragraphs, start=1)
    ]
    pages = flowed(written, width=width, last=last)
    for page in pages if len(pages) > 1 else ():  # What stands on one page only could be anything.
        page.put(MARGIN, 40, "Zebra header" if header else "", size=9)
        page.put(MARGIN, 800, "Yak footer" if footer else "", size=9)
    assert " ".join(texts(read(*pages))).split() == " ".join(written).split()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(WORDS, min_size=6, max_size=90), min_size=4, max_size=14),
    st.integers(1, 120),
    st.floats(200, BODY - 40),
    st.floats(300, 715),
    st.floats(20, 40),
    st.floats(1, 10),
)
def test_every_paragraph_of_a_numbered_report_is_found_wherever_pages_break_it(
    paragraphs: list[list[str]], first: int, width: float, last: float, set_in: float, space: float
) -> None:
    written = [f"{' '.join(words).capitalize()}." for words in paragraphs]
    pages: list[MadePage] = []
    for number, words in enumerate(written, start=first):
        for place, line in enumerate(wrapped(words, width)):
            if not pages or pages[-1].y > last:
                pages.append(MadePage())
                pages[-1].y = 125.0
            if not place:
                pages[-1].put(MARGIN, pages[-1].y, f"{number}.")
            pages[-1].lines([line], x=MARGIN + set_in)
        pages[-1].y += space
    found = [(each.number, each.text) for each in passages(read(*pages))]
    assert found == [(str(number), words) for number, words in enumerate(written, start=first)]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_or_refused(data: st.DataObject) -> None:
    content = bytearray(DAMAGED)
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=12)):
        content[place] = data.draw(st.integers(0, 255))
    with read_or_refused():
        read_pdf(bytes(content[: data.draw(st.integers(len(content) // 2, len(content)))]))


OPERATORS = (
    "q Q cm m l c re h S f B n W BT ET Tf Td TD Tm T* Tj TJ Ts Tz Tr Tw Tc TL rg RG g gs Do sh ' \""
).split()
NUMBERS = st.one_of(
    st.integers(-5, 800).map(str),
    st.floats(allow_nan=False, allow_infinity=False, width=32).map(lambda number: f"{number:f}"),
    st.sampled_from(["1e40", "99999999999999999999", "-0", "--5", "nan"]),
)
OPERANDS = st.one_of(
    NUMBERS, st.sampled_from(["/F0", "/F1", "/X0", "(words of it)", "[(so) -300 (is)]", "<41ff>"])
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.lists(OPERANDS, max_size=6), st.sampled_from(OPERATORS)), max_size=60))
def test_a_page_of_random_operators_is_read(operations: list[tuple[list[str], str]]) -> None:
    page = filler(MadePage(), 1, 2)
    page.marks.append(
        " ".join(f"{' '.join(operands)} {operator}" for operands, operator in operations).encode()
    )
    assert texts(read(page))[0] == f"1. {text_of(1)}"


DAMAGED = made_pdf(filler(MadePage()).table(GRADES, [100, 100, 200]), filler(MadePage(), 4, 6))
