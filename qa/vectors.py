"""The only door to FAISS and to vectors on disk.

Vectors of windows are searched exactly; vectors of tokens are read for some passages at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import faiss
import numpy as np

from qa.errors import IndexStateError
from qa.types import Sentence, Span

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qa.types import Tokens, Vectors

TOKEN_VECTORS = "tokens.codes"
TOKEN_CODEC = "token-codec.faiss"
TOKEN_STARTS = "token-starts.npy"
TOKEN_COUNTS = "token-counts.npy"
_RAW_TOKENS = "tokens.f16"

_NUMBERS_A_BYTE = 8
_FEWEST_TO_COMPRESS = 250_000
"""Tokens, of some 2,000 passages: fewer take up little room as they are."""

_TRAINING_SAMPLE = 65_536
_CHUNK = 16_384
_CHUNK_READ = 2_048
"""Tokens decoded at a time, few enough to stay in the processor's caches."""

_MOST_DECODED = 50_000
"""Tokens of an index that is small enough to be kept decoded, some 75 MB."""


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

    Many tokens are compressed to a byte for eight numbers (product quantisation: Jégou, Douze and Schmid,
    IEEE TPAMI 2011), of few each number to half precision: too few to learn a code from.

    Raises
    ------
    IndexStateError
        If a file cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._starts = [0]
        self._passages_with = np.zeros(0, dtype=np.int64)
        self._dimension = 1
        with _writing(folder):
            self._file = (folder / _RAW_TOKENS).open("wb")

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
        raw_path = self._folder / _RAW_TOKENS
        with _writing(self._folder):
            self._file.close()
            np.save(self._folder / TOKEN_STARTS, np.array(self._starts, dtype=np.int64))
            np.save(self._folder / TOKEN_COUNTS, self._passages_with)
            shape = (self._starts[-1], self._dimension)
            raw = np.empty(shape, dtype=np.float16)
            if shape[0]:
                raw = np.memmap(raw_path, dtype=np.float16, mode="r", shape=shape)
            codec = _trained_codec(raw)
            with (self._folder / TOKEN_VECTORS).open("wb") as file:
                for start in range(0, len(raw), _CHUNK):
                    chunk = raw[start : start + _CHUNK].astype(np.float32)
                    file.write(codec.sa_encode(chunk).tobytes())
            (self._folder / TOKEN_CODEC).write_bytes(faiss.serialize_index(codec).tobytes())
            del raw
            raw_path.unlink()


def _trained_codec(vectors: NDArray[np.float16]) -> faiss.Index:
    """Return an empty FAISS index that encodes and decodes vectors like the given ones."""
    count, dimension = vectors.shape
    if count < _FEWEST_TO_COMPRESS or dimension % _NUMBERS_A_BYTE:
        return faiss.index_factory(dimension, "SQfp16")
    codec = faiss.index_factory(dimension, f"PQ{dimension // _NUMBERS_A_BYTE}x8")
    sample = np.random.default_rng(0).choice(count, min(count, _TRAINING_SAMPLE), replace=False)
    codec.train(vectors[np.sort(sample)].astype(np.float32))
    return codec


