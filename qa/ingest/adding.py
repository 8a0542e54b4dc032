"""Reports copied into a corpus folder.

They are copied, so that a library is whole in one folder and its citations stay true to the bytes it holds.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from qa.errors import CorpusError
from qa.ingest.corpus import is_report_name, sha256
from qa.ingest.formats import SUFFIXES
from qa.ingest.metadata import READABLE, is_inside

_LONGEST_NAME = 255
"""Bytes in the longest file name that common file systems keep."""


def add_reports(
    corpus: Path, sources: Sequence[Path], *, on_failure: Callable[[str], None] | None = None
) -> list[Path]:
    """Copy report files, or the reports in folders and the folders in them, into a corpus folder.

    Hidden files and folders are left out, and links to folders are not followed. Two different files of one
    name from different folders are both kept, the second under a name with that of its folder before it.

    Parameters
    ----------
    corpus
        The corpus folder; made if missing.
    sources
        Files and folders.
    on_failure
        Called with a sentence for each file that cannot be added; the others are. None to raise it.

    Returns
    -------
    list of Path
        The files in the corpus, also those that were there already.

    Raises
    ------
    CorpusError
        If a file does not exist, cannot be read, or would take the place of a different one that was there
        before.
    """
    added: list[Path] = []

    def take(source: Path, *, nested: bool) -> None:
        # Of files that are named themselves, one may be the next edition of what is there: that is no clash.
        added.append(_copy(source, corpus, may_rename=nested or corpus / source.name in added))

    def fail(error: CorpusError) -> None:
        if on_failure is None:
            raise error
        on_failure(str(error))

    for given in sources:
        try:
            found = list(_reports_at(given, fail))
        except CorpusError as error:
            fail(error)
            continue
        except OSError as error:
            reason = error.strerror or type(error).__name__
            fail(CorpusError(f"{given} cannot be read ({reason}); check the path"))
            continue
        for source in found:
            try:
                take(source, nested=source != given)
            except CorpusError as error:
                fail(error)
    return added


def _reports_at(source: Path, fail: Callable[[CorpusError], None]) -> Iterator[Path]:
    if source.is_dir():
        found = list(_reports_in(source, fail))
        if not found:
            raise CorpusError(f"{source} holds no report; files must end in {READABLE}")
        yield from found
    elif not source.exists():
        raise CorpusError(f"There is no file {source}; check the path")
    elif source.suffix.lower() not in SUFFIXES or not source.is_file():
        raise CorpusError(f"{source} cannot be read; files must end in {READABLE}")
    elif source.name.startswith("."):
        raise CorpusError(f"{source} is a hidden file; give it a name that does not begin with a full stop")
    else:
        yield source


def _reports_in(folder: Path, fail: Callable[[CorpusError], None]) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        reason = error.strerror or type(error).__name__
        fail(CorpusError(f"{error.filename} cannot be read ({reason}); check its permissions"))

    # Links to folders are not followed, for they may lead round in a circle.
    for place, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if name.startswith(".") or not is_report_name(name):
                continue
            # A link that leads nowhere is told when it is copied; what is no file at all could block.
            if path.is_file() or (path.is_symlink() and not path.exists()):
                yield path


def _copy(source: Path, corpus: Path, *, may_rename: bool) -> Path:
    if is_inside(source, corpus):
        return source
    partial: Path | None = None
    try:
        target = _target(source, corpus, may_rename=may_rename)
        if target.exists():
            return target
        partial = corpus / f".{sha256(os.fsencode(source))[:16]}.partial"
        corpus.mkdir(parents=True, exist_ok=True)
        # Under a hidden name until it is whole: half a report must never be taken for one.
        shutil.copyfile(source, partial)
        partial.replace(target)
    except OSError as error:
        raise CorpusError(
            f"{source} cannot be copied to {corpus} ({error.strerror}); check both paths"
        ) from error
    finally:
        if partial is not None:
            with suppress(OSError):
                partial.unlink()
    return target


def _target(source: Path, corpus: Path, *, may_rename: bool) -> Path:
    """Return where a file goes: to a place that is free, or that has the same file already."""
    found = sha256(source.read_bytes())
    name = source.name
    for folder in ["", *(parent.name for parent in source.absolute().parents)]:
        name = f"{folder}-{name}" if folder else name
        if len(os.fsencode(name)) > _LONGEST_NAME:
            break
        target = corpus / name
        if not target.exists() or sha256(target.read_bytes()) == found:
            return target
        if not may_rename:
            raise CorpusError(f"{target} exists and differs from {source}; rename one of them")
    raise CorpusError(f"{corpus} has other files of the names {source} could have; rename it")
