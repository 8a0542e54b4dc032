"""An index directory: built, opened and checked.

Layout: ``manifest.json`` names the current build, ``build-…/`` holds its files. A build is made in a sibling
folder and becomes current when the manifest is replaced, in one atomic step; until then the old one answers.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar, get_type_hints

import numpy as np
from filelock import FileLock, Timeout

from qa import __version__
from qa.errors import CorpusError, IndexMissingError, IndexStateError
from qa.ingest.corpus import METADATA_FILE, find_reports, read_report, sha256
from qa.ingest.sentences import WINDOW_SENTENCES, cut, windows
from qa.store import Store, create
from qa.types import (
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
    Window,
)
from qa.vectors import (
    TOKEN_CODEC,
    TOKEN_COUNTS,
    TOKEN_STARTS,
    TOKEN_VECTORS,
    TokenIndex,
    TokenWriter,
    VectorIndex,
    VectorWriter,
)
from qa.vocabulary import Vocabulary

if TYPE_CHECKING:
    from qa.types import Offsets

FORMAT = 2
"""Version of the layout; an index of another format is refused."""

MANIFEST = "manifest.json"
_PASSAGES = "passages.sqlite"
_WINDOWS = "windows.faiss"
_VOCABULARY = "vocabulary.json"
_FILES = (_PASSAGES, _WINDOWS, TOKEN_VECTORS, TOKEN_CODEC, TOKEN_STARTS, TOKEN_COUNTS, _VOCABULARY)
_LOCK = ".lock"
_GROUP = 256
"""Passages that are encoded and written at a time."""

_MOST_READ_PRECISELY = 2_000
"""Passages that are read with the model's own weights, which takes a minute; more with quicker ones."""

_TITLE_WORDS = 12


@dataclass(frozen=True, slots=True)
class IndexedReport:
    """A report as it was when it was indexed."""

    id: str
    file: str
    sha256: str
    bytes: int
    modified_ns: int
    passages: int


@dataclass(frozen=True, slots=True)
class IndexFile:
    """A file of a build and what it must hold."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an index was made from and with, and what its files must be."""

    format: int
    version: str
    build: str
    model: str
    model_sha256: str
    dimension: int
    max_tokens: int
    window_sentences: int
    metadata_sha256: str
    passages: int
    windows: int
    reports: tuple[IndexedReport, ...]
    files: dict[str, IndexFile]

    @classmethod
    def read(cls, directory: Path) -> Manifest:
        """Read the manifest of an index directory.

        Raises
        ------
        IndexMissingError
            If there is none.
        IndexStateError
            If it is damaged or of another format.
        """
        path = directory / MANIFEST
        try:
            fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            found = fields["format"]
        except (FileNotFoundError, NotADirectoryError) as error:
            raise IndexMissingError(f"There is no index in {directory}; run: qa index") from error
        except OSError as error:
            raise IndexStateError(
                f"The index manifest {path} cannot be read ({error.strerror}); check its path and permissions"
            ) from error
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise IndexStateError(f"The index manifest {path} is damaged; run: qa index --force") from error
        if found != FORMAT:
            raise IndexStateError(
                f"The index in {directory} has format {found}, this version needs {FORMAT}; "
                "run: qa index --force"
            )
        try:
            fields["reports"] = tuple(_typed(IndexedReport(**report)) for report in fields["reports"])
            fields["files"] = {name: _typed(IndexFile(**file)) for name, file in fields["files"].items()}
            return _typed(cls(**fields))
        except (KeyError, TypeError, AttributeError) as error:
            raise IndexStateError(f"The index manifest {path} is damaged; run: qa index --force") from error


_T = TypeVar("_T", Manifest, IndexedReport, IndexFile)


def _typed(value: _T) -> _T:
    """Return `value` if its plain fields have the types they are declared with.

    Raises
    ------
    TypeError
        If one has not: the manifest was not written by `build_index`.
    """
    for name, declared in get_type_hints(type(value)).items():
        if declared in (int, str) and type(getattr(value, name)) is not declared:
            raise TypeError(name)
    return value


