"""Measuring: what is right, how rankings and refusals are counted, what is read, and what is written."""

from __future__ import annotations

import builtins
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import ir_measures
import numpy as np
import pytest
from ir_measures import RR, R, Success, calc_aggregate, nDCG

from qa.cli import ExitCode, main
from qa.errors import EvaluationError, QuestionError
from qa.evaluate import MEASURES, Ask, Measurement, measure
from qa.evaluation_report import as_dict, chance, check_outputs, render_report, write_report, write_runs
from qa.questions import BEIR_REPORT, Question, QuestionSet, fold, read_judged, read_questions
from qa.types import Answer, CitedPassage, Passage, Progress, ReportOutline, Span
from tests.fakes import CORPUS, a_passage, a_report

IDENTITY = {"version": "1.2.3", "model": "keywords", "index": "build-7"}
TEXTS = {
    "1": "Potholes are mended within ten days.",
    "2": "Gritting lorries clear the roads.",
    "3": "Potholes are mended within ten days. So the summary says.",
    "4": "Libraries open on Sundays.",
    **{str(number): f"Filler number {number}." for number in range(5, 31)},
}
PASSAGES = {key: a_passage(key, text, report="r", number=key) for key, text in TEXTS.items()}


@dataclass(frozen=True, slots=True)
class ConfidentAnswer(Answer):
    """An answer that tells its confidence and offers passages with a refusal."""

    confidence_score: float | None = None
    nearest: tuple[CitedPassage, ...] = ()


def cited(keys: Sequence[str]) -> tuple[CitedPassage, ...]:
    return tuple(
        CitedPassage(
            rank=rank,
            passage=PASSAGES[key],
            report=a_report("r"),
            locator=f"para {key}",
            citation=f"Report, para {key}",
            highlights=(Span(0, 8),),
            score=float(-rank),
        )
        for rank, key in enumerate(keys, start=1)
    )


def answering(
    ranked: Mapping[str, str],
    *,
    confidence: Mapping[str, float] | None = None,
    refused: str = "",
    calls: list[tuple[str, int]] | None = None,
) -> Ask:
    """Return what answers questions with the passages named for their id, as many as are asked for."""

    def ask(question: Question, k: int) -> Answer:
        if calls is not None:
            calls.append((question.id, k))
        passages = cited(ranked.get(question.id, "").split()[:k])
        offered = question.id in refused.split()
        return ConfidentAnswer(
            question.text,
            not offered,
            () if offered else passages,
            float(len(question.text)),
            confidence_score=None if confidence is None else confidence[question.id],
            nearest=passages if offered else (),
        )

    return ask


def asked(id_: str, *quotes: str, type_: str = "fact") -> Question:
    return Question(id_, type_, f"What of {id_}?", answerable=bool(quotes), quotes=quotes)


def graded(id_: str, **grades: int) -> Question:
    return Question(
        id_, "all", f"What of {id_}?", grades={f"r:{key[1:]}": grade for key, grade in grades.items()}
    )


def measured(questions: Sequence[Question], *asks: Ask, **options: Any) -> Measurement:
    """Measure modes named `first`, `second`, … over the thirty passages."""
    modes = dict(zip(("first", "second", "third"), asks, strict=False))
    return measure(
        QuestionSet("a set", tuple(questions)), PASSAGES.values(), modes, identity=IDENTITY, **options
    )


def values(measurement: Measurement) -> dict[str, float]:
    return {name: estimate.value for name, estimate in measurement.evaluations[-1].overall.items()}


def ranking(path: Path) -> list[Any]:
    return list(ir_measures.read_trec_run(str(path)))  # type: ignore[no-untyped-call]


def judgements(path: Path) -> list[Any]:
    return list(ir_measures.read_trec_qrels(str(path)))  # type: ignore[no-untyped-call]


# What is right


@pytest.mark.parametrize(
    ("printed", "quoted"),
    [
        ("The education service\t\t3", "the education  service 3"),
        ("| The education service | 3 |", "The education service\t\t3"),
        ("**Children** are *safe*.", "Children are safe."),
        ("A_B _x_", "AB x"),
        ("STRASSE\u00a0one", "straße one"),
        ("5 or more GCSE A*-C grades", "5 or more GCSE A-C grades"),
    ],
)
def test_white_space_separators_emphasis_and_case_do_not_count(printed: str, quoted: str) -> None:
    assert fold(printed) == fold(quoted)


def test_punctuation_and_words_count() -> None:
    assert fold("It is good.") != fold("It is good")
    assert fold("£1,000") != fold("£1000")


