"""Reports of other shapes than the shipped ones."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.cite import locator
from qa.ingest.outline import Outlined, outline
from qa.ingest.text import decode, read_text
from qa.types import Kind, Passage

CORPUS = Path(__file__).parents[2] / "corpus"
REVIEW = CORPUS / "joint-area-review-rutland-2006.txt"


def outlined(text: str) -> Outlined:
    text = textwrap.dedent(text).lstrip("\n")
    return outline(read_text(text), report_id="x", text=text)


def passages(text: str) -> list[Passage]:
    return list(outlined(text).passages)


def words(text: str) -> str:
    return " ".join(text.replace("•", "-").split())


def by_id(text: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {
        p.id: (words(p.text), p.section) for p in outline(read_text(text), report_id="x", text=text).passages
    }


def wrapped(text: str, width: int) -> str:
    lines: list[str] = []
    for line in text.split("\n"):
        indent = "   " if line.lstrip().startswith("- ") else ""
        fits = "\t" in line or len(line) <= width
        lines += (
            [line] if fits else textwrap.wrap(line, width, subsequent_indent=indent, break_on_hyphens=False)
        )
    return "\n".join(lines)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda t: t.replace("\n", "\r\n"), id="Windows line ends"),
        pytest.param(lambda t: t.replace(" of ", "\u00a0of\u2009"), id="odd spaces"),
        pytest.param(lambda t: t.replace(" the ", " \u200bthe\u00ad "), id="invisible characters"),
        pytest.param(lambda t: re.sub(r"(?m)^ ?- ", "\uf0b7\t", t), id="private-use bullets"),
        pytest.param(lambda t: re.sub(r"(?m)^(\d+)\. ", r"\1.\t", t), id="a tab after the number"),
        pytest.param(lambda t: re.sub(r"(?m)^(\d+)\. ", r"\1  ", t), id="numbers without a stop"),
        pytest.param(lambda t: re.sub(r"(?m)^(\d+)\. ", r"\1) ", t), id="numbers with a bracket"),
        pytest.param(lambda t: re.sub(r"(?m)^(\d+)\. ", r"\1.\n", t), id="numbers on a line of their own"),
        pytest.param(lambda t: wrapped(t, 72), id="lines of 72"),
        pytest.param(lambda t: wrapped(t, 80), id="lines of 80"),
        pytest.param(lambda t: wrapped(t, 100), id="lines of 100"),
        pytest.param(lambda t: t.replace("\n\n\n\n", "\n\f\n"), id="form feeds"),
    ],
)
def test_a_report_set_in_another_way_has_the_same_passages(change: object) -> None:
    assert callable(change)
    text = REVIEW.read_text(encoding="utf-8")
    assert by_id(change(text)) == by_id(text)


def test_a_page_number_between_the_halves_of_a_paragraph_does_not_part_them() -> None:
    found = passages(
        """
        Findings

        1. The council has improved the way that it

        12

        supports families in the villages.

        2. It has more to do.
        """
    )
    assert [(p.kind, p.text) for p in found if p.kind is not Kind.PAGE_NUMBER] == [
        (Kind.NUMBERED, "The council has improved the way that it supports families in the villages."),
        (Kind.NUMBERED, "It has more to do."),
    ]


def test_a_numbered_list_inside_a_paragraph_is_no_sequence_of_paragraphs() -> None:
    found = passages(
        """
        Findings

        1. Children are settled and do well at school.

        2. The following were noted by the inspectors:
        1. good placements;
        2. good schools.

        3. Care leavers are helped.
        """
    )
    assert [p.number for p in found] == ["1", "2", "3"]
    assert found[1].text.endswith("inspectors:\n1. good placements;\n2. good schools.")


def test_lettered_items_belong_to_their_paragraph() -> None:
    first, second = passages(
        """
        1. In some cases:
        (a) visits were missed; and
        (b) plans were not made.
        2. Early help is well coordinated.
        """
    )
    assert first.text == "In some cases:\n(a) visits were missed; and\n(b) plans were not made."
    assert second.number == "2"


def test_dates_addresses_and_scales_are_no_paragraphs() -> None:
    found = passages(
        """
        Report

        17 December 2008

        33 Kingsway London WC2B 6SE

        4: outstanding; 3: good; 2: adequate; 1: inadequate

        1. This is the first paragraph of the report.

        2. This is the second paragraph of the report.
        """
    )
    assert [p.number for p in found if p.number] == ["1", "2"]


def test_decimal_numbers_and_numbered_headings_are_told_apart() -> None:
    found = passages(
        """
        1 Introduction

        1.1 The partnership is strong. Leaders share a vision.

        1.2 There is more to do on data.

        2 Leadership and management

        2.1 Governance is clear and the board meets often.
        """
    )
    assert [(p.number, p.section) for p in found] == [
        ("1.1", ("1 Introduction",)),
        ("1.2", ("1 Introduction",)),
        ("2.1", ("2 Leadership and management",)),
    ]


def test_numbers_that_start_again_under_another_part_are_told_apart() -> None:
    found = passages(
        """
        Main report

        1. The first paragraph of the main report.

        2. The second paragraph of the main report.

        Appendix B: Method

        1. The first paragraph of the appendix.

        2. The second paragraph of the appendix.
        """
    )
    assert [p.id for p in found] == ["x:1", "x:2", "x:appendix-b.1", "x:appendix-b.2"]
    assert locator(found[3]) == "Appendix B, para 2"


def test_a_missing_number_is_said() -> None:
    warnings = outlined(
        """
        Findings

        1. The first paragraph.

        2. The second paragraph.

        4. The fourth paragraph.
        """
    ).warnings
    assert warnings == ("paragraph 3 not found between 2 and 4",)


def test_a_letter_has_front_matter_sections_bullets_and_a_closing() -> None:
    found = passages(
        """
        25 March 2022

        Mr A Jones
        Director of Children's Services
        High Street
        WESTTOWN
        WT1 2AB

        Dear Mr Jones

        Focused visit to Westshire children's services

        This letter summarises the findings of the focused visit. It was carried out in February.

        What needs to improve in this area of social work practice?

        ■ The consistency of supervision.
        ■ Recording of management decisions.

        Main findings

        Children in need receive a good service.

        Yours sincerely


        Ann Other
        His Majesty's Inspector
        """
    )
    assert [(p.kind, p.section) for p in found] == [
        (Kind.FRONT_MATTER, ()),
        (Kind.FRONT_MATTER, ()),
        (Kind.SALUTATION, ()),
        (Kind.UNNUMBERED, ("Focused visit to Westshire children's services",)),
        (Kind.BULLET, ("What needs to improve in this area of social work practice?",)),
        (Kind.BULLET, ("What needs to improve in this area of social work practice?",)),
        (Kind.UNNUMBERED, ("Main findings",)),
        (Kind.CLOSING, ()),
        (Kind.CLOSING, ()),
    ]
    assert found[-1].text == "Ann Other\nHis Majesty's Inspector"


def test_a_table_of_judgements_in_words_is_read_with_its_heads() -> None:
    found = passages(
        """
        Inspection of Northtown

        Judgement\tGrade
        The experiences of children in care\tRequires improvement to be good
        Overall effectiveness\tInadequate

        Services for children have declined since the last inspection.
        """
    )
    rows = [p for p in found if p.kind is Kind.TABLE_ROW]
    assert [row.reading for row in rows] == [
        "The experiences of children in care — Grade: Requires improvement to be good",
        "Overall effectiveness — Grade: Inadequate",
    ]


def test_a_table_without_heads_keeps_its_first_row() -> None:
    rows = passages("Outcomes\n\nSafety\tGood\nHealth\tGood\nLearning\tOutstanding\n")
    assert [row.reading for row in rows] == ["Safety — Good", "Health — Good", "Learning — Outstanding"]


def test_bullets_after_an_unnumbered_paragraph_have_its_last_sentence_as_lead_in() -> None:
    _, first, second = passages(
        """
        Recommendations

        Progress has been made. The council and its partners should take the following action:

        - review every plan;
        - train every social worker.
        """
    )
    assert first.lead_in == second.lead_in == "The council and its partners should take the following action:"


def test_a_byte_order_mark_does_no_harm() -> None:
    assert decode("\ufeffFirst words".encode())[0] == "First words"
    assert decode("First words".encode("utf-16"))[0] == "First words"


def test_bytes_that_are_no_utf_8_are_read_and_said() -> None:
    text, note = decode("the council’s plan".encode("cp1252"))
    assert text == "the council’s plan"
    assert note is not None
    assert "Windows-1252" in note


def test_nested_emphasis_marks_and_stray_asterisks_stay_words() -> None:
    (found,) = passages(
        "Grades at A*-C and *some* words * here * and **strong ones** stand in this sentence.\n"
    )
    assert found.text == "Grades at A*-C and some words * here * and strong ones stand in this sentence."
    assert [found.text[e.start : e.end] for e in found.emphasis] == ["some", "strong ones"]


_line = st.text(st.sampled_from(list("ab AB.:;*-–•\t0123456789()'\u00a0\uf0b7[]")), max_size=60)


@settings(max_examples=300, deadline=None)
@given(st.lists(_line, max_size=25))
def test_whatever_a_file_holds_every_word_is_kept_and_every_id_is_unique(lines: list[str]) -> None:
    text = "\n".join(lines)
    found = outline(read_text(text), report_id="x", text=text).passages
    assert len({p.id for p in found}) == len(found)
    kept = " ".join(
        " ".join([*p.section, p.lead_in or "", p.number or "", p.text, p.reading or ""]) for p in found
    )
    # A heading that comes again in other capitals is named as it is printed most often, and a word that a
    # line end parts is joined.
    words_of_text = re.findall(r"[a-z]+", re.sub(r"-\s*\n\s*", "", text.casefold()))
    letters = re.sub(r"[^a-z]", "", kept.casefold())
    assert not [word for word in words_of_text if word not in letters]


def test_a_word_broken_at_a_line_end_is_written_as_elsewhere() -> None:
    text = (
        "Care\n\n"
        "1. Information is shared by the multi-agency team, which meets on weekdays at the old town hall.\n"
        "2. A new timescale of 10-\n"
        "day reviews was brought in by the multi-\n"
        "agency team, so that infor-\n"
        "mation is not out of date when it is read by those who need it for a decision.\n\n"
        "3. The end.\n"
    )
    second = next(passage for passage in passages(text) if passage.number == "2")
    assert "10-day reviews" in second.text
    assert "multi-agency team" in second.text
    assert "that information is" in second.text


def test_numbers_before_the_first_paragraph_that_is_told_are_none() -> None:
    text = "Roads\n\n1. One road was seen.\n\n2. Two were seen.\n\n5. Roads are good.\n\n6. They are long.\n"
    assert [p.number for p in passages(text) if p.number] == ["1", "2", "5", "6"]
    told = outline(read_text(text), report_id="roads", text=text, first_paragraph=5).passages
    assert [p.number for p in told if p.number] == ["5", "6"]
