"""A handful of facts that only the real model can show."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from qa.cli import main
from qa.encoder import DEFAULT_MODEL, DEFAULT_WEIGHTS_SHA256, SentenceEncoder
from qa.errors import ModelError
from qa.index import Index, Manifest
from qa.library import Library
from tests.fakes import ROOT, copy_corpus, small_library

QUESTION = "What mental health services are there for pupils, and who is left out?"


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return SentenceEncoder()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a library folder with the two reports, indexed with the default model."""
    folder = copy_corpus(tmp_path_factory.mktemp("real") / "library")
    Library.build(folder).close()
    return folder


def linked_model(folder: Path, *, without: str) -> Path:
    """Make a model folder whose files are those of the default model, but for one."""
    original = SentenceEncoder()._folder
    for path in original.rglob("*"):
        if path.is_file() and path.name != without:
            link = folder / path.relative_to(original)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)
    return folder


def test_the_weights_are_the_published_ones_and_the_manifest_says_so(
    encoder: SentenceEncoder, folder: Path
) -> None:
    assert encoder.fingerprint == DEFAULT_WEIGHTS_SHA256
    manifest = Manifest.read(folder / "index")
    assert (manifest.model, manifest.weights_sha256) == (DEFAULT_MODEL, DEFAULT_WEIGHTS_SHA256)
    assert (manifest.dimension, manifest.max_tokens) == (384, 254)


def test_paragraph_28_is_first_or_second_for_mental_health_services(folder: Path) -> None:
    answer = Library.open(folder).ask(QUESTION)
    found = {cited.id: cited for cited in answer.passages[:2]}
    assert "jar-2006:28" in found
    assert found["jar-2006:28"].citation == (
        "Joint area review, Rutland (Ofsted, 2006), "
        "Main Report › The impact of local services › Being healthy, para 28"
    )


