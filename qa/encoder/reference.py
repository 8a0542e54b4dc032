"""A model run by sentence-transformers itself: an export is checked against it, or it stands in for one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from qa.encoder.batches import in_batches
from qa.encoder.pipeline import POOLINGS, Dense, Pipeline, Pooling
from qa.errors import ModelError

if TYPE_CHECKING:
    from qa.types import Offsets, Vectors

MOST_POSITIONS = 512
"""The most tokens that are read at once, also by a model that could read more: time grows with the square."""

_ORDINARY_ROWS = 20_000
_SHORTEST_ORDINARY = 4
_FEWEST_ORDINARY = 2_000
_WORD = re.compile(r"\S+")


class ReferenceTransformer:
    """A sentence-transformers model in a folder.

    Raises
    ------
    ModelError
        If it does not load.
    """

    def __init__(self, folder: Path) -> None:
        self.model: Any = _load(folder)  # sentence-transformers publishes no usable types
        if not hasattr(self.model[0], "auto_model"):
            raise ModelError(f"The model in {folder} is no transformer; give the folder of one")

    @cached_property
    def pipeline(self) -> Pipeline:
        """How the model's states become vectors."""
        model = self.model
        prefix, suffix = self._special_tokens()
        pooling, dense = _pooling(list(model)[1:])
        configured = getattr(model[0].auto_model.config, "max_position_embeddings", None)
        limit = int(model.max_seq_length or model.tokenizer.model_max_length)
        prompts = model.prompts or {}
        return Pipeline(
            pooling=pooling,
            pools_prompt=bool(getattr(model[1], "include_prompt", True)) if len(model) > 1 else True,
            dimension=int(model.get_embedding_dimension()),
            max_tokens=limit,
            positions=min(int(configured or limit), MOST_POSITIONS),
            prefix=prefix,
            suffix=suffix,
            query_prompt=_prompt(prompts, "query", model.default_prompt_name),
            document_prompt=_prompt(prompts, "document", model.default_prompt_name),
            ordinary_words=tuple(sorted(_whole_words(model.tokenizer.get_vocab()))),
            dense=dense,
        )

    def tokenize(self, texts: Sequence[str]) -> list[tuple[list[int], Offsets]]:
        """As in `Transformer`; a tokenizer that tells no offsets is given one word at a time."""
        tokenizer = self.model.tokenizer
        if not tokenizer.is_fast:
            return [self._word_by_word(text) for text in texts]
        found = tokenizer(
            list(texts), add_special_tokens=False, truncation=False, padding=False,
            return_offsets_mapping=True, verbose=False,
        )  # fmt: skip
        return [
            (ids, np.array(offsets, dtype=np.int32).reshape(-1, 2))
            for ids, offsets in zip(found["input_ids"], found["offset_mapping"], strict=True)
        ]

    def states(self, sequences: Sequence[Sequence[int]], *, quick: bool = False) -> list[Vectors]:
        """As in `Transformer`; there are no other weights."""
        import torch

        def run(ids: Any, mask: Any) -> Vectors:
            with torch.inference_mode():
                given = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
                return cast("Vectors", self.model[0].auto_model(**given).last_hidden_state.float().numpy())

        return in_batches(sequences, run)

    def embed(self, texts: Sequence[str], *, prompt: str) -> Vectors:
        """As in `Transformer`."""
        return cast(
            "Vectors",
            self.model.encode(list(texts), prompt=prompt, normalize_embeddings=True, show_progress_bar=False),
        )

    def _word_by_word(self, text: str) -> tuple[list[int], Offsets]:
        ids: list[int] = []
        offsets: list[tuple[int, int]] = []
        for match in _WORD.finditer(text):
            of_word = self.model.tokenizer(match.group(), add_special_tokens=False)["input_ids"]
            ids += of_word
            offsets += [match.span()] * len(of_word)
        return ids, np.array(offsets, dtype=np.int32).reshape(-1, 2)

    def _special_tokens(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        tokenizer = self.model.tokenizer
        bare, full = (tokenizer("a", add_special_tokens=added)["input_ids"] for added in (False, True))
        at = next(i for i in range(len(full)) if full[i : i + len(bare)] == bare)
        return tuple(full[:at]), tuple(full[at + len(bare) :])


def _load(folder: Path) -> Any:
    from safetensors import SafetensorError

    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()  # type: ignore[no-untyped-call]  # it would draw over whatever screen the caller shows
        return SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    except (
        ImportError, OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError,
        SafetensorError,
    ) as error:  # fmt: skip
        raise ModelError(
            f"The model in {folder} does not load ({type(error).__name__}); "
            "give the folder of a complete sentence-transformers model"
        ) from error


def _prompt(prompts: Mapping[str, str | None], name: str, default: str | None) -> str:
    return (prompts.get(name) or prompts.get(default or "") or "") if prompts else ""


def _pooling(modules: Sequence[Any]) -> tuple[Pooling, tuple[Dense, ...]]:
    """Return how a model pools, if that can be done outside of it."""
    if not modules or type(modules[0]).__name__ != "Pooling" or modules[0].pooling_mode not in POOLINGS:
        return "own", ()
    try:
        return modules[0].pooling_mode, tuple(_dense_layers(modules[1:]))
    except ValueError:
        return "own", ()


def _dense_layers(modules: Sequence[Any]) -> Iterator[Dense]:
    for module in modules:
        if type(module).__name__ == "Normalize":
            continue
        activation = type(getattr(module, "activation_function", None)).__name__
        if (
            type(module).__name__ != "Dense"
            or activation not in {"Tanh", "Identity"}
            or getattr(module, "use_residual", False)
        ):
            raise ValueError(type(module).__name__)
        weight = module.linear.weight.detach().float().numpy()
        bias = module.linear.bias
        yield Dense(
            weight,
            np.zeros(len(weight), dtype=np.float32) if bias is None else bias.detach().float().numpy(),
            activation == "Tanh",
        )


def _whole_words(vocabulary: Mapping[str, int]) -> frozenset[str]:
    """Return the lower-case words of four letters or more among the first entries, the most frequent."""
    # Only where entries that go on inside a word are marked are the others words; elsewhere word beginnings
    # are marked, and an unmarked "ment" is a piece.
    if not any(entry.startswith("##") for entry in vocabulary):
        return frozenset()
    first = sorted(vocabulary, key=vocabulary.__getitem__)[:_ORDINARY_ROWS]
    words = frozenset(
        entry for entry in first if len(entry) >= _SHORTEST_ORDINARY and entry.isalpha() and entry.islower()
    )
    return words if len(words) >= _FEWEST_ORDINARY else frozenset()