class Index:
    """An open index: its manifest, passages and vectors. Nothing is ever written through it."""

    def __init__(
        self,
        manifest: Manifest,
        store: Store,
        windows: VectorIndex,
        tokens: TokenIndex,
        vocabulary: bytes,
    ) -> None:
        self.manifest = manifest
        self.store = store
        self.windows = windows
        self.tokens = tokens
        # Read at once, for the file goes when another build takes the place of this one.
        self._vocabulary = vocabulary

    @classmethod
    def open(cls, directory: Path) -> Self:
        """Open the current build of an index directory after checking its files against the manifest.

        Raises
        ------
        IndexMissingError
            If there is no index.
        IndexStateError
            If it is damaged or of another format.
        """
        manifest = Manifest.read(directory)
        try:
            return cls._of(manifest, directory)
        except IndexStateError:
            if Manifest.read(directory).build == manifest.build:
                raise
            # A build that ended in between has removed the files of the one before.
            return cls.open(directory)

    @classmethod
    def _of(cls, manifest: Manifest, directory: Path) -> Self:
        build = directory / manifest.build
        for name in _FILES:
            if name not in manifest.files:
                raise IndexStateError(f"The index in {directory} has no {name}; run: qa index --force")
        for name, file in manifest.files.items():
            _check_file(build / name, file)
        store = Store(build / _PASSAGES)
        windows = VectorIndex(build / _WINDOWS)
        if (len(windows), windows.dimension) != (manifest.windows, manifest.dimension):
            raise IndexStateError(
                f"The index in {directory} does not agree with its manifest; run: qa index --force"
            )
        return cls(manifest, store, windows, TokenIndex(build), _contents(build / _VOCABULARY))

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words of the passages that can be ranked, without a glossary.

        Raises
        ------
        IndexStateError
            If what the index holds is no vocabulary.
        """
        try:
            return Vocabulary.from_dict(json.loads(self._vocabulary))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise IndexStateError(
                f"The index file {_VOCABULARY} is damaged; run: qa index --force"
            ) from error

    def close(self) -> None:
        """Close the files."""
        self.store.close()


def stale_reasons(manifest: Manifest, corpus: Path) -> list[str]:
    """Return what differs between an index and the corpus it was made from, as short clauses."""
    reasons: list[str] = []
    if manifest.version != __version__:
        reasons.append(f"made by version {manifest.version}, this is {__version__}")
    if manifest.window_sentences != WINDOW_SENTENCES:
        reasons.append(f"cut in windows of {manifest.window_sentences} sentences, now {WINDOW_SENTENCES}")
    try:
        files = {file.id: file for file in find_reports(corpus)}
    except CorpusError as error:
        return [*reasons, f"the corpus cannot be checked: {error}"]
    indexed = {report.id: report for report in manifest.reports}
    changed = [
        report.id
        for report in manifest.reports
        if report.id in files and not _is_unchanged(files[report.id].path, report)
    ]
    for verb, ids in (
        ("added", [report_id for report_id in files if report_id not in indexed]),
        ("changed", changed),
        ("removed", [report_id for report_id in indexed if report_id not in files]),
    ):
        if ids:
            reasons.append(f"{verb}: {', '.join(ids)}")
    if manifest.metadata_sha256 != _metadata_sha256(corpus):
        reasons.append(f"changed: {METADATA_FILE}")
    return reasons


def build_index(
    corpus: Path, directory: Path, encoder: Encoder, *, progress: ProgressCallback | None = None
) -> list[str]:
    """Make an index of every report of a corpus folder and put it in the place of the old one.

    Parameters
    ----------
    corpus
        The folder with the reports.
    directory
        The index directory; made if missing.
    encoder
        Makes the vectors.
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
    report_progress = progress or (lambda _: None)
    metadata_sha256 = _metadata_sha256(corpus)
    files = find_reports(corpus)
    with _locked(directory), _building(directory) as folder:
        outlines: list[ReportOutline] = []
        indexed: list[IndexedReport] = []
        for done, file in enumerate(files):
            report_progress(Progress("reading", done, len(files)))
            status = _status(file.path)
            outlines.append(read_report(file))
            indexed.append(_indexed(outlines[-1], status))
        report_progress(Progress("reading", len(files), len(files)))
        manifest = _write(folder, outlines, indexed, metadata_sha256, encoder, report_progress)
        _publish(manifest, folder, directory)
    return [warning for read in outlines for warning in read.warnings]


def build_from_passages(
    outlines: Sequence[ReportOutline],
    directory: Path,
    encoder: Encoder,
    *,
    progress: ProgressCallback | None = None,
) -> None:
    """Make an index of passages that come from no report file, such as a public collection to measure with.

    Nothing is done if the directory has such an index already, made from the same files with the same model.

    Parameters
    ----------
    outlines
        Reports with their passages; ids must be unique.
    directory, encoder, progress
        As in `build_index`.

    Raises
    ------
    IndexStateError, ModelError
        The old index is left as it was.
    """
    made_from = sha256("".join(read.report.sha256 for read in outlines).encode())
    if _is_made_from(directory, made_from, encoder):
        return
    with _locked(directory), _building(directory) as folder:
        manifest = _write(folder, outlines, [], made_from, encoder, progress or (lambda _: None))
        _publish(manifest, folder, directory)


def _is_made_from(directory: Path, made_from: str, encoder: Encoder) -> bool:
    try:
        manifest = Manifest.read(directory)
        Index.open(directory).close()
    except IndexStateError:
        return False
    found = (manifest.version, manifest.metadata_sha256, manifest.model_sha256)
    return found == (__version__, made_from, encoder.fingerprint)


