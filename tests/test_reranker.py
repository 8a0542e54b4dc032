"""A cross-encoder puts the first passages in its order, where one is asked for; a tiny one is made here."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from qa.build import frame_of
from qa.cli import ExitCode, main
from qa.encoder import DEFAULT_MODEL
from qa.errors import ModelError, QuestionError
from qa.reranker import RERANKED, Reranker
from qa.types import Candidate, Explanation
from tests.fakes import KeywordEncoder, a_passage, build, open_library, small_library

# One process makes the model ready for all of them.
pytestmark = pytest.mark.xdist_group("model")

QUESTION = "Who mends the potholes?"
WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] who mends potholes gritting roads library readers the of . ? a b c d"


def make_model(folder: Path, *, labels: int = 1) -> Path:
    """Make a cross-encoder of one layer with random weights."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

    folder.mkdir(parents=True)
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join(WORDS.split()), encoding="utf-8")
    torch.manual_seed(4)
    shape = BertConfig(
        vocab_size=len(WORDS.split()),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        initializer_range=1.0,
    )
    shape.num_labels = labels
    BertForSequenceClassification(shape).save_pretrained(folder)
    BertTokenizer(vocab_file=str(vocabulary)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_model(tmp_path_factory.mktemp("models") / "tiny-ranker"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a library of a report with more passages than are reranked."""
    letters = "abcd"
    paragraphs = [
        f"{n + 1}. The roads of {' '.join(letters[int(d)] for d in f'{n:03}' if d < '4')} have potholes {n}."
        for n in range(RERANKED + 10)
    ]
    made = small_library(
        tmp_path_factory.mktemp("reranked") / "library",
        roads="Inspection of roads\n\nPotholes\n\n" + "\n\n".join(paragraphs) + "\n",
    )
    build(made)
    return made


def explained(text: str, number: int, score: float) -> Candidate:
    return Candidate(a_passage(f"{number}", text), score, explanation=Explanation(1, None, {}, ()))


# The model


def test_the_first_passages_stand_in_the_order_of_the_model_and_the_others_follow(model: str) -> None:
    reranker = Reranker(model)
    texts = [f"{'a b c d'[: 1 + n % 7]} roads {'potholes ' * (n % 5)}" for n in range(RERANKED + 3)]
    candidates = [explained(text, n, 1 - n / 100) for n, text in enumerate(texts)]
    scores = reranker.scores(QUESTION, texts[:RERANKED])
    expected = sorted(range(RERANKED), key=lambda n: (-scores[n], n))
    assert expected != list(range(RERANKED))
    assert len(set(scores)) < RERANKED, "equals are part of the test"

    reranked = reranker.rerank(QUESTION, candidates, texts)
    assert [int(each.passage.id.split(":")[1]) for each in reranked] == [*expected, 30, 31, 32]
    assert [each.score for each in reranked[:RERANKED]] == pytest.approx(
        [scores[n] for n in expected], abs=1e-5
    )
    assert [each.score for each in reranked] == sorted((each.score for each in reranked), reverse=True)


def test_the_scores_are_those_of_the_model_itself(model: str) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    texts = ["the roads", "gritting of roads .", "potholes " * 100]
    tokenizer = AutoTokenizer.from_pretrained(model)
    network = AutoModelForSequenceClassification.from_pretrained(model).eval()
    with torch.inference_mode():
        encoded = tokenizer(
            [QUESTION] * 3, texts, return_tensors="pt", padding=True, truncation=True, max_length=64
        )
        expected = network(**encoded).logits[:, 0].tolist()
    assert Reranker(model).scores(QUESTION, texts) == pytest.approx(expected, abs=1e-5)
    assert len({round(score, 3) for score in expected}) == 3


def test_nothing_found_is_nothing_reranked(model: str) -> None:
    assert Reranker(model).rerank(QUESTION, [], []) == []
    assert Reranker(model).scores(QUESTION, []) == []


def test_a_passage_says_what_put_it_there_and_where_it_stood(model: str) -> None:
    (first,) = Reranker(model).rerank(QUESTION, [explained("potholes", 1, 0.5)], ["potholes"])
    assert first.explanation is not None
    assert (first.explanation.reranked_by, first.explanation.rank_before) == (model, 1)
    bare = replace(first, explanation=None)
    assert Reranker(model).rerank(QUESTION, [bare], ["potholes"])[0].explanation is None


def test_what_cannot_rerank_is_refused_with_what_to_do(tmp_path: Path, model: str) -> None:
    with pytest.raises(ModelError, match="There is no model nowhere/none on this machine to rerank with"):
        Reranker("nowhere/none")
    with pytest.raises(ModelError, match=r"does not score a question with a passage; give a cross-encoder"):
        Reranker(DEFAULT_MODEL)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"does not score a question with a passage"):
        Reranker(str(tmp_path / "empty"))
    three = make_model(tmp_path / "three", labels=3)
    with pytest.raises(ModelError, match=r"3 scores and not one; give a cross-encoder for ranking"):
        Reranker(str(three)).load()
    broken = Path(shutil.copytree(model, tmp_path / "broken"))
    (broken / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(ModelError, match=r"does not load \(.*\); give the folder of a complete"):
        Reranker(str(broken)).load()


# The library


def test_a_library_reranks_with_the_headings_only_where_it_is_told_to(folder: Path, model: str) -> None:
    library = open_library(folder)
    plain, reranked = library.ask(QUESTION, k=40), library.ask(QUESTION, k=40, rerank=model)
    report = library.reports()[0].report
    before = [cited.passage for cited in plain.passages]
    texts = [frame_of(report, passage) + passage.shown for passage in before[:RERANKED]]
    scores = Reranker(model).scores("Who mends the potholes?", texts)
    order = sorted(range(RERANKED), key=lambda n: (-scores[n], n))
    assert [cited.id for cited in reranked.passages] == [
        *(before[n].id for n in order),
        *(passage.id for passage in before[RERANKED:]),
    ]
    assert [cited.id for cited in reranked.passages] != [passage.id for passage in before]
    assert (reranked.confidence, reranked.reason) == (plain.confidence, plain.reason)
    assert all(cited.explanation and cited.explanation.reranked_by is None for cited in plain.passages)
    assert [cited.id for cited in library.ask(QUESTION, k=3, rerank=model).passages] == [
        cited.id for cited in reranked.passages[:3]
    ]


def test_a_library_keeps_a_loaded_reranker(folder: Path, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    class Counted(Reranker):
        def __init__(self, model: str, *, download: bool = False) -> None:
            made.append(model)
            super().__init__(model, download=download)

    monkeypatch.setattr("qa.asking.Reranker", Counted)
    library = open_library(folder)
    library.ask(QUESTION)
    assert made == []
    library.ask(QUESTION, rerank=model)
    library.ask("Which roads have potholes?", rerank=model)
    assert made == [model]


def test_only_the_full_ranking_is_reranked(folder: Path, model: str) -> None:
    with pytest.raises(QuestionError, match='Only the mode "full" is reranked, not "bm25"'):
        open_library(folder).ask(QUESTION, mode="bm25", rerank=model)


# The command line


@pytest.fixture
def command(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.library.SentenceEncoder", KeywordEncoder)
    monkeypatch.setenv("QA_LIBRARY", str(folder))


@pytest.mark.usefixtures("command")
def test_the_command_line_says_what_reranked(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["ask", QUESTION, "-k", "2", "--rerank", model, "--explain"]
    assert main(asked) == ExitCode.ANSWERED
    assert f"reranked by {model}, which read question and passage together (rank " in capsys.readouterr().out
    assert main([*asked, "--json"]) == ExitCode.ANSWERED
    first = json.loads(capsys.readouterr().out)["passages"][0]
    assert first["explanation"]["reranked_by"] == model
    assert 1 <= first["explanation"]["rank_before"] <= RERANKED


@pytest.mark.usefixtures("command")
@pytest.mark.parametrize("question", [QUESTION, "para 3"])
def test_a_missing_model_is_one_sentence_and_its_exit_code(
    question: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ask", question, "--rerank", "nowhere/none"]) == ExitCode.MODEL
    ran = capsys.readouterr()
    assert ran.out == ""
    (line,) = ran.err.splitlines()
    assert line.startswith("qa: There is no model nowhere/none on this machine to rerank with: give")


@pytest.mark.usefixtures("command")
def test_an_evaluation_measures_the_reranked_order_beside_the_plain_one(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    questions = tmp_path / "questions.jsonl"
    evidence = [{"quote": "have potholes 12."}]
    asked = {"id": "q1", "question": QUESTION, "answerable": True, "type": "lookup", "evidence": evidence}
    questions.write_text(json.dumps(asked) + "\n", encoding="utf-8")
    assert main(["eval", str(questions), "--compare", "full", "--rerank", model]) == ExitCode.ANSWERED
    table = capsys.readouterr().out
    assert table.splitlines()[0].split()[-2:] == ["full", "reranked"]
    assert f"reranked by {model} · index" in table
    assert main(["eval", str(questions), "--rerank", model, "--json"]) == ExitCode.ANSWERED
    assert json.loads(capsys.readouterr().out)["identity"]["reranker"] == model
