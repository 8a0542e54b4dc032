"""The only door to FAISS and to vectors on disk.

Vectors of windows are searched exactly; vectors of tokens are read for some passages at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import faiss
import numpy as np

from qa.errors import IndexStateError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qa.types import Span, Tokens, Vectors

TOKEN_VECTORS = "tokens.f16"
TOKEN_STARTS = "token-starts.npy"
TOKEN_COUNTS = "token-counts.npy"


class VectorWriter:
    """Writes unit vectors as an inner-product index.

    Raises
    ------
    IndexStateError
        If the file cannot be written.
    """

    def __init__(self, path: Path, dimension: int) -> None:
        self._path = path
        self._index = faiss.IndexFlatIP(dimension)

    def add(self, vectors: Vectors) -> None:
        """Add the next vectors, shape ``(count, dimension)``, float32."""
        if len(vectors):
            self._index.add(np.ascontiguousarray(vectors, dtype=np.float32))

    def close(self) -> None:
        """Finish the file."""
        with _writing(self._path.parent):
            self._path.write_bytes(faiss.serialize_index(self._index).tobytes())


class VectorIndex:
    """The vectors of one index, read only.

    Raises
    ------
    IndexStateError
        If the file is not what `VectorWriter` wrote.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._index = faiss.deserialize_index(np.frombuffer(path.read_bytes(), dtype=np.uint8))
        except (OSError, RuntimeError) as error:
            raise IndexStateError(f"The index file {path} is damaged; run: qa index --force") from error

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return int(self._index.d)

    def search(self, query: Vectors, *, among: Sequence[int] | None, limit: int) -> list[tuple[int, float]]:
        """Return the vectors nearest to a query with their inner product, best first, equals by position.

        Parameters
        ----------
        query
            Shape ``(dimension,)``, unit length.
        among
            Positions of the vectors that may be returned; none for all.
        limit
            The largest number returned.
        """
        parameters = None
        if among is not None:
            selected = np.asarray(among, dtype=np.int64)
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBatch(selected))  # type: ignore[call-arg]
        wanted = min(limit + 1, len(self))
        if limit < 1 or wanted == 0 or (among is not None and not len(among)):
            return []
        queries = query[np.newaxis, :]
        scores, positions = self._index.search(queries, wanted, params=parameters)
        found = _pairs(positions[0], scores[0])
        if len(found) > limit and found[limit][1] == found[limit - 1][1]:
            # Of vectors that score the same, FAISS leaves out any; fetch all, so that the first ones stay.
            below = np.nextafter(np.float32(found[limit][1]), np.float32(-np.inf))
            _, all_scores, all_positions = self._index.range_search(queries, float(below), params=parameters)
            found = _pairs(all_positions, all_scores)
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:limit]


def _pairs(positions: NDArray[np.int64], scores: Vectors) -> list[tuple[int, float]]:
    # FAISS fills up with position -1 when fewer than wanted may be returned.
    pairs = zip(positions.tolist(), scores.tolist(), strict=True)
    return [(position, score) for position, score in pairs if position >= 0]


