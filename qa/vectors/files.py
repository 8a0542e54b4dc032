"""What files of vectors have in common: where each passage's vectors stand, and errors in words."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import faiss
import numpy as np

from qa.errors import IndexStateError
from qa.types import Span

if TYPE_CHECKING:
    from numpy.typing import NDArray


class StartsWriter:
    """Counts up where the rows of each passage begin; a passage that is left out has none."""

    def __init__(self) -> None:
        self._starts = array("q", [0])

    def add(self, number: int, rows: int) -> None:
        """Note how many rows a passage has; numbers rise."""
        self._starts.extend([self._starts[-1]] * (number + 1 - len(self._starts)))
        self._starts.append(self._starts[-1] + rows)

    def write(self, path: Path, *, passages: int) -> None:
        """Write the file for so many passages."""
        self._starts.extend([self._starts[-1]] * (passages + 1 - len(self._starts)))
        np.save(path, np.frombuffer(self._starts, dtype=np.int64))


class Starts:
    """Where the rows of each passage begin and end, read from a file that is mapped into memory.

    Raises
    ------
    OSError, ValueError
        If it is no such file.
    """

    def __init__(self, path: Path) -> None:
        self._starts: NDArray[np.int64] = np.load(path, mmap_mode="r")
        if self._starts.ndim != 1 or not len(self._starts):
            raise ValueError(path)

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return int(self._starts[-1])

    def of(self, number: int) -> Span:
        """Return the rows of a passage."""
        return Span(int(self._starts[number]), int(self._starts[number + 1]))

    def of_each(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return all rows of some passages, in their order."""
        first, end = self._starts[numbers], self._starts[numbers + 1]
        sizes = end - first
        within = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return np.asarray(np.repeat(first, sizes) + within, dtype=np.int64)

    def owners(self, rows: Sequence[int]) -> list[int]:
        """Return the passage that each of some rows belongs to."""
        found: list[int] = (self._starts.searchsorted(np.asarray(rows, dtype=np.int64), "right") - 1).tolist()
        return found


class Codes:
    """Rows of bytes in a file, of which some are read at a time.

    They are read and not mapped into memory, so that what a process holds does not grow with its questions.

    Raises
    ------
    OSError, ValueError
        If there is no such file, or it holds no whole rows of that size.
    """

    def __init__(self, path: Path, size: int) -> None:
        self._size = size
        self._lock = Lock()
        self._count, rest = divmod(path.stat().st_size, size)
        if rest:
            raise ValueError(path)
        self._path = path
        self._file = path.open("rb")

    def __len__(self) -> int:
        return self._count

    def read(self, parts: Sequence[Span]) -> NDArray[np.uint8]:
        """Return the rows of some parts of the file, one part after the other, shape ``(count, size)``.

        Raises
        ------
        IndexStateError
            If they cannot be read, for instance because the file was cut short.
        """
        found = np.empty((sum(end - start for start, end in parts), self._size), dtype=np.uint8)
        at = 0
        try:
            with self._lock:
                for start, end in parts:
                    self._file.seek(start * self._size)
                    part = found[at : at + end - start]
                    if self._file.readinto(part) < part.nbytes:  # type: ignore[arg-type]
                        raise OSError("the file is shorter than it was")
                    at += end - start
        except OSError as error:
            raise IndexStateError(
                f"The index file {self._path} cannot be read ({error}); run: qa index --force"
            ) from error
        return found

    def read_rows(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return some rows, in their order."""
        runs = np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1)
        return self.read([Span(int(run[0]), int(run[-1]) + 1) for run in runs if len(run)])

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Put an error of the file system in words."""
    try:
        yield
    except OSError as error:
        raise IndexStateError(
            f"The index cannot be written to {folder} ({error.strerror}); "
            "check its permissions and free space"
        ) from error


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep what a question computes on one core: it is too little to be shared, which can take longer."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        with _matrix_libraries().limit(limits=1):
            yield
    finally:
        faiss.omp_set_num_threads(before)


def use_one_thread() -> None:
    """Keep what the calling thread has FAISS compute to itself, where others do the same beside it."""
    faiss.omp_set_num_threads(1)


@cache
def _matrix_libraries() -> Any:
    from threadpoolctl import ThreadpoolController

    # One that shares work by OpenMP, as that of FAISS does, keeps to the number that FAISS is given.
    return ThreadpoolController().select(threading_layer="pthreads")