def test_the_measures_are_those_of_the_field() -> None:
    assert MEASURES == (
        "Success@1", "Success@3", "Success@5", "Success@10", "RR@10", "nDCG@10", "R@5", "R@10",
    )  # fmt: skip


def test_a_passage_with_the_quote_is_right_wherever_it_stands() -> None:
    question = asked("a", "potholes are MENDED")
    for ranking, first in (("1 2", 1.0), ("3 2", 1.0), ("2 3", 0.0)):
        assert values(measured([question], answering({"a": ranking})))["Success@1"] == first


def test_recall_is_the_share_of_the_pieces_of_evidence_found() -> None:
    question = asked("a", "Potholes are mended", "Gritting lorries", "Libraries open")
    # The first piece stands in two passages; both together are one piece found.
    found = values(measured([question], answering({"a": "1 3 5 6 7 2"})))
    assert found["R@5"] == pytest.approx(1 / 3)
    assert found["R@10"] == pytest.approx(2 / 3)


def test_two_pieces_of_evidence_in_one_passage_are_both_found() -> None:
    question = asked("a", "Potholes", "ten days", "Gritting")
    assert values(measured([question], answering({"a": "1"})))["R@5"] == pytest.approx(2 / 3)


def test_graded_judgements_are_measured_as_ir_measures_does(tmp_path: Path) -> None:
    questions = [graded("a", p1=2, p2=1, p9=0), graded("b", p4=1, p7=3), graded("c", p8=1)]
    measurement = measured(questions, answering({"a": "9 2 5 1", "b": "7 5 6 10 11 12 13 14 4"}))
    (run,) = write_runs(measurement, tmp_path / "run.trec")
    qrels = tmp_path / "qrels"
    qrels.write_text("".join(f"{q.id} 0 {id_} {g}\n" for q in questions for id_, g in q.grades.items()))
    expected = calc_aggregate(
        [Success @ 1, Success @ 3, Success @ 5, Success @ 10, RR @ 10, nDCG @ 10, R @ 5, R @ 10],
        judgements(qrels), ranking(run),
    )  # fmt: skip
    assert values(measurement) == pytest.approx({str(name): value for name, value in expected.items()})


def test_a_question_without_results_counts_nought_and_is_not_dropped() -> None:
    questions = [asked("a", "Potholes"), asked("b", "Gritting")]
    assert values(measured(questions, answering({"a": "1"})))["Success@10"] == 0.5
    assert set(values(measured(questions, answering({}))).values()) == {0.0}


def test_evidence_that_stands_nowhere_counts_against_the_ranking_and_is_named() -> None:
    measurement = measured([asked("a", "Potholes", "dragons")], answering({"a": "1"}))
    assert values(measurement)["R@10"] == 0.5
    assert measurement.evaluations[0].missing == ("a",)


def test_questions_are_counted_by_type() -> None:
    questions = [asked("a", "Potholes"), asked("b", "Gritting"), asked("c", "Libraries", type_="table")]
    (evaluation,) = measured(questions, answering({"a": "1", "c": "4"})).evaluations
    assert evaluation.counts == {"fact": 2, "table": 1}
    assert {t: e["Success@1"].value for t, e in evaluation.by_type.items()} == {"fact": 0.5, "table": 1.0}


def test_a_question_that_cannot_be_asked_counts_nought_and_says_why() -> None:
    ask = answering({"a": "1"})

    def refusing(question: Question, k: int) -> Answer:
        if question.id == "b":
            raise QuestionError("No words")
        return ask(question, k)

    measurement = measured([asked("a", "Potholes"), asked("b", "Gritting")], refusing)
    assert values(measurement)["Success@1"] == 0.5
    assert [outcome.error for outcome in measurement.evaluations[0].outcomes] == ["", "No words"]


def test_an_error_that_every_question_meets_is_the_error() -> None:
    def unknown(question: Question, k: int) -> Answer:
        raise QuestionError("There is no mode x; there are bm25, full")

    with pytest.raises(QuestionError, match="there are bm25, full"):
        measured([asked("a", "Potholes")], unknown)


# Refusals, confidence and time


def test_a_refused_question_keeps_the_ranks_of_what_is_offered() -> None:
    measurement = measured([asked("a", "Potholes"), asked("u")], answering({"a": "1"}, refused="a u"))
    (evaluation,) = measurement.evaluations
    assert values(measurement)["Success@1"] == 1.0
    assert evaluation.refused is not None
    assert evaluation.wrongly_refused is not None
    assert (evaluation.refused.value, evaluation.wrongly_refused.value) == (1.0, 1.0)
    assert evaluation.shipped is None


