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
from qa.encoder import DEFAULT_MODEL, DEFAULT_WEIGHTS_SHA256, SentenceEncoder, find_model
from qa.encoder.weights import weights_sha256
from qa.index import Index, Manifest
from qa.library import Library
from tests.fakes import ROOT, copy_corpus, small_library

# One process makes the model ready for all of them.
pytestmark = pytest.mark.xdist_group("model")

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
    original = find_model(DEFAULT_MODEL)
    for path in original.rglob("*"):
        if path.is_file() and path.name != without:
            link = folder / path.relative_to(original)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)
    return folder


def test_the_weights_are_the_published_ones_and_the_manifest_says_so(
    encoder: SentenceEncoder, folder: Path
) -> None:
    assert weights_sha256(find_model(DEFAULT_MODEL)) == DEFAULT_WEIGHTS_SHA256
    manifest = Manifest.read(folder / "index")
    assert (manifest.model, manifest.model_sha256) == (DEFAULT_MODEL, encoder.fingerprint)
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


def test_a_question_to_a_ready_index_loads_neither_torch_nor_transformers(folder: Path) -> None:
    asking = (
        "import sys; from qa.cli import main;"
        f"main(['ask', 'Are schools good?', '-k', '1', '--library', {str(folder)!r}]);"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    ran = subprocess.run([sys.executable, "-c", asking], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.splitlines()[-1].split())
    assert "onnxruntime" in loaded
    assert not loaded & {"torch", "transformers", "sentence_transformers", "scipy", "textual", "onnx"}


def test_vectors_have_unit_length_and_do_not_depend_on_their_batch(encoder: SentenceEncoder) -> None:
    texts = ["Provision is good.", "", "Schools " * 800, "£5 “quoted” – 漢字", "Provision is good."]
    questions = encoder.encode_questions(texts)
    assert {each.vector.shape for each in questions} == {(encoder.dimension,)}
    assert {each.vector.dtype for each in questions} == {np.dtype(np.float32)}
    for each in questions:
        lengths = np.linalg.norm([each.vector, *each.tokens.vectors], axis=1)
        assert lengths == pytest.approx(np.ones(len(lengths)), abs=1e-5)
    (alone,) = encoder.encode_questions(["Provision is good."])
    for each in (questions[0], questions[4]):
        assert each.vector == pytest.approx(alone.vector, abs=1e-5)


def test_the_vectors_in_the_index_have_unit_length(folder: Path) -> None:
    windows = Index.open(folder / "index").windows
    lengths = [np.linalg.norm(vector) for number in range(0, 153, 7) for vector in windows.vectors(number)]
    assert len(lengths) > 50
    assert lengths == pytest.approx(np.ones(len(lengths)), abs=2e-4)


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
    assert len(encoder.token_offsets([text])[0]) > 256
    library = Library.build(folder)
    answer = library.ask("Have otters returned?", k=1)
    assert answer.passages[0].id == "plan:1"
    ((start, end),) = answer.passages[0].highlights
    assert answer.passages[0].text[start:end] == "Lastly, otters have come back to the river."


def test_a_model_in_a_folder_is_known_by_its_full_path(
    encoder: SentenceEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked_model(tmp_path / "model", without="README.md")
    monkeypatch.chdir(tmp_path)
    model = SentenceEncoder("model")
    assert model.name == str(tmp_path / "model")
    assert model.fingerprint == encoder.fingerprint


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
