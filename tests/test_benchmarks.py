"""The benchmarks: what is grown is like reports, every command runs and can be read by a machine."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from qa.errors import CorpusError, EvaluationError, IndexStateError
from qa.ingest.corpus import find_reports, read_report
from qa.ingest.sentences import sentences, windows
from qa.types import FramedText
from tests.benchmarks import app, cold, corpora, incremental, indexing, measuring, million, plot, warm
from tests.fakes import ROOT, KeywordEncoder, small_library

MATERIAL = corpora.read_material()
SOURCES = million.Sources(passages=90, seed=1)


def here(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Run in this process, where the keyword encoder is, what the benchmarks run in one of its own."""
    return function(*arguments, **options)


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Return the one JSON object on stdout."""
    record: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert record["machine"]["cores"] > 0
    return record


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of grown passages that the keyword encoder has read; only to read."""
    folder = tmp_path_factory.mktemp("sources") / million.SOURCES
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(million, "_real_encoder", KeywordEncoder)
        million.read_sources(folder, SOURCES)
    return folder


# What is grown


def test_the_same_seed_grows_the_same_reports_and_another_one_others() -> None:
    first, again = (list(corpora.grown_reports(MATERIAL, passages=500, seed=1)) for _ in range(2))
    other = list(corpora.grown_reports(MATERIAL, passages=500, seed=2))
    assert first == again
    assert not {report.text for report in first} & {report.text for report in other}


def test_grown_reports_are_read_as_about_as_many_numbered_paragraphs_as_were_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpora.main([str(tmp_path), "--passages", "90", "--json"])
    (row,) = printed(capsys)["rows"]
    assert row["reports"] == 1
    assert row["passages"] == pytest.approx(90, rel=0.03)
    assert row["words_a_paragraph"] == pytest.approx(row["words_a_real_paragraph"], rel=0.25)
    read = [read_report(file) for file in find_reports(tmp_path / "corpus")]
    for one in read:
        numbered = [passage for passage in one.passages if passage.number is not None]
        assert [passage.number for passage in numbered] == [str(n) for n in range(1, len(numbered) + 1)]
        assert len({passage.section for passage in numbered}) > 5


def test_no_grown_passage_is_another_one_word_for_word_and_every_report_has_names_of_its_own() -> None:
    grown = list(corpora.grown_reports(MATERIAL, passages=3_000, seed=1))
    paragraphs = [
        re.sub(r"^\d+\. ", "", line)
        for report in grown
        for line in report.text.splitlines()
        if re.match(r"\d+\. ", line)
    ]
    assert len(paragraphs) == len(set(paragraphs)) == pytest.approx(3_000, rel=0.03)
    assert len({report.council for report in grown}) == len({report.title for report in grown}) == len(grown)
    assert not any("Rutland" in paragraph or "Oakham" in paragraph for paragraph in paragraphs)


def test_reports_are_not_grown_into_a_folder_that_holds_some(tmp_path: Path) -> None:
    folder = small_library(tmp_path / "library")
    with pytest.raises(CorpusError, match="holds files already"):
        corpora.grow(folder, MATERIAL, passages=90, seed=1)


def test_without_pdftotext_one_sentence_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    arguments = [str(tmp_path / "library"), "--pdf-folder", str(tmp_path)]
    with pytest.raises(SystemExit) as stopped:
        measuring.run_command(lambda: corpora.main(arguments))
    assert re.fullmatch(r"There is no program pdftotext .*poppler-utils.*", str(stopped.value.code))


def test_a_copy_has_the_first_reports_and_what_is_said_of_them(tmp_path: Path) -> None:
    copied = corpora.copy_of(ROOT, tmp_path / "copy", passages=1)
    (file,) = find_reports(tmp_path / "copy" / "corpus")
    assert [file.id] == [one.report.id for one in copied] == ["jar-2006"]
    assert read_report(file).report == copied[0].report


# The commands


@pytest.mark.usefixtures("keyword_model")
def test_warm_questions_are_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = small_library(tmp_path / "small")
    warm.main(["--library", str(folder), "--questions", "12", "--json"], run=here)
    record = printed(capsys)
    (row,) = record["rows"]
    assert row["library"] == "small"
    assert row["passages"] == 7
    assert 0 < row["p50_s"] <= row["p95_s"] <= row["p99_s"]
    assert row["peak"] >= row["resident"] > 0
    assert row["index_bytes"] == pytest.approx(sum(row["bytes_a_passage"].values()) * 7)


@pytest.mark.usefixtures("keyword_model")
def test_questions_are_made_of_the_library_and_the_same_each_time(
    small_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm, "_is_searched", lambda *_: False)
    made, again = (warm.questions_for(small_folder, count=20, seed=1) for _ in range(2))
    assert made == again
    assert len(made) == 20
    assert any("villages" in each.text or "Readers" in each.text for each in made)


