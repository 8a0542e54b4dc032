"""A question understood to ranked passages.

Two retrievers propose candidates: dense (the best window of a passage) and lexical (BM25 over its words).
Late interaction reads them closely: each token of the question is met by the best token of the passage, and
rare tokens count more (MaxSim: Khattab and Zaharia, "ColBERT", SIGIR 2020). The
score is a mixture of the three.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from qa.errors import QuestionError
from qa.index import Index
from qa.retrieve.words import (
    CANDIDATES,
    EXPANSION_WEIGHT,
    LEXICAL_WEIGHT,
    WORDS,
    Worded,
    among_which,
    best_first,
    by_words,
    let_each_report_be_heard,
    matched,
    matching,
    named_parts,
    within,
    worded,
)
from qa.types import Candidate, Encoder, Explanation, Query, Span, Tokens
from qa.vectors import Comparison

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qa.types import Vectors

MODES = (WORDS, "bm25", "dense", "hybrid", "full")
"""Rankings to ask for: that by words; to compare with, one retriever alone and the two fused; and the mixture
with late interaction."""

_WINDOWS_A_PASSAGE = 8
"""How many windows are looked at for each candidate: a passage is found by its best one."""

_FUSION_K = 60
"""Constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009), as published."""

_DENSE_WEIGHT = 0.25
_RARITY_POWER = 0.5
"""These two: best on the whole over the Rutland questions and four public sets (see docs/retrieval.md)."""

_CONTEXT_WEIGHT = 0.5
"""Weight of the earlier question's tokens, for a question that leans on it."""

_CONTEXT_SHARE = 0.35
"""How much all of them may weigh at most, against all of the question's own."""