def _write(
    folder: Path,
    outlines: Sequence[ReportOutline],
    indexed: Sequence[IndexedReport],
    metadata_sha256: str,
    encoder: Encoder,
    progress: ProgressCallback,
) -> Manifest:
    """Write the files of a build and return its manifest."""
    windows, sentences = _write_vectors(folder, outlines, encoder, progress)
    create(folder / _PASSAGES, outlines, windows, sentences)
    ranked = (passage for read in outlines for passage in read.passages if passage.kind.ranked)
    vocabulary = Vocabulary.build(ranked, ordinary_words=encoder.ordinary_words())
    (folder / _VOCABULARY).write_text(json.dumps(vocabulary.to_dict(), ensure_ascii=False), encoding="utf-8")
    return Manifest(
        format=FORMAT,
        version=__version__,
        build=f"build-{uuid.uuid4().hex[:12]}",
        model=encoder.name,
        model_sha256=encoder.fingerprint,
        dimension=encoder.dimension,
        max_tokens=encoder.max_tokens,
        window_sentences=WINDOW_SENTENCES,
        metadata_sha256=metadata_sha256,
        passages=sum(len(read.passages) for read in outlines),
        windows=len(windows),
        reports=tuple(indexed),
        files={name: _described(folder / name) for name in _FILES},
    )


def _write_vectors(
    folder: Path, outlines: Sequence[ReportOutline], encoder: Encoder, progress: ProgressCallback
) -> tuple[list[Window], list[Sentence]]:
    """Write the tokens of every passage and the vectors of its windows; return windows and sentences."""
    numbered = [
        (number, read.report, passage)
        for number, (read, passage) in enumerate((read, each) for read in outlines for each in read.passages)
        if passage.kind.ranked
    ]
    windows: list[Window] = []
    sentences: list[Sentence] = []
    quick = len(numbered) > _MOST_READ_PRECISELY
    tokens, vectors = TokenWriter(folder), VectorWriter(folder / _WINDOWS, encoder.dimension)
    limit = encoder.max_tokens
    progress(Progress("encoding", 0, len(numbered)))
    for start in range(0, len(numbered), _GROUP):
        group = numbered[start : start + _GROUP]
        framed = _framed(((report, passage) for _, report, passage in group), encoder, limit)
        for (number, _, passage), text, encoded in zip(
            group, framed, encoder.encode_passages(framed, quick=quick), strict=True
        ):
            tokens.add(number, encoded.tokens)
            vectors.add(encoded.windows)
            # What is read of a row is not its text, so its parts stand for the whole of it.
            row = Span(0, len(passage.text)) if passage.reading is not None else None
            windows += [Window(number, *(row or span)) for span in text.windows]
            for span in text.sentences:
                tokens_in = _tokens_of(span, encoded.tokens)
                length = float(np.linalg.norm(encoded.tokens.vectors[slice(*tokens_in)].sum(axis=0)))
                sentences.append(Sentence(number, *(row or span), tokens_in, length))
        progress(Progress("encoding", start + len(group), len(numbered)))
    tokens.close(passages=sum(len(read.passages) for read in outlines))
    vectors.close()
    return windows, sentences


def _tokens_of(part: Span, tokens: Tokens) -> Span:
    """Return the tokens that stand in a part of a passage."""
    first = int(tokens.offsets[:, 0].searchsorted(part.start))
    return Span(first, max(first, int(tokens.offsets[:, 1].searchsorted(part.end, side="right"))))


def _framed(passages: Iterable[tuple[Report, Passage]], encoder: Encoder, limit: int) -> list[FramedText]:
    """Return passages in the frame of their report and headings, cut into sentences and windows.

    `limit` is how many tokens a window may have, its frame counted.
    """
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


def frame_of(report: Report, passage: Passage) -> str:
    """Return the words a passage is read under: its report and year, and the two headings nearest to it."""
    year = report.date[:4] if report.date else ""
    title = " ".join(filter(None, [" ".join(report.short_title.split()[:_TITLE_WORDS]), year]))
    return "".join(f"{part}. " for part in (title, *passage.section[-2:]))


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Keep every other build out of the directory."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = FileLock(directory / _LOCK)
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


def _indexed(read: ReportOutline, status: os.stat_result) -> IndexedReport:
    return IndexedReport(
        id=read.report.id,
        file=read.report.path,
        sha256=read.report.sha256,
        bytes=status.st_size,
        modified_ns=status.st_mtime_ns,
        passages=len(read.passages),
    )


def _is_unchanged(path: Path, indexed: IndexedReport) -> bool:
    try:
        status = path.stat()
        if (status.st_size, status.st_mtime_ns) == (indexed.bytes, indexed.modified_ns):
            return True
        return sha256(path.read_bytes()) == indexed.sha256
    except OSError:
        return False


def _metadata_sha256(corpus: Path) -> str:
    try:
        return sha256((corpus / METADATA_FILE).read_bytes())
    except OSError:
        return sha256(b"")


def _described(path: Path) -> IndexFile:
    data = path.read_bytes()
    return IndexFile(len(data), sha256(data))


def _check_file(path: Path, expected: IndexFile) -> None:
    data = _contents(path)
    if len(data) != expected.bytes or sha256(data) != expected.sha256:
        raise IndexStateError(f"The index file {path} is damaged; run: qa index --force")


def _contents(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise IndexStateError(f"The index file {path} is missing; run: qa index --force") from error
