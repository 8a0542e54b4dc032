"""An index directory: opened and checked.

Layout: ``manifest.json`` names the current build, ``build-…/`` holds its files. They are only read, and
of the large ones only what is asked for, so that opening them costs the same however many passages there are.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self, TypeVar, get_type_hints

from qa import __version__
from qa.errors import CorpusError, IndexMissingError, IndexStateError
from qa.ingest.corpus import find_reports, report_names, sha256
from qa.ingest.metadata import METADATA_FILE
from qa.ingest.sentences import WINDOW_SENTENCES
from qa.store import Store
from qa.vectors import (
    TOKEN_CODEC,
    TOKEN_COUNTS,
    TOKEN_STARTS,
    TOKEN_VECTORS,
    WINDOW_STARTS,
    WINDOWS,
    Search,
    TokenIndex,
    WindowIndex,
)
from qa.vocabulary import Vocabulary

FORMAT = 4
"""Version of the layout; an index of another format is refused."""

MANIFEST = "manifest.json"
PASSAGES = "passages.sqlite"
VOCABULARY = "vocabulary.json"
_FILES = (
    PASSAGES, WINDOWS, WINDOW_STARTS, TOKEN_VECTORS, TOKEN_CODEC, TOKEN_STARTS, TOKEN_COUNTS, VOCABULARY,
)  # fmt: skip

_CHECKED_WHOLE = 16 * 1024 * 1024
"""Bytes of a file that is checked whole when it is opened, which takes some milliseconds; of a larger one
only its size and its ends are."""

_END = 64 * 1024
_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class IndexedReport:
    """A report as it was when it was indexed.

    `described_sha256` is of its name and of what `corpus.toml` says of it; `warnings` are what the reader
    said; `format` is in words, and `pages` is none where there are no pages.
    """

    id: str
    file: str
    sha256: str
    bytes: int
    modified_ns: int
    passages: int
    described_sha256: str
    warnings: tuple[str, ...]
    format: str
    pages: int | None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file of the corpus that is not in the index, as it was when that was made.

    `reason` follows its name in a sentence. `same_as` names the file that has the same content, if that is
    why; else it could not be read. `sha256` is empty if not even its bytes could be.
    """

    id: str
    file: str
    sha256: str
    bytes: int
    modified_ns: int
    described_sha256: str
    reason: str
    same_as: str


