"""An exported model run by ONNX Runtime."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from qa.encoder.batches import in_batches
from qa.encoder.pipeline import Dense, Pipeline
from qa.errors import ModelError

if TYPE_CHECKING:
    from qa.types import Offsets, Vectors

MODEL, QUICK_MODEL, TOKENIZER, PIPELINE, DENSE = (
    "model.onnx",
    "model-8-bit.onnx",
    "tokenizer.json",
    "pipeline.json",
    "dense.npz",
)


class ExportedTransformer:
    """A model as `export` wrote it in a folder.

    Raises
    ------
    ModelError
        If the folder does not hold one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opening = threading.Lock()
        try:
            values = json.loads((folder / PIPELINE).read_text(encoding="utf-8"))
            self.pipeline = Pipeline.from_dict(values, _read_dense(folder / DENSE))
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise _damaged(folder) from error

    def tokenize(self, texts: Sequence[str]) -> list[tuple[list[int], Offsets]]:
        """As in `Transformer`."""
        found = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [(each.ids, np.array(each.offsets, dtype=np.int32).reshape(-1, 2)) for each in found]

    def states(self, sequences: Sequence[Sequence[int]], *, quick: bool) -> list[Vectors]:
        """As in `Transformer`."""
        with self._opening:
            session = self._quick_session if quick else self._session
        return in_batches(
            sequences, lambda ids, mask: session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        )

    def embed(self, texts: Sequence[str], *, prompt: str) -> Vectors:
        """Not there: a model that pools by itself is not exported."""
        raise NotImplementedError

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        try:
            text = (self._folder / TOKENIZER).read_text(encoding="utf-8")
            json.loads(text)  # tokenizers itself would raise a bare Exception
        except (OSError, ValueError) as error:
            raise _damaged(self._folder) from error
        return Tokenizer.from_str(text)

    @cached_property
    def _session(self) -> Any:
        return _open_session(self._folder / MODEL, threads=usable_cores())

    @cached_property
    def _quick_session(self) -> Any:
        """Of one thread: a build reads as many groups of passages beside one another as there are cores."""
        path = self._folder / QUICK_MODEL
        return _open_session(path, threads=1) if path.exists() else self._session


def _open_session(path: Path, *, threads: int) -> Any:
    """Open a model. Threads that wait do not spin: it would keep a core from what follows a question."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    errors = onnxruntime.capi.onnxruntime_pybind11_state
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except (errors.Fail, errors.InvalidProtobuf, errors.NoSuchFile, errors.InvalidGraph) as error:
        raise _damaged(path.parent) from error


def usable_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _read_dense(path: Path) -> list[Dense]:
    if not path.exists():
        return []
    with np.load(path) as arrays:
        count = len(arrays.files) // 3
        return [
            Dense(arrays[f"weight{i}"], arrays[f"bias{i}"], bool(arrays[f"tanh{i}"])) for i in range(count)
        ]


def _damaged(folder: Path) -> ModelError:
    return ModelError(f"The exported model in {folder} is damaged; remove that folder and ask again")
