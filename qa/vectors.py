"""The only door to FAISS: the windows' vectors, written once and searched exactly."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import faiss
import numpy as np

from qa.errors import IndexStateError

if TYPE_CHECKING:
    from qa.types import Vectors


def write_vectors(path: Path, vectors: Vectors) -> None:
    """Write unit vectors, shape ``(count, dimension)``, float32, as an inner-product index.

    Raises
    ------
    IndexStateError
        If the file cannot be written.
    """
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(np.ascontiguousarray(vectors, dtype=np.float32))
    try:
        path.write_bytes(faiss.serialize_index(index).tobytes())
    except OSError as error:
        raise IndexStateError(
            f"The index cannot be written to {path.parent} ({error.strerror}); "
            "check its permissions and free space"
        ) from error


class VectorIndex:
    """The vectors of one index, read only.

    Raises
    ------
    IndexStateError
        If the file is not what `write_vectors` wrote.
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
        """Return the vectors nearest to a query, best first, with their inner product.

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
        wanted = min(limit, len(self))
        if wanted == 0 or (among is not None and not len(among)):
            return []
        scores, positions = self._index.search(query[np.newaxis, :], wanted, params=parameters)
        # FAISS fills up with position -1 when fewer than `wanted` may be returned.
        found = zip(positions[0].tolist(), scores[0].tolist(), strict=True)
        return [(position, score) for position, score in found if position >= 0]

    def scores(self, query: Vectors, positions: Sequence[int]) -> list[float]:
        """Return the inner product of a query, shape ``(dimension,)``, with vectors by position."""
        if not positions:
            return []
        vectors = self._index.reconstruct_batch(np.asarray(positions, dtype=np.int64))
        return [float(score) for score in vectors @ query]