class TokenWriter:
    """Writes the tokens of passages, one passage after the other, without keeping them in memory.

    Raises
    ------
    IndexStateError
        If a file cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._starts = [0]
        self._passages_with = np.zeros(0, dtype=np.int64)
        self._dimension = 0
        with _writing(folder):
            self._file = (folder / TOKEN_VECTORS).open("wb")

    def add(self, number: int, tokens: Tokens) -> None:
        """Add the tokens of a passage; those of a lower number that were not added have none."""
        self._starts += [self._starts[-1]] * (number + 1 - len(self._starts))
        with _writing(self._folder):
            self._file.write(np.ascontiguousarray(tokens.vectors, dtype=np.float16).tobytes())
        self._starts.append(self._starts[-1] + len(tokens.ids))
        self._dimension = tokens.vectors.shape[1]
        once = np.unique(tokens.ids)
        if len(once) and once[-1] >= len(self._passages_with):
            grown = np.zeros(int(once[-1]) + 1, dtype=np.int64)
            grown[: len(self._passages_with)] = self._passages_with
            self._passages_with = grown
        self._passages_with[once] += 1

    def close(self, *, passages: int) -> None:
        """Finish the files for so many passages."""
        self._starts += [self._starts[-1]] * (passages + 1 - len(self._starts))
        with _writing(self._folder):
            self._file.close()
            np.save(self._folder / TOKEN_STARTS, np.array([self._dimension, *self._starts], dtype=np.int64))
            np.save(self._folder / TOKEN_COUNTS, self._passages_with)


class TokenIndex:
    """The tokens of the passages of one index, read only; a passage is known by its number.

    Raises
    ------
    IndexStateError
        If the files are not what `TokenWriter` wrote.
    """

    def __init__(self, folder: Path) -> None:
        try:
            dimension, *starts = np.load(folder / TOKEN_STARTS).tolist()
            self._starts: list[int] = starts
            self._passages_with = np.load(folder / TOKEN_COUNTS)
            shape = (starts[-1], dimension)
            path = folder / TOKEN_VECTORS
            self._vectors = np.memmap(path, dtype=np.float16, mode="r", shape=shape) if starts[-1] else None
        except (OSError, ValueError, EOFError) as error:
            raise IndexStateError(
                f"The index files in {folder} are damaged; run: qa index --force"
            ) from error

    def rarity(self, ids: NDArray[np.int32]) -> Vectors:
        """Return the inverse document frequency of tokens, over the passages that have tokens.

        It is that of BM25 (Robertson and Zaragoza, 2009) in its always positive form.
        """
        total = sum(end > start for start, end in pairwise(self._starts))
        known = np.zeros(len(ids), dtype=np.float64)
        inside = ids < len(self._passages_with)
        known[inside] = self._passages_with[ids[inside]]
        return np.log1p((total - known + 0.5) / (known + 0.5)).astype(np.float32)

    def best_matches(self, query: Vectors, places: Sequence[tuple[int, Span | None]]) -> Vectors:
        """Return how well each token of a query is met by the best token of each place (MaxSim).

        Khattab and Zaharia, "ColBERT", SIGIR 2020.

        Parameters
        ----------
        query
            Shape ``(tokens, dimension)``, unit length.
        places
            Passages by number, each with the tokens of it that count, or none for all; one without tokens is
            met with -1.

        Returns
        -------
        Shape ``(tokens, len(places))``, inner products.
        """
        best = np.full((len(query), len(places)), -1.0, dtype=np.float32)
        columns, read, begins = self._read(places)
        if len(columns):
            best[:, columns] = np.maximum.reduceat(query @ read.T, begins, axis=1)
        return best

    def likeness(self, query: Vectors, places: Sequence[tuple[int, Span | None]]) -> Vectors:
        """Return the cosine between the mean of a query's tokens and that of each place's.

        Parameters
        ----------
        query, places
            As in `best_matches`.

        Returns
        -------
        Shape ``(len(places),)``; -1 for a place without tokens.
        """
        found = np.full(len(places), -1.0, dtype=np.float32)
        columns, read, begins = self._read(places)
        if len(columns) and len(query):
            asked = query.mean(axis=0)
            means = np.add.reduceat(read, begins, axis=0)
            lengths = np.linalg.norm(means, axis=1) * np.linalg.norm(asked)
            found[columns] = means @ asked / np.maximum(lengths, 1e-9)
        return found

    def _read(
        self, places: Sequence[tuple[int, Span | None]]
    ) -> tuple[list[int], Vectors, NDArray[np.int64]]:
        """Return which places have tokens, these tokens one place after the other, and where each begins."""
        ranges: list[tuple[int, int, int]] = []
        for column, (number, part) in enumerate(places):
            first, end = self._starts[number], self._starts[number + 1]
            if part is not None:
                first, end = first + part.start, min(end, first + part.end)
            if end > first:
                ranges.append((column, first, end))
        if self._vectors is None or not ranges:
            return [], np.empty((0, 0), dtype=np.float32), np.empty(0, dtype=np.int64)
        read = np.concatenate([self._vectors[first:end] for _, first, end in ranges]).astype(np.float32)
        begins = np.cumsum([0, *(end - first for _, first, end in ranges[:-1])])
        return [column for column, _, _ in ranges], read, begins


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise IndexStateError(
            f"The index cannot be written to {folder} ({error.strerror}); "
            "check its permissions and free space"
        ) from error
