"""Sequences of token ids run in batches of like length, so that little is padded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qa.types import Vectors

    Ids = NDArray[np.int64]

_TOKENS_A_BATCH = 512
"""Padding counted: enough to keep a core busy, few enough to stay in its cache."""


def in_batches(sequences: Sequence[Sequence[int]], run: Callable[[Ids, Ids], Vectors]) -> list[Vectors]:
    """Return the states of each sequence, shape ``(len(sequence), width)``.

    Parameters
    ----------
    sequences
        Token ids, special ones among them.
    run
        Takes ids and a mask, shape ``(rows, length)``, int64, and gives states ``(rows, length, width)``.
    """
    by_length = sorted(range(len(sequences)), key=lambda i: (len(sequences[i]), i))
    found: dict[int, Vectors] = {}
    start = 0
    while start < len(by_length):
        end = start + 1
        while end < len(by_length) and (end - start + 1) * len(sequences[by_length[end]]) <= _TOKENS_A_BATCH:
            end += 1
        batch = by_length[start:end]
        shape = (len(batch), len(sequences[batch[-1]]))
        ids, mask = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        for row, i in enumerate(batch):
            ids[row, : len(sequences[i])] = sequences[i]
            mask[row, : len(sequences[i])] = 1
        states = run(ids, mask)
        for row, i in enumerate(batch):
            found[i] = states[row, : len(sequences[i])]
        start = end
    return [found[i] for i in range(len(sequences))]
