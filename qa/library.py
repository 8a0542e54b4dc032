"""The public face: a library of reports that can be asked. The only place that wires real parts together."""

from __future__ import annotations

import difflib
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Self

from qa.answer import case_of, make_answer
from qa.catalogue import Catalogue
from qa.cite import citation, listed, locator, plural
from qa.confidence import (
    CALIBRATION_FILE,
    Calibration,
    Case,
    Fit,
    calibrate,
    find_calibration,
    judge,
    read_calibrations,
    write_calibrations,
)
from qa.encoder import SentenceEncoder
from qa.errors import (
    EvaluationError,
    IndexStateError,
    ModelError,
    NotFoundError,
    QuestionError,
)
from qa.find import make_finding
from qa.index import Index, Manifest, stale_reasons
from qa.ingest.adding import add_reports
from qa.ingest.corpus import CORPUS_FOLDER as CORPUS_FOLDER
from qa.ingest.corpus import unreadable_files
from qa.ingest.metadata import READABLE
from qa.inspection import Inspection, inspect
from qa.query import complete, understand
from qa.questions import Question
from qa.reranker import RERANKED, Reranker
from qa.retrieve import Retriever
from qa.store import content_words
from qa.twins import REACH, fold_twins
from qa.types import (
    Answer,
    BuildReport,
    Candidate,
    CitedPassage,
    Encoder,
    Finding,
    Passage,
    Progress,
    ProgressCallback,
    Query,
    ReportOutline,
    ReportSummary,
)
from qa.vocabulary import GLOSSARY_FILE, Vocabulary, read_glossary

INDEX_FOLDER = "index"

LONGEST_QUESTION = 2_000
"""Characters in the longest question that is answered."""

_JUDGED = 10
"""How many passages are weighed to tell whether the question is answered."""

_SPARE = 10
"""How many passages are found beyond those shown, because some are shown as one."""

_FULL = "full"

