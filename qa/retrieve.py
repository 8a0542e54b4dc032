"""A question understood to ranked passages.

Two retrievers propose candidates: dense (the best window of a passage) and lexical (BM25 over its words).
Late interaction reads them closely: each token of the question is met by the best token of the passage, and
rare tokens count more (MaxSim: Khattab and Zaharia, "ColBERT", SIGIR 2020). The
score is a mixture of the three.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from qa.errors import QuestionError
from qa.index import Index
from qa.store import content_words, words_of
from qa.types import Candidate, Encoder, Explanation, Passage, Query, Span, Tokens
from qa.vectors import Comparison

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qa.types import Vectors

MODES = ("bm25", "dense", "hybrid", "full")
"""Rankings to ask for: one retriever alone, the two fused, and the mixture with late interaction."""

_CANDIDATES = 100
"""How many passages each retriever proposes."""

_WINDOWS_A_PASSAGE = 8
"""How many windows are looked at for each candidate: a passage is found by its best one."""

_FUSION_K = 60
"""Constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009), as published."""

_DENSE_WEIGHT = 0.25
_LEXICAL_WEIGHT = 0.3
_RARITY_POWER = 0.5
"""These three: best on the whole over the Rutland questions and four public sets (see docs/retrieval.md)."""

_CONTEXT_WEIGHT = 0.5
"""Weight of the earlier question's tokens, for a question that leans on it."""

_CONTEXT_SHARE = 0.35
"""How much all of them may weigh at most, against all of the question's own."""

_EXPANSION_WEIGHT = 0.3
"""Weight of other words for a typed word, against the typed word: an expansion never outweighs it."""

_FAVOUR = 0.06
"""What a passage gains that stands in a report the question names."""

_ABOUT = 0.3
"""What a passage gains whose report is on an authority that the question names: as much as a good match has
before a poor one, so that others come first only where these do not speak of the thing."""

