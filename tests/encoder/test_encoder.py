"""Models are found, exported, checked and run the same whether exported or not; what cannot be is said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from qa.encoder import DEFAULT_MODEL, SentenceEncoder, find_model
from qa.encoder.export import CLOSEST, NOT_NOW, export, exported, refusal, write_export
from qa.encoder.pipeline import Pipeline
from qa.encoder.reference import ReferenceTransformer
from qa.encoder.runtime import ExportedTransformer
from qa.encoder.sentence_encoder import encode_passages, encode_questions
from qa.errors import ModelError
from qa.types import FramedText, Span
from tests.fakes import ROOT
from tests.test_real_model import linked_model

if TYPE_CHECKING:
    from qa.types import Vectors

# One process makes the model ready for all of them.
pytestmark = pytest.mark.xdist_group("model")

WORDS = (
    "the roads are gritted before dawn and mended within ten days council review of schools is good".split()
)


def tiny_model(
    folder: Path, *, pooling: str, dense: bool = False, prompts: dict[str, str] | None = None
) -> Path:
    """Make a sentence-transformers model of a few thousand weights that knows a few words."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Dense, Pooling, Transformer
    from transformers import BertConfig, BertModel
    from transformers.models.bert import BertTokenizer

    torch.manual_seed(7)
    bert = folder.with_name(f"{folder.name}-bert")
    bert.mkdir(parents=True)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", ",", "?", *dict.fromkeys(WORDS)]
    (bert / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=64,
    )  # fmt: skip
    BertModel(config).save_pretrained(bert)
    BertTokenizer(str(bert / "vocab.txt")).save_pretrained(bert)
    modules: list[Any] = [Transformer(str(bert), max_seq_length=64)]
    modules.append(Pooling(16, pooling_mode=pooling))
    if dense:
        modules.append(Dense(16, 8, activation_function=torch.nn.Tanh()))
    SentenceTransformer(modules=modules, prompts=prompts, device="cpu").save_pretrained(str(folder))
    return folder


def cosines(first: Vectors, second: Vectors) -> Vectors:
    lengths = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    found: Vectors = (first * second).sum(axis=-1) / lengths
    return found


QUESTION = "Are the roads mended within ten days?"
PASSAGE = FramedText(
    "Review of roads. ",
    "The roads are gritted. The council is good, and schools are good.",
    windows=(Span(0, 22), Span(23, 65)),
    sentences=(Span(0, 22), Span(23, 65)),
)


@pytest.fixture(scope="module")
def made() -> SentenceEncoder:
    encoder = SentenceEncoder()
    assert export(find_model(DEFAULT_MODEL), encoder.fingerprint) is not None
    return encoder


