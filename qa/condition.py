"""What state the folder of a library is in: what differs from its index, what is left out of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qa.errors import IndexStateError
from qa.index import Index, Manifest, stale_reasons
from qa.ingest.corpus import CORPUS_FOLDER, unreadable_files
from qa.ingest.metadata import READABLE

INDEX_FOLDER = "index"
"""The folder of a library that holds its index."""


def stale_warnings(manifest: Manifest, folder: Path) -> Sequence[str]:
    """Return a sentence that says how the index differs from its reports, if it does."""
    reasons = stale_reasons(manifest, folder / CORPUS_FOLDER)
    return [f"The index is not up to date ({'; '.join(reasons)}); run: qa index"] if reasons else []


def whole_manifest(folder: Path) -> Manifest | None:
    """Return the manifest of a library's index; none if there is no index that can be opened."""
    try:
        manifest = Manifest.read(folder / INDEX_FOLDER)
        Index.open(folder / INDEX_FOLDER).close()
    except IndexStateError:
        return None
    return manifest


def present_model(folder: Path) -> str | None:
    """Return the name of the model that a library's index was made with; none if there is no index."""
    try:
        return Manifest.read(folder / INDEX_FOLDER).model
    except IndexStateError:
        return None


def skipped(folder: Path) -> Sequence[str]:
    """Return a sentence for each file of the corpus that is of no format that can be read."""
    files = unreadable_files(folder / CORPUS_FOLDER)
    return [f"{file} is left out: only {READABLE} files can be read" for file in files]


def unread(manifest: Manifest, folder: Path) -> tuple[str, ...]:
    """Return a sentence for each report that is not in the index because it could not be read."""
    corpus = folder / CORPUS_FOLDER
    return tuple(f"{corpus / file.file} {file.reason}" for file in manifest.left_out if not file.same_as)
