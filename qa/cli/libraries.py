"""The library a command is about: found, opened, built."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from qa import __version__
from qa.cli.progress import ProgressDisplay
from qa.cli.streams import say
from qa.errors import IndexMissingError
from qa.types import ReportOutline

if TYPE_CHECKING:
    from qa.library import Library


def folder_of(options: argparse.Namespace) -> Path:
    """Return the folder of the library that is named, or meant."""
    return Path(getattr(options, "library", None) or os.environ.get("QA_LIBRARY") or ".")


def open_library(options: argparse.Namespace) -> Library:
    """Open the library, building a missing index first; say on stderr what is not as it should be."""
    from qa.library import Library

    folder = folder_of(options)
    try:
        library = Library.open(folder)
    except IndexMissingError:
        say("There is no index yet; building it, once")
        return build_library(folder, model=None, download=False)
    _warn(library)
    return library


def build_library(folder: Path, *, model: str | None, download: bool, anew: bool = False) -> Library:
    """Build the index and open the library; say on stderr how far it is and what is not as it should be."""
    from qa.library import Library

    with ProgressDisplay() as progress:
        library = Library.build(folder, model=model, download=download, anew=anew, progress=progress)
    for sentence in library.unread:
        say(sentence)
    _warn(library, named=library.unread)
    return library


def build_collection(collection: ReportOutline, directory: Path) -> Library:
    """Index a public collection of passages to measure with."""
    from qa.library import Library

    with ProgressDisplay() as progress:
        return Library.build_from_passages([collection], directory, progress=progress)


def identity_of(library: Library) -> dict[str, str]:
    """Return what is measured; a library that cannot tell its model and index says so."""
    told: dict[str, str] = getattr(library, "identity", {})
    return {"version": __version__, "model": "not recorded", "index": "not recorded"} | told


def _warn(library: Library, *, named: Sequence[str] = ()) -> None:
    for warning in library.warnings:
        if warning not in named:
            say(f"Warning: {warning}")
