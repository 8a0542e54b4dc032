"""Calibrating: from questions to a file, and from the file to what an answer says of itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qa.cli import ExitCode, main
from qa.confidence import CALIBRATION_FILE, Calibration, Fit, read_calibrations
from qa.errors import CorpusError, EvaluationError
from qa.ingest.corpus import unreadable_files
from qa.questions import Question, read_questions
from qa.types import Progress
from tests.fakes import ROOT, KeywordEncoder, open_library

SOME_QUESTIONS = tuple(
    question
    for number, question in enumerate(read_questions(ROOT / "corpus" / "evaluation").questions)
    if number % 4 == 0
)
UNKNOWN = "How did Covid-19 affect attendance?"


@pytest.fixture(scope="module")
def calibrated_folder(tmp_path_factory: pytest.TempPathFactory, indexed_folder: Path) -> Path:
    """Return a library folder with a calibration of its own, for the keyword encoder; only to read."""
    folder = tmp_path_factory.mktemp("calibrated")
    (folder / "corpus").mkdir()
    (folder / "index").symlink_to(indexed_folder / "index")
    open_library(folder).calibrate(SOME_QUESTIONS)
    return folder


@pytest.fixture
def own_folder(tmp_path: Path, indexed_folder: Path) -> Path:
    """Return a library folder with an index and no calibration, that the test may change."""
    (tmp_path / "corpus").mkdir()
    (tmp_path / "index").symlink_to(indexed_folder / "index")
    return tmp_path


@pytest.fixture
def questions_file(tmp_path: Path) -> Path:
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(map(_as_line, SOME_QUESTIONS)), encoding="utf-8")
    return path


def _as_line(question: Question) -> str:
    return json.dumps(
        {
            "id": question.id,
            "question": question.text,
            "history": question.history,
            "answerable": question.answerable,
            "evidence": [{"quote": quote} for quote in question.quotes],
        }
    )


def test_a_model_without_calibration_refuses_nothing_and_says_so(own_folder: Path) -> None:
    for question in (UNKNOWN, "Who manages the youth offending service?"):
        answer = open_library(own_folder).ask(question)
        assert (answer.answered, answer.confidence, answer.confidence_score) == (True, "uncalibrated", None)
        assert "run: qa eval --calibrate" in answer.reason
    assert open_library(own_folder).ask(UNKNOWN).reason.startswith("“Covid-19” occurs nowhere")


def test_a_calibrated_library_judges_its_answers(calibrated_folder: Path) -> None:
    library = open_library(calibrated_folder)
    answer = library.ask(UNKNOWN)
    assert (answer.answered, answer.confidence) == (False, "none")
    assert answer.confidence_score is not None
    assert library.ask("Who manages the youth offending service?").confidence in {"strong", "possible"}


def test_a_calibration_is_of_one_model_and_one_set_of_weights(calibrated_folder: Path) -> None:
    (calibration,) = read_calibrations(open_library(calibrated_folder).calibration_file)
    assert (calibration.model, calibration.fingerprint) == ("keywords", KeywordEncoder().fingerprint)
    answerable = sum(question.answerable for question in SOME_QUESTIONS)
    assert (calibration.answerable, calibration.unanswerable) == (
        answerable,
        len(SOME_QUESTIONS) - answerable,
    )


def test_calibrating_again_gives_the_same_and_is_used_at_once(own_folder: Path) -> None:
    library = open_library(own_folder)
    seen: list[Progress] = []
    assert library.ask(UNKNOWN).confidence == "uncalibrated"
    first = library.calibrate(SOME_QUESTIONS, progress=seen.append)
    assert library.ask(UNKNOWN).confidence == "none"
    assert library.calibrate(SOME_QUESTIONS) == first
    assert len(read_calibrations(library.calibration_file)) == 1
    assert seen[-1] == Progress("asking", len(SOME_QUESTIONS), len(SOME_QUESTIONS))


def test_calibrations_of_other_models_in_the_file_are_kept(own_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "several.json"
    shipped = (ROOT / "qa" / "confidence" / CALIBRATION_FILE).read_text(encoding="utf-8")
    path.write_text(shipped, encoding="utf-8")
    library = open_library(own_folder)
    library.calibrate(SOME_QUESTIONS, path=path)
    assert [each.model for each in read_calibrations(path)] == ["all-MiniLM-L6-v2", "keywords"]
    # Put elsewhere, it is not the library's own.
    assert library.ask(UNKNOWN).confidence == "uncalibrated"


def test_too_few_questions_of_one_sort_are_an_error_and_write_nothing(own_folder: Path) -> None:
    library = open_library(own_folder)
    few = [question for question in SOME_QUESTIONS if question.answerable]
    with pytest.raises(EvaluationError, match=f"there are {len(few)} and 0; add some"):
        library.calibrate(few)
    assert not library.calibration_file.exists()


def test_a_question_that_cannot_be_asked_is_named(own_folder: Path) -> None:
    with pytest.raises(EvaluationError, match=r"Question odd cannot be asked: .* no words to search for"):
        open_library(own_folder).calibrate([Question("odd", "all", "Of the?")])


def test_a_damaged_calibration_stops_questions_and_calibrating(own_folder: Path) -> None:
    library = open_library(own_folder)
    library.calibration_file.write_text("{", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"calibration\.json holds no calibrations"):
        library.ask(UNKNOWN)
    with pytest.raises(CorpusError, match=r"calibration\.json holds no calibrations"):
        library.calibrate(SOME_QUESTIONS)
    # What needs no confidence is given all the same.
    assert library.show("jar-2006:28")


# The command


@pytest.mark.usefixtures("keyword_model")
def test_the_command_prints_both_figures_and_writes_the_file(
    own_folder: Path, questions_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["eval", "--calibrate", str(questions_file), "--library", str(own_folder)]
    assert main(arguments) == ExitCode.ANSWERED
    out, err = capsys.readouterr()
    assert "fitted   cross-validated" in out
    for row in ("AUROC of the confidence", "unanswerable refused", "answerable refused", "Refused below"):
        assert row in out
    path = own_folder / "corpus" / CALIBRATION_FILE
    assert err.endswith(f"qa: Written: {path}\n")
    assert path.is_file()


@pytest.mark.usefixtures("keyword_model")
def test_the_command_prints_one_json_object_and_writes_where_it_is_told(
    own_folder: Path, questions_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    arguments = ["--json", "--out", str(out), "--library", str(own_folder)]
    assert main(["eval", "--calibrate", str(questions_file), *arguments]) == ExitCode.ANSWERED
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {*Fit._fields}
    assert set(told["fitted"]) == {"auroc", "refused", "wrongly_refused"} == set(told["cross_validated"])
    assert read_calibrations(out) == (Calibration.from_dict(told["calibration"]),)
    assert not (own_folder / "corpus" / CALIBRATION_FILE).exists()


@pytest.mark.usefixtures("keyword_model")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--calibrate", "--compare", "full"], "leave the rest out"),
        (["--calibrate", "--run", "a.trec"], "leave the rest out"),
        (["--calibrate", "--out", "none/such.json"], "a folder that exists"),
        (["--out", "a.json"], "give --calibrate with it"),
    ],
)
def test_what_does_not_go_together_is_one_sentence(
    own_folder: Path,
    questions_file: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    sentence: str,
) -> None:
    asked = ["eval", str(questions_file), "--library", str(own_folder), *arguments]
    assert main(asked) == ExitCode.USAGE
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert sentence in err


@pytest.mark.usefixtures("keyword_model")
def test_a_damaged_calibration_has_the_exit_code_of_the_corpus(
    own_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = own_folder / "corpus" / CALIBRATION_FILE
    path.write_text('{"calibrations": [{"weights": {"another sign": 1}}]}', encoding="utf-8")
    assert main(["ask", UNKNOWN, "--library", str(own_folder)]) == ExitCode.CORPUS_OR_INDEX
    out, err = capsys.readouterr()
    assert out == ""
    last = err.splitlines()[-1]
    assert f"{path} holds no calibrations (its weights are not those of this version)" in last
    assert last.endswith("run: qa eval --calibrate")


@pytest.mark.usefixtures("keyword_model")
def test_an_uncalibrated_answer_says_so_in_its_last_line(
    own_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ask", UNKNOWN, "--library", str(own_folder)]) == ExitCode.ANSWERED
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith(
        "Uncalibrated: “Covid-19” occurs nowhere in these reports. No calibration fits this model"
    )


def test_a_calibration_beside_the_reports_is_no_report(tmp_path: Path) -> None:
    (tmp_path / CALIBRATION_FILE).write_text("{}", encoding="utf-8")
    assert unreadable_files(tmp_path) == []
