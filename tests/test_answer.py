"""Ranked passages become an answer with ranks and citations."""

from __future__ import annotations

from qa.answer import make_answer
from qa.types import Candidate, Query, Span
from tests.fakes import a_passage, a_report

REPORTS = {"jar-2006": a_report(), "apa-2008": a_report("apa-2008", date="2008-12-17")}


def test_passages_are_ranked_from_one_in_the_order_given_and_cited() -> None:
    first = a_passage("28", number="28", section=("Main Report", "Being healthy"))
    second = a_passage("opening.1", report="apa-2008", section=("Overall",))
    answer = make_answer(
        Query("Who?", "Who?"),
        [Candidate(first, 0.5, (Span(0, 9),)), Candidate(second, 0.25)],
        REPORTS,
        elapsed_ms=1.5,
    )
    assert (answer.question, answer.answered, answer.elapsed_ms) == ("Who?", True, 1.5)
    assert [(cited.rank, cited.id, cited.score) for cited in answer.passages] == [
        (1, "jar-2006:28", 0.5),
        (2, "apa-2008:opening.1", 0.25),
    ]
    assert [cited.citation for cited in answer.passages] == [
        "Joint area review, Rutland (Ofsted, 2006), Main Report › Being healthy, para 28",
        "Joint area review, Rutland (Ofsted, 17 December 2008), Overall, 1st paragraph (unnumbered)",
    ]
    assert [cited.locator for cited in answer.passages] == [
        "para 28",
        "Overall, 1st paragraph (unnumbered)",
    ]
    assert [cited.highlights for cited in answer.passages] == [(Span(0, 9),), ()]


def test_passages_that_say_the_same_are_named_with_the_one_that_is_shown() -> None:
    first, also = a_passage("28", number="28"), a_passage("14", number="14")
    (cited,) = make_answer(
        Query("?", "?"), [Candidate(first, 1.0, also=(also,))], REPORTS, elapsed_ms=0
    ).passages
    assert cited.also == (also,)


def test_a_cited_passage_gives_what_people_read_of_it() -> None:
    row = a_passage("row1", "Being healthy\t3", reading="Being healthy — Grade: 3")
    (cited,) = make_answer(Query("?", "?"), [Candidate(row, 1.0)], REPORTS, elapsed_ms=0).passages
    assert (cited.text, cited.reading, cited.shown) == (row.text, row.reading, row.reading)
    assert (cited.section, cited.paragraph) == (row.section, None)


def test_the_reading_of_a_row_is_marked_as_a_whole() -> None:
    row = a_passage("row1", "Being healthy\t3", reading="Being healthy — Grade: 3")
    marked, unmarked = (
        make_answer(Query("?", "?"), [Candidate(row, 1.0, spans)], REPORTS, elapsed_ms=0).passages[0]
        for spans in ((Span(0, 15),), ())
    )
    assert marked.shown_highlights == (Span(0, 24),)
    assert unmarked.shown_highlights == ()


def test_no_passages_is_no_answer() -> None:
    answer = make_answer(Query("Who?", "Who?"), [], REPORTS, elapsed_ms=0)
    assert not answer.answered
    assert answer.passages == ()


def test_what_was_asked_for_by_name_is_sure_and_what_was_not_judged_says_so() -> None:
    found = [Candidate(a_passage("28", number="28"), 1.0)]
    named = make_answer(Query("para 28", "para 28"), found, REPORTS, elapsed_ms=0)
    assert (named.answered, named.confidence, named.reason) == (True, "strong", "")
    unjudged = make_answer(Query("?", "?"), found, REPORTS, elapsed_ms=0, unjudged="By words.")
    assert (unjudged.answered, unjudged.confidence, unjudged.reason) == (True, "unjudged", "By words.")
    assert unjudged.confidence_score is None
    nothing = make_answer(Query("?", "?"), [], REPORTS, elapsed_ms=0, unjudged="No words.")
    assert (nothing.answered, nothing.confidence, nothing.reason) == (False, "unjudged", "No words.")
