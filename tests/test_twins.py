"""Passages of one report that give the same answer are shown once, the main text before a summary."""

from __future__ import annotations

import pytest

from qa.ingest.sentences import sentences
from qa.twins import REACH, fold_twins
from qa.types import Candidate, Kind, Passage, Span
from tests.fakes import a_passage

SAFE = "Children who are most at risk are well safeguarded by prompt and effective action by all agencies."
SAFE_AGAIN = "Children most at risk are well safeguarded by prompt, and effective, action by all  agencies!"
NUMBER = "Overall, 92% of young people continued in education and training in 2005."
MAIN = ("Main Report", "Staying safe")
SUMMARY = ("Summary Report", "Staying safe")


def candidate(passage: Passage, score: float = 1.0, *, marked: str | None = None) -> Candidate:
    """Return a candidate with its sentences, one of them marked: the one given, else the first."""
    spans = sentences(passage.text)
    best = next((span for span in spans if marked and marked in passage.text[slice(*span)]), spans[0])
    return Candidate(passage, score, (best,), None, tuple((span, 0.5) for span in spans))


def shown(*candidates: Candidate) -> list[tuple[str, list[str]]]:
    """Return the ids of what is shown, each with those named beside it."""
    return [
        (each.passage.id.split(":")[1], [other.id.split(":")[1] for other in each.also])
        for each in fold_twins(candidates)
    ]


def a_pair(first: str, second: str, **fields: object) -> list[tuple[str, list[str]]]:
    """Return what is shown of two passages with these words, in two parts of one report."""
    return shown(
        candidate(a_passage("1", first, section=MAIN, **fields)),  # type: ignore[arg-type]
        candidate(a_passage("2", second, section=("Annex",), **fields)),  # type: ignore[arg-type]
    )


# What is the same


def test_passages_whose_marked_sentence_is_the_same_are_shown_once() -> None:
    one = candidate(a_passage("30", f"{SAFE} Thresholds are agreed.", number="30"), 0.9)
    between = candidate(a_passage("31", "Road safety has a high priority in every school."), 0.8)
    two = candidate(a_passage("annex.3", f"Services work well. {SAFE}"), 0.7, marked=SAFE)
    assert shown(one, between, two) == [("30", ["annex.3"]), ("31", [])]


@pytest.mark.parametrize(
    "again",
    [SAFE, SAFE_AGAIN, SAFE.upper(), SAFE.replace(" ", "\t "), SAFE.removesuffix("."), f"“{SAFE}”"],
)
def test_case_space_punctuation_and_words_without_weight_do_not_count(again: str) -> None:
    assert a_pair(SAFE, again) == [("1", ["2"])]


def test_a_passage_that_says_nothing_of_its_own_is_not_shown_even_if_another_sentence_is_marked() -> None:
    whole = candidate(a_passage("1", f"{NUMBER} {SAFE}"), marked=NUMBER)
    assert shown(whole, candidate(a_passage("2", SAFE))) == [("1", ["2"])]


def test_a_passage_that_says_more_is_shown_where_another_sentence_of_it_is_marked() -> None:
    more = candidate(a_passage("2", f"{SAFE} {NUMBER}"), marked=NUMBER)
    assert shown(candidate(a_passage("1", SAFE)), more) == [("1", []), ("2", [])]


def test_three_that_say_the_same_are_shown_once_and_named_in_order() -> None:
    assert shown(*(candidate(a_passage(name, SAFE)) for name in "bca")) == [("b", ["c", "a"])]


# What is not the same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("92%", "93%"),
        ("92%", "9.2%"),
        ("92%", "£92"),
        ("92%", "-92%"),
        ("92%", "<92%"),
        ("in 2005", "in 2006"),
        ("in 2005", "before 2005"),
        ("young people", "boys"),
        ("continued", "not continued"),
        ("Overall,", "Nearly"),
        ("and training", "or training"),
    ],
)
def test_one_other_number_or_word_makes_another_statement(one: str, other: str) -> None:
    changed = NUMBER.replace(one, other)
    assert changed != NUMBER
    assert a_pair(NUMBER, changed) == [("1", []), ("2", [])]