_STEM = 5
_HEARD = 5
"""How many of the first passages a comparison shares among the reports."""


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
    words: list[str]
    other_words: list[str]
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
        among = self._among(query)
        if among is not None and not among:
            return []
        asked = self._asked(query)
        dense, lexical = self._dense(asked, among), self._lexical(asked, among)
        if query.about:
            # Of a thing that every report speaks of, the first hundred passages may all be elsewhere.
            here = self._index.store.ranked_numbers(reports=query.about, section=query.section)
            here = here if among is None else sorted(set(here) & set(among))
            dense = _together(dense, self._dense(asked, here))
            lexical = _together(lexical, self._lexical(asked, here))
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
            order = let_each_report_be_heard(order, self._index.store.reports_of(order), query.favoured)
        chosen = order[:limit]
        passages = self._index.store.passages(chosen)
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
                    matched=_matched(asked.words + asked.other_words, passages[number]),
                ),
                tuple(likeness.get(number, ())),
            )
            for number in chosen
        ]

    def _among(self, query: Query) -> list[int] | None:
        """Return the only passages that may be returned, or none for all."""
        if query.reports is None and query.section is None and not query.phrases:
            return None
        among = self._index.store.ranked_numbers(reports=query.reports, section=query.section)
        if query.phrases:
            passages = self._index.store.passages(among)
            among = [number for number in among if holds_phrases(passages[number].shown, query.phrases)]
        return among

    def _asked(self, query: Query) -> _Asked:
        """Return a question as the retrievers take it.

        What stands in no report as it was typed ("kids in care") is replaced by what it means; what does is
        kept, and its other meanings count beside it, none more than the typed words.
        """
        context, words = query.context or "", query.words
        beside: dict[str, list[str]] = {}
        for expansion in query.expansions:
            typed, meaning = expansion.typed, expansion.meaning
            if typed in beside or self._index.store.holds_phrase(typed):
                beside.setdefault(typed, []).append(meaning)
            else:
                context, words = (replace_phrase(text, typed, meaning) for text in (context, words))
                beside[meaning] = beside[typed] = []
        context, words = (without_names(text, query.authorities) for text in (context, words))
        text = f"{context} {words}".strip()
        phrases = [(phrase, meanings) for phrase, meanings in beside.items() if meanings]
        meanings = [meaning for _, each in phrases for meaning in each]
        whole, *meant = self._encoder.encode_questions([text, *meanings])
        asked = whole.tokens
        weights = self._index.tokens.rarity(asked.ids) ** _RARITY_POWER
        if context:
            earlier = asked.offsets[:, 1] <= len(context)
            most = _CONTEXT_SHARE * float(weights[~earlier].sum()) / max(float(weights[earlier].sum()), 1e-9)
            weights = np.where(earlier, weights * min(_CONTEXT_WEIGHT, most), weights)
        weights = _shares(weights)
        others: list[_Other] = []
        first = len(asked.ids)
        for (phrase, _), each in zip(
            [(phrase, meaning) for phrase, several in phrases for meaning in several], meant, strict=True
        ):
            ids = each.tokens.ids
            weight = _EXPANSION_WEIGHT * float(weights[_tokens_of(asked, text, phrase)].sum())
            rarity = _shares(self._index.tokens.rarity(ids) ** _RARITY_POWER)
            others.append(_Other(phrase, weight, Span(first, first + len(ids)), rarity))
            first += len(ids)
        return _Asked(
            vector=whole.vector,
            words=content_words(text),
            other_words=[
                word for word in content_words(" ".join(meanings)) if word not in content_words(text)
            ],
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
        found = self._index.windows.search(asked.vector, among=among, limit=_CANDIDATES * _WINDOWS_A_PASSAGE)
        return dict(found[:_CANDIDATES])

    def _lexical(self, asked: _Asked, among: Sequence[int] | None) -> dict[int, float]:
        """Return passages by BM25 as a share of the highest score the words can reach, best first."""
        store = self._index.store
        found: dict[int, float] = {}
        highest = max(store.highest_score(asked.words), 1e-9)
        for words, weight in ((asked.words, 1.0), (asked.other_words, _EXPANSION_WEIGHT)):
            for number, score in store.search_words(words, among=among, limit=_CANDIDATES):
                found[number] = found.get(number, 0.0) + weight * score / highest
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0]))[:_CANDIDATES])

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
        favoured = frozenset(query.favoured)
        about = frozenset(query.about)
        owners = self._index.store.reports_of(numbers) if favoured or about else {}
        lowest = min(dense.values(), default=0.0)
        return {
            number: {
                "close reading": float(read),
                "meaning": _DENSE_WEIGHT * dense.get(number, lowest),
                "words": _LEXICAL_WEIGHT * lexical.get(number, 0.0),
                "report named": _FAVOUR if owners.get(number) in favoured else 0.0,
                "authority named": _ABOUT if owners.get(number) in about else 0.0,
            }
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


def _together(one: dict[int, float], other: dict[int, float]) -> dict[int, float]:
    """Return scores of passages, best first."""
    return dict(sorted({**one, **other}.items(), key=lambda item: (-item[1], item[0])))


def _shares(weights: Vectors) -> Vectors:
    """Return weights that sum to one."""
    return np.asarray(weights / max(float(weights.sum()), 1e-9), dtype=np.float32)


def let_each_report_be_heard(
    order: Sequence[int], owners: Mapping[int, str], favoured: Sequence[str]
) -> list[int]:
    """Move the best passage of each report that is compared among the first, the order otherwise kept.

    `owners` names the report of each passage; none `favoured`: all of them are compared.
    """
    heard = {owners[number] for number in order[:_HEARD]}
    compared = favoured or tuple(dict.fromkeys(owners[number] for number in order))
    missing = [report for report in compared if report not in heard][: _HEARD - 1]
    moved = [next((n for n in order if owners[n] == report), None) for report in missing]
    late = [number for number in moved if number is not None]
    kept = [number for number in order if number not in late]
    return kept[: _HEARD - len(late)] + late + kept[_HEARD - len(late) :]


def replace_phrase(text: str, phrase: str, meaning: str) -> str:
    """Return a text with a phrase replaced wherever it stands as whole words, letter case aside."""
    return re.sub(rf"(?<!\w){re.escape(phrase)}(?!\w)", lambda _: meaning, text, flags=re.IGNORECASE)


def without_names(text: str, names: Sequence[str]) -> str:
    """Return a text without some names and the small word before each; as it is if nothing else is left."""
    rest = text
    for name in names:
        rest = re.sub(
            rf"(?:\b(?:in|of|by|for|at|from) (?:the )?)?(?<!\w){re.escape(name)}(?:['’]s)?(?!\w)",
            "",
            rest,
            flags=re.IGNORECASE,
        )
    return re.sub(r"\s+(?=[?!.,;:]|$)", "", " ".join(rest.split())) if content_words(rest) else text


def _tokens_of(tokens: Tokens, text: str, phrase: str) -> NDArray[np.bool_]:
    """Return which tokens of a text stand in a phrase of it."""
    inside = np.zeros(len(tokens.ids), dtype=np.bool_)
    for match in re.finditer(re.escape(phrase), text, flags=re.IGNORECASE):
        inside |= (tokens.offsets[:, 0] >= match.start()) & (tokens.offsets[:, 1] <= match.end())
    return inside


def _matched(words: Sequence[str], passage: Passage) -> tuple[str, ...]:
    """Return the words that stand in a passage or its headings with the same beginning."""
    held = _beginnings(" ".join([passage.shown, *passage.section]))
    return tuple(word for word in words if word[:_STEM] in held)


@lru_cache(maxsize=4_096)
def _beginnings(text: str) -> frozenset[str]:
    return frozenset(word[:_STEM] for word in words_of(text))


def holds_phrases(text: str, phrases: Sequence[str]) -> bool:
    """Whether a text holds every phrase literally, white space, case and sort of quotation mark aside."""
    folded = _literal(text)
    return all(_literal(phrase) in folded for phrase in phrases)


def _literal(text: str) -> str:
    return " ".join(text.replace("’", "'").replace("‘", "'").split()).casefold()


def fuse(rankings: Iterable[Sequence[int]]) -> list[tuple[int, float]]:
    """Return the reciprocal rank fusion of several rankings: passages with scores, equals in order."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, number in enumerate(ranking, start=1):
            scores[number] = scores.get(number, 0.0) + 1 / (_FUSION_K + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))
