"""The index directory while it is built: one build at a time, put in place in one step."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from qa.errors import IndexStateError
from qa.index import MANIFEST, Manifest

_LOCK = ".lock"


@contextmanager
def locked(directory: Path) -> Iterator[None]:
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
def new_folder(directory: Path) -> Iterator[Path]:
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


def publish(manifest: Manifest, folder: Path, directory: Path) -> None:
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