@pytest.mark.usefixtures("keyword_model")
def test_the_figures_are_printed_as_a_table_too(
    small_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    warm.main(["--library", str(small_folder), "--questions", "2"], run=here)
    head, line, row, *rest = capsys.readouterr().out.splitlines()
    assert head.count("|") == line.count("|") == row.count("|") == len(warm.COLUMNS) + 1
    assert rest[-1].startswith("On ")


@pytest.mark.usefixtures("keyword_model")
def test_cold_commands_take_turns_and_load_nothing_heavy(
    small_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cold, "PROGRAM", "tests.keyword_qa")
    cold.main(["--library", str(small_folder), "--runs", "1", "--alone", "--json"], run=here)
    record = printed(capsys)
    assert [row["command"] for row in record["rows"]] == ["qa ask", "qa show", "qa find", "qa --help"]
    assert record["rows"][0]["times_a_question"] == 1
    assert record["figures"]["of_these_a_question_loads"] == []


def test_each_round_begins_with_another_command(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    def run(command: list[str]) -> float:
        ran.extend(command)
        return 1.0

    monkeypatch.setattr(cold, "seconds_of", run)
    found = cold.in_turns({name: [name] for name in "abc"}, runs=3)
    assert "".join(ran) == "abcbcacab"
    assert found == dict.fromkeys("abc", [1.0] * 3)


def test_a_command_that_fails_is_not_measured() -> None:
    with pytest.raises(IndexStateError, match="failed"):
        cold.seconds_of([sys.executable, "-c", "import sys; sys.exit(3)"])


@pytest.mark.usefixtures("keyword_model")
def test_indexing_is_measured_against_the_best_batch_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = small_library(tmp_path / "small")
    monkeypatch.setattr(
        indexing, "times_of_encoding", lambda _, sizes: [{"seconds": 1 / size, "peak": 1} for size in sizes]
    )
    indexing.main(["--library", str(folder), "--rounds", "2", "--batch-sizes", "8", "16", "--json"], run=here)
    record = printed(capsys)
    assert record["settings"]["passages"] == 7
    assert [len(row["seconds_of_each_round"]) for row in record["rows"]] == [2, 2, 2]
    assert record["figures"]["the_best_of_sentence_transformers"].endswith("batches of 16")
    assert not (folder / "index").exists()


@pytest.mark.usefixtures("keyword_model")
def test_builds_after_each_change_are_measured_on_a_copy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = small_library(tmp_path / "small")
    before = {path.name: path.read_bytes() for path in (folder / "corpus").iterdir()}
    incremental.main(["--library", str(folder), "--json"], run=here)
    assert [row["change"] for row in printed(capsys)["rows"]] == list(incremental.CHANGES)
    assert {path.name: path.read_bytes() for path in (folder / "corpus").iterdir()} == before


def test_a_change_is_read_as_one_paragraph_more_or_less(tmp_path: Path) -> None:
    corpus = small_library(tmp_path / "small") / "corpus"

    def texts() -> set[str]:
        return {passage.text for file in find_reports(corpus) for passage in read_report(file).passages}

    before = texts()
    incremental.edit_one_paragraph(corpus)
    (changed,) = texts() - before
    assert changed.endswith(incremental.ADDED_SENTENCE)
    incremental.add_a_report(corpus)
    assert len(find_reports(corpus)) == 3
    incremental.remove_a_report(corpus)
    assert len(find_reports(corpus)) == 2


@pytest.mark.usefixtures("keyword_model")
def test_a_library_made_of_read_sentences_is_built_and_asked(
    tmp_path: Path, sources: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(sources, tmp_path / "many" / million.SOURCES)
    options = ["--passages", "40", "--sources", "90", "--questions", "3", "--json"]
    million.main([str(tmp_path / "many"), *options], run=here)
    record = printed(capsys)
    assert record["rows"][0]["passages"] == 40
    assert record["figures"]["building_passages_read_by_the_model"] == 0
    assert record["figures"]["building_sentences_known"] > 50
    million.main([str(tmp_path / "many"), *options], run=here)
    assert printed(capsys)["figures"]["building_not_measured"] == "the index was there already"


def test_made_passages_have_the_tokens_of_their_text_and_vectors_near_those_of_the_model(
    sources: Path,
) -> None:
    real = KeywordEncoder()
    material = million.read_sources(sources, SOURCES)
    encoder = million.ComposingEncoder(real, million.SentenceStore(sources), seed=1)
    (report,) = million.synthetic_reports(material, passages=30, seed=1)
    framed = []
    for passage in report.passages:
        spans = sentences(passage.text)
        framed.append(
            FramedText("Inspection 2006. ", passage.text, tuple(windows(spans, fits=bool)), tuple(spans))
        )
    for text, made, read in zip(
        framed, encoder.encode_passages(framed), real.encode_passages(framed), strict=True
    ):
        assert made.tokens.ids.tolist() == read.tokens.ids.tolist()
        assert made.tokens.offsets.tolist() == read.tokens.offsets.tolist()
        for vectors in (made.tokens.vectors, made.windows):
            assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
        assert (made.tokens.vectors * read.tokens.vectors).sum(axis=1).min() > 0.9
        assert len(made.windows) == len(text.windows)
    assert encoder.read_by_the_model == 0


def test_what_was_never_read_is_read_by_the_model(sources: Path) -> None:
    real = KeywordEncoder()
    encoder = million.ComposingEncoder(real, million.SentenceStore(sources), seed=1)
    text = "Nobody ever wrote this."
    spans = tuple(sentences(text))
    passage = FramedText("", text, spans, spans)
    (made,), (read,) = encoder.encode_passages([passage]), real.encode_passages([passage])
    assert np.array_equal(made.windows, read.windows)
    assert encoder.read_by_the_model == 1


# The terminal app


@pytest.mark.usefixtures("keyword_model")
def test_the_app_is_measured_in_a_terminal(
    small_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    monkeypatch.setattr(app, "PROGRAM", "tests.keyword_qa")
    monkeypatch.setattr(app, "QUESTIONS", ("How are the potholes mended?", "Who helps with story time?"))
    monkeypatch.setattr(app, "FIRST_QUESTION", "When does the branch library open?")
    app.main(["--library", str(small_folder), "--runs", "1", "--size", "90x24", "--json"], run=here)
    record = printed(capsys)
    rows = {row["measured"]: row for row in record["rows"]}
    assert record["settings"]["columns"] == 90
    assert rows[app.PAINT]["median_s"] <= rows[app.READY]["median_s"]
    assert rows[app.PASSAGES]["median_s"] <= rows[app.ANSWER]["median_s"]
    assert {name: row["samples"] for name, row in rows.items() if row["samples"] > 1} == {
        app.WARM: 2,
        app.KEY: 5,
    }
    assert 0 < record["figures"]["a_look_at_the_screen_ms"] < 1000


def test_the_times_of_the_app_are_compared_with_an_import_and_with_what_they_should_be() -> None:
    names = (app.IMPORT, app.BARE, app.PAINT, app.READY, app.PASSAGES, app.ANSWER, app.WARM, app.KEY)
    times = {name: [0.4, 0.2, 0.3] for name in names} | {app.IMPORT: [0.1, 0.1, 0.4]}
    rows = {row["measured"]: row for row in app.rows_of(times)}
    paint = rows[app.PAINT]
    assert (paint["least_s"], paint["median_s"], paint["most_s"]) == (0.2, 0.3, 0.4)
    assert paint["times_an_import"] == pytest.approx(3)
    assert app.missed(rows.values()) == [app.WARM]


def test_each_round_of_the_app_begins_with_another_turn() -> None:
    began: list[str] = []

    def turn(name: str) -> Callable[[object], app.Times]:
        def take(_: object) -> app.Times:
            began.append(name)
            return {name: [1.0]}

        return take

    found = app.in_turns([turn(name) for name in "abc"], cast(app.Screen, None), runs=3)
    assert "".join(began) == "abcbcacab"
    assert found == dict.fromkeys("abc", [1.0] * 3)


@pytest.mark.parametrize("text", ["100", "0x30", "100x", "x30", "100x30x2", "-5x10"])
def test_a_terminal_of_no_size_is_refused(text: str) -> None:
    assert app.size_of("60x20") == (60, 20)
    with pytest.raises(argparse.ArgumentTypeError, match="is no size"):
        app.size_of(text)


def test_without_tmux_one_sentence_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EvaluationError, match="There is no program tmux"):
        app.measure(tmp_path, app.Size(100, 30), runs=1)


# What is drawn, and what is shared


def test_records_are_drawn_and_the_same_ones_alike(tmp_path: Path) -> None:
    figures = {"p50_s": 0.02, "p95_s": 0.04, "open_s": 0.1, "resident": 3e8}
    record = tmp_path / "record.json"
    record.write_text(json.dumps({"rows": [{"passages": size, **figures} for size in (5_000, 153)]}))
    first, again = tmp_path / "first.svg", tmp_path / "again.svg"
    for target in (first, again):
        plot.main([str(record), "--out", str(target)])
    assert first.read_bytes() == again.read_bytes()
    assert [row["passages"] for row in plot.read_rows([record])] == [153, 5_000]


@pytest.mark.parametrize("text", ["no JSON", '{"rows": [{"passages": 1}]}', "[]"])
def test_what_is_no_record_is_not_drawn(tmp_path: Path, text: str) -> None:
    (tmp_path / "record.json").write_text(text)
    with pytest.raises(EvaluationError, match=r"record\.json"):
        plot.read_rows([tmp_path / "record.json"])


def test_a_function_is_run_in_a_process_of_its_own() -> None:
    assert measuring.apart(os.getpid) != os.getpid()


def test_every_command_of_the_page_is_there_with_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    commands = re.findall(r"python -m (tests\.benchmarks\.\w+)([^\n`#]*)", page)
    assert {name.rpartition(".")[2] for name, _ in commands} == {
        "corpora", "cold", "warm", "app", "conversation", "indexing", "incremental", "million", "plot",
    }  # fmt: skip
    for name, arguments in commands:
        with pytest.raises(SystemExit):
            importlib.import_module(name).main(["--help"])
        known = capsys.readouterr().out
        assert all(option in known for option in re.findall(r"--[a-z-]+", arguments)), name
