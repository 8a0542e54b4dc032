"""What a question is searched by, and a ranking by these words alone (BM25); no model is used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from qa.store import Store, content_words, words_of
from qa.types import Candidate, Explanation, Passage, Query, Sentence, Span

WORDS = "words"
"""The ranking by words alone, for an answer at once."""

CANDIDATES = 100
"""How many passages each retriever proposes."""

EXPANSION_WEIGHT = 0.3
"""Weight of other words for a typed word, against the typed word: an expansion never outweighs it."""

LEXICAL_WEIGHT = 0.3
"""Best on the whole over the Rutland questions and four public sets (see docs/retrieval.md)."""

FAVOUR = 0.06
"""What a passage gains that stands in a report the question names."""

ABOUT = 0.3
"""What a passage gains whose report is on an authority that the question names: as much as a good match has
before a poor one, so that others come first only where these do not speak of the thing."""

_STEM = 5
_HEARD = 5
"""How many of the first passages a comparison shares among the reports."""


@dataclass(frozen=True, slots=True)
class Worded:
    """What a question is searched by.

    Attributes
    ----------
    text
        The earlier question it leans on, if any, and its own words.
    leant_on
        How many characters of the text are the earlier question's.
    phrases
        Phrases of the text that are kept beside what else they mean.
    words
        Words that a passage may be found by.
    other_words
        Words of the other meanings that are not in the text.
    """

    text: str
    leant_on: int
    phrases: tuple[tuple[str, tuple[str, ...]], ...]
    words: tuple[str, ...]
    other_words: tuple[str, ...] = ()


def worded(query: Query, store: Store) -> Worded:
    """Return what a question is searched by.

    What stands in no report as it was typed ("kids in care") is replaced by what it means; what does is
    kept, and its other meanings count beside it, none more than the typed words.
    """
    context, words = query.context or "", query.words
    beside: dict[str, list[str]] = {}
    for expansion in query.expansions:
        typed, meaning = expansion.typed, expansion.meaning
        if typed in beside or store.holds_phrase(typed):
            beside.setdefault(typed, []).append(meaning)
        else:
            context, words = (replace_phrase(text, typed, meaning) for text in (context, words))
            beside[meaning] = beside[typed] = []
    context, words = (without_names(text, query.authorities) for text in (context, words))
    text = f"{context} {words}".strip()
    phrases = tuple((phrase, tuple(meanings)) for phrase, meanings in beside.items() if meanings)
    own = content_words(text)
    others = content_words(" ".join(meaning for _, meanings in phrases for meaning in meanings))
    return Worded(
        text,
        len(context),
        phrases,
        words=tuple(own),
        other_words=tuple(word for word in others if word not in own),
    )


def by_words(query: Query, store: Store, *, limit: int) -> list[Candidate]:
    """Return the passages that match a question's words best, best first, equals in reading order.

    Of each, the sentence is marked that holds most of the words, rare ones counting more. The sentences of
    these candidates have no cosine: it stands as 0.

    Parameters
    ----------
    query
        The question understood.
    store
        Where the passages are.
    limit
        The largest number of passages returned.
    """
    among = among_which(query, store)
    if among is not None and not among:
        return []
    asked = worded(query, store)
    found = matching(asked, store, among)
    if query.about:
        found = best_first(found, matching(asked, store, within(query.about, query, store, among)))
    named = named_parts(query, store, found)
    parts = {number: {"words": LEXICAL_WEIGHT * score} | named[number] for number, score in found.items()}
    ranked = {number: sum(each.values()) for number, each in parts.items()}
    order = sorted(ranked, key=lambda number: (-ranked[number], number))
    if query.compares:
        order = let_each_report_be_heard(order, store.reports_of(order), query.favoured)
    chosen = order[:limit]
    ranks = {number: rank for rank, number in enumerate(found, start=1)}
    spotted = _Spotted(asked, store)
    passages, sentences = store.passages(chosen), _by_passage(store.sentences_of(chosen))
    candidates = []
    for number in chosen:
        passage, spans = passages[number], sentences.get(number, [])
        why = Explanation(None, ranks[number], parts[number], spotted.words_in(passage))
        marked = spotted.sentence_with_most(passage, spans)
        candidates.append(
            Candidate(passage, ranked[number], marked, why, tuple((span, 0.0) for span in spans))
        )
    return candidates


def among_which(query: Query, store: Store) -> list[int] | None:
    """Return the numbers of the only passages that may be returned, or none for all."""
    if query.reports is None and query.section is None and not query.phrases:
        return None
    among = store.ranked_numbers(reports=query.reports, section=query.section)
    if query.phrases:
        passages = store.passages(among)
        among = [number for number in among if holds_phrases(passages[number].shown, query.phrases)]
    return among


def within(reports: Sequence[str], query: Query, store: Store, among: Sequence[int] | None) -> Sequence[int]:
    """Return the numbers of those of the passages that stand in some reports.

    Of a thing that every report speaks of, the first hundred passages may all be in others.
    """
    here = store.ranked_numbers(reports=reports, section=query.section)
    return here if among is None else sorted(set(here) & set(among))


def matching(asked: Worded, store: Store, among: Sequence[int] | None) -> dict[int, float]:
    """Return passages by BM25 as a share of the highest score the words can reach, best first."""
    found: dict[int, float] = {}
    highest = max(store.highest_score(asked.words), 1e-9)
    for words, weight in ((asked.words, 1.0), (asked.other_words, EXPANSION_WEIGHT)):
        for number, score in store.search_words(words, among=among, limit=CANDIDATES):
            found[number] = found.get(number, 0.0) + weight * score / highest
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0]))[:CANDIDATES])


def named_parts(query: Query, store: Store, numbers: Iterable[int]) -> dict[int, dict[str, float]]:
    """Return what passages gain by standing in a report, or on an authority, that the question names."""
    favoured, about = frozenset(query.favoured), frozenset(query.about)
    numbers = list(numbers)
    owners = store.reports_of(numbers) if favoured or about else {}
    return {
        number: {
            "report named": FAVOUR if owners.get(number) in favoured else 0.0,
            "authority named": ABOUT if owners.get(number) in about else 0.0,
        }
        for number in numbers
    }


def best_first(one: Mapping[int, float], other: Mapping[int, float]) -> dict[int, float]:
    """Return the scores of passages from two searches, best first."""
    return dict(sorted({**one, **other}.items(), key=lambda item: (-item[1], item[0])))


def matched(words: Sequence[str], passage: Passage) -> tuple[str, ...]:
    """Return the words that stand in a passage or its headings with the same beginning."""
    held = _beginnings(" ".join([passage.shown, *passage.section]))
    return tuple(word for word in words if word[:_STEM] in held)


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


def holds_phrases(text: str, phrases: Sequence[str]) -> bool:
    """Whether a text holds every phrase literally, white space, case and sort of quotation mark aside."""
    folded = _literal(text)
    return all(_literal(phrase) in folded for phrase in phrases)


class _Spotted:
    """Where the words of a question stand in passages: words with the same beginning are the same."""

    def __init__(self, asked: Worded, store: Store) -> None:
        self._words = (*asked.words, *asked.other_words)
        self._weights: dict[str, float] = {}
        for words, weight in ((asked.words, 1.0), (asked.other_words, EXPANSION_WEIGHT)):
            for word in words:
                known = self._weights.get(word[:_STEM], 0.0)
                self._weights[word[:_STEM]] = max(known, weight * store.rarity(word))

    def words_in(self, passage: Passage) -> tuple[str, ...]:
        """Return the words that stand in a passage or its headings."""
        held = {beginning for _, beginning in self._found(" ".join([passage.shown, *passage.section]))}
        return tuple(word for word in self._words if word[:_STEM] in held)

    def sentence_with_most(self, passage: Passage, sentences: Sequence[Span]) -> tuple[Span, ...]:
        """Return the first of the sentences that hold most of the words, rare ones counting more."""
        if passage.reading is not None:
            return tuple(sentences[:1]) if any(self._found(passage.reading)) else ()
        found = list(self._found(passage.text))
        best: tuple[Span, ...] = ()
        most = 0.0
        for span in sentences:
            held = {beginning for place, beginning in found if span.start <= place < span.end}
            total = sum(self._weights[beginning] for beginning in sorted(held))
            if total > most:
                best, most = (span,), total
        return best

    def _found(self, text: str) -> Iterator[tuple[int, str]]:
        """Yield the beginnings that stand in a text, each with its place."""
        lower = text.lower()
        if len(lower) != len(text):
            # A letter that becomes two in lower case is left, so that places are those of the text.
            lower = "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)
        for beginning in self._weights:
            place = lower.find(beginning)
            while place >= 0:
                end = place + len(beginning)
                # A shorter one is a whole word.
                inside = place > 0 and lower[place - 1].isalnum()
                goes_on = len(beginning) < _STEM and lower[end : end + 1].isalnum()
                if not inside and not goes_on:
                    yield place, beginning
                place = lower.find(beginning, end)


def _by_passage(sentences: Iterable[Sentence]) -> dict[int, list[Span]]:
    found: dict[int, list[Span]] = {}
    for each in sentences:
        found.setdefault(each.passage, []).append(Span(each.start, each.end))
    return found


@lru_cache(maxsize=4_096)
def _beginnings(text: str) -> frozenset[str]:
    return frozenset(word[:_STEM] for word in words_of(text))


def _literal(text: str) -> str:
    return " ".join(text.replace("’", "'").replace("‘", "'").split()).casefold()
