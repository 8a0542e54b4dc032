"""Builds and renews an index directory.

Only reports that are new or changed are read and encoded; of the others all is copied from the index before.
Reports are taken one after the other, so that memory does not grow with them. A build is made in a sibling
folder and becomes current when the manifest is replaced, in one atomic step; until then the old one answers.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from filelock import FileLock, Timeout

from qa import __version__
from qa.errors import CorpusError, IndexStateError
from qa.index import (
    FORMAT,
    LOCK,
    MANIFEST,
    PASSAGES,
    VOCABULARY,
    Index,
    IndexedReport,
    Manifest,
    describe,
    metadata_sha256,
)
from qa.ingest.corpus import ReportFile, find_reports, read_report, sha256
from qa.ingest.sentences import WINDOW_SENTENCES, cut, sentences, windows
from qa.store import Statistics, StoreWriter
from qa.types import (
    EncodedText,
    Encoder,
    FramedText,
    Passage,
    Progress,
    ProgressCallback,
    Report,
    ReportOutline,
    Sentence,
    Span,
    Tokens,
)
from qa.vectors import TokenCodec, TokenWriter, WindowWriter
from qa.vocabulary import WordCounter

if TYPE_CHECKING:
    from qa.types import Offsets, Vectors

_GROUP = 256
"""Passages of a report that are encoded at a time."""

_MOST_READ_PRECISELY = 2_000
"""Passages that are read with the model's own weights, which takes a minute, and kept as they are; of more,
all are read with 8-bit weights, and their tokens are compressed."""

_LEARNT_FROM = 600
"""Passages that the compression of tokens is learnt from."""

_TUNED_WITH = 200
"""Sentences, asked as questions, that a search in lists is tuned with."""

_TITLE_WORDS = 12


class _Found(NamedTuple):
    """A report to index, and whether the index before has it just so."""

    read: ReportOutline
    indexed: IndexedReport | None = None
    unchanged: bool = False


def build_index(
    corpus: Path,
    directory: Path,
    encoder: Encoder,
    *,
    anew: bool = False,
    progress: ProgressCallback | None = None,
) -> list[str]:
    """Make an index of every report of a corpus folder and put it in the place of the old one.

    What the old one holds of reports that have not changed is taken over, if it was made by this version with
    the same model. The outcome is the same as without: see docs/performance.md for the one exception.

    Parameters
    ----------
    corpus
        The folder with the reports.
    directory
        The index directory; made if missing.
    encoder
        Makes the vectors.
    anew
        Whether nothing is taken over.
    progress
        Called with how far the build is.

    Returns
    -------
    list of str
        What the readers have to say about the reports, a sentence each.

    Raises
    ------
    CorpusError, IndexStateError, ModelError
        The old index is left as it was.
    """
    told = metadata_sha256(corpus)
    files = find_reports(corpus)
    show = progress or _show_nothing
    with (
        _locked(directory),
        _earlier(directory, encoder, anew=anew) as earlier,
        _building(directory) as folder,
        StoreWriter(folder / PASSAGES) as store,
    ):
        build = _Build(folder, store, encoder, earlier, show)
        for done, file in enumerate(files):
            show(Progress("reading", done, len(files)))
            build.add(_found(file, earlier))
        show(Progress("reading", len(files), len(files)))
        manifest = build.finish(told)
        _publish(manifest, folder, directory)
    return [warning for report in manifest.reports for warning in report.warnings]


def build_from_passages(
    outlines: Iterable[ReportOutline],
    directory: Path,
    encoder: Encoder,
    *,
    made_from: str | None = None,
    progress: ProgressCallback | None = None,
) -> None:
    """Make an index of passages that come from no report file, such as a public collection to measure with.

    Nothing is done if the directory has such an index already, made from the same with the same model.

    Parameters
    ----------
    outlines
        Reports with their passages; ids must be unique.
    directory, encoder, progress
        As in `build_index`.
    made_from
        Names what the reports are made from; none for their own sha256, which needs all of them at once.

    Raises
    ------
    IndexStateError, ModelError
        The old index is left as it was.
    """
    if made_from is None:
        outlines = list(outlines)
        made_from = "".join(read.report.sha256 for read in outlines)
    told = sha256(made_from.encode())
    if _is_made_from(directory, told, encoder):
        return
    with _locked(directory), _building(directory) as folder, StoreWriter(folder / PASSAGES) as store:
        build = _Build(folder, store, encoder, None, progress or _show_nothing)
        for read in outlines:
            build.add(_Found(read))
        _publish(build.finish(told), folder, directory)


def frame_of(report: Report, passage: Passage) -> str:
    """Return the words a passage is read under: its report and year, and the two headings nearest to it."""
    year = report.date[:4] if report.date else ""
    title = " ".join(filter(None, [" ".join(report.short_title.split()[:_TITLE_WORDS]), year]))
    return "".join(f"{part}. " for part in (title, *passage.section[-2:]))


class _Build:
    """A build under way: first every report is added, then all are encoded and the files finished."""

    def __init__(
        self,
        folder: Path,
        store: StoreWriter,
        encoder: Encoder,
        earlier: Index | None,
        progress: ProgressCallback,
    ) -> None:
        self._folder = folder
        self._store = store
        self._encoder = encoder
        self._earlier = earlier
        self._progress = progress
        self._numbers: dict[str, Span] = {}
        self._unchanged: set[str] = set()
        self._indexed: list[IndexedReport] = []
        self._words = WordCounter()
        self._token_counts = np.zeros(0, dtype=np.int64)
        self._with_tokens = 0

    def add(self, found: _Found) -> None:
        """Take up the next report."""
        report_id = found.read.report.id
        self._numbers[report_id] = self._store.add_report(found.read)
        if found.indexed is not None:
            self._indexed.append(found.indexed)
        if found.unchanged:
            self._unchanged.add(report_id)

    def finish(self, told: str) -> Manifest:
        """Encode what must be, finish all files and return the manifest."""
        passages, ranked = self._store.passages, self._store.ranked
        encoder = self._encoder
        quick = ranked > _MOST_READ_PRECISELY
        if self._earlier is not None and self._earlier.manifest.quick != quick:
            self._earlier = None
        self._progress(Progress("encoding", 0, ranked))
        self._codec = self._learnt_codec() if quick else TokenCodec.plain(self._dimension_of_tokens())
        self._tokens = TokenWriter(self._folder, self._codec)
        self._windows = WindowWriter(self._folder, encoder.dimension)
        done = 0
        for report_id, numbers in self._numbers.items():
            if self._earlier is not None and report_id in self._unchanged:
                done += self._copy(self._earlier, report_id, numbers)
            else:
                done += self._encode(report_id, numbers, quick=quick, done=done)
            self._progress(Progress("encoding", done, ranked))
        self._progress(Progress("finishing", 0, 1))
        self._tokens.close(passages=passages, with_tokens=self._with_tokens, counts=self._token_counts)
        search = self._windows.close(passages=passages, questions=self._questions)
        vocabulary = self._words.vocabulary(ordinary_words=encoder.ordinary_words())
        (self._folder / VOCABULARY).write_text(
            json.dumps(vocabulary.to_dict(), ensure_ascii=False), encoding="utf-8"
        )
        self._store.close()
        self._progress(Progress("finishing", 1, 1))
        return Manifest(
            format=FORMAT,
            version=__version__,
            build=f"build-{uuid.uuid4().hex[:12]}",
            model=encoder.name,
            model_sha256=encoder.fingerprint,
            dimension=encoder.dimension,
            max_tokens=encoder.max_tokens,
            window_sentences=WINDOW_SENTENCES,
            quick=quick,
            metadata_sha256=told,
            passages=passages,
            windows=self._windows.count,
            search=search,
            reports=tuple(self._indexed),
            files={path.name: describe(path) for path in sorted(self._folder.iterdir())},
        )

    def _copy(self, earlier: Index, report_id: str, numbers: Span) -> int:
        """Take over a report from the index before; return how many of its passages can be ranked."""
        before = earlier.store.first_number(report_id) - numbers.start
        rows = earlier.store.sentence_rows(Span(numbers.start + before, numbers.end + before))
        for number in range(*numbers):
            row = rows.get(number + before)
            if row is not None:
                self._store.add_sentences(number, row)
                self._tokens.add_codes(number, earlier.tokens.codes(number + before))
                self._windows.add(number, earlier.windows.vectors(number + before))
        self._count(report_id, earlier.store.statistics(report_id))
        return len(rows)

    def _encode(self, report_id: str, numbers: Span, *, quick: bool, done: int) -> int:
        """Encode the passages of a report that can be ranked; return how many these are."""
        report, passages = self._store.outline(report_id)
        ranked = [each for each in enumerate(passages, start=numbers.start) if each[1].kind.ranked]
        counts: Counter[int] = Counter()
        with_tokens = 0
        for start in range(0, len(ranked), _GROUP):
            group = ranked[start : start + _GROUP]
            for (number, passage), framed, encoded in self._encoded(report, group, quick=quick):
                self._tokens.add(number, encoded.tokens.vectors)
                self._windows.add(number, encoded.windows)
                self._store.add_sentences(number, _sentences(number, passage, framed, encoded.tokens))
                counts.update(np.unique(encoded.tokens.ids).tolist())
                with_tokens += bool(len(encoded.tokens.ids))
            self._progress(Progress("encoding", done + start + len(group), self._store.ranked))
        ids = np.array(sorted(counts), dtype=np.int32)
        token_counts = np.array([counts[token] for token in ids.tolist()], dtype=np.int32)
        words = WordCounter()
        for _, passage in ranked:
            words.add(passage)
        self._count(report_id, Statistics(words.to_json(), ids, token_counts, with_tokens))
        return len(ranked)

    def _encoded(
        self, report: Report, group: Sequence[tuple[int, Passage]], *, quick: bool
    ) -> Iterable[tuple[tuple[int, Passage], FramedText, EncodedText]]:
        framed = _framed([(report, passage) for _, passage in group], self._encoder)
        return zip(group, framed, self._encoder.encode_passages(framed, quick=quick), strict=True)

    def _count(self, report_id: str, counted: Statistics) -> None:
        """Count what is known of a report together with the others."""
        self._store.add_statistics(report_id, counted)
        self._words.add_json(counted.words)
        self._with_tokens += counted.with_tokens
        if len(counted.token_ids):
            missing = int(counted.token_ids[-1]) + 1 - len(self._token_counts)
            self._token_counts = np.pad(self._token_counts, (0, max(0, missing)))
            self._token_counts[counted.token_ids] += counted.token_counts

    def _learnt_codec(self) -> TokenCodec:
        """Return the compression of the index before, or one that is learnt from some of the passages."""
        if self._earlier is not None:
            return self._earlier.tokens.codec
        some = self._store.some_ranked(_LEARNT_FROM)
        vectors: list[Vectors] = []
        for start in range(0, len(some), _GROUP):
            framed = _framed(some[start : start + _GROUP], self._encoder)
            encoded = self._encoder.encode_passages(framed, quick=True)
            vectors += [each.tokens.vectors for each in encoded]
        return TokenCodec.learnt(np.concatenate(vectors))

    def _dimension_of_tokens(self) -> int:
        (asked,) = self._encoder.encode_questions(["ready"])
        return int(asked.tokens.vectors.shape[1])

    def _questions(self) -> Vectors:
        """Return vectors of sentences of the reports, each read by itself as a question is."""
        some = self._store.some_ranked(_TUNED_WITH)
        texts: list[str] = []
        for _, passage in some:
            spans = sentences(passage.shown)
            texts.append(passage.shown[slice(*spans[len(spans) // 2])])
        return np.stack([each.vector for each in self._encoder.encode_questions(texts)])


def _sentences(number: int, passage: Passage, framed: FramedText, tokens: Tokens) -> list[Sentence]:
    # What is read of a row is not its text, so its parts stand for the whole of it.
    row = Span(0, len(passage.text)) if passage.reading is not None else None
    found: list[Sentence] = []
    for span in framed.sentences:
        inside = _tokens_of(span, tokens)
        length = float(np.linalg.norm(tokens.vectors[slice(*inside)].sum(axis=0)))
        found.append(Sentence(number, *(row or span), inside, length))
    return found


def _tokens_of(part: Span, tokens: Tokens) -> Span:
    """Return the tokens that stand in a part of a passage."""
    first = int(tokens.offsets[:, 0].searchsorted(part.start))
    return Span(first, max(first, int(tokens.offsets[:, 1].searchsorted(part.end, side="right"))))


def _framed(passages: Iterable[tuple[Report, Passage]], encoder: Encoder) -> list[FramedText]:
    """Return passages in the frame of their report and headings, cut into sentences and windows."""
    limit = encoder.max_tokens  # of a window, its frame counted
    read = [(frame_of(report, passage), passage.shown) for report, passage in passages]
    frames = [len(offsets) for offsets in encoder.token_offsets([frame for frame, _ in read])]
    found: list[FramedText] = []
    for (frame, text), size, offsets in zip(
        read, frames, encoder.token_offsets([text for _, text in read]), strict=True
    ):
        framed = size * 2 <= limit
        room = limit - size if framed else limit

        def fits(part: Span, offsets: Offsets = offsets, room: int = room) -> bool:
            inside = offsets[:, 0].searchsorted(part.end) - offsets[:, 1].searchsorted(part.start, "right")
            return int(inside) <= room

        spans = cut(text, fits=fits)
        found.append(
            FramedText(frame if framed else "", text, tuple(windows(spans, fits=fits)), tuple(spans))
        )
    return found


def _found(file: ReportFile, earlier: Index | None) -> _Found:
    """Read a report, or take it over as it was read for the index before."""
    status = _status(file.path)
    described = sha256(json.dumps([file.name, file.metadata], sort_keys=True).encode())
    if earlier is not None and file.id in earlier.reports:
        before = earlier.reports[file.id]
        if (before.described_sha256, before.sha256) == (described, sha256(file.read_bytes())):
            unchanged = dataclasses.replace(before, bytes=status.st_size, modified_ns=status.st_mtime_ns)
            return _Found(earlier.store.outline(file.id), unchanged, True)
    read = read_report(file)
    return _Found(read, _indexed(read, status, described))


def _show_nothing(_: Progress) -> None:
    pass


def _is_made_from(directory: Path, told: str, encoder: Encoder) -> bool:
    try:
        manifest = Manifest.read(directory)
        Index.open(directory).close()
    except IndexStateError:
        return False
    found = (manifest.version, manifest.metadata_sha256, manifest.model_sha256)
    return found == (__version__, told, encoder.fingerprint)


@contextmanager
def _earlier(directory: Path, encoder: Encoder, *, anew: bool) -> Iterator[Index | None]:
    """Open the index there is, if what it holds can be taken over; every byte of it is checked."""
    index = None
    try:
        if not anew:
            index = Index.open(directory, check_all=True)
    except IndexStateError:
        # There is none, or none that can be used: everything is made anew.
        pass
    try:
        made = index and (
            index.manifest.version,
            index.manifest.model_sha256,
            index.manifest.window_sentences,
        )
        yield index if made == (__version__, encoder.fingerprint, WINDOW_SENTENCES) else None
    finally:
        if index is not None:
            index.close()


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Keep every other build out of the directory."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = FileLock(directory / LOCK)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise IndexStateError(
            f"Another process is building the index in {directory}; wait until it has finished"
        ) from error
    except OSError as error:
        raise _not_writable(directory, error) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _building(directory: Path) -> Iterator[Path]:
    """Give a new folder to build in; whatever is left in it afterwards is removed."""
    for leftover in directory.glob(".building-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    folder = directory / f".building-{os.getpid()}"
    try:
        folder.mkdir()
        yield folder
    except OSError as error:
        raise _not_writable(directory, error) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _publish(manifest: Manifest, folder: Path, directory: Path) -> None:
    """Make a finished build the current one, then remove the builds before it."""
    temporary = folder / MANIFEST
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(dataclasses.asdict(manifest), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    build = folder.rename(directory / manifest.build)
    (build / MANIFEST).replace(directory / MANIFEST)
    for old in directory.glob("build-*"):
        if old.name != manifest.build:
            # One that another process still reads cannot be removed on Windows; the next build removes it.
            shutil.rmtree(old, ignore_errors=True)


def _not_writable(directory: Path, error: OSError) -> IndexStateError:
    reason = error.strerror or type(error).__name__
    return IndexStateError(
        f"The index cannot be written to {directory} ({reason}); check its permissions and free space"
    )


def _status(path: Path) -> os.stat_result:
    """Return size and time of a file, before it is read: what is written to it later then shows."""
    try:
        return path.stat()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise CorpusError(f"{path} cannot be read ({reason}); restore or remove it") from error


def _indexed(read: ReportOutline, status: os.stat_result, described: str) -> IndexedReport:
    return IndexedReport(
        id=read.report.id,
        file=read.report.path,
        sha256=read.report.sha256,
        bytes=status.st_size,
        modified_ns=status.st_mtime_ns,
        passages=len(read.passages),
        described_sha256=described,
        warnings=read.warnings,
    )
