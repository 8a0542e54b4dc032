"""The facts of the two Rutland reports, one by one."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from qa.cite import citation, locator
from qa.ingest.corpus import find_reports, read_report
from qa.ingest.text import decode, without_emphasis
from qa.types import Kind, Passage, ReportOutline

CORPUS = Path(__file__).parents[2] / "corpus"


@cache
def outlines() -> dict[str, ReportOutline]:
    return {file.id: read_report(file) for file in find_reports(CORPUS)}


def review() -> tuple[Passage, ...]:
    return outlines()["jar-2006"].passages


def letter() -> tuple[Passage, ...]:
    return outlines()["apa-2008"].passages


def passage(passage_id: str) -> Passage:
    return next(p for p in (*review(), *letter()) if p.id == passage_id)


def kinds(passages: tuple[Passage, ...], kind: Kind) -> list[Passage]:
    return [p for p in passages if p.kind is kind]


def test_the_review_has_79_numbered_paragraphs_counted_anew_in_the_annex() -> None:
    numbered = [(p.scope, p.number) for p in kinds(review(), Kind.NUMBERED)]
    assert numbered == [
        *((None, str(n)) for n in range(1, 73)),
        *(("Annex", str(n)) for n in range(1, 8)),
    ]


def test_the_letter_has_no_numbered_paragraph() -> None:
    assert not [p for p in letter() if p.number is not None]


def test_a_paragraph_of_the_annex_is_cited_as_such() -> None:
    third = passage("jar-2006:annex.3")
    assert locator(third) == "Annex, para 3"
    assert (
        citation(third, outlines()["jar-2006"].report)
        == "Joint area review, Rutland (Ofsted, 2006), Annex, para 3"
    )
    assert third.section == ("Annex: The Children's and young people's section of the corporate assessment",)


def test_paragraphs_without_blank_lines_between_them_are_parted() -> None:
    assert passage("jar-2006:2").text.startswith("The review was linked to")
    assert passage("jar-2006:2").text.endswith("corporate assessment report.")


@pytest.mark.parametrize(
    ("number", "joined"),
    [
        ("6", "needs, and a study of provision in a neighbourhood"),
        ("9", "The council depends on out of county placements"),
        ("21", "exclusions are falling and are in line with the national average"),
        ("24", "Support is provided for teenage parents but it is of poor quality"),
        ("35", "There is a very low number and a low rate of children looked after"),
        ("40", "Detailed analysis is carried out by the new CYP directorate"),
        ("43", "The local authority is responsive in supporting voluntary initiatives"),
        ("46", "settle the significant number of children and young people moving into the area"),
        ("50", "enough information when they are consulted or useful feedback"),
        ("53", "Childcare places are available for children with LDD and this work"),
        ("61", "The allocation of resources reflects the importance attached"),
        ("66", "14 to 19 year olds. The council provides strong leadership"),
        ("annex.5", "Standards improved in each key stage in 2005 and are better than"),
    ],
)
def test_a_paragraph_broken_by_a_page_is_joined_with_one_space(number: str, joined: str) -> None:
    whole = passage(f"jar-2006:{number}")
    assert joined in whole.text
    assert len(whole.source) == 2
    assert whole.text.endswith(".")


def test_the_grading_scale_is_no_paragraph() -> None:
    (scale,) = kinds(review(), Kind.SCALE)
    assert scale.text == "4: outstanding; 3: good; 2: adequate; 1: inadequate"
    assert scale.section == ("Grades",)


@pytest.mark.parametrize(
    ("numbers", "section"),
    [
        (["1", "6"], ("Introduction",)),
        (["7", "10"], ("Context",)),
        (["11"], ("Summary Report", "Outcomes for children and young people")),
        (["12"], ("Summary Report", "The impact of local services", "Being healthy")),
        (["13"], ("Summary Report", "The impact of local services", "Staying safe")),
        (["15", "16"], ("Summary Report", "The impact of local services", "Making a positive contribution")),
        (["18"], ("Summary Report", "The impact of local services", "Service management")),
        (["19", "23"], ("Main Report", "Outcomes for children and young people")),
        (["24", "28", "29"], ("Main Report", "The impact of local services", "Being healthy")),
        (["38", "45"], ("Main Report", "The impact of local services", "Enjoying and achieving")),
        (["46", "52"], ("Main Report", "The impact of local services", "Making a positive contribution")),
        (["60", "72"], ("Main Report", "The impact of local services", "Service management")),
    ],
)
def test_paragraphs_stand_under_their_headings(numbers: list[str], section: tuple[str, ...]) -> None:
    assert {passage(f"jar-2006:{number}").section for number in numbers} == {section}


def test_the_contents_list_is_kept_but_never_ranked() -> None:
    (contents,) = kinds(review(), Kind.CONTENTS)
    assert contents.text.startswith("Contents\nIntroduction\t2")
    assert not contents.kind.ranked


def test_the_bullets_of_paragraph_5_belong_to_it() -> None:
    fifth = passage("jar-2006:5").text.split("\n")
    assert len(fifth) == 9
    assert fifth[1] == "- self-assessment undertaken by local public service providers;"
    assert fifth[8].endswith("in contact with local providers.")


def test_each_recommendation_is_a_passage_with_its_lead_in() -> None:
    bullets = kinds(review(), Kind.BULLET)
    assert len(bullets) == 13
    assert [b.id for b in bullets] == [f"jar-2006:recommendations.{n}" for n in range(1, 14)]
    assert locator(bullets[0]) == "Recommendations › For immediate action, 1st bullet (unnumbered)"
    assert (
        locator(bullets[3])
        == "Recommendations › For action over the next six months, 2nd bullet (unnumbered)"
    )
    assert bullets[0].lead_in == "For immediate action:"
    assert bullets[12].section == ("Recommendations", "For action in the longer term")
    assert bullets[0].text.startswith("the council should instigate")


def test_a_row_of_the_grades_is_read_with_its_column_heads_and_the_scale() -> None:
    rows = kinds(review(), Kind.TABLE_ROW)
    assert len(rows) == 11
    capacity = next(row for row in rows if row.text.startswith("Capacity"))
    assert capacity.text == "Capacity to improve\t2\t2"
    assert capacity.reading == (
        "Capacity to improve — The impact of local services on outcomes: 2; Council services: 2"
        " (4: outstanding; 3: good; 2: adequate; 1: inadequate)"
    )
    health = rows[-1].reading
    assert health is not None
    assert health.startswith("The health service for children — Health services: 3 (4:")


def test_only_table_rows_have_a_reading() -> None:
    assert {p.kind for p in (*review(), *letter()) if p.reading is not None} == {Kind.TABLE_ROW}


def test_the_letter_is_cited_by_section_and_position() -> None:
    first = passage("apa-2008:overall-effectiveness-of-childrens-services.1")
    assert locator(first) == "Overall effectiveness of children's services, 1st paragraph (unnumbered)"
    assert first.text.startswith("Rutland County Council consistently delivers")


def test_the_stray_grade_line_stays_with_its_section() -> None:
    (grade,) = kinds(letter(), Kind.GRADE)
    assert (grade.text, grade.section) == ("Grade 3", ("Overall effectiveness of children's services",))


def test_the_rows_of_the_letter_are_read_with_grade_and_scale() -> None:
    rows = kinds(letter(), Kind.TABLE_ROW)
    assert len(rows) == 7
    assert rows[1].reading is not None
    assert rows[1].reading.startswith("Being healthy — APA grade: 3 (")
    assert "3: good" in rows[1].reading


def test_each_cell_of_strengths_and_weaknesses_is_a_statement_under_area_and_column() -> None:
    statements = kinds(letter(), Kind.STATEMENT)
    top = "Major strengths and important weaknesses"
    weak = "Important weaknesses and areas for development"
    assert len(statements) == 16
    assert {s.section[0] for s in statements} == {top}
    areas = list(dict.fromkeys(s.section[1] for s in statements))
    assert areas == [
        "Being healthy",
        "Staying safe",
        "Enjoying and achieving",
        "Making a positive contribution",
        "Achieving economic well-being",
        "Capacity to improve including the management of children's services",
    ]
    standards = next(s for s in statements if s.text.startswith("Standards in English"))
    assert standards.section == (top, "Enjoying and achieving", weak)
    strengths = [
        s.text for s in statements if s.section == (top, "Achieving economic well-being", "Major strengths")
    ]
    assert len(strengths) == 3
    assert (
        strengths[1]
        == "Significant increase in the number of young people entering young apprentice schemes."
    )


def test_a_cell_broken_over_two_rows_is_one_statement() -> None:
    broken = next(s for s in kinds(letter(), Kind.STATEMENT) if s.text.startswith("Data derived"))
    assert broken.text == (
        "Data derived from partnership arrangements is not always Rutland specific, making effective"
        " targeting of resources more difficult."
    )
    assert broken.section[-1] == "Important weaknesses and areas for development"


def test_letterhead_addressee_date_and_signature_are_kept() -> None:
    front = [p.text for p in kinds(letter(), Kind.FRONT_MATTER)]
    assert front[0].startswith("Alexandra House")
    assert front[1] == "17 December 2008"
    assert front[2].startswith("Ms Carol Chambers Director of Children's Services")
    closing = [p.text for p in kinds(letter(), Kind.CLOSING)]
    assert closing == [
        "Yours sincerely",
        "J. Winstarley",
        "Juliet Winstanley Divisional Manager, Local Services Inspection",
    ]


def test_only_contents_notice_and_salutation_are_never_ranked() -> None:
    unranked = {p.kind for p in (*review(), *letter()) if not p.kind.ranked}
    assert unranked == {Kind.CONTENTS, Kind.NOTICE, Kind.SALUTATION}
    assert [p.text[:24] for p in kinds(review(), Kind.NOTICE)] == [
        "© Crown copyright 2006",
        "This document may be rep",
    ]


def test_emphasis_is_kept_as_spans_and_not_as_asterisks() -> None:
    twelfth = passage("jar-2006:12")
    (bold,) = twelfth.emphasis
    assert bold.style == "strong"
    assert twelfth.text[bold.start : bold.end] == (
        "The work of all local services in securing the health of children and young people is good."
    )
    first = passage("jar-2006:1")
    (italic,) = first.emphasis
    assert first.text[italic.start : italic.end] == "Framework for the Inspection of Children's Services"
    assert "*" not in "".join(p.text for p in review() if p.number != "21")
    assert "A*-C grades" in passage("jar-2006:21").text


def test_every_passage_is_where_its_offsets_say_word_for_word() -> None:
    for read in outlines().values():
        text, _ = decode((CORPUS / read.report.path).read_bytes())
        for each in read.passages:
            pieces = " ".join(text[span.start : span.end] for span in each.source)
            printed, _ = without_emphasis(" ".join(pieces.split()))
            words = " ".join(each.text.split())
            assert printed.removeprefix(f"{each.number}. ") == words, each.id


def test_nothing_of_a_report_is_lost() -> None:
    for read in outlines().values():
        text, _ = decode((CORPUS / read.report.path).read_bytes())
        kept = " ".join(
            " ".join([*p.section, p.lead_in or "", p.number or "", p.text, p.reading or ""])
            for p in read.passages
        ).casefold()
        words = set(re.findall(r"\w+", kept))
        assert set(re.findall(r"\w+", text.casefold())) <= words


def test_ids_are_unique_and_survive_an_edit_elsewhere() -> None:
    file = next(file for file in find_reports(CORPUS) if file.id == "jar-2006")
    before = {p.id: p.text for p in review()}
    assert len(before) == len(review())
    text = file.path.read_text(encoding="utf-8")
    from qa.ingest.outline import outline
    from qa.ingest.text import read_text

    edited = text.replace(
        "Context\n", "Context\n\nAn unnumbered paragraph was added here by the publisher.\n", 1
    )
    after = {p.id: p.text for p in outline(read_text(edited), report_id="jar-2006", text=edited).passages}
    # "Context" stands in the contents list too, where the line ends the list; only ids there may differ.
    assert {k: v for k, v in before.items() if "contents" not in k}.items() <= after.items()
