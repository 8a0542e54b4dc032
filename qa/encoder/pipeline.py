"""What a model does with the states of its transformer: pooling, dense layers, unit length.

In NumPy, from plain values that are stored beside an exported transformer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

import numpy as np

if TYPE_CHECKING:
    from qa.types import Offsets, Vectors

Pooling = Literal["mean", "cls", "lasttoken", "own"]
POOLINGS: tuple[Pooling, ...] = ("mean", "cls", "lasttoken")
"""Poolings that are done here; ``"own"`` is what only the model itself can do."""


class Transformer(Protocol):
    """What turns text into token states, one a token; two of these exist, for ONNX Runtime and PyTorch."""

    @property
    def pipeline(self) -> Pipeline:
        """What is done with its states, and how much it reads."""

    def tokenize(self, texts: Sequence[str]) -> list[tuple[list[int], Offsets]]:
        """Token ids of each whole text and the characters each stands for, special tokens left out."""

    def states(self, sequences: Sequence[Sequence[int]], *, quick: bool) -> list[Vectors]:
        """States of sequences of ids, special ones among them, each of shape ``(len(sequence), width)``.

        With `quick` weights of 8 bits may be used, where there are some.
        """

    def embed(self, texts: Sequence[str], *, prompt: str) -> Vectors:
        """Vectors of texts by the model's own pooling; used only where `pipeline` cannot pool."""


@dataclass(frozen=True, slots=True)
class Dense:
    """A linear layer: `weight` has shape ``(out, in)``, `bias` ``(out,)``; `tanh` follows or nothing."""

    weight: Vectors
    bias: Vectors
    tanh: bool


@dataclass(frozen=True, slots=True)
class Pipeline:
    """How states become vectors, and how much a model reads.

    Attributes
    ----------
    pooling
        How states become one vector.
    pools_prompt
        Whether the prompt's states are pooled with the text's.
    dimension
        The length of a text's vector.
    max_tokens
        How many tokens the model was made to embed at once, special ones counted.
    positions
        How many tokens the transformer can read at once, special ones counted.
    prefix, suffix
        Ids of the special tokens before and after a text.
    query_prompt, document_prompt
        Words put before a question and before a passage.
    ordinary_words
        Words of general English that the tokenizer knows whole.
    dense
        Layers after pooling.
    """

    pooling: Pooling
    pools_prompt: bool
    dimension: int
    max_tokens: int
    positions: int
    prefix: tuple[int, ...]
    suffix: tuple[int, ...]
    query_prompt: str
    document_prompt: str
    ordinary_words: tuple[str, ...]
    dense: tuple[Dense, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values but for the dense layers, which are arrays."""
        return {name: value for name, value in asdict(self).items() if name != "dense"}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], dense: Sequence[Dense] = ()) -> Self:
        """Return the pipeline that `to_dict` gave.

        Raises
        ------
        TypeError
            If values are missing or there are others.
        """
        tuples = {name: tuple(each) for name, each in values.items() if isinstance(each, list)}
        return cls(**{**values, **tuples}, dense=tuple(dense))

    @property
    def room(self) -> int:
        """How many tokens can be read at once, special ones not counted."""
        return self.positions - len(self.prefix) - len(self.suffix)

    def wrapped(self, ids: Sequence[int]) -> list[int]:
        """Return token ids between the special ones."""
        return [*self.prefix, *ids, *self.suffix]

    def pool(self, states: Vectors, *, prompted: int = 0) -> Vectors:
        """Return the vector of a text.

        Parameters
        ----------
        states
            Of all its tokens, special ones among them, shape ``(length, width)``.
        prompted
            How many of them, after the first special ones, stand for a prompt.
        """
        if prompted and not self.pools_prompt:
            states = states[len(self.prefix) + prompted :]
        if self.pooling == "mean":
            return self.mean(states)
        return self._finished(states[0] if self.pooling == "cls" else states[-1])

    def mean(self, states: Vectors) -> Vectors:
        """Return the vector in the middle of states, shape ``(count, width)``; of none a zero vector."""
        return self._finished(states.sum(axis=0) / max(len(states), 1))

    def _finished(self, pooled: Vectors) -> Vectors:
        for layer in self.dense:
            pooled = layer.weight @ pooled + layer.bias
            pooled = np.tanh(pooled) if layer.tanh else pooled
        return unit(pooled)


def unit(vectors: Vectors) -> Vectors:
    """Return vectors, the last axis, at unit length."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)