def test_a_question_in_a_process_of_its_own_touches_no_network_and_writes_nothing(folder: Path) -> None:
    watched = """
import os, sys
def watch(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo"}:
        os.write(2, f"{event}\\n".encode())
    if event == "open" and isinstance(arguments[0], str) and arguments[0].startswith(sys.argv[1]):
        if arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            os.write(2, f"{arguments}\\n".encode())
sys.addaudithook(watch)
from qa.cli import main
sys.exit(main(["ask", sys.argv[2], "-k", "2", "--json", "--library", sys.argv[1]]))
"""
    environment = {name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"}
    ran = subprocess.run(
        [sys.executable, "-c", watched, folder, QUESTION],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "jar-2006:28" in [passage["id"] for passage in json.loads(ran.stdout)["passages"]]


def test_vectors_have_unit_length_and_do_not_depend_on_their_batch(encoder: SentenceEncoder) -> None:
    texts = ["Provision is good.", "", "Schools " * 500, "£5 “quoted” – 漢字", "Provision is good."]
    vectors = encoder.encode_documents(texts)
    assert vectors.shape == (5, encoder.dimension)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    alone = encoder.encode_query("Provision is good.")
    assert np.linalg.norm(alone) == pytest.approx(1, abs=1e-5)
    assert vectors[0] == pytest.approx(alone, abs=1e-5)
    assert vectors[4] == pytest.approx(alone, abs=1e-5)


def test_the_vectors_in_the_index_have_unit_length(folder: Path) -> None:
    index = Index.open(folder / "index")
    for vectors in (index.windows, index.sentences):
        for position in range(0, len(vectors), 50):
            stored = np.asarray(vectors._index.reconstruct(position))
            assert vectors.scores(stored, [position]) == pytest.approx([1], abs=1e-5)


def test_a_text_longer_than_the_model_reads_is_cut_into_windows_and_found_by_its_end(
    encoder: SentenceEncoder, tmp_path: Path
) -> None:
    sentences = [
        f"Point {number} of the plan concerns the upkeep of the village hall." for number in range(25)
    ]
    text = " ".join([*sentences, "Lastly, otters have come back to the river."])
    endless = "1. " + "endlessly " * 200 + "the heron waits."
    folder = small_library(
        tmp_path / "library", plan=f"Plan\n\n1. {text}\n\n2. Well.\n", list=f"List\n\n{endless}\n"
    )
    assert encoder.count_tokens([text])[0] > 256
    read: list[str] = []
    whole = encoder.encode_documents

    class Watched(SentenceEncoder):
        def encode_documents(self, texts):  # type: ignore[no-untyped-def]
            read.extend(texts)
            return whole(texts)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qa.library.SentenceEncoder", Watched)
        library = Library.build(folder)
    assert max(encoder.count_tokens(read)) <= encoder.max_tokens
    answer = library.ask("Have otters returned?", k=1)
    assert answer.passages[0].id == "plan:1"
    ((start, end),) = answer.passages[0].highlights
    assert answer.passages[0].text[start:end] == "Lastly, otters have come back to the river."


def test_the_prompts_of_a_model_are_put_before_questions_and_passages(
    encoder: SentenceEncoder, tmp_path: Path
) -> None:
    folder = linked_model(tmp_path / "model", without="config_sentence_transformers.json")
    prompts = {"query": "question about schools: ", "document": "report on roads: "}
    (folder / "config_sentence_transformers.json").write_text(json.dumps({"prompts": prompts}))
    prompted = SentenceEncoder(str(folder))
    text = "Provision is good."
    expected = encoder.encode_documents([prompts["query"] + text, prompts["document"] + text])
    assert prompted.encode_query(text) == pytest.approx(expected[0], abs=1e-5)
    assert prompted.encode_documents([text])[0] == pytest.approx(expected[1], abs=1e-5)
    longest = max(encoder.count_tokens(list(prompts.values())))
    assert prompted.max_tokens == encoder.max_tokens - longest


def test_a_model_in_a_folder_is_known_by_its_full_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked_model(tmp_path / "model", without="README.md")
    monkeypatch.chdir(tmp_path)
    model = SentenceEncoder("model")
    assert model.name == str(tmp_path / "model")
    assert model.fingerprint == DEFAULT_WEIGHTS_SHA256


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json", "modules.json"])
@pytest.mark.parametrize("damage", [b"", b"{", b"\x00" * 4096])
def test_a_model_with_a_damaged_file_is_an_error_that_says_what_to_give(
    tmp_path: Path, name: str, damage: bytes
) -> None:
    folder = linked_model(tmp_path / "model", without=name)
    (folder / name).write_bytes(damage)
    with pytest.raises(ModelError, match="give the folder of a complete sentence-transformers model"):
        SentenceEncoder(str(folder)).load()


def test_a_model_with_truncated_weights_is_an_error_that_says_what_to_give(tmp_path: Path) -> None:
    folder = linked_model(tmp_path / "model", without="model.safetensors")
    weights = (SentenceEncoder()._folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(ModelError, match="give the folder of a complete sentence-transformers model"):
        SentenceEncoder(str(folder)).load()


def test_the_output_in_the_readme_is_what_the_program_prints(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"<!-- output of: qa (.*?) -->\n```text\n(.*?)```", readme, flags=re.DOTALL)
    assert shown is not None
    monkeypatch.setenv("COLUMNS", "80")
    assert main([*shlex.split(shown[1]), "--library", str(folder)]) == 0
    assert capsys.readouterr().out == shown[2]


def test_what_the_reports_do_not_give_is_refused_with_a_reason(folder: Path) -> None:
    library = Library.open(folder)
    answer = library.ask("What percentage of pupils gained five or more GCSEs at A*-C in 2005?")
    assert (answer.answered, answer.confidence) == (False, "none")
    assert "percentage" in answer.reason
    assert answer.passages
    assert library.ask("What is the population of Rutland?").confidence == "strong"
