"""A sentence-transformers model exported for ONNX Runtime, checked, and kept in the user's cache folder.

What is exported is the transformer: token ids in, the state of each token out. Pooling and what follows are
plain values beside it. The export is made by a process of its own, so that whoever asks a question never
loads PyTorch; it is put in place in one step, under a name that says what it was made from, and used by every
library of the user.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from qa.encoder.runtime import DENSE, MODEL, PIPELINE, QUICK_MODEL, TOKENIZER, ExportedTransformer

if TYPE_CHECKING:
    from qa.encoder.pipeline import Transformer
    from qa.encoder.reference import ReferenceTransformer

CACHE_VARIABLE = "QA_CACHE"
"""Names another folder for exported models than the user's cache folder."""

CLOSEST = 0.9999
"""The least cosine between a vector of the export and the same one of sentence-transformers."""

_VERSION = "1"
"""Counts up when what is exported changes."""

_REFUSED = "refused.txt"
_FAILED = 1
"""The exit code of Python for an error nobody caught."""

NOT_NOW = 4
"""The exit code of the exporting process where it may go well another time: the model does not load, a disk
is full. That is not remembered."""

_OPSET = 17
_SAMPLE = (
    "What did the inspectors say about school attendance?",
    "Yes.",
    "The council’s 1,250 looked-after children (CAMHS, SEND) — “good” or better — cost £36.5m in 2006/07.",
    "Provision for young people aged 14–19 is adequate, and most of them stay in education or training. " * 6,
    "Café naïve 北京 ½ 🙂",
)


def exported(fingerprint: str) -> Path | None:
    """Return the folder of a model's export, if there is one that can be used."""
    folder = _folder(fingerprint)
    return folder if (folder / MODEL).exists() else None


def export(model: Path, fingerprint: str) -> Path | None:
    """Return the folder of a model's export, made now if need be; none if it cannot be exported.

    A refusal is kept, with its reason, so that it is not tried at every question.
    """
    target = _folder(fingerprint)
    if not target.exists():
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".export-", dir=target.parent) as temporary:
                _export_apart(model, Path(temporary) / "made")
                (Path(temporary) / "made").rename(target)
        except OSError:
            # No room or no right to write, or another process was first.
            pass
    return exported(fingerprint)


def refusal(fingerprint: str) -> str | None:
    """Return why a model was not exported, if that was tried."""
    path = _folder(fingerprint) / _REFUSED
    return path.read_text(encoding="utf-8") if path.exists() else None


def _folder(fingerprint: str) -> Path:
    from platformdirs import user_cache_path

    cache = os.environ.get(CACHE_VARIABLE)
    key = hashlib.sha256(f"{_VERSION} {fingerprint}".encode()).hexdigest()[:32]
    return (Path(cache) if cache else user_cache_path("qa", appauthor=False)) / "models" / key


def _export_apart(model: Path, target: Path) -> None:
    """Export in a process of its own; what the exporting libraries print goes nowhere."""
    target.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "qa.encoder", str(model), str(target)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    if done.returncode == _FAILED:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        _refuse(target, said[-1] if said else "it cannot be exported")
    elif done.returncode:
        # Killed, or it may go well another time.
        raise ChildProcessError(done.returncode)


def _refuse(target: Path, reason: str) -> None:
    for path in target.iterdir():
        path.unlink()
    (target / _REFUSED).write_text(reason, encoding="utf-8")


def write_export(model: Path, target: Path) -> None:
    """Export a model into a folder, or say there why not.

    Raises
    ------
    ModelError
        If the model does not load.
    """
    from qa.encoder.reference import ReferenceTransformer

    reference = ReferenceTransformer(model)
    pipeline = reference.pipeline
    if pipeline.pooling == "own" or not reference.model.tokenizer.is_fast:
        _refuse(target, "its pooling or its tokenizer is its own")
        return
    (target / PIPELINE).write_text(json.dumps(pipeline.to_dict()), encoding="utf-8")
    tokenizer = reference.model.tokenizer.backend_tokenizer
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.save(str(target / TOKENIZER))
    if pipeline.dense:
        arrays: dict[str, Any] = {
            f"{name}{place}": value
            for place, layer in enumerate(pipeline.dense)
            for name, value in asdict(layer).items()
        }
        np.savez(target / DENSE, **arrays)
    _write_graph(reference, target)
    least = _agreement(ExportedTransformer(target), reference)
    if not least >= CLOSEST:
        _refuse(target, f"its vectors agree only to a cosine of {least:.5f}")


def _write_graph(reference: ReferenceTransformer, target: Path) -> None:
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers import optimizer

    transformer = reference.model[0].auto_model

    class States(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.transformer = transformer

        def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            states: torch.Tensor = self.transformer(input_ids=ids, attention_mask=mask).last_hidden_state
            return states

    transformer.set_attn_implementation("eager")  # plain steps, which the optimiser knows and fuses
    plain = target / "plain.onnx"
    example = torch.ones((2, 16), dtype=torch.int64)
    axes = {0: "rows", 1: "length"}
    torch.onnx.export(
        States().eval(), (example, example), str(plain), input_names=["input_ids", "attention_mask"],
        output_names=["states"], dynamic_axes=dict.fromkeys(("input_ids", "attention_mask", "states"), axes),
        opset_version=_OPSET, dynamo=False,
    )  # fmt: skip
    config = transformer.config
    fused = optimizer.optimize_model(
        str(plain), "bert", num_heads=config.num_attention_heads, hidden_size=config.hidden_size, opt_level=0
    )
    fused.save_model_to_file(str(target / MODEL))
    quantize_dynamic(plain, target / QUICK_MODEL, weight_type=QuantType.QInt8, per_channel=True)
    plain.unlink()


def _agreement(made: Transformer, reference: ReferenceTransformer) -> float:
    """Return the least cosine between vectors of a sample, of whole texts and of their tokens."""
    from qa.encoder.sentence_encoder import encode_questions

    prompt = reference.pipeline.query_prompt
    texts = _within(_SAMPLE, reference)
    found = encode_questions(made, texts)
    own = encode_questions(reference, texts)
    wholes = reference.embed(texts, prompt=prompt)
    pairs = [(each.vector, whole) for each, whole in zip(found, wholes, strict=True)]
    for made_one, own_one in zip(found, own, strict=True):
        pairs += zip(made_one.tokens.vectors, own_one.tokens.vectors, strict=True)
    return min(float(a @ b) for a, b in pairs)


def _within(texts: Sequence[str], reference: ReferenceTransformer) -> list[str]:
    """Return texts shortened to what the model was made to embed at once."""
    room = reference.pipeline.max_tokens - 32
    return [
        text if len(offsets) <= room else text[: int(offsets[room][0])]
        for text, (_, offsets) in zip(texts, reference.tokenize(texts), strict=True)
    ]