def test_unanswerable_questions_are_apart_from_the_measures() -> None:
    questions = [asked("a", "Potholes"), asked("u"), asked("v")]
    (evaluation,) = measured(questions, answering({"a": "1", "u": "2"}, refused="v")).evaluations
    assert evaluation.overall["Success@1"].value == 1.0
    assert evaluation.refused is not None
    assert evaluation.refused.value == 0.5
    # Two of three are answered, one of these wrongly.
    assert evaluation.shipped == (2 / 3, 0.5)


def test_auroc_is_the_chance_that_the_answerable_one_has_more_confidence() -> None:
    questions = [asked("a", "Potholes"), asked("b", "Gritting"), asked("u"), asked("v")]
    confidence = {"a": 0.9, "b": 0.4, "u": 0.4, "v": 0.1}
    (evaluation,) = measured(questions, answering({}, confidence=confidence)).evaluations
    assert evaluation.auroc is not None
    # 0.9 beats both; 0.4 beats one and ties with one.
    assert evaluation.auroc.value == pytest.approx(3.5 / 4)
    assert evaluation.auroc.low <= evaluation.auroc.value <= evaluation.auroc.high


def test_without_confidence_there_is_no_auroc_and_no_curve() -> None:
    (evaluation,) = measured([asked("a", "Potholes"), asked("u")], answering({"a": "1"})).evaluations
    assert (evaluation.auroc, evaluation.risks) == (None, ())


def test_risk_is_the_share_of_wrong_answers_among_the_most_confident() -> None:
    questions = [asked("a", "Potholes"), asked("b", "Gritting"), asked("c", "Libraries"), asked("u")]
    ranked = {"a": "1", "b": "2", "c": "5 4", "u": "6"}
    confidence = {"a": 0.9, "b": 0.5, "c": 0.5, "u": 0.1}
    (evaluation,) = measured(questions, answering(ranked, confidence=confidence)).evaluations
    # Equal confidences are answered together.
    assert [*map(tuple, evaluation.risks)] == [(0.25, 0.0), (0.75, pytest.approx(1 / 3)), (1.0, 0.5)]


def test_questions_that_cannot_be_asked_are_the_least_confident_of_all_and_equals() -> None:
    answers = answering({"a": "1"}, confidence={"a": 0.9})

    def ask(question: Question, k: int) -> Answer:
        if question.id != "a":
            raise QuestionError("It is too long")
        return answers(question, k)

    questions = [asked("a", "Potholes"), asked("b", "Gritting"), asked("c", "Libraries")]
    (evaluation,) = measured(questions, ask).evaluations
    assert [*map(tuple, evaluation.risks)] == [(pytest.approx(1 / 3), 0.0), (1.0, pytest.approx(2 / 3))]


def test_unanswerable_questions_alone_can_be_measured() -> None:
    measurement = measured([asked("u"), asked("v")], answering({}, refused="u"))
    (evaluation,) = measurement.evaluations
    assert evaluation.overall == {}
    assert evaluation.refused is not None
    assert evaluation.refused.value == 0.5
    assert evaluation.wrongly_refused is None
    assert "By type" not in render_report(measurement)


def test_time_is_the_median_and_the_95th_percentile_of_the_same_answers() -> None:
    questions = [asked("a" * size, "Potholes") for size in range(1, 22)]
    elapsed = [len(question.text) for question in questions]
    (evaluation,) = measured(questions, answering({})).evaluations
    assert evaluation.latency_ms == {"p50": np.median(elapsed), "p95": np.percentile(elapsed, 95)}


def test_a_marked_sentence_is_right_if_it_holds_the_quote_or_half_its_words() -> None:
    # The first eight letters are marked: "Potholes", "Gritting".
    questions = [asked("a", "Potholes are"), asked("b", "Gritting lorries clear"), asked("c", "Libraries")]
    (evaluation,) = measured(questions, answering({"a": "1", "b": "2"})).evaluations
    assert evaluation.highlighted == 0.5


# Intervals and comparisons


def test_an_interval_holds_the_mean_and_is_the_same_each_time() -> None:
    questions = [asked(f"q{number}", "Potholes") for number in range(40)]
    ask = answering({f"q{number}": "1" for number in range(0, 40, 4)})
    first, again = (measured(questions, ask).evaluations[0].overall["Success@1"] for _ in range(2))
    assert first == again
    # The normal approximation gives .25 ± 1.96 × sqrt(.25 × .75 / 40).
    assert first[1:] == pytest.approx((0.116, 0.384), abs=0.03)


