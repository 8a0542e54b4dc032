"""From a question to ranked passages: both retrievers, their fusion, filters and order."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.errors import QuestionError
from qa.index import Index
from qa.retrieve import MODES, Retriever, by_words, fuse, without_names
from qa.types import Candidate, Expansion, Query
from tests.fakes import KeywordEncoder, build, small_library


def asked(question: str, **fields: Any) -> Query:
    """Return a question understood as nothing but its words."""
    return Query(question=question, words=question, **fields)


QUESTION = "What mental health services are there for pupils, and who is left out?"


@pytest.fixture(scope="module")
def index(indexed_folder: Path) -> Index:
    return Index.open(indexed_folder / "index")


@pytest.fixture(scope="module")
def retriever(index: Index) -> Retriever:
    return Retriever(index, KeywordEncoder())


def ids(candidates: list[Candidate]) -> list[str]:
    return [candidate.passage.id for candidate in candidates]


# Fusion

rankings = st.lists(st.lists(st.integers(0, 30), unique=True, max_size=20), max_size=4)


def test_fusion_adds_the_reciprocal_ranks() -> None:
    assert fuse([[7, 3], [3]]) == [(3, 1 / 62 + 1 / 61), (7, 1 / 61)]


def test_fusion_of_nothing_is_nothing() -> None:
    assert fuse([]) == fuse([[], []]) == []


def test_equals_come_in_reading_order() -> None:
    assert [number for number, _ in fuse([[9, 4], [4, 9], [2]])] == [4, 9, 2]
    assert [number for number, _ in fuse([[9], [2]])] == [2, 9]


@given(rankings)
def test_fusion_ranks_every_proposed_passage_once_in_a_total_order(rankings: list[list[int]]) -> None:
    fused = fuse(rankings)
    assert sorted(number for number, _ in fused) == sorted(
        {number for ranking in rankings for number in ranking}
    )
    assert fused == sorted(fused, key=lambda item: (-item[1], item[0]))
    assert math.fsum(score for _, score in fused) == pytest.approx(
        math.fsum(1 / (60 + rank) for ranking in rankings for rank in range(1, len(ranking) + 1))
    )


@given(rankings)
def test_fusion_does_not_depend_on_which_retriever_comes_first(rankings: list[list[int]]) -> None:
    forwards, backwards = dict(fuse(rankings)), dict(fuse(rankings[::-1]))
    assert forwards == pytest.approx(backwards)


# Retrieval


def test_the_passage_that_has_the_words_comes_first(retriever: Retriever) -> None:
    assert "jar-2006:28" in ids(retriever.retrieve(asked(QUESTION), limit=3))


def test_scores_fall_and_equals_come_in_reading_order(retriever: Retriever, index: Index) -> None:
    candidates = retriever.retrieve(asked(QUESTION), limit=1000)
    place = {passage.id: number for number, passage in index.store.passages(range(200)).items()}
    order = [(-candidate.score, place[candidate.passage.id]) for candidate in candidates]
    assert order == sorted(order)
    assert len(set(ids(candidates))) == len(candidates)


def test_fewer_are_the_first_of_more(retriever: Retriever) -> None:
    assert retriever.retrieve(asked(QUESTION), limit=5) == retriever.retrieve(asked(QUESTION), limit=50)[:5]


def test_the_same_question_gives_the_same_ranking(retriever: Retriever) -> None:
    assert retriever.retrieve(asked(QUESTION), limit=50) == retriever.retrieve(asked(QUESTION), limit=50)


def test_passages_with_the_same_words_come_in_reading_order(tmp_path: Path) -> None:
    same = "\n\n".join(f"{number}. Provision for pupils is good." for number in range(1, 60))
    folder = small_library(tmp_path / "library", a=f"Findings\n\n{same}\n", b=f"Findings\n\n{same}\n")
    build(folder)
    retriever = Retriever(Index.open(folder / "index"), KeywordEncoder())
    found = ids(retriever.retrieve(asked("Is provision for pupils good?"), limit=10))
    assert found == [f"a:{number}" for number in range(1, 11)]


def test_what_is_never_ranked_is_never_retrieved(retriever: Retriever) -> None:
    for question in ("Contents", "© Crown copyright 2006", "Dear Ms Chambers"):
        assert all(each.passage.kind.ranked for each in retriever.retrieve(asked(question), limit=1000))


def test_a_filter_by_report_is_exact(retriever: Retriever) -> None:
    found = retriever.retrieve(asked(QUESTION, reports=("apa-2008",)), limit=1000)
    assert found
    assert {candidate.passage.report for candidate in found} == {"apa-2008"}


def test_a_filter_by_section_is_exact(retriever: Retriever) -> None:
    found = retriever.retrieve(asked(QUESTION, section="staying safe"), limit=1000)
    assert found
    assert all(
        any("staying safe" in heading.casefold() for heading in candidate.passage.section)
        for candidate in found
    )


def test_a_filter_comes_before_the_cut(retriever: Retriever, index: Index) -> None:
    wanted = index.store.ranked_numbers(reports=["apa-2008"], section="capacity to improve")
    found = retriever.retrieve(
        asked(QUESTION, reports=("apa-2008",), section="capacity to improve"), limit=len(wanted)
    )
    assert set(ids(found)) == {passage.id for passage in index.store.passages(wanted).values()}


def test_filters_that_let_nothing_through_give_nothing(retriever: Retriever) -> None:
    assert retriever.retrieve(asked(QUESTION, reports=("apa-2008",), section="annex"), limit=5) == []


def test_the_question_before_is_searched_with_as_context(retriever: Retriever) -> None:
    follow_up = "And who is left out?"
    alone = ids(retriever.retrieve(asked(follow_up), limit=3))
    in_context = ids(
        retriever.retrieve(asked(follow_up, context="What mental health services are there?"), limit=3)
    )
    assert "jar-2006:28" not in alone
    assert "jar-2006:28" in in_context


def test_the_sentence_nearest_to_the_question_is_highlighted(retriever: Retriever) -> None:
    question = asked(
        "What does the telephone consultation service negotiate?", phrases=("telephone consultation",)
    )
    best = retriever.retrieve(question, limit=1)[0]
    (span,) = best.highlights
    assert best.passage.text[span.start : span.end] == (
        "A well-regarded telephone consultation service successfully negotiates referrals to the specialist "
        "CAMHS, that operates very effectively as a fully integrated multi-agency team at every stage of the "
        "referral process."
    )


def test_every_highlight_lies_inside_the_text_of_its_passage(retriever: Retriever) -> None:
    for candidate in retriever.retrieve(asked("What grade was given for being healthy?"), limit=1000):
        text = candidate.passage.text
        for start, end in candidate.highlights:
            assert 0 <= start < end <= len(text)
            assert text[start:end] == text[start:end].strip()


def test_a_question_writes_nothing_into_the_index(indexed_folder: Path, retriever: Retriever) -> None:
    def state() -> dict[str, tuple[int, int]]:
        paths = (indexed_folder / "index").rglob("*")
        return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in paths}

    before = state()
    retriever.retrieve(asked(QUESTION), limit=5)
    assert state() == before


def test_a_phrase_must_stand_in_a_passage_word_for_word(retriever: Retriever) -> None:
    found = retriever.retrieve(asked("Clayton File", phrases=("clayton file",)), limit=10)
    assert [each.passage.id for each in found] == ["jar-2006:29"]


def test_an_unknown_mode_is_an_error_that_lists_the_modes(retriever: Retriever) -> None:
    with pytest.raises(QuestionError, match="there are words, bm25, dense, hybrid, full"):
        retriever.retrieve(asked(QUESTION), limit=5, mode="magic")


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_ranks_in_a_total_order(retriever: Retriever, mode: str) -> None:
    found = retriever.retrieve(asked(QUESTION), limit=20, mode=mode)
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)


def test_the_best_passage_of_the_authority_that_is_named_comes_first(
    retriever: Retriever,
) -> None:
    plain = ids(retriever.retrieve(asked(QUESTION), limit=200))
    named = asked(f"{QUESTION[:-1]} in Oakham?", about=("apa-2008",), authorities=("Oakham",))
    found = ids(retriever.retrieve(named, limit=200))
    first = next(passage for passage in plain if passage.startswith("apa"))
    assert found.index(first) < plain.index(first)
    assert set(plain) <= set(found)


@pytest.mark.parametrize(
    ("question", "names", "searched"),
    [
        ("How is private fostering in Oakham?", ["Oakham"], "How is private fostering?"),
        ("How is Oakham's fostering", ["Oakham"], "How is fostering"),
        (
            "Who are the London Borough of Barnet's carers?",
            ["London Borough of Barnet"],
            "Who are the carers?",
        ),
        ("Oakham?", ["Oakham"], "Oakham?"),
    ],
)
def test_the_name_of_an_authority_is_not_searched_for(question: str, names: list[str], searched: str) -> None:
    assert without_names(question, names) == searched


def test_a_named_report_is_favoured_and_excludes_none(retriever: Retriever) -> None:
    plain = ids(retriever.retrieve(asked(QUESTION), limit=200))
    favoured = ids(retriever.retrieve(asked(QUESTION, favoured=("apa-2008",)), limit=200))
    assert set(plain) == set(favoured)
    first = next(passage for passage in plain if passage.startswith("apa"))
    assert favoured.index(first) < plain.index(first)


def test_a_comparison_hears_each_report_among_the_first_five(retriever: Retriever) -> None:
    found = ids(retriever.retrieve(asked(QUESTION, compares=True), limit=10))
    assert {passage.split(":")[0] for passage in found[:5]} == {"jar-2006", "apa-2008"}


def test_the_parts_of_a_score_add_up_to_it(retriever: Retriever) -> None:
    for each in retriever.retrieve(asked(QUESTION), limit=10):
        assert each.explanation is not None
        assert sum(each.explanation.parts.values()) == pytest.approx(each.score)


# By words alone


def test_by_words_the_total_order_and_the_limit_hold(index: Index) -> None:
    candidates = by_words(asked("schools health children"), index.store, limit=60)
    place = {passage.id: number for number, passage in index.store.passages(range(200)).items()}
    order = [(-candidate.score, place[candidate.passage.id]) for candidate in candidates]
    assert order == sorted(order)
    assert len(candidates) == 60
    assert by_words(asked("schools health children"), index.store, limit=5) == candidates[:5]


def test_by_words_a_candidate_says_why_it_stands_where_it_does(index: Index) -> None:
    query = asked("Who checks teeth at the dentist?", favoured=("apa-2008",))
    for rank, candidate in enumerate(by_words(query, index.store, limit=20), start=1):
        why = candidate.explanation
        assert why is not None
        assert why.meaning_rank is None
        assert why.words_rank is not None
        assert candidate.score == pytest.approx(sum(why.parts.values()))
        assert (why.parts["report named"] > 0) == (candidate.passage.report == "apa-2008")
        assert why.matched or rank > 1


def test_by_words_a_comparison_hears_each_report_among_the_first_five(index: Index) -> None:
    def reports(**fields: Any) -> set[str]:
        found = by_words(asked("young people and the youth parliament", **fields), index.store, limit=5)
        return {candidate.passage.report for candidate in found}

    assert reports() == {"jar-2006"}
    assert reports(compares=True) == {"jar-2006", "apa-2008"}


def words_of_a_report(tmp_path: Path, *paragraphs: str, **fields: Any) -> list[Candidate]:
    """Return what a question finds by words in a report of some paragraphs."""
    text = "\n\n".join(f"{number}. {paragraph}" for number, paragraph in enumerate(paragraphs, start=1))
    folder = small_library(tmp_path / "library", a=f"Inspection\n\nFindings\n\n{text}\n")
    build(folder)
    return by_words(asked(**fields), Index.open(folder / "index").store, limit=10)


def marked(candidate: Candidate) -> list[str]:
    return [candidate.passage.text[start:end] for start, end in candidate.highlights]


def test_by_words_rare_words_decide_which_sentence_is_marked(tmp_path: Path) -> None:
    (first, *_) = words_of_a_report(
        tmp_path,
        "Schools and more schools in schools. A kiln stands in one. Schools again.",
        *["Schools are open."] * 8,
        question="Do schools have a kiln?",
    )
    assert marked(first) == ["A kiln stands in one."]


def test_by_words_the_first_of_equal_sentences_is_marked_and_other_forms_count(tmp_path: Path) -> None:
    (first,) = words_of_a_report(
        tmp_path, "Nothing here. The inspector came. An inspection was made.", question="inspectors"
    )
    assert marked(first) == ["The inspector came."]


def test_by_words_a_short_word_is_not_found_inside_others(tmp_path: Path) -> None:
    (first,) = words_of_a_report(
        tmp_path, "The catalogue is old. A Cat, too: İt purrs. Bobcats do not.", question="cat"
    )
    assert marked(first) == ["A Cat, too: İt purrs."]
    assert first.explanation is not None
    assert first.explanation.matched == ("cat",)


def test_by_words_what_else_a_word_means_counts_less(tmp_path: Path) -> None:
    nursery = Expansion("nursery", "day care", "glossary")
    (first, second) = words_of_a_report(
        tmp_path,
        "Day care is dear.",
        "The nursery is full.",
        question="nursery",
        expansions=(nursery,),
    )
    assert [candidate.passage.number for candidate in (first, second)] == ["2", "1"]
    assert marked(second) == ["Day care is dear."]
    assert second.explanation is not None
    assert second.explanation.matched == ("day", "care")
