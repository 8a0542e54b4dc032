"""How a place in a report is named, and what scripts read."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.cite import (
    NOTHING_ANSWERS,
    also_in_words,
    answer_as_dict,
    citation,
    date_in_words,
    listed,
    locator,
    notes_in_words,
    on_one_line,
    ordinal,
    passage_as_dict,
    plural,
    printable,
    quotation,
    shown_as_dict,
    summary_as_dict,
    to_json,
    verdict_in_words,
)
from qa.types import Answer, CitedPassage, Kind, Page, Passage, ReportSummary, Span
from tests.fakes import a_passage, a_report

RECOMMENDATIONS = ("Recommendations", "For immediate action")
ANNEX = ("Annex: The Children's and young people's section", "Being healthy")


def cited(passage: Passage, *, rank: int = 1, highlights: tuple[Span, ...] = ()) -> CitedPassage:
    report = a_report()
    return CitedPassage(
        rank, passage, report, locator(passage), citation(passage, report), highlights, 1 / 3
    )  # fmt: skip


# Places


@pytest.mark.parametrize(
    ("passage", "expected"),
    [
        (a_passage("28", number="28"), "para 28"),
        (a_passage("2.1", number="2.1"), "para 2.1"),
        (a_passage("annex.3", number="3", scope="Annex", section=ANNEX), "Annex, para 3"),
        (
            a_passage("recommendations.1", kind=Kind.BULLET, section=RECOMMENDATIONS),
            "Recommendations › For immediate action, 1st bullet (unnumbered)",
        ),
        (
            a_passage("overall.2", section=("Overall effectiveness",), position=2),
            "Overall effectiveness, 2nd paragraph (unnumbered)",
        ),
        (
            a_passage("grades.row1", "Being healthy\t3\t2", kind=Kind.TABLE_ROW, section=("Grades",)),
            "Grades, row “Being healthy” (unnumbered)",
        ),
        (
            a_passage("grades.row3", "\t3", kind=Kind.TABLE_ROW, section=("Grades",), position=3),
            "Grades, 3rd row (unnumbered)",
        ),
        (
            a_passage("s", kind=Kind.STATEMENT, section=("Strengths", "Major strengths"), position=3),
            "Strengths › Major strengths, 3rd statement (unnumbered)",
        ),
        (a_passage("scale1", kind=Kind.SCALE, section=("Grades",)), "Grades, grading scale (unnumbered)"),
        (a_passage("grade1", kind=Kind.GRADE, section=("Grades",)), "Grades, grade line (unnumbered)"),
        (
            a_passage("front-matter.2", kind=Kind.FRONT_MATTER, section=(), position=2),
            "front matter, 2nd item (unnumbered)",
        ),
        (a_passage("closing.1", kind=Kind.CLOSING, section=()), "closing, 1st item (unnumbered)"),
        (a_passage("opening.1", section=()), "opening, 1st paragraph (unnumbered)"),
        (a_passage("23", number="23", page=Page(12)), "para 23, p. 12"),
        (a_passage("24", number="24", page=Page(12, "10")), "para 24, p. 10"),
        (
            a_passage("annex.4", number="4", scope="Annex", section=ANNEX, page=Page(9, "vii")),
            "Annex, para 4, p. vii",
        ),
        (
            a_passage("overall.3", section=("Overall effectiveness",), position=2, page=Page(12)),
            "Overall effectiveness, 2nd paragraph (unnumbered), p. 12",
        ),
        (a_passage("note.3", kind=Kind.FOOTNOTE, marker="3", page=Page(12)), "note 3, p. 12"),
        (a_passage("note.4", kind=Kind.FOOTNOTE, marker="4"), "note 4"),
        (
            a_passage("note.5", kind=Kind.FOOTNOTE, section=("Findings",), page=Page(2)),
            "Findings, 1st footnote (unnumbered), p. 2",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_locator_is_the_shortest_that_finds_the_place(passage: Passage, expected: str) -> None:
    assert locator(passage) == expected


@pytest.mark.parametrize(
    ("passage", "expected"),
    [
        (a_passage("28", number="28"), "Main Report › Staying safe, para 28"),
        (a_passage("annex.3", number="3", scope="Annex", section=ANNEX), "Annex › Being healthy, para 3"),
        (a_passage("x.1", position=11), "Main Report › Staying safe, 11th paragraph (unnumbered)"),
        (a_passage("7", number="7", section=()), "para 7"),
        (a_passage("8", number="8", page=Page(12, "10")), "Main Report › Staying safe, para 8, p. 10"),
        (
            a_passage("note.3", kind=Kind.FOOTNOTE, marker="3", page=Page(12)),
            "Main Report › Staying safe, note 3, p. 12",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_citation_names_report_publisher_date_section_and_place(passage: Passage, expected: str) -> None:
    assert citation(passage, a_report()) == f"Joint area review, Rutland (Ofsted, 2006), {expected}"


@pytest.mark.parametrize(
    ("publisher", "date", "name"),
    [
        ("Ofsted", "2008-12-17", "Letter (Ofsted, 17 December 2008)"),
        ("Ofsted", "2008-01", "Letter (Ofsted, January 2008)"),
        ("Ofsted", None, "Letter (Ofsted)"),
        (None, "2006", "Letter (2006)"),
        (None, None, "Letter"),
    ],
)
def test_a_citation_says_only_what_is_known(publisher: str | None, date: str | None, name: str) -> None:
    report = a_report(short_title="Letter", publisher=publisher, date=date)
    assert citation(a_passage("1", number="1", section=()), report) == f"{name}, para 1"


@given(
    number=st.none() | st.sampled_from(["1", "2.1", "14(a)"]),
    kind=st.sampled_from(Kind),
    section=st.lists(st.text(), max_size=3).map(tuple),
    scope=st.none() | st.sampled_from(["Annex", "Appendix B"]),
    position=st.integers(1, 500),
    text=st.text(),
)
def test_a_passage_has_a_number_in_its_citation_only_if_one_is_printed(
    number: str | None, kind: Kind, section: tuple[str, ...], scope: str | None, position: int, text: str
) -> None:
    passage = a_passage(
        "x", text, kind=kind, section=section, number=number, scope=scope, position=position
    )  # fmt: skip
    for place in (locator(passage), citation(passage, a_report())):
        assert place.endswith("(unnumbered)" if number is None else f"para {number}")


def test_a_quotation_is_the_words_as_printed_and_the_citation() -> None:
    row = a_passage("row1", "Being healthy\t3", kind=Kind.TABLE_ROW, reading="Being healthy — Grade: 3")
    assert quotation(cited(row)) == f"“Being healthy\t3” ({citation(row, a_report())})"


# Words


def test_ordinals_are_those_of_english() -> None:
    expected = {1: "1st", 2: "2nd", 3: "3rd", 4: "4th", 10: "10th", 11: "11th", 12: "12th", 13: "13th"}
    expected |= {21: "21st", 22: "22nd", 23: "23rd", 101: "101st", 111: "111th", 112: "112th", 1013: "1013th"}
    assert {number: ordinal(number) for number in expected} == expected


def test_dates_are_written_out_as_far_as_they_are_known() -> None:
    assert date_in_words("2006") == "2006"
    assert date_in_words("2008-12") == "December 2008"
    assert date_in_words("2008-12-17") == "17 December 2008"
    assert date_in_words("2008-02-01") == "1 February 2008"


def test_counts_agree_with_their_noun() -> None:
    assert [plural(count, "passage") for count in (0, 1, 2)] == ["0 passages", "1 passage", "2 passages"]


def test_names_are_listed_or_said_to_be_none() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed([]) == "none"


# Terminals

ACTIVE = [
    "\x00",
    "\x07",
    "\x08",
    "\x1b",
    "\r",
    "\x7f",
    "\x85",
    "\x9b",
    "\u200e",
    "\u202e",
    "\u2028",
    "\u2066",
]


@pytest.mark.parametrize("character", [*ACTIVE, "\ufeff", "\u2069", "\u061c", "\ufff9", "\ud800"], ids=ascii)
def test_what_a_terminal_would_act_on_is_shown_as_a_replacement(character: str) -> None:
    assert printable(f"a{character}b") == "a\ufffdb"


def test_letters_line_feeds_and_tabs_are_printed_as_they_are() -> None:
    text = "“Café” – 4\u20e3 漢字\u00a0£5 🏳\ufe0f\u200d🌈\n\tend"
    assert printable(text) == text


@given(st.text())
def test_printable_text_has_no_control_character_and_the_same_length(text: str) -> None:
    shown = printable(text)
    assert len(shown) == len(text)
    assert not [c for c in shown if unicodedata.category(c) == "Cc" and c not in "\n\t"]


@given(st.text())
def test_what_is_printed_on_one_line_is_on_one_line(text: str) -> None:
    assert len(on_one_line(f"a{text}").splitlines()) == 1
    assert on_one_line("two  \nwords\t\x1b[2J") == "two   words \ufffd[2J"


# JSON


def test_json_is_one_line_a_terminal_cannot_act_on_and_reads_back_the_same() -> None:
    value = {"text": f'£5 “é” {"".join(ACTIVE)}\n\ttab \\ " end'}
    line = to_json(value)
    assert json.loads(line) == value
    assert line.isprintable()
    assert "£5 “é”" in line


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_any_value_reads_back_from_json_the_same(value: object) -> None:
    line = to_json(value)
    assert json.loads(line) == value
    assert printable(line) == line
    assert "\n" not in line
    assert "\t" not in line


def test_an_answer_as_json_has_the_documented_keys_in_the_documented_order() -> None:
    passage = a_passage("28", "Words as printed.", number="28")
    answer = Answer("Who?", True, (cited(passage, highlights=(Span(0, 5),)),), 1.23456)
    assert answer_as_dict(answer) == {
        "question": "Who?",
        "answered": True,
        "elapsed_ms": 1.235,
        "notes": [],
        "confidence": "possible",
        "reason": "",
        "searched": "",
        "passages": [
            {
                "rank": 1,
                "id": "jar-2006:28",
                "report": {"id": "jar-2006", "title": "Joint area review: Rutland", "date": "2006"},
                "section": ["Main Report", "Staying safe"],
                "paragraph": "28",
                "locator": "para 28",
                "citation": "Joint area review, Rutland (Ofsted, 2006), Main Report › Staying safe, para 28",
                "page": None,
                "text": "Words as printed.",
                "reading": None,
                "highlights": [[0, 5]],
                "score": 0.333333,
                "also_at": [],
                "notes": [],
            }
        ],
    }


SAME = (
    a_passage("14", number="14", section=("Summary Report", "Staying safe")),
    a_passage("annex.3", number="3", scope="Annex", section=ANNEX),
    a_passage("overall.2", section=("Overall effectiveness",), position=2),
    a_passage("2", number="2", section=()),
)


def test_where_else_the_same_is_said_is_named_in_words_and_for_scripts() -> None:
    passage = replace(cited(a_passage("30", number="30")), also=SAME)
    assert also_in_words(passage) == (
        "Also said at Summary Report, para 14 [jar-2006:14]; Annex, para 3 [jar-2006:annex.3]; "
        "Overall effectiveness, 2nd paragraph (unnumbered) [jar-2006:overall.2]; para 2 [jar-2006:2]"
    )
    assert passage_as_dict(passage)["also_at"][0] == {
        "id": "jar-2006:14",
        "locator": "para 14",
        "citation": "Joint area review, Rutland (Ofsted, 2006), Summary Report › Staying safe, para 14",
    }
    assert also_in_words(cited(SAME[0])) == ""


@pytest.mark.parametrize(
    ("answered", "confidence", "reason", "words"),
    [
        (True, "strong", "It says so.", "Strong: It says so."),
        (True, "strong", "", ""),
        (False, "none", "No number.", f"{NOTHING_ANSWERS} No number."),
        (False, "none", "", NOTHING_ANSWERS),
        (True, "unjudged", "By words.", "By words."),
        (False, "unjudged", "No such words.", "No such words."),
    ],
)
def test_a_verdict_in_words_claims_no_more_than_was_judged(
    answered: bool, confidence: str, reason: str, words: str
) -> None:
    answer = Answer("?", answered, (), 0.0, confidence=confidence, reason=reason)
    assert verdict_in_words(answer) == words


def test_a_page_is_for_scripts_its_place_in_the_file_and_the_label_printed_on_it() -> None:
    labelled = cited(a_passage("8", number="8", page=Page(12, "10")))
    assert passage_as_dict(labelled)["page"] == {"number": 12, "label": "10"}
    assert passage_as_dict(cited(a_passage("9", page=Page(12))))["page"] == {"number": 12, "label": None}
    assert passage_as_dict(cited(a_passage("10")))["page"] is None


def test_a_passage_shown_by_itself_has_the_footnotes_that_it_calls() -> None:
    notes = (
        a_passage("note.3", "See annex A.", kind=Kind.FOOTNOTE, marker="3"),
        a_passage("note.x", "No mark.", kind=Kind.FOOTNOTE),
    )
    shown = replace(cited(a_passage("8", number="8")), notes=notes)
    assert notes_in_words(shown) == ["Note 3: See annex A.", "No mark."]
    assert shown_as_dict(shown) == passage_as_dict(shown) | {
        "notes": [
            {"id": "jar-2006:note.3", "marker": "3", "text": "See annex A."},
            {"id": "jar-2006:note.x", "marker": None, "text": "No mark."},
        ]
    }
    assert "notes" not in passage_as_dict(shown)


def test_a_report_as_json_says_what_it_is_and_counts_its_passages() -> None:
    summary = summary_as_dict(ReportSummary(a_report(), {Kind.NUMBERED: 79, Kind.BULLET: 13}))
    assert summary == {
        "id": "jar-2006",
        "title": "Joint area review: Rutland",
        "short_title": "Joint area review, Rutland",
        "publisher": "Ofsted",
        "date": "2006",
        "kind": None,
        "licence": None,
        "source": None,
        "authority": None,
        "inspected": None,
        "file": "jar-2006.txt",
        "counts": {"numbered paragraph": 79, "bullet": 13},
    }