def test_modes_are_compared_with_the_last_by_a_paired_test() -> None:
    questions = [asked(f"q{number}", "Potholes") for number in range(12)]
    all_right = answering({question.id: "1" for question in questions})
    half_right = answering({question.id: "1" for question in questions[:6]})
    measurement = measured(questions, half_right, all_right)
    assert [*measurement.differences] == ["first"]
    difference = measurement.differences["first"]["Success@1"]
    assert difference.value == -0.5
    # Six differences of one sign: 2 of the 64 ways to give them signs are as far from nought.
    assert difference.p == pytest.approx(2 / 64, abs=0.006)


def test_modes_that_do_the_same_do_not_differ() -> None:
    ask = answering({"a": "1"})
    difference = measured([asked("a", "Potholes"), asked("b", "Roads")], ask, ask).differences["first"][
        "RR@10"
    ]
    assert difference == (0.0, 1.0)


@pytest.mark.parametrize(("p", "printed"), [(0.0001, "<.001"), (0.0312, ".031"), (1.0, "1.000")])
def test_a_chance_is_printed_as_people_print_it(p: float, printed: str) -> None:
    assert chance(p) == printed


def test_a_right_passage_further_down_is_looked_for_only_if_asked() -> None:
    calls: list[tuple[str, int]] = []
    ask = answering({"a": " ".join(map(str, range(30, 0, -1))), "b": "2"}, calls=calls)
    questions = [asked("a", "Libraries"), asked("b", "Gritting")]
    assert measured(questions, ask).evaluations[0].outcomes[0].rank is None
    assert measured(questions, ask, deepest=1000).evaluations[0].outcomes[0].rank == 27
    assert calls == [("a", 10), ("b", 10), ("a", 10), ("a", 1000), ("b", 10)]


def test_progress_tells_the_mode_and_the_questions_done() -> None:
    told: list[Progress] = []
    measured([asked("a", "Potholes"), asked("u")], answering({}), answering({}), progress=told.append)
    assert told == [
        ("asking first", 1, 2),
        ("asking first", 2, 2),
        ("asking second", 1, 2),
        ("asking second", 2, 2),
    ]


# What cannot be measured


def test_an_empty_index_is_an_error() -> None:
    with pytest.raises(EvaluationError, match="no passage that can be ranked"):
        measure(QuestionSet("s", (asked("a", "x"),)), [], {"full": answering({})}, identity=IDENTITY)


def test_questions_that_nothing_is_known_of_are_an_error_alone_and_named_beside_others() -> None:
    nothing_known = Question("n", "all", "What?")
    with pytest.raises(EvaluationError, match="no question with evidence"):
        measured([nothing_known, graded("z", p1=0)], answering({}))
    calls: list[tuple[str, int]] = []
    measurement = measured([nothing_known, graded("a", p1=1)], answering({"a": "1"}, calls=calls))
    assert measurement.evaluations[0].unjudged == ("n",)
    assert calls == [("a", 10)]


def test_a_judgement_of_an_unknown_passage_is_an_error() -> None:
    with pytest.raises(EvaluationError, match='question a name the passage "r:77"'):
        measured([graded("a", p77=1)], answering({}))


def test_fewer_passages_than_are_measured_is_an_error() -> None:
    with pytest.raises(EvaluationError, match="give -k 10"):
        measured([asked("a", "Potholes")], answering({}), k=9)


# Reading questions

GOOD = {
    "id": "1",
    "type": "fact",
    "question": "Who?",
    "answerable": True,
    "evidence": [{"quote": "Potholes"}],
}