class TokenIndex:
    """The tokens of the passages of one index, read only; a passage is known by its number.

    Raises
    ------
    IndexStateError
        If the files are not what `TokenWriter` wrote.
    """

    def __init__(self, folder: Path) -> None:
        try:
            self._starts = np.load(folder / TOKEN_STARTS)
            self._passages_with = np.load(folder / TOKEN_COUNTS)
            self._codec = faiss.deserialize_index(np.fromfile(folder / TOKEN_CODEC, dtype=np.uint8))
            shape = (int(self._starts[-1]), int(self._codec.sa_code_size()))
            path = folder / TOKEN_VECTORS
            self._codes: NDArray[np.uint8] = (
                np.memmap(path, dtype=np.uint8, mode="r", shape=shape)
                if shape[0]
                else np.empty(shape, dtype=np.uint8)
            )
        except (OSError, ValueError, EOFError, RuntimeError) as error:
            raise IndexStateError(
                f"The index files in {folder} are damaged; run: qa index --force"
            ) from error
        self._with_tokens = int(np.count_nonzero(np.diff(self._starts)))

    def rarity(self, ids: NDArray[np.int32]) -> Vectors:
        """Return the inverse document frequency of tokens, over the passages that have tokens.

        It is that of BM25 (Robertson and Zaragoza, 2009) in its always positive form.
        """
        known = np.zeros(len(ids), dtype=np.float64)
        inside = ids < len(self._passages_with)
        known[inside] = self._passages_with[ids[inside]]
        return np.log1p((self._with_tokens - known + 0.5) / (known + 0.5)).astype(np.float32)

    def compare(self, query: Vectors, numbers: Sequence[int]) -> Comparison:
        """Compare the tokens of a query, shape ``(count, dimension)``, with those of passages by number."""
        ranges = [Span(int(self._starts[number]), int(self._starts[number + 1])) for number in numbers]
        if len(self._codes) <= _MOST_DECODED:
            return Comparison(query, [self._decoded], dict(zip(numbers, ranges, strict=True)))
        ends = np.cumsum([0, *(end - first for first, end in ranges)]).tolist()
        codes = np.concatenate([self._codes[first:end] for first, end in ranges] or [self._codes[:0]])
        chunks = (self._decode(codes[at : at + _CHUNK_READ]) for at in range(0, len(codes), _CHUNK_READ))
        return Comparison(query, chunks, dict(zip(numbers, map(Span, ends, ends[1:]), strict=False)))

    @cached_property
    def _decoded(self) -> Vectors:
        """All tokens; for an index with few of them."""
        return self._decode(np.asarray(self._codes))

    def _decode(self, codes: NDArray[np.uint8]) -> Vectors:
        if not len(codes):
            return np.empty((0, self._codec.d), dtype=np.float32)
        decoded: Vectors = self._codec.sa_decode(codes)
        return decoded


class Comparison:
    """How the tokens of a query meet the tokens of some passages.

    Parameters
    ----------
    query
        Shape ``(tokens, dimension)``, unit length.
    chunks
        The tokens of passages, piece by piece, each of shape ``(count, dimension)``.
    places
        Where in all of these each passage's tokens begin and end, by its number.
    """

    def __init__(self, query: Vectors, chunks: Iterable[Vectors], places: Mapping[int, Span]) -> None:
        self._query = query
        self._places = places
        products = [query @ chunk.T for chunk in chunks if len(chunk)]
        # A column more, so that the last range may end there.
        self._products: Vectors = np.concatenate(
            [*products, np.full((len(query), 1), -1.0, dtype=np.float32)], axis=1
        )

    def best_matches(self, parts: Sequence[tuple[int, Span | None]]) -> Vectors:
        """Return how well each token of the query is met by the best token of each part (MaxSim).

        Khattab and Zaharia, "ColBERT", SIGIR 2020.

        Parameters
        ----------
        parts
            Passages by number, each with the tokens of it that count, or none for all.

        Returns
        -------
        Shape ``(tokens, len(parts))``, inner products; -1 for a part without tokens.
        """
        best = np.full((len(self._products), len(parts)), -1.0, dtype=np.float32)
        columns, edges = self._ranges(parts)
        if columns and len(best):
            best[:, columns] = np.maximum.reduceat(self._products, edges, axis=1)[:, ::2]
        return best

    def likeness(self, rows: Span, sentences: Sequence[Sentence]) -> Vectors:
        """Return the cosine between the mean of some tokens of the query and that of each sentence's.

        Returns
        -------
        Shape ``(len(sentences),)``; -1 for a sentence without tokens.
        """
        found = np.full(len(sentences), -1.0, dtype=np.float32)
        columns, edges = self._ranges([(each.passage, each.tokens) for each in sentences])
        asked = slice(rows.start, rows.end)
        if columns and rows.end > rows.start:
            sums = np.add.reduceat(self._products[asked].sum(axis=0), edges)[::2]
            lengths = np.array([sentences[column].length for column in columns])
            whole = float(np.linalg.norm(self._query[asked].sum(axis=0)))
            found[columns] = sums / np.maximum(lengths * whole, 1e-9)
        return found

    def _ranges(self, parts: Sequence[tuple[int, Span | None]]) -> tuple[list[int], list[int]]:
        """Return which parts have tokens, and where each of these begins and ends, in one list."""
        columns: list[int] = []
        edges: list[int] = []
        for column, (number, part) in enumerate(parts):
            first, end = self._places[number]
            if part is not None:
                first, end = first + part.start, min(end, first + part.end)
            if end > first:
                columns.append(column)
                edges += [first, end]
        return columns, edges


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise IndexStateError(
            f"The index cannot be written to {folder} ({error.strerror}); "
            "check its permissions and free space"
        ) from error
