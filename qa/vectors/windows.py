"""Vectors of windows: searched one by one while they are few, in lists of like ones when they are many."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import faiss
import numpy as np

from qa.errors import IndexStateError
from qa.vectors.files import Starts, StartsWriter, one_thread, writing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qa.types import Vectors

WINDOWS = "windows.faiss"
WINDOW_LISTS = "windows.lists"
"""Holds the vectors where they are kept in lists; there is none otherwise."""

WINDOW_STARTS = "window-starts.npy"
_RAW = "windows.f16"

MOST_SEARCHED_EXACTLY = 400_000
"""Vectors, of some 120,000 passages: the search of all takes about as long as the rest of a question."""

RECALL = 0.98
"""The share of the 100 nearest vectors that a search in lists must find."""

NEAREST = 100
_BLOCK = 200_000
"""Vectors that are put in lists at a time."""

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
            shape = (self._count, self._dimension)
            raw: NDArray[np.float16] = np.empty(shape, dtype=np.float16)
            if self._count:
                raw = np.memmap(self._folder / _RAW, dtype=np.float16, mode="r", shape=shape)
            if self._count <= MOST_SEARCHED_EXACTLY:
                search = _write_plain(raw, self._folder / WINDOWS)
            else:
                search = _write_lists(raw, self._folder, questions())
            del raw
            (self._folder / _RAW).unlink()
        return search


def _write_plain(raw: NDArray[np.float16], path: Path) -> Search:
    index = faiss.IndexScalarQuantizer(
        raw.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    )
    index.is_trained = True
    for start in range(0, len(raw), _CHUNK):
        index.add(raw[start : start + _CHUNK].astype(np.float32))
    faiss.write_index(index, str(path))
    return Search(0, 0, 1.0)


def _write_lists(raw: NDArray[np.float16], folder: Path, questions: Vectors) -> Search:
    """Write an inverted file (Sivic and Zisserman, ICCV 2003), a block of it in memory at a time."""
    from faiss.contrib.ondisk import merge_ondisk

    count, dimension = raw.shape
    lists = 2 * math.isqrt(count)
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(dimension), dimension, lists, faiss.ScalarQuantizer.QT_fp16,
        faiss.METRIC_INNER_PRODUCT, False,
    )  # fmt: skip
    index.cp.niter, index.cp.spherical = _ROUNDS, True
    sample = np.random.default_rng(0).choice(count, min(count, _TRAINED_ON * lists), replace=False)
    index.train(raw[np.sort(sample)].astype(np.float32))
    blocks: list[str] = []
    for start in range(0, count, _BLOCK):
        block, path = faiss.clone_index(index), folder / f"block-{start}.faiss"
        vectors = raw[start : start + _BLOCK].astype(np.float32)
        block.add_with_ids(vectors, np.arange(start, start + len(vectors)))
        faiss.write_index(block, str(path))
        blocks.append(str(path))
    merge_ondisk(index, blocks, str(folder / WINDOW_LISTS))
    for name in blocks:
        Path(name).unlink()
    search = _tuned(index, raw, questions)
    faiss.write_index(index, str(folder / WINDOWS))
    return search


def _tuned(index: faiss.IndexIVF, raw: NDArray[np.float16], questions: Vectors) -> Search:
    """Let a search look into as few lists as find enough of what the search of all vectors finds."""
    nearest = _nearest(raw, questions)
    index.nprobe = 4
    while True:
        _, found = index.search(questions, NEAREST)
        recall = float(
            np.mean([len(np.intersect1d(*pair)) / NEAREST for pair in zip(found, nearest, strict=True)])
        )
        if recall >= RECALL or index.nprobe == index.nlist:
            return Search(index.nlist, index.nprobe, recall)
        index.nprobe = min(math.ceil(index.nprobe * 1.5), index.nlist)


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


class WindowIndex:
    """The vectors of one index, read only; a passage is known by its number.

    The files must be known to be whole: FAISS does not look whether one that it maps into memory is.

    Raises
    ------
    IndexStateError
        If the files are not what `WindowWriter` wrote.
    """

    def __init__(self, folder: Path) -> None:
        # Vectors in lists are mapped from a file of their own.
        in_lists = faiss.IO_FLAG_ONDISK_SAME_DIR | faiss.IO_FLAG_READ_ONLY
        flags = in_lists if (folder / WINDOW_LISTS).exists() else faiss.IO_FLAG_MMAP_IFC
        try:
            self._index = faiss.read_index(str(folder / WINDOWS), flags)
            self._starts = Starts(folder / WINDOW_STARTS)
        except (OSError, ValueError, EOFError, RuntimeError) as error:
            raise IndexStateError(
                f"The index file {folder / WINDOWS} is damaged; run: qa index --force"
            ) from error
        if self._starts.rows != len(self):
            raise IndexStateError(
                f"The index files in {folder} do not agree with each other; run: qa index --force"
            )
        self._lists = int(getattr(self._index, "nlist", 0))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return int(self._index.d)

    def vectors(self, number: int) -> Vectors:
        """Return the vectors of a passage, shape ``(count, dimension)``."""
        first, end = self._starts.of(number)
        if first == end:
            return np.empty((0, self.dimension), dtype=np.float32)
        self._reach_each_vector()
        found: Vectors = self._index.reconstruct_n(first, end - first)
        return found

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
        rows = None if among is None else self._starts.of_each(among)
        nearest = self._nearest(query, rows, limit)
        best: dict[int, float] = {}
        for owner, (_, score) in zip(self._starts.owners([row for row, _ in nearest]), nearest, strict=True):
            best.setdefault(owner, score)
        return list(best.items())

    def _reach_each_vector(self) -> None:
        """Note in which list each vector is, where that is not noted yet."""
        if isinstance(self._index, faiss.IndexIVF) and self._index.direct_map.no():
            self._index.make_direct_map()

    def _nearest(self, query: Vectors, rows: NDArray[np.int64] | None, limit: int) -> list[tuple[int, float]]:
        """Return the rows nearest to a query, best first, equals in order."""
        wanted = min(limit + 1, len(self))
        if limit < 1 or wanted == 0 or (rows is not None and not len(rows)):
            return []
        parameters = None if rows is None else self._only(rows)
        queries = query[np.newaxis, :]
        with one_thread():
            scores, positions = self._index.search(queries, wanted, params=parameters)
            found = _pairs(positions[0], scores[0])
            if len(found) > limit and found[limit][1] == found[limit - 1][1]:
                # Of vectors that score the same, FAISS leaves out any; fetch all, so that the first stay.
                below = float(np.nextafter(np.float32(found[limit][1]), np.float32(-np.inf)))
                _, all_scores, all_rows = self._index.range_search(queries, below, params=parameters)
                found = _pairs(all_rows, all_scores)
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:limit]

    def _only(self, rows: NDArray[np.int64]) -> faiss.SearchParameters:
        """Limit a search to some rows, all of which it looks at."""
        chosen = np.zeros(len(self), dtype=np.bool_)
        chosen[rows] = True
        selector = faiss.IDSelectorBitmap(np.packbits(chosen, bitorder="little"))  # type: ignore
        if self._lists:
            return faiss.SearchParametersIVF(sel=selector, nprobe=self._lists)  # type: ignore[call-arg]
        return faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]


def _pairs(rows: NDArray[np.int64], scores: Vectors) -> list[tuple[int, float]]:
    # FAISS fills up with position -1 when fewer than wanted may be returned.
    pairs = zip(rows.tolist(), scores.tolist(), strict=True)
    return [(row, score) for row, score in pairs if row >= 0]