def lines(path: Path, *values: object) -> Path:
    """Write a JSON value a line; text is written as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "".join(f"{v if isinstance(v, str) else json.dumps(v)}\n" for v in values), encoding="utf-8"
    )
    return path


def test_the_development_questions_are_read() -> None:
    questions = read_questions(CORPUS / "evaluation" / "rutland-questions.jsonl")
    assert questions.collection is None
    assert len(questions.questions) == 100
    assert sum(question.answerable for question in questions.questions) == 90
    assert all(q.history for q in questions.questions if q.type == "followup")


def test_all_files_of_questions_in_a_folder_are_read_as_one_set(tmp_path: Path) -> None:
    lines(tmp_path / "b.jsonl", {**GOOD, "id": "2"})
    lines(tmp_path / "a.jsonl", GOOD)
    assert [question.id for question in read_questions(tmp_path).questions] == ["1", "2"]


def test_a_line_separator_inside_a_question_ends_no_line(tmp_path: Path) -> None:
    text = json.dumps({**GOOD, "question": "Who\u2028mends?"}, ensure_ascii=False)
    (question,) = read_questions(lines(tmp_path / "q.jsonl", "\ufeff" + text)).questions
    assert question.text == "Who\u2028mends?"


@pytest.mark.parametrize(
    "bad",
    [
        "{", "[]", "7", "null", "[" * 100_000, {"id": 1},
        {**GOOD, "id": None}, {**GOOD, "question": 7}, {**GOOD, "answerable": "false"},
        {**GOOD, "history": [7]}, {**GOOD, "evidence": []}, {**GOOD, "evidence": [{"quote": " * "}]},
        {**GOOD, "evidence": ["Potholes"]}, {**GOOD, "answerable": False},
    ],
)  # fmt: skip
def test_a_malformed_question_is_an_error_with_its_line(tmp_path: Path, bad: object) -> None:
    with pytest.raises(EvaluationError, match=r"q\.jsonl, line 3: no question with id"):
        read_questions(lines(tmp_path / "q.jsonl", GOOD, "", bad))


def test_a_question_that_stands_twice_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match='the question "1" twice'):
        read_questions(lines(tmp_path / "q.jsonl", GOOD, GOOD))


def test_no_questions_no_file_no_text_and_no_files_are_errors(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="holds no question"):
        read_questions(lines(tmp_path / "empty.jsonl", " "))
    with pytest.raises(EvaluationError, match="No such file"):
        read_questions(tmp_path / "none.jsonl")
    (tmp_path / "bytes.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(EvaluationError, match="not UTF-8"):
        read_questions(tmp_path / "bytes.jsonl")
    (tmp_path / "folder").mkdir()
    with pytest.raises(EvaluationError, match=r"neither corpus\.jsonl nor files of questions"):
        read_questions(tmp_path / "folder")


# Reading a BEIR folder


def beir(folder: Path, *, qrels: str = "qrels/test.tsv", header: bool = True) -> Path:
    lines(
        folder / "corpus.jsonl",
        {"_id": "d1", "title": "Roads", "text": "Potholes  are\nmended."},
        {"_id": "d2", "title": "Roads", "text": "Lorries clear them."},
        {"_id": "d3", "title": "Only a title", "text": ""},
        {"_id": "d4", "title": "", "text": "Libraries open on Sundays."},
    )
    lines(
        folder / "queries.jsonl",
        {"_id": "q1", "text": "Who mends potholes?", "metadata": {}},
        {"_id": "q2", "text": "And libraries?", "type": "follow", "history": [
            {"speaker": "user", "text": "Roads?"}, {"speaker": "agent", "text": "Yes."}]},
        {"_id": "q3", "text": "What do swans eat?", "answerable": False},
        {"_id": "q4", "text": "Not judged?"},
    )  # fmt: skip
    head = ["query-id\tcorpus-id\tscore"] if header else []
    lines(folder / qrels, *head, "q1\td1\t2", "q1\td2\t0", "q2\td4\t1")
    return folder


@pytest.mark.parametrize("qrels", ["qrels/test.tsv", "qrels.tsv"])
@pytest.mark.parametrize("header", [True, False])
def test_a_beir_folder_becomes_one_report_with_a_passage_a_document(
    tmp_path: Path, qrels: str, header: bool
) -> None:
    questions = read_questions(beir(tmp_path / "roads", qrels=qrels, header=header))
    assert questions.name == "roads"
    assert questions.collection is not None
    passages = questions.collection.passages
    assert [(p.id, p.section, p.text, p.order, p.position) for p in passages] == [
        ("beir:d1", ("Roads",), "Potholes are mended.", 0, 1),
        ("beir:d2", ("Roads",), "Lorries clear them.", 1, 2),
        ("beir:d3", (), "Only a title", 2, 1),
        ("beir:d4", (), "Libraries open on Sundays.", 3, 2),
    ]
    assert {p.report for p in passages} == {questions.collection.report.id} == {BEIR_REPORT}
    first, second, third, fourth = questions.questions
    assert first.grades == {"beir:d1": 2, "beir:d2": 0}
    assert (second.type, second.history) == ("follow", ("Roads?",))
    assert (third.answerable, third.judged, fourth.judged) == (False, True, False)


@pytest.mark.parametrize(
    ("file", "line", "sentence"),
    [
        ("corpus.jsonl", '{"_id": "d9"}', r"corpus\.jsonl, line 5: no document with _id and text"),
        ("queries.jsonl", '{"_id": "q9"}', r"queries\.jsonl, line 5: no query with _id and text"),
        ("qrels.tsv", "q1\td1", r"qrels\.tsv, line 5: no query, document and whole number"),
        ("qrels.tsv", "q1\td1\tgood", r"qrels\.tsv, line 5: no query, document and whole number"),
        ("qrels.tsv", "q1\td99\t1", r'query q1 names the document "d99", which is not in'),
        ("qrels.tsv", "q99\td1\t1", r'judges the query "q99", which is not in'),
    ],
)
def test_a_bad_line_of_a_beir_folder_is_an_error(tmp_path: Path, file: str, line: str, sentence: str) -> None:
    folder = beir(tmp_path, qrels="qrels.tsv")
    with (folder / file).open("a") as opened:
        opened.write(f"{line}\n")
    with pytest.raises(EvaluationError, match=sentence):
        read_questions(folder)


def test_a_beir_folder_without_its_files_is_an_error(tmp_path: Path) -> None:
    folder = beir(tmp_path, qrels="qrels.tsv")
    (folder / "queries.jsonl").unlink()
    with pytest.raises(EvaluationError, match=r"queries\.jsonl cannot be read"):
        read_questions(folder)
    lines(folder / "qrels.tsv", "query-id\tcorpus-id\tscore")
    with pytest.raises(EvaluationError, match="holds no judgement"):
        read_questions(folder)
    (folder / "qrels.tsv").unlink()
    with pytest.raises(EvaluationError, match=r"neither qrels/test\.tsv nor qrels\.tsv"):
        read_questions(folder)
    lines(folder / "qrels.tsv", "q1\td1\t1")
    (folder / "corpus.jsonl").write_text("")
    with pytest.raises(EvaluationError, match="holds no document"):
        read_questions(folder)


# Reading judgements of the library's own passages


def test_queries_and_trec_judgements_are_read(tmp_path: Path) -> None:
    qrels = lines(tmp_path / "qrels", "7 0 r:1 1", "8 0 r:2 0", "8 0 r:4 2")
    tabbed = lines(tmp_path / "roads.tsv", "7\tWho mends?", "8\tWho\treads?")
    questions = read_judged(tabbed, qrels)
    assert questions.name == "roads"
    assert [(q.id, q.text, dict(q.grades)) for q in questions.questions] == [
        ("7", "Who mends?", {"r:1": 1}),
        ("8", "Who\treads?", {"r:2": 0, "r:4": 2}),
    ]
    objects = lines(
        tmp_path / "q.jsonl", {"_id": 7, "text": "Who mends?"}, {"_id": "8", "text": "Who reads?"}
    )
    assert read_judged(objects, qrels).questions[0] == questions.questions[0]
    with pytest.raises(EvaluationError, match=r"bad\.tsv, line 1: no id, tab and query"):
        read_judged(lines(tmp_path / "bad.tsv", "7 Who mends?"), qrels)


# What is written


def compared() -> Measurement:
    """Two modes over questions whose words a browser would act on."""
    questions = [
        asked("a", "Potholes", type_="<b>$x$</b>"),
        Question("b", "_t", "<script>alert(1)</script>?", ("<i>Before</i>",), True, ("Libraries",)),
        asked("c", "dragons <&>", type_="_t"),
        asked("u"),
    ]
    ranked = {"a": "1", "b": "2 5 6 7 4", "c": "5", "u": "2"}
    confidence = {"a": 0.9, "b": 0.5, "c": 0.3, "u": 0.2}
    return measured(
        questions,
        answering({"b": "2", "u": "2"}),
        answering(ranked, confidence=confidence, refused="c"),
        deepest=1000,
    )


def test_a_run_holds_what_each_mode_ranked_under_its_name(tmp_path: Path) -> None:
    written = write_runs(compared(), tmp_path / "run.trec")
    assert [path.name for path in written] == ["run.first.trec", "run.second.trec"]
    assert written[0].read_text() == "b Q0 r:2 1 1.000000 first\nu Q0 r:2 1 1.000000 first\n"
    run = ranking(written[1])
    assert [doc.doc_id for doc in run if doc.query_id == "b"] == ["r:2", "r:5", "r:6", "r:7", "r:4"]


def test_a_run_is_not_written_with_ids_it_cannot_hold(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="without spaces"):
        write_runs(measured([asked("a b", "Potholes")], answering({"a b": "1"})), tmp_path / "run")
    with pytest.raises(EvaluationError, match="cannot be written"):
        write_runs(measured([asked("a", "Potholes")], answering({"a": "1"})), tmp_path / "none" / "run")


def test_a_result_says_what_was_measured_and_when() -> None:
    told = as_dict(compared())
    assert told["identity"].items() >= IDENTITY.items()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", told["identity"]["date"])
    assert (told["set"], told["compared_with"], [*told["modes"]]) == ("a set", "second", ["first", "second"])
    assert told["differences"]["first"]["Success@1"]["value"] == pytest.approx(-1 / 3)
    assert json.loads(json.dumps(told, allow_nan=False)) == told


def test_a_report_loads_nothing_and_reads_no_text_as_markup(tmp_path: Path) -> None:
    page = write_report(compared(), tmp_path / "page.html").read_text()
    assert "<script" not in page
    assert "<b>$x$" not in page
    assert "<i>Before" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;?" in page
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?!#)\w""", page)
    assert not re.search(r"url\((?!#)|@import|@font-face", page)
    assert "default-src 'none'" in page
    assert page.count("<svg") == page.count("</svg>") == 2


