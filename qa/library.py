"""The public face: a library of reports that can be asked. The only place that wires real parts together."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Self

from qa.asking import FULL, Asking
from qa.calibrating import calibrate_with
from qa.closing import Shared
from qa.condition import INDEX_FOLDER as INDEX_FOLDER
from qa.condition import present_model, skipped, stale_warnings, unread, whole_manifest
from qa.confidence import CALIBRATION_FILE, Fit
from qa.encoder import SentenceEncoder
from qa.errors import IndexStateError, ModelError, QuestionError
from qa.find import make_finding
from qa.index import Index, Manifest, stale_reasons
from qa.ingest.adding import add_reports
from qa.ingest.corpus import CORPUS_FOLDER as CORPUS_FOLDER
from qa.inspection import Inspection, inspect
from qa.places import Places
from qa.query import complete
from qa.questions import Question
from qa.retrieve import MODES
from qa.types import (
    Answer,
    BuildReport,
    CitedPassage,
    Encoder,
    Finding,
    Passage,
    ProgressCallback,
    Query,
    ReportOutline,
    ReportSummary,
)
from qa.vocabulary import GLOSSARY_FILE

LONGEST_QUESTION = 2_000
"""Characters in the longest question that is answered."""

MOST_PASSAGES = 1_000
"""The largest `k`."""

_SURROGATE = re.compile("[\ud800-\udfff]")


class Library:
    """Reports and their index in one folder, opened for questions.

    Open one with `Library.open`; make or renew its index with `Library.build`. Several threads may use it.
    """

    def __init__(
        self, path: Path, index: Index, load_encoder: Callable[[], Encoder], warnings: Sequence[str] = ()
    ) -> None:
        self._path = path
        self._index = index
        self._warnings = tuple(warnings)
        self._built: BuildReport | None = None
        self._asking = Asking(
            index,
            load_encoder,
            glossary=path / CORPUS_FOLDER / GLOSSARY_FILE,
            calibration=self.calibration_file,
            footnotes=lambda passage: self._places.notes_of(passage),
        )
        self._places = Places(index.store, self._asking.catalogue)
        self._files = Shared(index.close, _closed)

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
        return cls(folder, index, lambda: _encoder_of(index.manifest), stale_warnings(index.manifest, folder))

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

        An exception raised by `progress` ends the build and leaves the index as it was.

        Raises
        ------
        NoReportsError
            If there is no ``corpus/`` or no report in it.
        CorpusError
            If `corpus.toml` or none of the reports can be read.
        IndexStateError
            If the index cannot be written, or another process is building it.
        ModelError
            If the model cannot be found or loaded.
        """
        from qa.build import build_index  # a question needs nothing of it

        folder = Path(path)
        encoder = SentenceEncoder(model or present_model(folder), download=download)
        built = build_index(
            folder / CORPUS_FOLDER, folder / INDEX_FOLDER, encoder, anew=anew, progress=progress
        )
        index = Index.open(folder / INDEX_FOLDER)
        left_out = unread(index.manifest, folder)
        library = cls(
            folder,
            index,
            lambda: encoder,
            [*left_out, *built.warnings, *skipped(folder), *encoder.warnings],
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
        return unread(self._index.manifest, self._path)

    @property
    def identity(self) -> dict[str, str]:
        """What answers: this package's version, the model, and the build of the index."""
        manifest = self._index.manifest
        return {"version": manifest.version, "model": manifest.model, "index": manifest.build}

    @staticmethod
    def is_current(path: str | Path = ".", *, model: str | None = None) -> bool:
        """Whether a folder's index agrees with its corpus, and with a model if one is named."""
        folder = Path(path)
        manifest = whole_manifest(folder)
        if manifest is None:
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
        with self._files.in_use():
            self._asking.prepare()

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
            How passages are ranked: ``"full"``; or ``"words"``, by words alone, which takes a few
            milliseconds, needs no model and judges nothing; or to compare with, ``"bm25"``, ``"dense"`` or
            ``"hybrid"``.
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
            As in `prepare`, at the first question that needs the model; also if the model to rerank with
            cannot be used, or the library was closed.
        """
        _check_count(k)
        if mode not in MODES:
            raise QuestionError(f'There is no mode "{mode}"; there are {", ".join(MODES)}')
        if rerank is not None and mode != FULL:
            raise QuestionError(f'Only the mode "{FULL}" is reranked, not "{mode}"; leave one of them out')
        with self._files.in_use():
            reranker = None if rerank is None else self._asking.reranker(rerank)
            started = time.perf_counter()
            query = self._understood(
                question, history=history, reports=reports, section=section, before=before, after=after
            )
            seconds = time.perf_counter() - started
            return self._asking.answer(query, k=k, mode=mode, reranker=reranker, seconds=seconds)

    def similar(
        self,
        passage_id: str,
        *,
        k: int = 10,
        reports: Sequence[str] | None = None,
        section: str | None = None,
    ) -> Answer:
        """Find the passages that speak of the same as one does, best first; nothing is judged.

        The passage itself is left out, and so is what says nothing else in its report. What the others say
        twice is shown once.

        Parameters
        ----------
        passage_id
            As in `show`.
        k, reports, section
            As in `ask`.

        Raises
        ------
        QuestionError
            If `k` is out of range, or the section has no words.
        NotFoundError
            If there is no such passage, report or section; the sentence says what there is.
        ModelError, IndexStateError
            As in `prepare`, at the first use; also if the library was closed.
        """
        _check_count(k)
        with self._files.in_use():
            passage = self._places.named(_well_formed(passage_id))
            return self._asking.like(passage, k=k, reports=reports, section=section)

    def complete(self, text: str) -> tuple[str, ...]:
        """Return what a question that is being typed may go on as: filters, and the values they can have."""
        with self._files.in_use():
            return complete(text, self._asking.catalogue)

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
        with self._files.in_use():
            catalogue, store = self._asking.catalogue, self._index.store
            chosen = catalogue.known_reports(reports)
            catalogue.check_section(section)
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
        with self._files.in_use():
            passage = self._places.named(_well_formed(passage_id))
            chosen = self._places.around(passage, context=context)
            return tuple(self._places.cited(each, rank) for rank, each in enumerate(chosen, start=1))

    def section_of(self, passage: Passage) -> tuple[Passage, ...]:
        """Return the passages that stand under the same innermost heading, in reading order.

        Where a passage stands outside all sections, these are its neighbours outside all sections.

        Raises
        ------
        NotFoundError
            If the passage is not in the index.
        """
        with self._files.in_use():
            return self._places.section_of(passage)

    def reports(self) -> tuple[ReportSummary, ...]:
        """Return the reports in order, each with how many passages of each kind it has."""
        with self._files.in_use():
            counts = self._index.store.counts()
            reports = self._index.store.reports.values()
            return tuple(ReportSummary(report, counts[report.id]) for report in reports)

    def passages(self) -> Iterator[Passage]:
        """Yield every passage that can be ranked, in reading order."""
        for report_id in self._index.store.reports:
            with self._files.in_use():
                passages = self._index.store.passages_of(report_id)
            yield from (each for each in passages if each.kind.ranked)

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
        with self._files.in_use():
            return calibrate_with(
                questions,
                self._asking,
                self._index.manifest,
                understood=lambda question: self._understood(question.text, history=question.history),
                path=path or self.calibration_file,
                progress=progress,
            )

    def close(self) -> None:
        """Close the index; a question that is being answered in another thread still is."""
        self._files.close()

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
        return self._asking.understood(
            question,
            history=[_well_formed(earlier) for earlier in history],
            reports=reports,
            section=section,
            before=before,
            after=after,
        )


def _encoder_of(manifest: Manifest) -> Encoder:
    encoder = SentenceEncoder(manifest.model, fingerprint=manifest.model_sha256)
    if encoder.fingerprint != manifest.model_sha256:
        raise IndexStateError(
            f"The index was made with other weights of {manifest.model} than are installed; "
            "run: qa index --force"
        )
    return encoder


def _closed() -> IndexStateError:
    return IndexStateError("The library was closed; open it again")


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