@dataclass(frozen=True, slots=True)
class IndexFile:
    """A file of a build and what it must hold; `ends_sha256` is of its first and last bytes."""

    bytes: int
    sha256: str
    ends_sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an index was made from and with, and what its files must be.

    `quick` tells whether passages were read with 8-bit weights and their tokens compressed.
    """

    format: int
    version: str
    build: str
    model: str
    model_sha256: str
    dimension: int
    max_tokens: int
    window_sentences: int
    quick: bool
    metadata_sha256: str
    passages: int
    windows: int
    search: Search
    reports: tuple[IndexedReport, ...]
    left_out: tuple[LeftOut, ...]
    files: dict[str, IndexFile]

    @property
    def seen(self) -> tuple[IndexedReport | LeftOut, ...]:
        """The files there were, in the index or not."""
        return (*self.reports, *self.left_out)

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
            fields["search"] = _typed(Search(*_listed(fields["search"])))
            fields["reports"] = tuple(map(_report, _listed(fields["reports"])))
            fields["left_out"] = tuple(_typed(LeftOut(**file)) for file in _listed(fields["left_out"]))
            fields["files"] = {name: _typed(IndexFile(**file)) for name, file in fields["files"].items()}
            return _typed(cls(**fields))
        except (KeyError, TypeError, AttributeError) as error:
            raise IndexStateError(f"The index manifest {path} is damaged; run: qa index --force") from error


_T = TypeVar("_T", Manifest, IndexedReport, LeftOut, IndexFile, Search)


def _listed(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(value)
    return value


def _report(fields: dict[str, Any]) -> IndexedReport:
    warnings = _listed(fields["warnings"])
    if not all(isinstance(warning, str) for warning in warnings):
        raise TypeError(warnings)
    return _typed(IndexedReport(**{**fields, "warnings": tuple(warnings)}))


_DECLARED = {
    kind.__name__: get_type_hints(kind) for kind in (Manifest, IndexedReport, LeftOut, IndexFile, Search)
}


def _typed(value: _T) -> _T:
    """Return `value` if its plain fields have the types they are declared with.

    Raises
    ------
    TypeError
        If one has not: the manifest was not written by `build_index`.
    """
    for name, declared in _DECLARED[type(value).__name__].items():
        if declared in (int, str, bool, float) and type(getattr(value, name)) is not declared:
            raise TypeError(name)
        if declared == int | None and type(getattr(value, name)) not in (int, type(None)):
            raise TypeError(name)
    return value


class Index:
    """An open index: its manifest, passages and vectors. Nothing is ever written through it."""

    def __init__(
        self,
        manifest: Manifest,
        store: Store,
        windows: WindowIndex,
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
    def open(cls, directory: Path, *, check_all: bool = False) -> Self:
        """Open the current build of an index directory after checking its files against the manifest.

        Of a large file only size and ends are checked, unless `check_all` asks for every byte.

        Raises
        ------
        IndexMissingError
            If there is no index.
        IndexStateError
            If it is damaged or of another format.
        """
        manifest = Manifest.read(directory)
        try:
            return cls._of(manifest, directory, check_all=check_all)
        except IndexStateError:
            if Manifest.read(directory).build == manifest.build:
                raise
            # A build that ended in between has removed the files of the one before.
            return cls.open(directory, check_all=check_all)

    @classmethod
    def _of(cls, manifest: Manifest, directory: Path, *, check_all: bool) -> Self:
        build = directory / manifest.build
        for name in _FILES:
            if name not in manifest.files:
                raise IndexStateError(f"The index in {directory} has no {name}; run: qa index --force")
        for name, file in manifest.files.items():
            _check_file(build / name, file, whole=check_all or file.bytes <= _CHECKED_WHOLE)
        store = Store(build / PASSAGES)
        windows = WindowIndex(build, manifest.dimension, manifest.search)
        if len(windows) != manifest.windows:
            raise IndexStateError(
                f"The index in {directory} does not agree with its manifest; run: qa index --force"
            )
        return cls(manifest, store, windows, TokenIndex(build), _contents(build / VOCABULARY))

    @cached_property
    def reports(self) -> Mapping[str, IndexedReport]:
        """The reports by id, as they were when they were indexed."""
        return {report.id: report for report in self.manifest.reports}

    @cached_property
    def left_out(self) -> Mapping[str, LeftOut]:
        """The files that are not in the index, by the id the report would have."""
        return {file.id: file for file in self.manifest.left_out}

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
            raise IndexStateError(f"The index file {VOCABULARY} is damaged; run: qa index --force") from error

    def close(self) -> None:
        """Close the files."""
        self.store.close()
        self.windows.close()
        self.tokens.close()


def stale_reasons(manifest: Manifest, corpus: Path) -> list[str]:
    """Return what differs between an index and the corpus it was made from, as short clauses."""
    reasons: list[str] = []
    if manifest.version != __version__:
        reasons.append(f"made by version {manifest.version}, this is {__version__}")
    if manifest.window_sentences != WINDOW_SENTENCES:
        reasons.append(f"cut in windows of {manifest.window_sentences} sentences, now {WINDOW_SENTENCES}")
    if _is_as_indexed(manifest, corpus):
        return reasons
    try:
        files = {file.id: file for file in find_reports(corpus)}
    except CorpusError as error:
        return [*reasons, f"the corpus cannot be checked: {error}"]
    indexed = {file.id: file for file in manifest.seen}
    changed = [
        report.id
        for report in indexed.values()
        if report.id in files and not _is_unchanged(files[report.id].path, report)
    ]
    for verb, ids in (
        ("added", [report_id for report_id in files if report_id not in indexed]),
        ("changed", changed),
        ("removed", [report_id for report_id in indexed if report_id not in files]),
    ):
        if ids:
            reasons.append(f"{verb}: {', '.join(ids)}")
    if manifest.metadata_sha256 != metadata_sha256(corpus):
        reasons.append(f"changed: {METADATA_FILE}")
    return reasons


def _is_as_indexed(manifest: Manifest, corpus: Path) -> bool:
    """Whether the files are those that were indexed, told without reading what `corpus.toml` says of them."""
    if manifest.metadata_sha256 != metadata_sha256(corpus):
        return False
    files = report_names(corpus)
    seen = manifest.seen
    return files.keys() == {file.file for file in seen} and all(
        _is_unchanged(files[file.file], file) for file in seen
    )


def _is_unchanged(path: Path, indexed: IndexedReport | LeftOut) -> bool:
    try:
        if not indexed.sha256:
            return not os.access(path, os.R_OK)
        status = path.stat()
        if (status.st_size, status.st_mtime_ns) == (indexed.bytes, indexed.modified_ns):
            return True
        return sha256(path.read_bytes()) == indexed.sha256
    except OSError:
        return False


def metadata_sha256(corpus: Path) -> str:
    """Return the sha256 of a corpus folder's `corpus.toml`, hexadecimal."""
    try:
        return sha256((corpus / METADATA_FILE).read_bytes())
    except OSError:
        return sha256(b"")


def describe(path: Path) -> IndexFile:
    """Return what a file of a build holds.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    size = path.stat().st_size
    return IndexFile(size, _sha256_of_all(path), _sha256_of_ends(path, size))


def _check_file(path: Path, expected: IndexFile, *, whole: bool) -> None:
    try:
        size = path.stat().st_size
        agrees = size == expected.bytes and (
            _sha256_of_all(path) == expected.sha256
            if whole
            else _sha256_of_ends(path, size) == expected.ends_sha256
        )
    except OSError as error:
        raise IndexStateError(f"The index file {path} is missing; run: qa index --force") from error
    if not agrees:
        raise IndexStateError(f"The index file {path} is damaged; run: qa index --force")


def _sha256_of_all(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            found.update(piece)
    return found.hexdigest()


def _sha256_of_ends(path: Path, size: int) -> str:
    with path.open("rb") as file:
        first = file.read(_END)
        file.seek(max(0, size - _END))
        return sha256(first + file.read(_END))


def _contents(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise IndexStateError(f"The index file {path} is missing; run: qa index --force") from error