def test_a_report_shows_each_missed_question_what_came_instead_and_where_the_right_passage_was() -> None:
    page = render_report(compared())
    missed = page[page.index("Missed by second: 2") : page.index("Missed by first")]
    assert "right passage 5th" in missed
    assert "Report, para 5" in missed
    assert "<mark>Gritting</mark> lorries" in missed
    assert "Libraries open on Sundays." in missed
    assert "evidence stands in no passage" in missed
    assert "dragons &lt;&amp;&gt;" in missed
    assert "Unanswerable, but answered: 1" in missed
    assert "Answerable, but refused: 1" in missed
    assert "Missed by first: 3" in page


def test_a_report_carries_the_measures_the_chances_and_the_identity() -> None:
    page = render_report(compared())
    for words in (
        "Success@1",
        "nDCG@10",
        "p 1.000",
        "qa 1.2.3 · model keywords · index build-7",
        "AUROC",
        "p95",
    ):
        assert words in page


def test_a_report_without_confidence_says_so() -> None:
    page = render_report(measured([asked("a", "Potholes")], answering({"a": "1"})))
    assert "No confidence" in page
    assert page.count("<svg") == 1


def test_what_draws_the_plots_is_named_if_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    check_outputs(run=Path("run"), report=None)
    with pytest.raises(EvaluationError, match=r"pip install 'qa\[report\]'"):
        check_outputs(run=None, report=Path("page.html"))


