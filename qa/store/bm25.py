"""BM25 over lists of passages, one list a word, weighed when the index is built.

That words are weighed beforehand, so that a question only adds up, is due to Lù, "BM25S" (2024).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SATURATION = 1.2
_LENGTH = 0.75
"""k1 and b of Robertson and Zaragoza, "The probabilistic relevance framework" (2009), as usual."""

HIGHEST = _SATURATION + 1
"""More than any passage can weigh for a word."""

_LOWEST_RARITY = 1e-6


class Posting(NamedTuple):
    """The passages that hold a word: their numbers, rising, int32, and its weight in each, float32."""

    numbers: NDArray[np.int32]
    weights: NDArray[np.float32]


def weighed(
    frequencies: NDArray[np.float64], lengths: NDArray[np.float64], mean_length: float
) -> NDArray[np.float32]:
    """Return what a word weighs in passages that hold it so often and are so many words long."""
    norm = 1 - _LENGTH + _LENGTH * lengths / max(mean_length, 1e-9)
    return (frequencies * (_SATURATION + 1) / (frequencies + _SATURATION * norm)).astype(np.float32)


def rarity(holding: int, total: int) -> float:
    """Return the inverse document frequency of a word that so many of all passages hold, above zero."""
    return max(math.log((total - holding + 0.5) / (holding + 0.5)), _LOWEST_RARITY)


def search(
    postings: Sequence[Posting], *, total: int, among: Sequence[int] | None, limit: int
) -> list[tuple[int, float]]:
    """Return the passages that score highest for some words, best first, equals by number.

    Parameters
    ----------
    postings
        One for each word.
    total
        How many passages are indexed.
    among
        Numbers of the only passages that may be returned; none for all.
    limit
        The largest number of passages returned.
    """
    rarest_first = sorted(postings, key=lambda each: len(each.numbers))
    highest = max((int(each.numbers[-1]) for each in postings if len(each.numbers)), default=-1)
    scores = np.zeros(highest + 1, dtype=np.float64)
    for posting in rarest_first:
        scores[posting.numbers] += posting.weights * rarity(len(posting.numbers), total)
    if among is not None:
        allowed = np.zeros(len(scores), dtype=np.bool_)
        allowed[[number for number in among if number < len(scores)]] = True
        scores[~allowed] = 0
    numbers = np.flatnonzero(scores)
    if len(numbers) > limit > 0:
        cut = np.partition(scores[numbers], -limit)[-limit]
        above, equal = numbers[scores[numbers] > cut], numbers[scores[numbers] == cut]
        numbers = np.concatenate([above, equal[: limit - len(above)]])
    found = zip(numbers.tolist(), scores[numbers].tolist(), strict=True)
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))[: max(limit, 0)]