MOST_PASSAGES = 1_000
"""The largest `k`."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_PARAGRAPH_WORD = re.compile(r"\b(?:para|paras|paragraph|paragraphs)\b\.?", re.IGNORECASE)


class Library:
    """Reports and their index in one folder, opened for questions.

    Open one with `Library.open`; make or renew its index with `Library.build`. Several threads may use it.
    """

    def __init__(
        self, path: Path, index: Index, load_encoder: Callable[[], Encoder], warnings: Sequence[str] = ()
    ) -> None:
        self._path = path
        self._index = index
        self._load_encoder = load_encoder
        self._warnings = tuple(warnings)
        self._built: BuildReport | None = None
        self._retriever: Retriever | None = None
        self._rerankers: dict[str, Reranker] = {}
        self._loading = threading.Lock()

    @classmethod
    def open(cls, path: str | Path = ".") -> Self:
        """Open the library in a folder that holds ``corpus/`` and ``index/``.

        The model is loaded at the first question, or by `prepare`.

        Raises
        ------
        IndexMissingError
            If it has no index yet.
        IndexStateError
            If the index is damaged or of another format.
        """
        folder = Path(path)
        index = Index.open(folder / INDEX_FOLDER)
        return cls(
            folder, index, lambda: _encoder_of(index.manifest), _stale_warnings(index.manifest, folder)
        )

    @classmethod
    def build(
        cls,
        path: str | Path = ".",
        *,
        model: str | None = None,
        download: bool = False,
        anew: bool = False,
        progress: ProgressCallback | None = None,
    ) -> Self:
        """Index the reports in a folder's ``corpus/`` and open the library.

        Of reports that have not changed, what the present index holds is taken over. A report that cannot be
        read is left out; `unread` and the warnings name it, and `built` tells what became of each file.

        Parameters
        ----------
        path
            The folder that holds ``corpus/``; ``index/`` is made in it.
        model
            Name or folder of a sentence-transformers model; none for the present index's, or the default.
        download
            Whether a model that is not on this machine may be fetched.
        anew
            Whether every report is read and encoded again.
        progress
            Called with a `Progress` now and then.

        Raises
        ------
        CorpusError
            If `corpus.toml` or none of the reports can be read.
        IndexStateError
            If the index cannot be written, or another process is building it.
        ModelError
            If the model cannot be found or loaded.
        """
        from qa.build import build_index  # a question needs nothing of it

        folder = Path(path)
        encoder = SentenceEncoder(model or _present_model(folder), download=download)
        built = build_index(
            folder / CORPUS_FOLDER, folder / INDEX_FOLDER, encoder, anew=anew, progress=progress
        )
        index = Index.open(folder / INDEX_FOLDER)
        unread = _unread(index.manifest, folder)
        library = cls(
            folder,
            index,
            lambda: encoder,
            [*unread, *built.warnings, *_skipped(folder), *encoder.warnings],
        )
        library._built = built
        return library

    @classmethod
    def build_from_passages(
        cls,
        reports: Iterable[ReportOutline],
        directory: str | Path,
        *,
        model: str | None = None,
        progress: ProgressCallback | None = None,
    ) -> Self:
        """Index passages that come from no report file, such as a public collection to measure with.

        An index of the same files, made with the same model, is used as it is.

        Parameters
        ----------
        reports
            Reports with their passages; ids must be unique.
        directory
            The index directory; made if missing.
        model, progress
            As in `build`.

        Raises
        ------
        IndexStateError
            If the index cannot be written.
        ModelError
            If the model cannot be found or loaded.
        """
        from qa.build import build_from_passages

        encoder = SentenceEncoder(model)
        build_from_passages(reports, Path(directory), encoder, progress=progress)
        return cls(Path(directory), Index.open(Path(directory)), lambda: encoder)

    @property
    def built(self) -> BuildReport | None:
        """What became of each file, in a library that `build` returned; else none."""
        return self._built

    @property
    def unread(self) -> tuple[str, ...]:
        """The reports that are not in the index because they cannot be read, and why, a sentence each."""
        return _unread(self._index.manifest, self._path)

    @property
    def identity(self) -> dict[str, str]:
        """What answers: this package's version, the model, and the build of the index."""
        manifest = self._index.manifest
        return {"version": manifest.version, "model": manifest.model, "index": manifest.build}

    @staticmethod
    def is_current(path: str | Path = ".", *, model: str | None = None) -> bool:
        """Whether a folder's index agrees with its corpus, and with a model if one is named."""
        folder = Path(path)
        try:
            manifest = Manifest.read(folder / INDEX_FOLDER)
            Index.open(folder / INDEX_FOLDER).close()
        except IndexStateError:
            return False
        try:
            if model is not None and SentenceEncoder(model).fingerprint != manifest.model_sha256:
                return False
        except ModelError:
            return False
        return not stale_reasons(manifest, folder / CORPUS_FOLDER)

    @staticmethod
    def add(
        path: str | Path,
        sources: Sequence[str | Path],
        *,
        on_failure: Callable[[str], None] | None = None,
    ) -> list[Path]:
        """Copy report files, or the reports in folders and the folders in them, into a library's ``corpus/``.

        They are copied, so that a library is whole in one folder and its citations stay true to its bytes.
        Two different files of one name from different folders are both kept, the second under a name with
        that of its folder before it. Hidden files are left out, and links to folders are not followed.

        Parameters
        ----------
        path
            The folder that holds ``corpus/``.
        sources
            Files and folders.
        on_failure
            Called with a sentence for each file that cannot be added; the others are. None to raise it.

        Returns
        -------
        list of Path
            The files in ``corpus/``, also those that were there already.

        Raises
        ------
        CorpusError
            If a file does not exist, cannot be read, or would take the place of a different one.
        """
        return add_reports(
            Path(path) / CORPUS_FOLDER, [Path(source) for source in sources], on_failure=on_failure
        )

    @staticmethod
    def inspect(given: str | Path, *, path: str | Path = ".") -> Inspection:
        """Read one file, or a report of the library in a folder, to see how it is read; needs no index.

        Parameters
        ----------
        given
            A file, or the id of a report.
        path
            The folder that holds ``corpus/``.

        Raises
        ------
        CorpusError
            If there is no such file, or it cannot be read.
        NotFoundError
            If there is no such report; the sentence lists those there are.
        """
        return inspect(given, library=Path(path))

    @property
    def path(self) -> Path:
        """The folder of the library."""
        return self._path

    @property
    def calibration_file(self) -> Path:
        """Where the library keeps calibrations of its own; it need not exist."""
        return self._path / CORPUS_FOLDER / CALIBRATION_FILE

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is not as it should be but does not stop an answer, such as a stale index."""
        return self._warnings

    def prepare(self) -> None:
        """Load the model now, so that the first question does not wait for it.

        Raises
        ------
        ModelError
            If the model the index was made with is not on this machine or does not load.
        IndexStateError
            If the index was made with other weights of it.
        """
        with self._loading:
            if self._retriever is None:
                encoder = self._load_encoder()
                encoder.encode_questions(["ready"])
                self._retriever = Retriever(self._index, encoder)

    def ask(
        self,
        question: str,
        *,
        k: int = 10,
        history: Sequence[str] = (),
        reports: Sequence[str] | None = None,
        section: str | None = None,
        before: str | None = None,
        after: str | None = None,
        mode: str = "full",
        rerank: str | None = None,
    ) -> Answer:
        """Answer a question with cited passages.

        Parameters
        ----------
        question
            In plain words, at most 2,000 characters; may hold filters (``report:ID``, ``section:"words"``,
            ``before:YEAR``, ``after:YEAR``), words in quotation marks that a passage must hold, or name a
            paragraph (``para 28``).
        k
            How many passages at most, 1 to 1,000.
        history
            Earlier questions of the conversation, oldest first; used if the question leans on the last one.
        reports
            Ids of the reports to search; none for all.
        section
            Words of a heading that the passages must stand under, such as ``"staying safe"``; none for any.
        before, after
            Years; only reports dated in an earlier, or a later, year are searched.
        mode
            How passages are ranked: ``"full"``, or for comparison ``"bm25"``, ``"dense"`` or ``"hybrid"``.
        rerank
            Folder or name of a cross-encoder that reads the first passages again and puts them in its order;
            none to leave them as they are. It is loaded at its first use and kept; nothing is fetched.

        Raises
        ------
        QuestionError
            If the question has no words or too many, a filter or the mode is unknown, `k` is out of range, or
            another mode than ``"full"`` is to be reranked.
        NotFoundError
            If a report, section or paragraph does not exist; the sentence lists those that do.
        CorpusError
            If `glossary.toml` or `calibration.json` beside the reports is damaged.
        ModelError, IndexStateError
            As in `prepare`, at the first question; also if the model to rerank with cannot be used.
        """
        _check_count(k)
        if rerank is not None and mode != _FULL:
            raise QuestionError(f'Only the mode "{_FULL}" is reranked, not "{mode}"; leave one of them out')
        reranker = None if rerank is None else self._reranker(rerank)
        started = time.perf_counter()
        query = self._understood(
            question, history=history, reports=reports, section=section, before=before, after=after
        )
        reports_by_id = self._index.store.reports
        verdict = None
        if query.located:
            candidates = [self._located(passage_id) for passage_id in query.located[:k]]
        else:
            loading = time.perf_counter()
            self.prepare()
            if reranker is not None:
                with self._loading:
                    reranker.load()
            started += time.perf_counter() - loading
            candidates, case = self._searched(query, k, mode=mode, reranker=reranker)
            verdict = judge(case, calibration=self._calibration)
        elapsed_ms = (time.perf_counter() - started) * 1000
        return make_answer(
            query,
            candidates,
            reports_by_id,
            elapsed_ms=elapsed_ms,
            verdict=verdict,
            searched=f"{plural(len(query.reports or reports_by_id), 'report')}, "
            f"{plural(self._index.store.count_ranked(query.reports, query.section), 'passage')}",
            footnotes=self._notes_of,
        )

    def complete(self, text: str) -> tuple[str, ...]:
        """Return what a question that is being typed may go on as: filters, and the values they can have."""
        return complete(text, self._catalogue)

    def find(
        self,
        query: str | Sequence[str],
        *,
        reports: Sequence[str] | None = None,
        section: str | None = None,
    ) -> Finding:
        """Return every passage that holds some words, in report order; needs no model.

        All passages are searched, also contents lists and notices, which answer no question; headings are
        not.

        Parameters
        ----------
        query
            Words, phrases, beginnings of words (``truan*``), AND, OR, NOT and brackets, as `qa.find`
            describes; or the pieces a shell parts them into, each a term of its own.
        reports
            Ids of the reports to search; none for all.
        section
            Words of a heading that the passages must stand under; none for any.

        Raises
        ------
        QuestionError
            If the search cannot be read; the sentence says why.
        NotFoundError
            If a report or section does not exist; the sentence lists those that do.
        """
        query = _well_formed(query) if isinstance(query, str) else [_well_formed(piece) for piece in query]
        chosen = self._catalogue.known_reports(reports)
        self._catalogue.check_section(section)
        store = self._index.store
        return make_finding(
            query,
            store.every_passage(reports=chosen, section=section),
            list(store.reports.values()) if chosen is None else [store.reports[name] for name in chosen],
            total=store.count(),
        )

    def show(self, passage_id: str, *, context: int = 0) -> tuple[CitedPassage, ...]:
        """Return a passage with the footnotes it calls, and its neighbours in the report if asked for.

        Parameters
        ----------
        passage_id
            An id (``"jar-2006:28"``) or its words (``"jar-2006 para 28"``, ``"jar-2006 annex 5"``).
        context
            How many passages before and after it.

        Raises
        ------
        NotFoundError
            If there is no such passage; the sentence says what there is.
        """
        if context < 0:
            raise QuestionError("The number of neighbours cannot be negative; give --context 0 or more")
        passage = self._resolve(_well_formed(passage_id))
        around = self._index.store.passages_of(passage.report)
        chosen = around[max(0, passage.order - context) : passage.order + context + 1]
        return tuple(self._cited(each, rank) for rank, each in enumerate(chosen, start=1))

    def section_of(self, passage: Passage) -> tuple[Passage, ...]:
        """Return the passages that stand under the same innermost heading, in reading order.

        Where a passage stands outside all sections, these are its neighbours outside all sections.
        """
        around = self._index.store.passages_of(passage.report)
        first = last = passage.order
        while first > 0 and around[first - 1].section == passage.section:
            first -= 1
        while last + 1 < len(around) and around[last + 1].section == passage.section:
            last += 1
        return tuple(around[first : last + 1])

    def reports(self) -> tuple[ReportSummary, ...]:
        """Return the reports in order, each with how many passages of each kind it has."""
        counts = self._index.store.counts()
        return tuple(
            ReportSummary(report, counts[report.id]) for report in self._index.store.reports.values()
        )

    def passages(self) -> Iterator[Passage]:
        """Yield every passage that can be ranked, in reading order."""
        for report_id in self._index.store.reports:
            yield from (each for each in self._index.store.passages_of(report_id) if each.kind.ranked)

    def calibrate(
        self,
        questions: Sequence[Question],
        *,
        path: Path | None = None,
        progress: ProgressCallback | None = None,
    ) -> Fit:
        """Fit to questions how sure an answer is with this library's model, and write it down.

        Questions that name a paragraph are not judged when they are asked, so they are left out here.

        Parameters
        ----------
        questions
            Answerable and unanswerable ones, at least ten of each.
        path
            The file the calibration is put into, in place of an earlier one of the same model; none for the
            library's own, which is used from then on.
        progress
            Called with a `Progress` after each question.

        Raises
        ------
        EvaluationError
            If a question cannot be asked, or there are too few of a sort.
        CorpusError
            If the file holds something else or cannot be written.
        ModelError, IndexStateError
            As in `prepare`.
        """
        path = path or self.calibration_file
        others = [each for each in read_calibrations(path) if not self._fits(each)]
        self.prepare()
        examples: list[tuple[Case, bool]] = []
        for number, question in enumerate(questions, start=1):
            try:
                query = self._understood(question.text, history=question.history)
            except QuestionError as error:
                raise EvaluationError(f"Question {question.id} cannot be asked: {error}") from error
            if not query.located:
                examples.append((self._searched(query, _JUDGED)[1], question.answerable))
            if progress is not None:
                progress(Progress("asking", number, len(questions)))
        manifest = self._index.manifest
        found = calibrate(
            examples,
            model=manifest.model,
            fingerprint=manifest.model_sha256,
            date=datetime.now(UTC).date().isoformat(),
        )
        write_calibrations(path, [*others, found.calibration])
        self.__dict__.pop("_calibration", None)
        return found

    def close(self) -> None:
        """Close the index."""
        self._index.close()

    def _understood(
        self,
        question: str,
        *,
        history: Sequence[str] = (),
        reports: Sequence[str] | None = None,
        section: str | None = None,
        before: str | None = None,
        after: str | None = None,
    ) -> Query:
        question = _well_formed(question)
        _check_question(question)
        return understand(
            question,
            self._catalogue,
            vocabulary=self._vocabulary,
            history=[_well_formed(earlier) for earlier in history],
            reports=reports,
            section=section,
            before=before,
            after=after,
        )

    def _searched(
        self, query: Query, k: int, *, mode: str = _FULL, reranker: Reranker | None = None
    ) -> tuple[list[Candidate], Case]:
        """Return the passages to show, and what is judged: the same whatever number is shown."""
        found, shown = self._ranked(query, k, mode, reranker)
        store = self._index.store
        case = case_of(query, found[:_JUDGED], store.reports, years=self._years, rarity=store.rarity)
        return shown, case

    @cached_property
    def _calibration(self) -> Calibration | None:
        manifest = self._index.manifest
        return find_calibration(manifest.model, manifest.model_sha256, self.calibration_file)

    def _fits(self, calibration: Calibration) -> bool:
        manifest = self._index.manifest
        return (calibration.model, calibration.fingerprint) == (manifest.model, manifest.model_sha256)

    @cached_property
    def _catalogue(self) -> Catalogue:
        store = self._index.store
        return Catalogue(store.reports, store, content_words)

    @cached_property
    def _years(self) -> frozenset[int]:
        return self._index.store.years()

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        return self._index.vocabulary.with_glossary(read_glossary(self._path / CORPUS_FOLDER / GLOSSARY_FILE))

    def _reranker(self, model: str) -> Reranker:
        with self._loading:
            if model not in self._rerankers:
                self._rerankers[model] = Reranker(model)
            return self._rerankers[model]

    def _ranked(
        self, query: Query, k: int, mode: str, reranker: Reranker | None
    ) -> tuple[list[Candidate], list[Candidate]]:
        """Return the passages found, and those of them to show; the modes to compare with are left plain."""
        assert self._retriever is not None
        limit = max(k, _JUDGED)
        if mode != _FULL:
            found = self._retriever.retrieve(query, limit=limit, mode=mode)
            return found, found[:k]
        limit = max(limit + REACH + _SPARE, RERANKED)
        while True:
            found = self._retriever.retrieve(query, limit=limit, mode=mode)
            shown = fold_twins(self._reranked(query, found, reranker))
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

    def _cited(self, passage: Passage, rank: int) -> CitedPassage:
        report = self._index.store.reports[passage.report]
        return CitedPassage(
            rank=rank,
            passage=passage,
            report=report,
            locator=locator(passage),
            citation=citation(passage, report),
            highlights=(),
            score=0.0,
            notes=self._notes_of(passage),
        )

    def _notes_of(self, passage: Passage) -> tuple[Passage, ...]:
        found = (self._index.store.passage(note) for note in passage.notes)
        return tuple(note for note in found if note is not None)

    def _resolve(self, wanted: str) -> Passage:
        exact = self._index.store.passage(wanted.strip())
        if exact is not None:
            return exact
        report_id, _, rest = wanted.strip().replace(":", " ", 1).partition(" ")
        report_id = report_id.removesuffix(",")
        self._catalogue.known_reports([report_id])
        local = ".".join(_PARAGRAPH_WORD.sub(" ", rest).replace(",", " ").split())
        found = self._index.store.passage(f"{report_id}:{local.casefold()}")
        if found is None:
            raise self._no_such_passage(report_id, wanted)
        return found

    def _no_such_passage(self, report_id: str, wanted: str) -> NotFoundError:
        passages = self._index.store.passages_of(report_id)
        numbers = [passage.id for passage in passages if passage.number is not None]
        hints = [f"its numbered paragraphs are {numbers[0]} to {numbers[-1]}"] if numbers else []
        near = difflib.get_close_matches(wanted, [passage.id for passage in passages], n=3, cutoff=0.6)
        hints += [f"ids like it are {listed(near)}"] if near else []
        hints = hints or [f"its passages are {listed(passage.id for passage in passages)}"]
        return NotFoundError(f'{report_id} has no passage "{wanted}"; {", and ".join(hints)}')


def _encoder_of(manifest: Manifest) -> Encoder:
    encoder = SentenceEncoder(manifest.model, fingerprint=manifest.model_sha256)
    if encoder.fingerprint != manifest.model_sha256:
        raise IndexStateError(
            f"The index was made with other weights of {manifest.model} than are installed; "
            "run: qa index --force"
        )
    return encoder


def _stale_warnings(manifest: Manifest, folder: Path) -> list[str]:
    reasons = stale_reasons(manifest, folder / CORPUS_FOLDER)
    return [f"The index is not up to date ({'; '.join(reasons)}); run: qa index"] if reasons else []


def _present_model(folder: Path) -> str | None:
    try:
        return Manifest.read(folder / INDEX_FOLDER).model
    except IndexStateError:
        return None


def _skipped(folder: Path) -> list[str]:
    files = unreadable_files(folder / CORPUS_FOLDER)
    return [f"{file} is left out: only {READABLE} files can be read" for file in files]


def _unread(manifest: Manifest, folder: Path) -> tuple[str, ...]:
    corpus = folder / CORPUS_FOLDER
    return tuple(f"{corpus / file.file} {file.reason}" for file in manifest.left_out if not file.same_as)


def _well_formed(text: str) -> str:
    """Return a text without lone surrogates: they are no characters, SQLite and models refuse them."""
    return _SURROGATE.sub("\ufffd", text)


def _check_question(question: str) -> None:
    if not question.strip():
        raise QuestionError("The question is empty; type a question in words")
    if len(question) > LONGEST_QUESTION:
        raise QuestionError(
            f"The question has {len(question):,} characters; ask in at most {LONGEST_QUESTION:,}"
        )


def _check_count(k: int) -> None:
    if not 1 <= k <= MOST_PASSAGES:
        raise QuestionError(f"{k:,} passages cannot be shown; give a number from 1 to {MOST_PASSAGES:,}")