# The command


class Asked:
    """A library whose passages are the thirty; it notes how it was asked."""

    identity = MappingProxyType(IDENTITY)
    warnings = ()
    outline: ReportOutline | None = None
    modes: ClassVar[list[str | None]] = []
    closed = False

    @classmethod
    def open(cls, path: Path) -> Asked:
        return cls()

    @classmethod
    def build_from_passages(
        cls,
        reports: Sequence[ReportOutline],
        directory: Path,
        *,
        model: str | None = None,
        progress: Any = None,
    ) -> Asked:
        assert directory.is_dir()
        library = cls()
        (library.outline,) = reports
        return library

    def passages(self) -> Sequence[Passage]:
        return list(PASSAGES.values()) if self.outline is None else self.outline.passages

    def ask(self, question: str, *, k: int, history: Sequence[str], mode: str | None = None) -> Answer:
        self.modes.append(mode)
        if mode == "guess":
            raise QuestionError('There is no mode "guess"; there are bm25, dense, hybrid, full')
        found = [
            CitedPassage(1, p, a_report("r"), "", "", (), 1.0) for p in self.passages() if "Libr" in p.text
        ]
        return Answer(question, True, tuple(found), 1.5)

    def close(self) -> None:
        type(self).closed = True


@pytest.fixture
def asked_library(monkeypatch: pytest.MonkeyPatch) -> type[Asked]:
    monkeypatch.setattr("qa.library.Library", Asked)
    monkeypatch.setattr(Asked, "modes", [])
    return Asked


@pytest.fixture
def questions_file(tmp_path: Path) -> Path:
    libraries = {**GOOD, "id": "2", "type": "other", "evidence": [{"quote": "Libraries"}]}
    return lines(
        tmp_path / "q.jsonl", GOOD, libraries, {**GOOD, "id": "3", "answerable": False, "evidence": []}
    )


