"""Vectors of tokens: compressed, kept on disk, and read for some passages at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import faiss
import numpy as np

from qa.errors import IndexStateError
from qa.types import Sentence, Span
from qa.vectors.files import Codes, Starts, StartsWriter, one_thread, writing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qa.types import TokenIds, Vectors

TOKEN_VECTORS = "tokens.codes"
TOKEN_CODEC = "token-codec.faiss"
TOKEN_STARTS = "token-starts.npy"
TOKEN_COUNTS = "token-counts.npy"

_KEPT = 2
"""One of so many dimensions is kept of a compressed vector: those in which tokens differ most."""

_NUMBERS_A_BYTE = 4
FEWEST_TO_LEARN_FROM = 10_000
"""Tokens that a code of 256 words can be learnt from."""

_MOST_LEARNT_FROM = 65_536
_ROUNDS = 10
_CHUNK_READ = 2_048
"""Tokens decoded at a time, few enough to stay in the processor's caches."""

_MOST_DECODED = 50_000
"""Tokens of an index that is small enough to be kept decoded, some 75 MB."""


class TokenCodec:
    """Turns vectors of tokens into bytes and back, with some loss; inner products stay about the same."""

    def __init__(self, index: faiss.Index) -> None:
        self._index = index
        self._turn: faiss.VectorTransform | None = None
        self._inner = index
        if isinstance(index, faiss.IndexPreTransform):
            self._turn = faiss.downcast_VectorTransform(index.chain.at(0))  # type: ignore[attr-defined]
            self._inner = faiss.downcast_index(index.index)

    @classmethod
    def plain(cls, dimension: int) -> TokenCodec:
        """Return a codec that only rounds each number to half precision."""
        index = faiss.IndexScalarQuantizer(
            dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        index.is_trained = True
        return cls(index)

    @classmethod
    def learnt(cls, vectors: Vectors) -> TokenCodec:
        """Return a codec for vectors like the given ones, of shape ``(count, dimension)``.

        Half of the dimensions are kept, turned so that none says much more than another, and every four
        numbers become a byte (product quantisation: Jégou, Douze and Schmid, IEEE TPAMI 2011). Where there
        are too few vectors to learn from, or the dimension does not divide so, the codec is a plain one.
        """
        count, dimension = vectors.shape
        kept = dimension // _KEPT
        if count < FEWEST_TO_LEARN_FROM or kept % _NUMBERS_A_BYTE:
            return cls.plain(dimension)
        chance = np.random.default_rng(0)
        chosen = chance.choice(count, min(count, _MOST_LEARNT_FROM), replace=False)
        sample = vectors[np.sort(chosen)]
        _, axes = np.linalg.eigh((sample.T @ sample).astype(np.float64))
        mixed, _ = np.linalg.qr(chance.standard_normal((kept, kept)))
        turn = faiss.LinearTransform(dimension, kept, False)
        faiss.copy_array_to_vector((axes[:, -kept:] @ mixed).T.astype(np.float32).ravel(), turn.A)
        turn.is_trained = True
        quantizer = faiss.IndexPQ(kept, kept // _NUMBERS_A_BYTE, 8, faiss.METRIC_INNER_PRODUCT)
        quantizer.pq.cp.niter = _ROUNDS
        quantizer.train(turn.apply(sample))
        index = faiss.IndexPreTransform(turn, quantizer)
        index.is_trained = True
        return cls(index)

    @classmethod
    def read(cls, path: Path) -> TokenCodec:
        """Return the codec in a file.

        Raises
        ------
        OSError, RuntimeError
            If it holds none.
        """
        return cls(faiss.deserialize_index(np.frombuffer(path.read_bytes(), dtype=np.uint8)))

    def write(self, path: Path) -> None:
        """Write the codec to a file."""
        path.write_bytes(faiss.serialize_index(self._index).tobytes())

    @property
    def code_size(self) -> int:
        """How many bytes a vector becomes."""
        return int(self._index.sa_code_size())

    def encode(self, vectors: Vectors) -> NDArray[np.uint8]:
        """Return the codes of vectors, shape ``(count, code_size)``."""
        if not len(vectors):
            return np.empty((0, self.code_size), dtype=np.uint8)
        codes: NDArray[np.uint8] = self._index.sa_encode(np.ascontiguousarray(vectors, dtype=np.float32))
        return codes

    def encode_each(self, texts: Sequence[Vectors]) -> list[NDArray[np.uint8]]:
        """Return the codes of the tokens of each text."""
        if not texts:
            return []
        ends = np.cumsum([len(vectors) for vectors in texts])
        return np.split(self.encode(np.concatenate(texts)), ends[:-1])

    def decode(self, codes: NDArray[np.uint8]) -> Vectors:
        """Return vectors to compare with those that `turned` gives."""
        if not len(codes):
            return np.empty((0, self._inner.d), dtype=np.float32)
        vectors: Vectors = self._inner.sa_decode(np.ascontiguousarray(codes))
        return vectors

    def turned(self, vectors: Vectors) -> Vectors:
        """Return vectors of a question in the dimensions that are kept."""
        if self._turn is None or not len(vectors):
            return vectors
        turned: Vectors = self._turn.apply(np.ascontiguousarray(vectors, dtype=np.float32))
        return turned


class TokenWriter:
    """Writes the tokens of passages, one passage after the other, without keeping them in memory.

    Raises
    ------
    IndexStateError
        If a file cannot be written.
    """

    def __init__(self, folder: Path, codec: TokenCodec) -> None:
        self._folder = folder
        self._codec = codec
        self._starts = StartsWriter()
        with writing(folder):
            self._file = (folder / TOKEN_VECTORS).open("wb")

    def add(self, number: int, codes: NDArray[np.uint8]) -> None:
        """Add the tokens of a passage as this codec has encoded them; numbers rise."""
        self._starts.add(number, len(codes))
        with writing(self._folder):
            self._file.write(codes.tobytes())

    def close(self, *, passages: int, with_tokens: int, counts: NDArray[np.int64]) -> None:
        """Finish the files for so many passages, `counts` of which hold the token of that position.

        `with_tokens` is how many passages have tokens at all.
        """
        with writing(self._folder):
            self._file.close()
            self._starts.write(self._folder / TOKEN_STARTS, passages=passages)
            np.save(self._folder / TOKEN_COUNTS, np.concatenate([[with_tokens], counts]).astype(np.int64))
            self._codec.write(self._folder / TOKEN_CODEC)


class TokenIndex:
    """The tokens of the passages of one index, read only; a passage is known by its number.

    Raises
    ------
    IndexStateError
        If the files are not what `TokenWriter` wrote.
    """

    def __init__(self, folder: Path) -> None:
        try:
            self._starts = Starts(folder / TOKEN_STARTS)
            counts: NDArray[np.int64] = np.load(folder / TOKEN_COUNTS)
            self._with_tokens, self._passages_with = int(counts[0]), counts[1:]
            self.codec = TokenCodec.read(folder / TOKEN_CODEC)
            self._codes = Codes(folder / TOKEN_VECTORS, self.codec.code_size)
            if len(self._codes) != self._starts.rows:
                raise ValueError(folder)
        except (OSError, ValueError, EOFError, RuntimeError) as error:
            raise IndexStateError(
                f"The index files in {folder} are damaged; run: qa index --force"
            ) from error

    def close(self) -> None:
        """Close the files."""
        self._codes.close()

    def codes(self, number: int) -> NDArray[np.uint8]:
        """Return the tokens of a passage as they are stored."""
        return self._codes.read([self._starts.of(number)])

    def rarity(self, ids: TokenIds) -> Vectors:
        """Return the inverse document frequency of tokens, over the passages that have tokens.

        It is that of BM25 (Robertson and Zaragoza, 2009) in its always positive form.
        """
        known = np.zeros(len(ids), dtype=np.float64)
        inside = ids < len(self._passages_with)
        known[inside] = self._passages_with[ids[inside]]
        rarity = np.log1p((self._with_tokens - known + 0.5) / (known + 0.5))
        return np.asarray(rarity, dtype=np.float32)

    def compare(self, query: Vectors, numbers: Sequence[int]) -> Comparison:
        """Compare the tokens of a query, shape ``(count, dimension)``, with those of passages by number."""
        ranges = [self._starts.of(number) for number in numbers]
        query = self.codec.turned(query)
        if len(self._codes) <= _MOST_DECODED:
            return Comparison(query, [self._decoded], dict(zip(numbers, ranges, strict=True)))
        ends = np.cumsum([0, *(end - first for first, end in ranges)]).tolist()
        codes = self._codes.read(ranges)
        with one_thread():
            chunks = (
                self.codec.decode(codes[at : at + _CHUNK_READ]) for at in range(0, len(codes), _CHUNK_READ)
            )
            return Comparison(query, chunks, dict(zip(numbers, map(Span, ends, ends[1:]), strict=False)))

    @cached_property
    def _decoded(self) -> Vectors:
        """All tokens, for an index with few; one dimension after the other, as they are multiplied."""
        decoded = self.codec.decode(self._codes.read([Span(0, len(self._codes))]))
        return np.ascontiguousarray(decoded.T).T


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