@pytest.fixture
def exported_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Export in this process: one of its own takes seconds to import what this one has."""

    def export_here(model: Path, target: Path) -> None:
        target.mkdir()
        write_export(model, target)

    monkeypatch.setattr("qa.encoder.export._export_apart", export_here)


def test_an_export_gives_the_vectors_of_sentence_transformers(made: SentenceEncoder) -> None:
    reference = ReferenceTransformer(find_model(DEFAULT_MODEL))
    texts = [QUESTION, "Which services for young carers are adequate?", "x", "£36.5m – “good”"]
    expected = reference.model.encode_query(texts)
    found = made.encode_questions(texts)
    assert cosines(np.stack([each.vector for each in found]), expected).min() >= CLOSEST
    own = encode_questions(reference, texts)
    for one, other in zip(found, own, strict=True):
        assert one.tokens.ids.tolist() == other.tokens.ids.tolist()
        assert one.tokens.offsets.tolist() == other.tokens.offsets.tolist()
        assert cosines(one.tokens.vectors, other.tokens.vectors).min() >= CLOSEST


def test_once_exported_neither_torch_nor_the_model_itself_is_needed(made: SentenceEncoder) -> None:
    asking = (
        "import sys; from qa.encoder import SentenceEncoder;"
        f"encoder = SentenceEncoder('a name that is no model', fingerprint={made.fingerprint!r});"
        "print(len(encoder.encode_questions(['Are schools good?'])[0].vector));"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    ran = subprocess.run([sys.executable, "-c", asking], cwd=ROOT, capture_output=True, text=True, check=True)
    length, modules = ran.stdout.splitlines()
    assert int(length) == 384
    assert not {"torch", "transformers", "sentence_transformers", "scipy", "textual"} & set(modules.split())


def test_tokens_of_the_frame_come_before_those_of_the_text(made: SentenceEncoder) -> None:
    (encoded,) = made.encode_passages([PASSAGE])
    starts = encoded.tokens.offsets[:, 0]
    assert starts.tolist() == sorted(starts.tolist())
    assert starts[0] == -len(PASSAGE.frame)
    assert encoded.windows.shape == (2, 384)
    assert np.linalg.norm(encoded.windows, axis=1) == pytest.approx([1, 1], abs=1e-5)


def test_passages_are_encoded_as_sentence_transformers_would_and_quickly_not_far_from_it(
    made: SentenceEncoder,
) -> None:
    (reference,) = encode_passages(ReferenceTransformer(find_model(DEFAULT_MODEL)), [PASSAGE])
    (encoded,) = made.encode_passages([PASSAGE])
    (quick,) = made.encode_passages([PASSAGE], quick=True)
    assert cosines(encoded.windows, reference.windows).min() >= CLOSEST
    assert 0.97 < cosines(quick.windows, reference.windows).min() < CLOSEST
    assert encoded.tokens.offsets.tolist() == reference.tokens.offsets.tolist()


@pytest.mark.usefixtures("exported_here")
@pytest.mark.parametrize("pooling", ["mean", "cls", "lasttoken"])
def test_other_poolings_dense_layers_and_prompts_are_exported_too(tmp_path: Path, pooling: str) -> None:
    prompts = {"query": "are the ", "document": "review of "} if pooling != "mean" else None
    folder = tiny_model(tmp_path / "model", pooling=pooling, dense=pooling != "mean", prompts=prompts)
    encoder = SentenceEncoder(str(folder))
    reference = ReferenceTransformer(folder)
    assert encoder.warnings == ()
    assert encoder.dimension == (16 if pooling == "mean" else 8)
    (question,) = encoder.encode_questions([QUESTION])
    assert cosines(question.vector, reference.model.encode_query(QUESTION)) >= CLOSEST
    (passage,) = encode_passages(reference, [PASSAGE])
    (found,) = encoder.encode_passages([PASSAGE])
    assert found.windows.shape == (2, encoder.dimension)
    assert found.tokens.offsets.tolist() == passage.tokens.offsets.tolist()
    if pooling != "mean":  # each window is read by itself, as the model was made to
        whole = reference.model.encode_document(PASSAGE.frame + PASSAGE.text[23:65])
        assert cosines(passage.windows[1], whole) >= CLOSEST


@pytest.mark.usefixtures("exported_here")
def test_a_pooling_that_only_the_model_knows_is_left_to_sentence_transformers(tmp_path: Path) -> None:
    folder = tiny_model(tmp_path / "model", pooling="max")
    encoder = SentenceEncoder(str(folder))
    (question,) = encoder.encode_questions([QUESTION])
    reference = ReferenceTransformer(folder)
    assert cosines(question.vector, reference.model.encode_query(QUESTION)) >= CLOSEST
    assert encoder.encode_passages([PASSAGE])[0].windows.shape == (2, 16)
    (warning,) = encoder.warnings
    assert "run by sentence-transformers, which is slow: its pooling" in warning
    assert exported(encoder.fingerprint) is None
    assert "pooling" in (refusal(encoder.fingerprint) or "")


def test_an_export_that_differs_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from qa.encoder import export as module

    folder = tiny_model(tmp_path / "model", pooling="mean")
    monkeypatch.setattr(module, "_agreement", lambda *_: 0.9998)
    (tmp_path / "made").mkdir()
    module.write_export(folder, tmp_path / "made")
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["refused.txt"]


def test_an_export_that_cannot_be_written_now_is_not_taken_for_a_refusal(tmp_path: Path) -> None:
    folder = tiny_model(tmp_path / "model", pooling="mean")
    arguments = [sys.executable, "-m", "qa.encoder", str(folder), str(tmp_path / "nowhere")]
    assert subprocess.run(arguments, cwd=ROOT, capture_output=True, check=False).returncode == NOT_NOW


def test_a_long_passage_is_read_in_several_passes_and_every_token_counts(tmp_path: Path) -> None:
    folder = tiny_model(tmp_path / "model", pooling="mean")
    reference = ReferenceTransformer(folder)
    sentence = "the roads are gritted before dawn and mended within ten days. "
    text = (sentence * 20).strip()
    sentences = tuple(Span(at, at + len(sentence) - 1) for at in range(0, len(text), len(sentence)))
    passage = FramedText("Review. ", text, windows=sentences, sentences=sentences)
    (encoded,) = encode_passages(reference, [passage])
    ((ids, _),) = reference.tokenize(["Review. " + text])
    assert len(ids) > reference.pipeline.room
    assert encoded.tokens.ids.tolist() == ids
    assert encoded.windows.shape == (20, 16)
    # Parted between sentences: the last sentence is seen with the frame, as a short passage is.
    assert np.isfinite(encoded.windows).all()


def test_a_passage_without_tokens_in_a_window_still_gets_a_vector(made: SentenceEncoder) -> None:
    (encoded,) = made.encode_passages([FramedText("", "\u200b", (Span(0, 1),), (Span(0, 1),))])
    assert encoded.windows.shape == (1, 384)
    assert np.isfinite(encoded.windows).all()


def test_a_pipeline_is_the_same_after_being_written_and_read(made: SentenceEncoder) -> None:
    pipeline = ReferenceTransformer(find_model(DEFAULT_MODEL)).pipeline
    assert Pipeline.from_dict(json.loads(json.dumps(pipeline.to_dict()))) == pipeline


@pytest.mark.parametrize("name", ["pipeline.json", "tokenizer.json", "model.onnx"])
def test_a_damaged_export_is_an_error_that_says_what_to_do(
    made: SentenceEncoder, tmp_path: Path, name: str
) -> None:
    original = exported(made.fingerprint)
    assert original is not None
    for path in original.iterdir():
        if path.name == name:
            (tmp_path / name).write_bytes(path.read_bytes()[:50])
        else:
            (tmp_path / path.name).symlink_to(path)
    with pytest.raises(ModelError, match="is damaged; remove that folder and ask again"):
        encode_questions(ExportedTransformer(tmp_path), [QUESTION])


def test_where_nothing_can_be_kept_the_model_is_run_by_sentence_transformers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").write_text("no folder")
    monkeypatch.setenv("QA_CACHE", str(tmp_path / "cache"))
    encoder = SentenceEncoder(str(tiny_model(tmp_path / "model", pooling="mean")))
    assert encoder.encode_questions([QUESTION])[0].vector.shape == (16,)
    assert "cannot be kept in the cache folder" in encoder.warnings[0]


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json", "modules.json"])
@pytest.mark.parametrize("damage", [b"", b"{", b"\x00" * 4096])
def test_a_model_with_a_damaged_file_is_an_error_that_says_what_to_give(
    tmp_path: Path, name: str, damage: bytes
) -> None:
    folder = linked_model(tmp_path / "model", without=name)
    (folder / name).write_bytes(damage)
    with pytest.raises(ModelError, match="give the folder of a complete sentence-transformers model"):
        ReferenceTransformer(folder)


def test_a_model_with_truncated_weights_is_an_error_and_nothing_of_it_is_kept(tmp_path: Path) -> None:
    folder = linked_model(tmp_path / "model", without="model.safetensors")
    weights = (find_model(DEFAULT_MODEL) / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    encoder = SentenceEncoder(str(folder))
    with pytest.raises(ModelError, match="give the folder of a complete sentence-transformers model"):
        encoder.encode_questions([QUESTION])
    assert (exported(encoder.fingerprint), refusal(encoder.fingerprint)) == (None, None)
    assert not list(Path(os.environ["QA_CACHE"]).rglob(".export-*"))
