"""Question to ranked passages.

Two retrievers propose candidates, dense (the best window of a passage) and lexical (BM25 over its words), and
reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009) makes one list of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from qa.index import Index
from qa.store import content_words
from qa.types import Candidate, Encoder, Span

if TYPE_CHECKING:
    from qa.types import Vectors

_CANDIDATES = 100
"""How many passages each retriever proposes."""

_WINDOWS_A_PASSAGE = 8
"""How many windows are looked at for each candidate: a passage is found by its best one."""

_FUSION_K = 60
"""Constant of reciprocal rank fusion, as published."""


class Retriever:
    """Ranks the passages of an index for a question."""

    def __init__(self, index: Index, encoder: Encoder) -> None:
        self._index = index
        self._encoder = encoder

    def retrieve(
        self,
        question: str,
        *,
        limit: int,
        history: Sequence[str] = (),
        reports: Sequence[str] | None = None,
        section: str | None = None,
    ) -> list[Candidate]:
        """Return the passages that match a question best, best first, equals in reading order.

        Parameters
        ----------
        question
            What is asked, in words.
        limit
            The largest number of passages returned.
        history
            Earlier questions of the conversation, oldest first; the last one is searched with as context.
        reports
            Ids of the reports to search; none for all.
        section
            Words of a heading the passages must stand under; none for any.
        """
        among = self._among(reports, section)
        query = self._encoder.encode_query(question)
        rankings = [self._dense(query, among), self._lexical(question, among)]
        if history:
            in_context = f"{history[-1]} {question}"
            rankings += [
                self._dense(self._encoder.encode_query(in_context), among),
                self._lexical(in_context, among),
            ]
        fused = fuse(rankings)[:limit]
        passages = self._index.store.passages(number for number, _ in fused)
        best = self._best_sentences(query, passages)
        return [Candidate(passages[number], score, best.get(number, ())) for number, score in fused]

    def _among(self, reports: Sequence[str] | None, section: str | None) -> list[int] | None:
        if reports is None and section is None:
            return None
        return self._index.store.ranked_numbers(reports=reports, section=section)

    def _dense(self, query: Vectors, among: Sequence[int] | None) -> list[int]:
        """Return passages by their best window."""
        positions = None if among is None else self._index.store.window_positions(among)
        found = self._index.windows.search(query, among=positions, limit=_CANDIDATES * _WINDOWS_A_PASSAGE)
        owners = self._index.store.window_owners([position for position, _ in found])
        return list(dict.fromkeys(owners[position] for position, _ in found))[:_CANDIDATES]

    def _lexical(self, question: str, among: Sequence[int] | None) -> list[int]:
        found = self._index.store.search_words(content_words(question), among=among, limit=_CANDIDATES)
        return [number for number, _ in found]

    def _best_sentences(self, query: Vectors, numbers: Iterable[int]) -> dict[int, tuple[Span, ...]]:
        """Return for each passage the sentence nearest to the question, the first among equals."""
        sentences = self._index.store.sentences_of(numbers)
        scores = self._index.sentences.scores(query, [position for position, _ in sentences])
        best: dict[int, tuple[float, Span]] = {}
        for (_, sentence), score in zip(sentences, scores, strict=True):
            if sentence.passage not in best or score > best[sentence.passage][0]:
                best[sentence.passage] = (score, Span(sentence.start, sentence.end))
        return {number: (span,) for number, (_, span) in best.items()}


def fuse(rankings: Iterable[Sequence[int]]) -> list[tuple[int, float]]:
    """Return the reciprocal rank fusion of several rankings: passages with scores, equals in order."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, number in enumerate(ranking, start=1):
            scores[number] = scores.get(number, 0.0) + 1 / (_FUSION_K + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))