def test_another_grade_in_a_long_sentence_makes_another_statement() -> None:
    long = f"{SAFE.removesuffix('.')}, and the overall contribution of all local services is {{}}."
    assert len(a_pair(long.format("good"), long.format("inadequate"))) == 2


def test_few_is_not_a_few() -> None:
    few = "Few schools in the villages offer any clubs."
    assert a_pair(few, f"A {few.lower()}") == [("1", []), ("2", [])]


def test_a_short_sentence_says_nothing_without_its_place() -> None:
    assert a_pair("Provision is good.", "Provision is good.") == [("1", []), ("2", [])]


def test_passages_of_different_reports_are_never_shown_as_one() -> None:
    assert (
        len(shown(candidate(a_passage("1", SAFE)), candidate(a_passage("1", SAFE, report="apa-2008")))) == 2
    )


@pytest.mark.parametrize("kind", [Kind.TABLE_ROW, Kind.GRADE, Kind.SCALE, Kind.FRONT_MATTER, Kind.CLOSING])
def test_rows_grades_and_scales_are_never_shown_as_one(kind: Kind) -> None:
    reading = "Being healthy — The impact of local services on outcomes: 3"
    assert len(a_pair(SAFE, SAFE, kind=kind)) == 2
    assert len(a_pair(SAFE, SAFE, kind=kind, reading=reading)) == 2


@pytest.mark.parametrize("kind", [Kind.BULLET, Kind.STATEMENT])
def test_items_of_a_list_are_the_same_only_under_the_same_words(kind: Kind) -> None:
    text = "access to the child protection register outside office hours"
    strength = a_passage("1", text, kind=kind, section=("Letter", "Strengths"))
    weakness = a_passage("2", text, kind=kind, section=("Letter", "Weaknesses"))
    soon = a_passage("3", text, kind=kind, section=("Letter", "Strengths"), lead_in="Within six months:")
    again = a_passage("4", text, kind=kind, section=("Annex", "Strengths"))
    assert shown(*map(candidate, (strength, weakness, soon, again))) == [("1", ["4"]), ("2", []), ("3", [])]


def test_one_far_below_is_listed_by_itself() -> None:
    between = [candidate(a_passage(f"b{n}", f"{NUMBER} Text {n}.", kind=Kind.GRADE)) for n in range(REACH)]
    best, last = candidate(a_passage("1", SAFE)), candidate(a_passage("2", SAFE))
    assert shown(best, *between[1:], last)[0] == ("1", ["2"])
    assert shown(best, *between, last)[0] == ("1", [])


# Which one is shown


@pytest.mark.parametrize(
    "heading",
    ["Summary Report", "Executive summary", "OVERVIEW", "Key findings", "Main findings", "At a glance"],
)
def test_the_main_text_is_shown_before_a_summary_at_the_better_rank(heading: str) -> None:
    first = candidate(a_passage("14", SAFE, section=(heading, "Staying safe"), number="14"), 0.9)
    other = candidate(a_passage("31", NUMBER), 0.8)
    main = candidate(a_passage("30", f"Thresholds are agreed. {SAFE}", number="30"), 0.7, marked=SAFE)
    (group, rest) = fold_twins([first, other, main])
    assert (group.passage.id, group.score, group.highlights) == (
        "jar-2006:30",
        0.9,
        (Span(23, 23 + len(SAFE)),),
    )
    assert group.also == (first.passage,)
    assert rest is other


def test_a_summary_is_shown_if_no_part_of_the_main_text_says_all_of_it() -> None:
    summary = candidate(a_passage("14", f"{NUMBER} {SAFE}", section=SUMMARY), marked=NUMBER)
    assert shown(summary, candidate(a_passage("30", SAFE))) == [("14", ["30"])]


def test_the_better_of_two_passages_of_the_main_text_is_shown() -> None:
    annex = candidate(a_passage("annex.3", SAFE, section=("Annex",)))
    assert shown(annex, candidate(a_passage("30", SAFE, section=MAIN))) == [("annex.3", ["30"])]


def test_a_passage_without_a_twin_stays_as_it_is() -> None:
    alone = candidate(a_passage("1", SAFE))
    assert fold_twins([alone]) == [alone]
    assert fold_twins([]) == []
