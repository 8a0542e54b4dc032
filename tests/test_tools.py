"""The measuring tools: the parts of a score give the shipped ranking, and what is left out is left out."""

from __future__ import annotations

import numpy as np
import pytest

from qa.library import Library
from qa.questions import Question, read_questions
from tests.fakes import ROOT
from tests.tools.follow_ups import ask, ways, with_other_histories
from tests.tools.ranking_weights import DEPTH, MEASURES, SHIPPED, cross_validated, found_for, measured

SET = read_questions(ROOT / "corpus" / "evaluation" / "rutland-questions.jsonl").questions
ANSWERABLE = tuple(question for question in SET if question.answerable)


def test_the_parts_of_the_scores_give_the_ranking_that_is_shipped(library: Library) -> None:
    # With a follow-up and a comparison of reports among them.
    kinds = ("lookup", "compare", "followup", "typo")
    questions = [next(each for each in ANSWERABLE if each.type == kind) for kind in kinds]
    for question, found in zip(questions, found_for(library, questions, SHIPPED.power), strict=True):
        expected = ask(library, question, {}).rank
        assert found.rank(SHIPPED) == (DEPTH + 1 if expected is None else expected)


def test_the_measures_of_a_rank_are_those_of_the_field() -> None:
    values = measured(np.array([1, 4, 8, DEPTH + 1]))
    assert MEASURES == ("Success@1", "Success@5", "Success@10", "RR@10")
    assert values.tolist() == [[1, 1, 1, 1], [0, 1, 1, 0.25], [0, 0, 1, 0.125], [0, 0, 0, 0]]


def test_choosing_among_noise_gains_nothing_on_what_is_left_out() -> None:
    noise = np.random.default_rng(1).random((100, 30, 60, 1))
    fitted = np.mean([each.mean(axis=1).max() for each in noise])
    left_out = np.mean([cross_validated(each, repeats=1)[0] for each in noise])
    assert fitted > 0.56
    assert left_out == pytest.approx(0.5, abs=0.02)


def test_what_is_best_everywhere_is_chosen_each_time() -> None:
    values = np.random.default_rng(1).random((5, 60, 1))
    values[3] += 1
    left_out, chosen = cross_validated(values)
    assert set(chosen) == {3}
    assert left_out == pytest.approx(values[3].mean(axis=0))


def test_fresh_questions_are_given_the_conversations_of_others_and_the_same_each_time() -> None:
    fresh = [question for question in ANSWERABLE if not question.history][:5]
    given = with_other_histories(fresh, ANSWERABLE)
    assert given == with_other_histories(fresh, ANSWERABLE)
    assert all(each.history and each.text not in each.history for each in given)


def test_a_follow_up_is_asked_with_and_without_its_history(library: Library) -> None:
    follow_up = Question(
        "f", "followup", "And for boys?", ("What are GCSE results like?",), quotes=("results",)
    )
    found = ways(library, [follow_up])
    assert {way: asked[0].leans for way, asked in found.items()} == {
        "shipped": True, "no history": False, "last turn only": True, "always the last turn": True,
    }  # fmt: skip
