"""Words that a line end broke."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.ingest.hyphens import Hyphens

REPORT = (
    "The multi-agency team shares information and re-assessment is timely.",
    "A care leaver and a foster carer met the in-house team; the well being board too.",
)


def joined(before: str, after: str, *elsewhere: str) -> str:
    return Hyphens([*REPORT, *elsewhere]).joined(before, after)


def test_a_word_that_the_report_writes_whole_loses_the_hyphen() -> None:
    assert joined("shares infor-", "mation with") == "shares information with"


def test_a_word_that_the_report_writes_with_a_hyphen_keeps_it() -> None:
    assert joined("the multi-", "agency hub") == "the multi-agency hub"


def test_a_word_is_known_whatever_its_case() -> None:
    assert joined("Infor-", "mation is") == "Information is"


def test_of_two_spellings_the_more_frequent_one_is_taken() -> None:
    assert joined("co-", "operate", "They cooperate.", "They cooperate.", "They co-operate.") == "cooperate"


def test_a_broken_word_does_not_prove_its_own_halves() -> None:
    hyphens = Hyphens(["shares infor-", "mation with"])
    assert hyphens.joined("shares infor-", "mation with") == "shares information with"


@pytest.mark.parametrize(
    ("before", "after", "whole"),
    [
        ("a 10-", "day plan", "a 10-day plan"),
        ("of 2012-", "2013 it", "of 2012-2013 it"),
        ("of 2012–", "2013 it", "of 2012–2013 it"),
        ("the Anglo-", "Saxon", "the Anglo-Saxon"),
        ("a step-by-", "step plan", "a step-by-step plan"),
        ("the pre-", "birth plan", "the pre-birth plan"),
        ("a care-", "leaver team", "a care-leaver team"),
    ],
)
def test_a_hyphen_between_parts_that_stand_alone_is_kept(before: str, after: str, whole: str) -> None:
    assert joined(before, after, "His birth and step were seen.") == whole


def test_a_soft_hyphen_is_no_sign_of_the_word() -> None:
    assert joined("shares infor\u00ad", "mation") == "shares information"


@pytest.mark.parametrize("before", ["a dash -", "a dash –", "no dash", "an end."])
def test_lines_that_break_no_word_are_parted_by_a_space(before: str) -> None:
    assert joined(before, "goes on") == f"{before} goes on"


def test_a_line_joined_to_nothing_stays_as_it_is() -> None:
    assert joined("", "words") == "words"
    assert joined("words", "") == "words"


@given(st.text(max_size=40), st.text(max_size=40))
def test_joining_changes_nothing_but_the_place_where_lines_meet(before: str, after: str) -> None:
    whole = joined(before, after)
    assert whole.startswith(before[:-1])
    assert whole.endswith(after)
    assert len(before) + len(after) - 1 <= len(whole) <= len(before) + len(after) + 1 or not before


def test_a_line_without_end_is_joined_at_once() -> None:
    start = time.monotonic()
    joined("a" * 1_000_000 + "-", "b" * 1_000_000)
    assert time.monotonic() - start < 5
