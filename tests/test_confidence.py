"""What a question expects, what a sentence holds, and whether the passages found answer."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.confidence import (
    FEATURES,
    AnswerKind,
    Calibration,
    Case,
    Judged,
    Level,
    Scale,
    Sentence,
    Signs,
    Verdict,
    auroc,
    cross_validate,
    expects,
    find_calibration,
    fit,
    judge,
    likeness_scale,
    read_calibrations,
    shipped_calibrations,
    signs_of,
    write_calibrations,
    years_in,
    years_of,
)
from qa.errors import CorpusError, EvaluationError
from qa.types import Expansion, Kind, ReportOutline
from tests import fakes
from tests.fakes import a_report

ABOUT = "Joint inspection, Westshire 2014"
YEARS = (2010, 2013, 2014)
(SHIPPED,) = shipped_calibrations()
FITTED: Any = {"model": "a-model", "fingerprint": "abc", "date": "2014-05-01", "scale": SHIPPED.scale}


def judged(
    question: str, passages: Sequence[Judged], *, calibration: Calibration | None = SHIPPED, **known: Any
) -> Verdict:
    return judge(Case(question, passages, **known), calibration=calibration)


def found_signs(question: str, passages: Sequence[Judged], **known: Any) -> Signs:
    return signs_of(Case(question, passages, **known), scale=SHIPPED.scale)


def a_passage(*sentences: str, likeness: float | None = 0.7, about: str = ABOUT) -> Judged:
    return Judged(
        text=" ".join(sentences),
        section=("Main report", "Being safe"),
        about=about,
        sentences=tuple(Sentence(sentence, likeness) for sentence in sentences),
    )


def some_signs(seed: int, *, answerable: bool) -> Signs:
    chance = np.random.default_rng(seed)
    support = float(np.clip(chance.normal(0.7 if answerable else 0.3, 0.15), 0, 1))
    return Signs(
        kind=AnswerKind.NUMBER,
        checkable=1.0,
        support=support,
        gap=max(0.0, 0.8 - support),
        spoken=0.0,
        strange=0.0,
        unnamed=0.0,
        remote=0.0,
    )


def many_signs(answerable: int = 60, unanswerable: int = 40) -> list[tuple[Signs, bool]]:
    kinds = [True] * answerable + [False] * unanswerable
    return [(some_signs(seed, answerable=kind), kind) for seed, kind in enumerate(kinds)]


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many nurseries are there?", AnswerKind.NUMBER),
        ("What is the population of Westshire?", AnswerKind.NUMBER),
        ("Average class size in our infant schools?", AnswerKind.NUMBER),
        ("What percentage of pupils passed?", AnswerKind.PERCENTAGE),
        ("What share of residents are over 65?", AnswerKind.PERCENTAGE),
        ("How much did the council spend on buses?", AnswerKind.MONEY),
        ("What is the annual budget of the service?", AnswerKind.MONEY),
        ("When was the board set up?", AnswerKind.DATE),
        ("On what date did the visit begin?", AnswerKind.DATE),
        ("What time does the centre close?", AnswerKind.TIME),
        ("How long do families wait?", AnswerKind.DURATION),
        ("How many weeks do families wait?", AnswerKind.DURATION),
        ("How often does the board meet?", AnswerKind.FREQUENCY),
        ("What is the telephone number of the helpline?", AnswerKind.CONTACT),
        ("Who chairs the board?", AnswerKind.PERSON),
        ("Which company won the contract?", AnswerKind.ORGANISATION),
        ("Where is the family centre?", AnswerKind.PLACE),
        ("Which villages does the bus serve?", AnswerKind.PLACE),
        ("What is the nursery called?", AnswerKind.NAME),
        ("Why are the costs so high?", AnswerKind.REASON),
        ("What grade did the service get?", AnswerKind.GRADE),
        ("How was the health service graded?", AnswerKind.GRADE),
        ("How does our rate compare with the nation's?", AnswerKind.COMPARISON),
        ("Are fewer pupils absent here than in Eastshire?", AnswerKind.COMPARISON),
        ("What does LAC stand for?", AnswerKind.DEFINITION),
        ("Is the unit suitable for children?", AnswerKind.YES_NO),
        ("Which recommendations are urgent?", AnswerKind.LIST),
        ("What did inspectors say about fostering?", AnswerKind.DESCRIPTION),
        ("fostering costs", AnswerKind.TOPIC),
    ],
)
def test_a_question_expects_an_answer_of_its_kind(question: str, kind: AnswerKind) -> None:
    assert expects(question) is kind


def test_a_courtesy_before_the_question_is_no_part_of_it() -> None:
    assert expects("Can you tell me where staff must go?") is AnswerKind.PLACE
    assert expects("Please say who sits on the board.") is AnswerKind.PERSON


def test_the_clause_that_asks_tells_the_kind() -> None:
    assert expects("My neighbour is unwell. Would the team see him?") is AnswerKind.YES_NO
    assert expects("Capacity to improve: what mark did we get?") is AnswerKind.GRADE
    assert expects("When pupils are asked, do they ever hear more?") is AnswerKind.YES_NO


def test_the_first_question_word_tells_the_kind() -> None:
    assert expects("Who do pupils turn to when they are bullied?") is AnswerKind.PERSON


def test_a_number_of_the_thing_counted_is_strong_support() -> None:
    question = "How many nurseries are there in Westshire?"
    counted = found_signs(question, [a_passage("Westshire has 17 nurseries.")])
    other = found_signs(question, [a_passage("Westshire has nurseries and 17 libraries.")])
    without = found_signs(question, [a_passage("Westshire has very good nurseries.")])
    assert counted.support > other.support > without.support == 0
    assert without.gap > counted.gap


@pytest.mark.parametrize(
    "sentence",
    [
        "Nurseries improved in 2013.",
        "Nurseries take children who are 3 year olds.",
        "Nurseries improved at Key Stage 2.",
    ],
)
def test_years_ages_and_labels_are_no_numbers_of_things(sentence: str) -> None:
    assert found_signs("How many buses are there?", [a_passage(sentence)]).held == 0


def test_what_the_question_says_itself_is_no_answer() -> None:
    assert (
        found_signs("When in 2013 did the board first meet?", [a_passage("The board met in 2013.")]).held == 0
    )
    assert found_signs("When did the board meet?", [a_passage("The board met in 2013.")]).held == 1


def test_a_length_of_time_must_be_in_the_unit_asked_for() -> None:
    waits = a_passage("Families wait for six weeks.")
    assert found_signs("How many weeks do families wait?", [waits]).held == 1
    assert found_signs("How many months do families wait?", [waits]).held == 0


def test_a_post_is_no_name_where_a_person_is_wanted() -> None:
    question = "Who is the director of the service?"
    assert found_signs(question, [a_passage("The director leads the service well.")]).held < 0.5
    assert found_signs(question, [a_passage("The director is Ms Jane Doe.")]).held == 1


def test_an_answer_in_the_next_sentence_counts() -> None:
    apart = a_passage("Attendance is not reported here.", "The target is 80%.", likeness=None)
    beside = a_passage("Attendance of pupils has a target.", "The target is 80%.", likeness=None)
    question = "What percentage is the target for attendance of pupils?"
    assert found_signs(question, [beside]).support > found_signs(question, [apart]).support


def test_a_name_no_report_has_is_refused_by_name() -> None:
    passages = [a_passage("Attendance is good in all schools.")]
    verdict = judged("How did Covid-19 affect attendance?", passages, unknown=["covid"], years=YEARS)
    assert verdict.level is Level.NONE
    assert verdict.reason == "“Covid-19” occurs nowhere in these reports."


def test_a_name_of_two_words_is_said_whole() -> None:
    passages = [a_passage("Children are safe.")]
    question = "Are children safe in North Eastshire?"
    verdict = judged(question, passages, unknown=["north", "eastshire"], years=YEARS)
    assert verdict.reason == "“North Eastshire” occurs nowhere in these reports."


def test_a_year_outside_the_reports_is_refused_by_year() -> None:
    passages = [a_passage("The leadership is inadequate.")]
    verdict = judged("Was leadership inadequate in 2019?", passages, unknown=["2019"], years=YEARS)
    assert verdict.level is Level.NONE
    assert verdict.reason == "These reports do not cover 2019."


def test_a_thing_spoken_of_without_the_sum_asked_for_is_refused() -> None:
    passages = [a_passage("The cost of home to school transport is very high.", likeness=0.8)]
    verdict = judged("How much did home to school transport cost?", passages, years=YEARS)
    assert verdict.level is Level.NONE
    assert verdict.reason == "No passage found gives a sum of money for this."


def test_what_is_said_of_all_passages_holds_for_the_last() -> None:
    silent = [a_passage("The cost of transport is very high.") for _ in range(6)]
    assert found_signs("How much did transport cost?", silent).held == 0
    assert found_signs("How much did transport cost?", [*silent, a_passage("Buses cost £900.")]).held == 1


def test_everyday_words_that_no_report_has_do_not_refuse() -> None:
    passages = [a_passage("Measures to combat truancy are successful.", likeness=0.4)]
    verdict = judged(
        "What's done about kids bunking off?", passages, unknown=["kids", "bunking"], years=YEARS
    )
    assert verdict.level is Level.POSSIBLE
    assert verdict.reason == "“kids” and “bunking” occur nowhere in these reports."


def test_nonsense_far_from_every_passage_is_refused() -> None:
    passages = [a_passage("Attendance is good.", likeness=0.12)]
    words = ["recipe", "lemon", "cake"]
    verdict = judged("What is the best recipe for lemon cake?", passages, unknown=words, years=YEARS)
    assert verdict.level is Level.NONE
    assert verdict.reason == "“recipe”, “lemon” and “cake” occur nowhere in these reports."


def test_an_answer_of_its_kind_about_the_thing_is_strong() -> None:
    passages = [a_passage("With a population of 36,500, Westshire is small.", likeness=0.85)]
    verdict = judged("What is the population of Westshire?", passages, years=YEARS)
    assert verdict.level is Level.STRONG
    assert verdict.reason == "A passage that speaks of this gives a number."


def test_a_name_that_none_of_the_passages_has_is_a_doubt() -> None:
    passages = [a_passage("Breast feeding rates are high in Westshire.", likeness=0.8)]
    verdict = judged("Is breast feeding in Westshire as common as in Eastshire?", passages, years=YEARS)
    assert verdict.level is not Level.STRONG
    assert verdict.reason == "No passage found names “Eastshire”."


def test_a_name_in_the_title_of_the_report_is_named() -> None:
    assert found_signs("Is all well in Westshire?", [a_passage("All is well.")]).unnamed == 0


def test_an_expansion_covers_the_abbreviation_typed() -> None:
    passages = [a_passage("The local safeguarding board starts in May 2014.")]
    question = "When does the LSB start?"
    expansions = [Expansion("LSB", "local safeguarding board", "glossary")]
    plain, expanded = found_signs(question, passages), found_signs(question, passages, expansions=expansions)
    assert plain.unnamed == 1
    assert expanded.unnamed == 0
    assert expanded.support > plain.support


def test_capitals_at_a_start_or_on_every_word_make_no_name() -> None:
    words = ["potholes", "mended"]
    assert not found_signs("Potholes mended?", [a_passage("All is well.")], unknown=words).unknown_names
    assert not found_signs(
        "Are Potholes Mended Well?", [a_passage("All is well.")], unknown=words
    ).unknown_names


def test_an_earlier_question_adds_its_words() -> None:
    passages = [a_passage("Exclusions are falling in primary schools.", likeness=None)]
    alone = found_signs("And in primary schools?", passages)
    leaning = found_signs("And in primary schools?", passages, context="Are visits to libraries falling?")
    assert leaning.spoken < alone.spoken


def test_both_ends_of_a_double_year_are_years() -> None:
    assert years_in("From 2004-05 and 2006/07 to 2010.") == [2004, 2005, 2006, 2007, 2010]
    assert years_in("Call 0115 2008123.") == []


def test_a_report_speaks_of_the_years_of_its_date_and_of_what_can_be_ranked() -> None:
    passages = (
        fakes.a_passage("1", "In 2004-05."),
        fakes.a_passage("2", "© 2009", order=1, kind=Kind.NOTICE),
    )
    assert years_of(ReportOutline(a_report(date="2006-12"), passages)) == {2004, 2005, 2006}
    assert years_of(ReportOutline(a_report(date=None), ())) == frozenset()


def test_no_passage_is_no_answer() -> None:
    verdict = judged("Is all well?", [])
    assert (verdict.level, verdict.reason) == (Level.NONE, "No passage was found for this.")


def test_a_model_without_calibration_is_said_to_be_uncalibrated() -> None:
    verdict = judged("Is all well?", [a_passage("All is well.", likeness=-0.5)], calibration=None)
    assert (verdict.level, verdict.score) == (Level.UNCALIBRATED, None)
    assert "run: qa eval --calibrate" in verdict.reason


def test_what_the_words_alone_tell_is_said_without_a_calibration() -> None:
    passages = [a_passage("Attendance is good in all schools.")]
    verdict = judged(
        "How did Covid-19 affect attendance?", passages, unknown=["covid"], years=YEARS, calibration=None
    )
    assert verdict.level is Level.UNCALIBRATED
    assert verdict.reason.startswith(
        "“Covid-19” occurs nowhere in these reports. No calibration fits this model"
    )


def test_passages_without_likeness_can_be_judged() -> None:
    verdict = judged("How many nurseries are there?", [Judged("There are 17 nurseries.")])
    assert verdict.level is not Level.NONE


def test_a_table_row_is_judged_as_it_reads() -> None:
    row = Judged(text="Staying safe\t3", reading="Staying safe — Grade: 3")
    assert found_signs("What grade was staying safe given?", [row]).held == 1


@given(st.text(max_size=200), st.text(max_size=200), st.floats(-1, 1))
def test_any_text_is_judged_with_one_sentence_of_reason(question: str, text: str, likeness: float) -> None:
    verdict = judged(question, [Judged(text, sentences=(Sentence(text, likeness),))], years=YEARS)
    assert verdict.score is not None
    assert 0 <= verdict.score <= 1
    assert verdict.reason.endswith(".")
    assert all(0 <= getattr(verdict.signs, name) <= 1 for name in FEATURES)


def test_the_shipped_calibration_weighs_each_sign_the_way_it_should() -> None:
    weights = dict(zip(FEATURES, SHIPPED.weights, strict=True))
    assert weights["support"] > 0 < weights["spoken"]
    assert all(weights[name] < 0 for name in ("gap", "strange", "unnamed", "remote"))
    assert 0 < SHIPPED.refuse_below < SHIPPED.strong_from < 1


def test_a_calibration_survives_being_written_as_json() -> None:
    assert Calibration.from_dict(json.loads(json.dumps(SHIPPED.to_dict()))) == SHIPPED


@pytest.mark.parametrize(
    "damage",
    [
        {"weights": {}},
        {"weights": None},
        {"weights": {**dict.fromkeys(FEATURES, 1.0), "another": 1.0}},
        {"intercept": None},
        {"intercept": float("nan")},
        {"scale": 1},
        {"scale": {"floor": 0.5, "ceiling": 0.5}},
        {"answerable": float("inf")},
    ],
)
def test_a_damaged_calibration_is_an_error(damage: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"calibration|weights"):
        Calibration.from_dict({**SHIPPED.to_dict(), **damage})


def test_several_models_stand_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    assert read_calibrations(path) == ()
    write_calibrations(path, [SHIPPED, fit(many_signs(), **FITTED)])
    assert [each.model for each in read_calibrations(path)] == [SHIPPED.model, "a-model"]
    assert [file.name for file in tmp_path.iterdir()] == ["calibration.json"]


def test_the_calibration_of_a_library_goes_before_the_one_shipped(tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    assert find_calibration(SHIPPED.model, SHIPPED.fingerprint, path) == SHIPPED
    write_calibrations(path, [replace(SHIPPED, refuse_below=0.1)])
    own = find_calibration(SHIPPED.model, SHIPPED.fingerprint, path)
    assert own is not None
    assert own.refuse_below == 0.1


def test_a_calibration_fits_a_model_by_name_and_weights(tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    assert find_calibration(SHIPPED.model, "other weights", path) is None
    assert find_calibration("another name", SHIPPED.fingerprint, path) is None


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"calibrations": 1}',
        b'{"calibrations": [1]}',
        b'{"calibrations": [{}]}',
        b"\xff",
    ],
)
def test_a_damaged_file_is_one_sentence_with_the_command_that_mends_it(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "calibration.json"
    path.write_bytes(text)
    with pytest.raises(
        CorpusError, match=r"calibration\.json holds no calibrations .*run: qa eval --calibrate"
    ):
        read_calibrations(path)


def test_a_fit_finds_the_sign_that_tells() -> None:
    calibration = fit(many_signs(), **FITTED)
    good, bad = some_signs(1000, answerable=True), some_signs(1001, answerable=False)
    assert calibration.score(good) > 0.5 > calibration.score(bad)
    assert (calibration.answerable, calibration.unanswerable) == (60, 40)


def test_a_fit_refuses_no_more_answerable_questions_than_allowed() -> None:
    examples = many_signs()
    calibration = fit(examples, **FITTED, wrongly_refused=0.05)
    scores = [calibration.score(signs) for signs, answerable in examples if answerable]
    assert np.mean(np.array(scores) < calibration.refuse_below) <= 0.07


def test_a_fit_is_the_same_each_time() -> None:
    first, second = (fit(many_signs(), **FITTED) for _ in range(2))
    assert first == second


def test_cross_validation_tells_signal_from_noise() -> None:
    telling = cross_validate(many_signs(), repeats=2)
    shuffled = np.random.default_rng(1).permutation([answerable for _, answerable in many_signs()])
    noise = [(signs, bool(label)) for (signs, _), label in zip(many_signs(), shuffled, strict=True)]
    assert telling.auroc > 0.9
    assert abs(cross_validate(noise, repeats=2).auroc - 0.5) < 0.2


def test_too_few_questions_are_not_fitted() -> None:
    with pytest.raises(EvaluationError, match="there are 60 and 9; add some"):
        fit(many_signs(60, 9), **FITTED)
    with pytest.raises(EvaluationError, match="at least 10"):
        cross_validate([])


@pytest.mark.parametrize(
    ("scores", "labels", "expected"),
    [((0.1, 0.2, 0.9), (0, 0, 1), 1.0), ((0.9, 0.1), (0, 1), 0.0), ((0.5, 0.5), (0, 1), 0.5)],
)
def test_auroc_counts_pairs(scores: Sequence[float], labels: Sequence[int], expected: float) -> None:
    assert math.isclose(auroc(scores, labels), expected)


def test_a_scale_spans_the_likenesses_of_most_questions() -> None:
    found = [[a_passage("All is well.", likeness=value)] for value in np.linspace(0.2, 0.9, 100)]
    scale = likeness_scale(found)
    assert 0.2 < scale.floor < 0.3 < 0.8 < scale.ceiling < 0.9
    assert Scale(0.3, 0.8).of(0.55) == pytest.approx(0.5)
    with pytest.raises(EvaluationError, match="No sentence"):
        likeness_scale([[Judged("All is well.")]])
