"""How an open index is asked: a question understood, ranked and answered; passages like one found."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

from qa.answer import case_of, make_answer
from qa.catalogue import Catalogue
from qa.cite import locator, plural
from qa.confidence import Calibration, Case, Verdict, find_calibration, judge
from qa.index import Index
from qa.query import understand
from qa.reranker import RERANKED, Reranker
from qa.retrieve import WORDS, Retriever, by_words
from qa.store import content_words
from qa.twins import REACH, fold_twins
from qa.types import Answer, Candidate, Encoder, Passage, Query, Span
from qa.vocabulary import Vocabulary, read_glossary

FULL = "full"
"""The mode that answers; the others are to compare with, but for that by words."""

_JUDGED = 10
"""How many passages are weighed to tell whether the question is answered."""

_SPARE = 10
"""How many passages are found beyond those shown, because some are shown as one."""

_BY_WORDS = "Found by their words alone; whether they answer was not judged."
_NO_WORDS = "No passage that was searched holds any of these words."
_ALIKE = "These speak of the same, by their words and meaning; nothing was judged."
_NONE_ALIKE = "No other passage that was searched speaks of the same."


class Asking:
    """Answers questions from an open index; several threads may ask at once.

    Parameters
    ----------
    index
        What is asked.
    load_encoder
        Loads the model, at the first question that needs it.
    glossary, calibration
        Files beside the reports; they need not exist.
    footnotes
        Gives the footnotes that a passage calls.
    """

    def __init__(
        self,
        index: Index,
        load_encoder: Callable[[], Encoder],
        *,
        glossary: Path,
        calibration: Path,
        footnotes: Callable[[Passage], tuple[Passage, ...]],
    ) -> None:
        self.catalogue = Catalogue(index.store.reports, index.store, content_words)
        self._index = index
        self._load_encoder = load_encoder
        self._glossary = glossary
        self._calibration_file = calibration
        self._footnotes = footnotes
        self._retriever: Retriever | None = None
        self._rerankers: dict[str, Reranker] = {}
        self._loading = threading.Lock()

    def prepare(self) -> Retriever:
        """Load the model if it is not loaded yet."""
        with self._loading:
            if self._retriever is None:
                encoder = self._load_encoder()
                encoder.encode_questions(["ready"])
                self._retriever = Retriever(self._index, encoder)
            return self._retriever

    def understood(
        self,
        question: str,
        *,
        history: Sequence[str] = (),
        reports: Sequence[str] | None = None,
        section: str | None = None,
        before: str | None = None,
        after: str | None = None,
    ) -> Query:
        """Tell what a question asks for; no model is used."""
        return understand(
            question,
            self.catalogue,
            vocabulary=self._vocabulary,
            history=history,
            reports=reports,
            section=section,
            before=before,
            after=after,
        )

    def reranker(self, model: str) -> Reranker:
        """Return a model to rerank with; it is kept, and loaded at its first use."""
        with self._loading:
            if model not in self._rerankers:
                self._rerankers[model] = Reranker(model)
            return self._rerankers[model]

    def answer(
        self, query: Query, *, k: int, mode: str, reranker: Reranker | None = None, seconds: float = 0.0
    ) -> Answer:
        """Answer a question that took so many seconds to understand; loading a model takes no time of it."""
        if query.located or mode == WORDS:
            started = time.perf_counter() - seconds
            if query.located:
                found, unjudged = [self._located(passage_id) for passage_id in query.located[:k]], None
            else:
                found = self._shown(k, lambda limit: by_words(query, self._index.store, limit=limit))[1]
                unjudged = _BY_WORDS if found else _NO_WORDS
            return self._made(query, found, started, unjudged=unjudged)
        self.prepare()
        if reranker is not None:
            with self._loading:
                reranker.load()
        started = time.perf_counter() - seconds
        found, shown = self._ranked(query, k, mode, reranker)
        verdict = judge(self._case(query, found), calibration=self._calibration)
        return self._made(query, shown, started, verdict=verdict)

    def like(self, passage: Passage, *, k: int, reports: Sequence[str] | None, section: str | None) -> Answer:
        """Find the passages that speak of the same as one, itself and its twins left out.

        Its words are asked as a question is. The vectors that are stored of it would not do: they stand for
        its report and headings too, and find what else is said there.
        """
        chosen = self.catalogue.known_reports(reports)
        self.catalogue.check_section(section)
        report = self._index.store.reports[passage.report]
        query = Query(
            question=f"Passages like {report.short_title}, {locator(passage)} [{passage.id}]",
            words=passage.shown,
            reports=None if chosen is None else tuple(chosen),
            section=section,
        )
        retriever = self.prepare()
        started = time.perf_counter()
        own = self._said(passage)
        _, shown = self._shown(
            k,
            lambda limit: retriever.retrieve(query, limit=limit),
            kept=lambda found: [each for each in found if not _are_twins(own, each)],
        )
        return self._made(query, shown, started, unjudged=_ALIKE if shown else _NONE_ALIKE)

    def case(self, query: Query) -> Case:
        """Return what is judged to tell whether what is found answers a question."""
        return self._case(query, self._ranked(query, _JUDGED, FULL, None)[0])

    def calibrated_anew(self) -> None:
        """Read the calibration again at the next question."""
        self.__dict__.pop("_calibration", None)

    @cached_property
    def _calibration(self) -> Calibration | None:
        manifest = self._index.manifest
        return find_calibration(manifest.model, manifest.model_sha256, self._calibration_file)

    @cached_property
    def _years(self) -> frozenset[int]:
        return self._index.store.years()

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        return self._index.vocabulary.with_glossary(read_glossary(self._glossary))

    def _case(self, query: Query, found: Sequence[Candidate]) -> Case:
        """Return what is judged: the same whatever number is shown."""
        store = self._index.store
        return case_of(query, found[:_JUDGED], store.reports, years=self._years, rarity=store.rarity)

    def _ranked(
        self, query: Query, k: int, mode: str, reranker: Reranker | None
    ) -> tuple[list[Candidate], list[Candidate]]:
        """Return the passages found, and those of them to show; the modes to compare with are left plain."""
        retriever = self.prepare()
        if mode != FULL:
            found = retriever.retrieve(query, limit=max(k, _JUDGED), mode=mode)
            return found, found[:k]
        return self._shown(
            k,
            lambda limit: retriever.retrieve(query, limit=limit, mode=mode),
            kept=lambda found: self._reranked(query, found, reranker),
        )

    def _shown(
        self,
        k: int,
        retrieve: Callable[[int], list[Candidate]],
        *,
        kept: Callable[[list[Candidate]], list[Candidate]] = lambda found: found,
    ) -> tuple[list[Candidate], list[Candidate]]:
        """Return the passages found, as many as it takes to show `k` of those kept, some of them as one."""
        limit = max(max(k, _JUDGED) + REACH + _SPARE, RERANKED)
        while True:
            found = retrieve(limit)
            shown = fold_twins(kept(found))
            folded = len(found) - len(shown)
            if len(found) < limit or k + folded + REACH <= limit:
                return found, shown[:k]
            limit *= 2

    def _reranked(self, query: Query, found: list[Candidate], reranker: Reranker | None) -> list[Candidate]:
        if reranker is None:
            return found
        from qa.build import frame_of

        reports = self._index.store.reports
        passages = [candidate.passage for candidate in found[:RERANKED]]
        texts = [frame_of(reports[passage.report], passage) + passage.shown for passage in passages]
        return reranker.rerank(f"{query.context or ''} {query.words}".strip(), found, texts)

    def _located(self, passage_id: str) -> Candidate:
        passage = self._index.store.passage(passage_id)
        assert passage is not None
        return Candidate(passage, 1.0)

    def _said(self, passage: Passage) -> Candidate:
        """Return a passage with its sentences, so that it can be told what says the same."""
        store = self._index.store
        number = store.first_number(passage.report) + passage.order
        spans = [Span(each.start, each.end) for each in store.sentences_of([number])]
        return Candidate(passage, 1.0, sentences=tuple((span, 1.0) for span in spans))

    def _made(
        self,
        query: Query,
        shown: Sequence[Candidate],
        started: float,
        *,
        verdict: Verdict | None = None,
        unjudged: str | None = None,
    ) -> Answer:
        store = self._index.store
        return make_answer(
            query,
            shown,
            store.reports,
            elapsed_ms=(time.perf_counter() - started) * 1000,
            verdict=verdict,
            unjudged=unjudged,
            searched=f"{plural(len(query.reports or store.reports), 'report')}, "
            f"{plural(store.count_ranked(query.reports, query.section), 'passage')}",
            footnotes=self._footnotes,
        )


def _are_twins(own: Candidate, other: Candidate) -> bool:
    """Whether two are the same passage, or one says nothing that the other does not say."""
    if own.passage.id == other.passage.id:
        return True
    return len(fold_twins([own, other])) == 1 or len(fold_twins([other, own])) == 1