@dataclass(frozen=True, slots=True)
class _Other:
    """Another meaning of a typed phrase, and what it may add to a score."""

    phrase: str
    weight: float
    rows: Span
    rarity: Vectors


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question as the retrievers take it.

    `tokens` are the vectors of its own tokens, as many as `weights`, and then those of other meanings.
    """

    vector: Vectors
    tokens: Vectors
    weights: Vectors
    others: list[_Other]


class Retriever:
    """Ranks the passages of an index for a question."""

    def __init__(self, index: Index, encoder: Encoder) -> None:
        self._index = index
        self._encoder = encoder

    def retrieve(self, query: Query, *, limit: int, mode: str = "full") -> list[Candidate]:
        """Return the passages that match a question best, best first, equals in reading order.

        Parameters
        ----------
        query
            The question understood.
        limit
            The largest number of passages returned.
        mode
            One of `MODES`.

        Raises
        ------
        QuestionError
            If there is no such mode.
        """
        if mode not in MODES:
            raise QuestionError(f'There is no mode "{mode}"; there are {", ".join(MODES)}')
        store = self._index.store
        if mode == WORDS:
            return by_words(query, store, limit=limit)
        among = among_which(query, store)
        if among is not None and not among:
            return []
        searched = worded(query, store)
        asked = self._asked(searched)
        dense, lexical = self._dense(asked, among), matching(searched, store, among)
        if query.about:
            here = within(query.about, query, store, among)
            dense = best_first(dense, self._dense(asked, here))
            lexical = best_first(lexical, matching(searched, store, here))
        comparison = self._index.tokens.compare(asked.tokens, sorted({*dense, *lexical}))
        parts: dict[int, dict[str, float]] = {}
        if mode == "full":
            parts = self._mixture(query, asked, comparison, dense, lexical)
            ranked = {number: sum(each.values()) for number, each in parts.items()}
        else:
            rankings = {"bm25": [lexical], "dense": [dense], "hybrid": [dense, lexical]}[mode]
            ranked = rankings[0] if len(rankings) == 1 else dict(fuse([list(each) for each in rankings]))
        order = sorted(ranked, key=lambda number: (-ranked[number], number))
        if query.compares and mode == "full":
            order = let_each_report_be_heard(order, store.reports_of(order), query.favoured)
        chosen = order[:limit]
        passages = store.passages(chosen)
        best, likeness = self._best_sentences(asked, comparison, chosen)
        ranks = [{number: rank for rank, number in enumerate(each, start=1)} for each in (dense, lexical)]
        return [
            Candidate(
                passages[number],
                ranked[number],
                best.get(number, ()),
                Explanation(
                    meaning_rank=ranks[0].get(number),
                    words_rank=ranks[1].get(number),
                    parts=parts.get(number, {}),
                    matched=matched((*searched.words, *searched.other_words), passages[number]),
                ),
                tuple(likeness.get(number, ())),
            )
            for number in chosen
        ]

    def _asked(self, searched: Worded) -> _Asked:
        """Return a question as the model reads it."""
        text = searched.text
        meanings = [(phrase, meaning) for phrase, several in searched.phrases for meaning in several]
        whole, *meant = self._encoder.encode_questions([text, *(meaning for _, meaning in meanings)])
        asked = whole.tokens
        weights = self._index.tokens.rarity(asked.ids) ** _RARITY_POWER
        if searched.leant_on:
            earlier = asked.offsets[:, 1] <= searched.leant_on
            most = _CONTEXT_SHARE * float(weights[~earlier].sum()) / max(float(weights[earlier].sum()), 1e-9)
            weights = np.where(earlier, weights * min(_CONTEXT_WEIGHT, most), weights)
        weights = _shares(weights)
        others: list[_Other] = []
        first = len(asked.ids)
        for (phrase, _), each in zip(meanings, meant, strict=True):
            ids = each.tokens.ids
            weight = EXPANSION_WEIGHT * float(weights[_tokens_of(asked, text, phrase)].sum())
            rarity = _shares(self._index.tokens.rarity(ids) ** _RARITY_POWER)
            others.append(_Other(phrase, weight, Span(first, first + len(ids)), rarity))
            first += len(ids)
        return _Asked(
            vector=whole.vector,
            tokens=np.concatenate([asked.vectors, *(each.tokens.vectors for each in meant)]),
            weights=weights,
            others=others,
        )

    def _read_closely(
        self, asked: _Asked, comparison: Comparison, parts: Sequence[tuple[int, Span | None]], power: float
    ) -> Vectors:
        """Return how well each part meets the question, shape ``(len(parts),)``."""
        met = comparison.best_matches(parts)
        read = _shares(asked.weights**power) @ met[: len(asked.weights)]
        by_phrase: dict[str, Vectors] = {}
        for other in asked.others:
            added = other.weight * (other.rarity @ met[other.rows.start : other.rows.end])
            best = by_phrase.get(other.phrase)
            by_phrase[other.phrase] = added if best is None else np.maximum(best, added)
        return np.asarray(sum(by_phrase.values(), start=read), dtype=np.float32)

    def _dense(self, asked: _Asked, among: Sequence[int] | None) -> dict[int, float]:
        """Return passages by their best window, best first."""
        found = self._index.windows.search(asked.vector, among=among, limit=CANDIDATES * _WINDOWS_A_PASSAGE)
        return dict(found[:CANDIDATES])

    def _mixture(
        self,
        query: Query,
        asked: _Asked,
        comparison: Comparison,
        dense: dict[int, float],
        lexical: dict[int, float],
    ) -> dict[int, dict[str, float]]:
        """Return what each part adds to the score of each candidate."""
        numbers = sorted({*dense, *lexical})
        close = self._read_closely(asked, comparison, [(number, None) for number in numbers], 1)
        named = named_parts(query, self._index.store, numbers)
        lowest = min(dense.values(), default=0.0)
        return {
            number: {
                "close reading": float(read),
                "meaning": _DENSE_WEIGHT * dense.get(number, lowest),
                "words": LEXICAL_WEIGHT * lexical.get(number, 0.0),
            }
            | named[number]
            for number, read in zip(numbers, close, strict=True)
        }

    def _best_sentences(
        self, asked: _Asked, comparison: Comparison, numbers: Iterable[int]
    ) -> tuple[dict[int, tuple[Span, ...]], dict[int, list[tuple[Span, float]]]]:
        """Return for each passage the sentence that meets the question best, and the cosine of every one."""
        sentences = self._index.store.sentences_of(numbers)
        if not sentences:
            return {}, {}
        places = [(sentence.passage, sentence.tokens) for sentence in sentences]
        close = self._read_closely(asked, comparison, places, 2)
        whole = comparison.likeness(Span(0, len(asked.weights)), sentences).tolist()
        best: dict[int, tuple[float, Span]] = {}
        likeness: dict[int, list[tuple[Span, float]]] = {}
        for sentence, read, score in zip(sentences, close.tolist(), whole, strict=True):
            likeness.setdefault(sentence.passage, []).append((Span(sentence.start, sentence.end), score))
            total = read + _DENSE_WEIGHT * score
            if sentence.passage not in best or total > best[sentence.passage][0]:
                best[sentence.passage] = (total, Span(sentence.start, sentence.end))
        return {number: (span,) for number, (_, span) in best.items()}, likeness


def _shares(weights: Vectors) -> Vectors:
    """Return weights that sum to one."""
    return np.asarray(weights / max(float(weights.sum()), 1e-9), dtype=np.float32)


def _tokens_of(tokens: Tokens, text: str, phrase: str) -> NDArray[np.bool_]:
    """Return which tokens of a text stand in a phrase of it."""
    inside = np.zeros(len(tokens.ids), dtype=np.bool_)
    for match in re.finditer(re.escape(phrase), text, flags=re.IGNORECASE):
        inside |= (tokens.offsets[:, 0] >= match.start()) & (tokens.offsets[:, 1] <= match.end())
    return inside


def fuse(rankings: Iterable[Sequence[int]]) -> list[tuple[int, float]]:
    """Return the reciprocal rank fusion of several rankings: passages with scores, equals in order."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, number in enumerate(ranking, start=1):
            scores[number] = scores.get(number, 0.0) + 1 / (_FUSION_K + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))