def test_the_command_prints_the_measures_and_what_was_measured(
    asked_library: type[Asked], questions_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", str(questions_file)]) == ExitCode.ANSWERED
    out, err = capsys.readouterr()
    assert err == ""
    assert re.search(r"^all +2 +0\.500", out, re.MULTILINE)
    assert re.search(r"^other +1 +1\.000", out, re.MULTILINE)
    assert "refused 0.0% of 1 unanswerable and 0.0% of 2 answerable questions; no confidence" in out
    assert "p50 1.5 ms, p95 1.5 ms" in out
    assert "qa 1.2.3 · model keywords · index build-7 · 20" in out.splitlines()[-1]
    # No mode is named unless modes are compared.
    assert asked_library.modes == [None] * 3
    assert asked_library.closed


def test_the_command_compares_modes_side_by_side(
    asked_library: type[Asked], questions_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, page = tmp_path / "a.run", tmp_path / "a.html"
    files = ["--run", str(run), "--report", str(page)]
    assert main(["eval", str(questions_file), *files, "--compare", "bm25", "full"]) == ExitCode.ANSWERED
    out, err = capsys.readouterr()
    assert re.search(r"^n = 2 +bm25 +full$", out, re.MULTILINE)
    assert re.search(
        r"^Success@1 +0\.500 \[0\.00 1\.00\] p 1\.000 +0\.500 \[0\.00 1\.00\]$", out, re.MULTILINE
    )
    assert "paired randomisation test against full" in out
    assert err.splitlines() == [
        f"qa: Written: {tmp_path / 'a.bm25.run'}",
        f"qa: Written: {tmp_path / 'a.full.run'}",
        f"qa: Written: {page}",
    ]
    assert set(asked_library.modes) == {"bm25", "full"}
    assert page.read_text().startswith("<!doctype html>")


def test_the_command_prints_one_json_object(
    asked_library: type[Asked], questions_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", str(questions_file), "--json"]) == ExitCode.ANSWERED
    told = json.loads(capsys.readouterr().out)
    assert (told["overall"]["Success@1"], told["counts"], told["mode"]) == (
        0.5,
        {"fact": 1, "other": 1},
        "full",
    )
    assert told["identity"]["index"] == "build-7"
    assert [question["rank"] for question in told["questions"]] == [None, 1, None]


def test_the_index_of_a_beir_folder_can_be_kept_and_is_used_again_while_it_fits(
    keyword_model: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, kept = beir(tmp_path / "roads"), tmp_path / "kept"
    arguments = ["eval", str(folder), "--index", str(kept)]
    builds: list[str] = []
    for corpus in ("", "", '{"_id": "d9", "text": "Bridges are new."}\n'):
        with (folder / "corpus.jsonl").open("a") as file:
            file.write(corpus)
        assert main(arguments) == ExitCode.ANSWERED
        builds.append(json.loads((kept / "manifest.json").read_text())["build"])
    assert builds[0] == builds[1] != builds[2]
    capsys.readouterr()


def test_an_index_to_keep_is_refused_where_the_library_is_asked(
    indexed_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["eval", "--library", str(indexed_folder), "--index", str(tmp_path / "kept")]
    questions = tmp_path / "q.jsonl"
    questions.write_text('{"id": "1", "question": "Q?", "answerable": false, "evidence": []}\n')
    assert main([*arguments, str(questions)]) == ExitCode.USAGE
    assert "--index is for a BEIR folder" in capsys.readouterr().err


def test_the_command_indexes_a_beir_folder_for_itself(
    asked_library: type[Asked], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert main(["eval", str(beir(tmp_path / "roads")), "--run", str(run)]) == ExitCode.ANSWERED
    out = capsys.readouterr().out
    assert re.search(r"^all +2 +0\.500", out, re.MULTILINE)
    assert "Not asked, because nothing is known of the answer: 1 question." in out
    # The run has the ids of the folder, so that its own judgements fit.
    assert "q2 Q0 d4 1 1.000000 full" in run.read_text()


def test_the_command_measures_judgements_of_the_library(
    asked_library: type[Asked], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    qrels = lines(tmp_path / "qrels", "7 0 r:4 1")
    queries = lines(tmp_path / "queries.tsv", "7\tWhen do they open?")
    assert main(["eval", "--qrels", str(qrels), "--queries", str(queries)]) == ExitCode.ANSWERED
    assert re.search(r"^all +1 +1\.000", capsys.readouterr().out, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--compare", "guess"], "there are bm25, dense, hybrid, full"),
        (["--compare", "full", "full"], "named twice"),
        (["-k", "5"], "give -k 10 or more"),
        (["--qrels", "x"], "--qrels FILE --queries FILE"),
        (["--queries", "x"], "--qrels FILE --queries FILE"),
        (["--qrels", "x", "--queries", "y"], "--qrels FILE --queries FILE"),
        (["--run", "none/run"], "a folder that exists"),
        (["--report", "none/page.html"], "a folder that exists"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence_and_no_table(
    asked_library: type[Asked],
    questions_file: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    sentence: str,
) -> None:
    assert main(["eval", str(questions_file), *arguments]) == ExitCode.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err
    assert len(err.splitlines()) == 1


def test_a_library_that_cannot_tell_what_it_is_says_so(
    asked_library: type[Asked],
    questions_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delattr(Asked, "identity")
    main(["eval", str(questions_file)])
    assert "model not recorded · index not recorded" in capsys.readouterr().out
