"""Vectors of windows: searched one by one while they are few, in lists of like ones when they are many."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import faiss
import numpy as np

from qa.errors import IndexStateError
from qa.types import Span
from qa.vectors.files import Codes, Starts, StartsWriter, one_thread, writing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qa.types import Vectors

    Rows = NDArray[np.int64]

WINDOWS = "windows.codes"
"""The vectors in half precision, in order or list by list."""

WINDOW_STARTS = "window-starts.npy"
_LISTS, _LIST_STARTS, _PLACES, _ROWS = (
    "window-lists.npy",
    "window-list-starts.npy",
    "window-places.npy",
    "window-rows.npy",
)
"""Where vectors are in lists: the middle of each list, where it begins, the place of each row, and back."""

_RAW = "windows.f16"

MOST_SEARCHED_EXACTLY = 200_000
"""Vectors, of some 90,000 passages: to search all takes some ten milliseconds, and 150 MB of memory."""

RECALL = 0.98
"""The share of the 100 nearest vectors that a search in lists must find."""

NEAREST = 100
_TRAINED_ON = 50
"""Vectors a list, to find the lists by."""

_ROUNDS = 10
_CHUNK = 65_536


class Search(NamedTuple):
    """How vectors are searched: in how many lists, of which so many are looked into, and what that finds.

    `recall` is the share of the 100 nearest vectors that is found, the mean over some questions. 0 lists: all
    vectors are searched, and all are found.
    """

    lists: int
    probes: int
    recall: float


class WindowWriter:
    """Writes the unit vectors of passages as half-precision numbers, without keeping them in memory.

    Raises
    ------
    IndexStateError
        If a file cannot be written.
    """

    def __init__(self, folder: Path, dimension: int) -> None:
        self._folder = folder
        self._dimension = dimension
        self._starts = StartsWriter()
        self._count = 0
        with writing(folder):
            self._file = (folder / _RAW).open("wb")

    def add(self, number: int, vectors: Vectors) -> None:
        """Add the vectors of a passage, shape ``(count, dimension)``; numbers rise."""
        self._starts.add(number, len(vectors))
        self._count += len(vectors)
        with writing(self._folder):
            self._file.write(np.ascontiguousarray(vectors, dtype=np.float16).tobytes())

    @property
    def count(self) -> int:
        """How many vectors were added."""
        return self._count

    def close(self, *, passages: int, questions: Callable[[], Vectors]) -> Search:
        """Finish the files for so many passages.

        `questions` gives vectors, of shape ``(count, dimension)``, that a search in lists is tuned with.
        """
        with writing(self._folder):
            self._file.close()
            self._starts.write(self._folder / WINDOW_STARTS, passages=passages)
            if self._count <= MOST_SEARCHED_EXACTLY:
                (self._folder / _RAW).rename(self._folder / WINDOWS)
                return Search(0, 0, 1.0)
            search = self._in_lists(questions())
            (self._folder / _RAW).unlink()
        return search

    def _in_lists(self, questions: Vectors) -> Search:
        shape = (self._count, self._dimension)
        raw: NDArray[np.float16] = np.memmap(self._folder / _RAW, dtype=np.float16, mode="r", shape=shape)
        _write_lists(raw, self._folder)
        index = _InLists(self._folder, self._dimension, probes=1)
        try:
            return _tuned(raw, index, questions)
        finally:
            index.codes.close()


def _write_lists(raw: NDArray[np.float16], folder: Path) -> None:
    """Write vectors list by list, as an inverted file has them (Sivic and Zisserman, ICCV 2003)."""
    count, dimension = raw.shape
    lists = 2 * math.isqrt(count)
    middles = faiss.Kmeans(dimension, lists, niter=_ROUNDS, spherical=True, seed=1)
    sample = np.random.default_rng(0).choice(count, min(count, _TRAINED_ON * lists), replace=False)
    middles.train(raw[np.sort(sample)].astype(np.float32))
    found = [
        middles.index.search(raw[start : start + _CHUNK].astype(np.float32), 1)[1][:, 0]
        for start in range(0, count, _CHUNK)
    ]
    list_of = np.concatenate(found).astype(np.int32)
    rows = np.argsort(list_of, kind="stable").astype(np.int32)
    places = np.empty_like(rows)
    places[rows] = np.arange(count, dtype=np.int32)
    with (folder / WINDOWS).open("wb") as file:
        for start in range(0, count, _CHUNK):
            file.write(raw[rows[start : start + _CHUNK]].tobytes())
    np.save(folder / _LISTS, np.asarray(middles.centroids, dtype=np.float32))
    np.save(folder / _LIST_STARTS, np.searchsorted(list_of[rows], np.arange(lists + 1)).astype(np.int64))
    np.save(folder / _PLACES, places)
    np.save(folder / _ROWS, rows)


def _tuned(raw: NDArray[np.float16], index: _InLists, questions: Vectors) -> Search:
    """Let a search look into as few lists as hold enough of what the search of all vectors finds."""
    nearest = _nearest(raw, questions)
    ranks = np.stack([index.ranks(*each) for each in zip(questions, nearest, strict=True)])
    held = np.bincount(ranks.ravel(), minlength=index.lists).cumsum() / ranks.size
    probes = int(np.searchsorted(held, RECALL)) + 1
    return Search(index.lists, probes, float(held[probes - 1]))


def _nearest(raw: NDArray[np.float16], questions: Vectors) -> NDArray[np.int64]:
    """Return the positions of the vectors nearest to each question, by comparing all of them."""
    scores = np.full((len(questions), NEAREST), -np.inf, dtype=np.float32)
    positions = np.full(scores.shape, -1, dtype=np.int64)
    for start in range(0, len(raw), _CHUNK):
        chunk = raw[start : start + _CHUNK].astype(np.float32)
        numbers = np.broadcast_to(np.arange(start, start + len(chunk)), (len(questions), len(chunk)))
        scores = np.concatenate([scores, questions @ chunk.T], axis=1)
        positions = np.concatenate([positions, numbers], axis=1)
        best = np.argpartition(-scores, NEAREST - 1, axis=1)[:, :NEAREST]
        scores = np.take_along_axis(scores, best, axis=1)
        positions = np.take_along_axis(positions, best, axis=1)
    return positions


class _Searched(Protocol):
    """Vectors in some order on disk; each is known by its row, its place among all windows."""

    @property
    def codes(self) -> Codes:
        """The vectors in the order of the file."""

    def places(self, rows: Rows) -> Rows:
        """Return where in the file some rows are."""

    def search(self, query: Vectors, limit: int) -> tuple[Vectors, Rows]:
        """Return scores and rows of the vectors nearest to a query; a row of -1 stands for none."""


class _InOrder:
    """Vectors that are searched one by one."""

    def __init__(self, folder: Path, dimension: int) -> None:
        self.codes = Codes(folder / WINDOWS, 2 * dimension)
        self._dimension = dimension
        self._index: faiss.Index | None = None

    def places(self, rows: Rows) -> Rows:
        """As in `_Searched`."""
        return rows

    def search(self, query: Vectors, limit: int) -> tuple[Vectors, Rows]:
        """As in `_Searched`; vectors are read in at the first search."""
        index = self._index
        if index is None:
            index = _half_precision(self._dimension)
            index.add_sa_codes(self.codes.read([Span(0, len(self.codes))]))
            self._index = index
        return _best(index, query, limit)


class _InLists:
    """Vectors in lists of like ones; only in the lists nearest to a query it is looked for others."""

    def __init__(self, folder: Path, dimension: int, *, probes: int) -> None:
        self.codes = Codes(folder / WINDOWS, 2 * dimension)
        self._probes = probes
        self._dimension = dimension
        self._middles: Vectors = np.load(folder / _LISTS)
        self._starts: Rows = np.load(folder / _LIST_STARTS)
        self._places: NDArray[np.int32] = np.load(folder / _PLACES, mmap_mode="r")
        self._rows: NDArray[np.int32] = np.load(folder / _ROWS, mmap_mode="r")

    @property
    def lists(self) -> int:
        """How many lists there are."""
        return len(self._middles)

    def places(self, rows: Rows) -> Rows:
        """As in `_Searched`."""
        return self._places[rows].astype(np.int64)

    def ranks(self, query: Vectors, rows: Rows) -> Rows:
        """Return how many lists are nearer to a query than those that some rows are in."""
        lists = np.searchsorted(self._starts, self.places(rows), "right") - 1
        rank = np.empty(self.lists, dtype=np.int64)
        rank[self._order(query)] = np.arange(self.lists)
        return rank[lists]

    def _order(self, query: Vectors) -> Rows:
        return np.argsort(-(self._middles @ query), kind="stable")

    def search(self, query: Vectors, limit: int) -> tuple[Vectors, Rows]:
        """As in `_Searched`."""
        nearest = self._order(query)[: self._probes]
        parts = [Span(int(self._starts[n]), int(self._starts[n + 1])) for n in np.sort(nearest)]
        index = _half_precision(self._dimension)
        index.add_sa_codes(self.codes.read(parts))
        rows = np.concatenate([self._rows[first:end] for first, end in parts])
        scores, found = _best(index, query, limit)
        return scores, np.where(found < 0, -1, rows[found])


def _half_precision(dimension: int) -> faiss.IndexScalarQuantizer:
    index = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    index.is_trained = True
    return index


def _best(index: faiss.Index, query: Vectors, limit: int) -> tuple[Vectors, Rows]:
    """Return scores and rows of the vectors nearest to a query, best first, equals in order."""
    queries = query[np.newaxis, :]
    scores, rows = (each[0] for each in index.search(queries, min(limit + 1, max(index.ntotal, 1))))
    if len(scores) > limit and scores[limit] == scores[limit - 1]:
        # Of vectors that score the same, FAISS leaves out any; fetch all, so that the first stay.
        below = float(np.nextafter(scores[limit], np.float32(-np.inf)))
        _, scores, rows = index.range_search(queries, below)
    order = np.lexsort((rows, -scores))[:limit]
    return scores[order], rows[order]


class WindowIndex:
    """The vectors of one index, read only; a passage is known by its number.

    Parameters
    ----------
    folder
        Where `WindowWriter` wrote the files.
    dimension
        The length of a vector.
    search
        How they are searched.

    Raises
    ------
    IndexStateError
        If the files are not what `WindowWriter` wrote.
    """

    def __init__(self, folder: Path, dimension: int, search: Search) -> None:
        self.dimension = dimension
        try:
            self._starts = Starts(folder / WINDOW_STARTS)
            self._vectors: _Searched = (
                _InLists(folder, dimension, probes=search.probes)
                if search.lists
                else _InOrder(folder, dimension)
            )
        except (OSError, ValueError, EOFError) as error:
            raise IndexStateError(
                f"The index file {folder / WINDOWS} is damaged; run: qa index --force"
            ) from error
        if self._starts.rows != len(self):
            raise IndexStateError(
                f"The index files in {folder} do not agree with each other; run: qa index --force"
            )

    def __len__(self) -> int:
        return len(self._vectors.codes)

    def close(self) -> None:
        """Close the files."""
        self._vectors.codes.close()

    def vectors(self, number: int) -> Vectors:
        """Return the vectors of a passage, shape ``(count, dimension)``."""
        places = self._vectors.places(np.arange(*self._starts.of(number)))
        return self._vectors.codes.read_rows(places).view(np.float16).astype(np.float32)

    def search(self, query: Vectors, *, among: Sequence[int] | None, limit: int) -> list[tuple[int, float]]:
        """Return the passages with the vectors nearest to a query, best first, equals by number.

        Parameters
        ----------
        query
            Shape ``(dimension,)``, unit length.
        among
            Numbers of the only passages that are searched, one by one; none for all.
        limit
            The largest number of vectors looked at; a passage stands where its best one does.

        Returns
        -------
        list of (int, float)
            Passages with the inner product of their best vector.
        """
        if limit < 1 or not len(self) or (among is not None and not len(among)):
            return []
        with one_thread():
            scores, rows = (
                self._vectors.search(query, limit) if among is None else self._among(query, among, limit)
            )
        nearest = sorted(
            ((-score, row) for score, row in zip(scores.tolist(), rows.tolist(), strict=True) if row >= 0)
        )
        best: dict[int, float] = {}
        for owner, (score, _) in zip(self._starts.owners([row for _, row in nearest]), nearest, strict=True):
            best.setdefault(owner, -score)
        return list(best.items())

    def _among(self, query: Vectors, numbers: Sequence[int], limit: int) -> tuple[Vectors, Rows]:
        """Search the vectors of some passages, a part of them at a time."""
        rows = self._starts.of_each(np.sort(np.asarray(numbers, dtype=np.int64)))
        scores, found = np.empty(0, dtype=np.float32), np.empty(0, dtype=np.int64)
        for start in range(0, len(rows), _CHUNK):
            part = rows[start : start + _CHUNK]
            index = _half_precision(self.dimension)
            index.add_sa_codes(self._vectors.codes.read_rows(self._vectors.places(part)))
            of_part, best = _best(index, query, limit)
            scores, found = np.concatenate([scores, of_part]), np.concatenate([found, part[best]])
            kept = np.lexsort((found, -scores))[:limit]
            scores, found = scores[kept], found[kept]
        return scores, found
