"""How much of the ranking's accuracy is owed to weights chosen on the very questions it is measured on.

``python -m tests.tools.ranking_weights`` asks the development questions once for each power of the rarity,
mixes the parts of every candidate's score anew for each pair of weights of a grid, and compares

- the weights that are shipped and the best of the grid, both on the questions they were chosen on,
- weights chosen on nine tenths of the questions and measured on the tenth left out (ten-fold
  cross-validation, repeated with other folds),
- the weights that are shipped, on questions that were not looked at when they were chosen.

The part of a score that a weight multiplies is known for every candidate, so a grid costs no search.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from qa.library import MOST_PASSAGES, Library
from qa.questions import Question, fold, read_questions
from qa.retrieve import let_each_report_be_heard, ranking, words
from tests.fakes import ROOT

DENSE = (0.0, 0.125, 0.25, 0.375, 0.5, 0.75, 1.0)
LEXICAL = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75)
POWERS = (0.25, 0.5, 0.75, 1.0)
FOLDS, REPEATS = 10, 20
DEPTH = 10

MEASURES = ("Success@1", "Success@5", "Success@10", "RR@10")

Ranks = NDArray[np.int64]
"""Rank of the first right passage, from 1; `DEPTH` + 1 if it is not among the first."""


class Weights(NamedTuple):
    """The weights of the cosine and of BM25 against close reading, and the power of the rarity."""

    dense: float
    lexical: float
    power: float


SHIPPED = Weights(ranking._DENSE_WEIGHT, words.LEXICAL_WEIGHT, ranking._RARITY_POWER)


@dataclass(frozen=True, slots=True)
class Found:
    """The candidates of a question in reading order: what is multiplied by a weight, and what is not."""

    plain: NDArray[np.float64]
    dense: NDArray[np.float64]
    lexical: NDArray[np.float64]
    right: NDArray[np.bool_]
    reports: tuple[str, ...]
    compared: tuple[str, ...] | None

    def rank(self, weights: Weights) -> int:
        """Return the rank of the first right passage with some weights."""
        score = self.plain + weights.dense * self.dense + weights.lexical * self.lexical
        order = np.argsort(-score, kind="stable").tolist()
        if self.compared is not None:
            order = let_each_report_be_heard(order, dict(enumerate(self.reports)), self.compared)
        return next((rank for rank, at in enumerate(order[:DEPTH], start=1) if self.right[at]), DEPTH + 1)


def found_for(library: Library, questions: Sequence[Question], power: float) -> Iterator[Found]:
    """Yield the candidates of each question, searched with a power of the rarity."""
    places = {passage.id: at for at, passage in enumerate(library.passages())}
    texts = {passage.id: fold(passage.text) for passage in library.passages()}
    with patch.object(ranking, "_RARITY_POWER", power):
        for question in questions:
            answer = library.ask(question.text, k=MOST_PASSAGES, history=question.history)
            assert answer.query is not None
            passages = sorted(answer.passages, key=lambda cited: places[cited.id])
            parts = [cited.explanation.parts for cited in passages if cited.explanation is not None]
            quotes = [fold(quote) for quote in question.quotes]
            yield Found(
                plain=np.array([each["close reading"] + each["report named"] for each in parts]),
                dense=np.array([each["meaning"] for each in parts]) / ranking._DENSE_WEIGHT,
                lexical=np.array([each["words"] for each in parts]) / words.LEXICAL_WEIGHT,
                right=np.array([any(quote in texts[cited.id] for quote in quotes) for cited in passages]),
                reports=tuple(cited.passage.report for cited in passages),
                compared=answer.query.favoured if answer.query.compares else None,
            )


def measured(ranks: Ranks) -> NDArray[np.float64]:
    """Return the measures of each question; shape ``(..., len(MEASURES))``."""
    reciprocal = np.where(ranks <= DEPTH, 1 / ranks, 0.0)
    return np.stack([*((ranks <= depth).astype(float) for depth in (1, 5, 10)), reciprocal], axis=-1)


def cross_validated(
    values: NDArray[np.float64], *, folds: int = FOLDS, repeats: int = REPEATS
) -> tuple[NDArray[np.float64], Counter[int]]:
    """Return the mean measures of questions left out, and how often each row of the grid was chosen.

    `values` has shape ``(grid, questions, measures)``; the last measure chooses, and of equals the first.
    """
    chosen: Counter[int] = Counter()
    left_out = np.zeros((repeats, *values.shape[1:]))
    for seed in range(repeats):
        fold_of = np.random.default_rng(seed).permutation(np.arange(values.shape[1]) % folds)
        for number in range(folds):
            left = fold_of == number
            best = int(values[:, ~left, -1].mean(axis=1).argmax())
            left_out[seed, left] = values[best, left]
            chosen[best] += 1
    mean: NDArray[np.float64] = left_out.mean(axis=(0, 1))
    return mean, chosen


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures as the rows of a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--library", type=Path, default=ROOT, help="the folder that holds corpus/ and index/")
    library = Library.open(parser.parse_args(arguments).library)
    development, others = (
        [question for question in read_questions(path).questions if question.answerable]
        for path in (
            library.path / "corpus" / "evaluation" / "rutland-questions.jsonl",
            library.path / "corpus" / "evaluation" / "more-questions.jsonl",
        )
    )
    grid: list[Weights] = []
    ranks: list[list[int]] = []
    for power in POWERS:
        found = list(found_for(library, development, power))
        for weights in (Weights(dense, lexical, power) for dense in DENSE for lexical in LEXICAL):
            grid.append(weights)
            ranks.append([each.rank(weights) for each in found])
    values = measured(np.array(ranks))
    mean = values.mean(axis=1)
    best = int(mean[:, -1].argmax())
    left_out, chosen = cross_validated(values)
    held_out = [each.rank(SHIPPED) for each in found_for(library, others, SHIPPED.power)]
    rows = [
        (f"shipped weights, the {len(development)} development questions", mean[grid.index(SHIPPED)]),
        (f"best of {len(grid)} weights on the same questions (fitted)", mean[best]),
        ("cross-validated: weights chosen on other questions", left_out),
        (f"shipped weights, {len(others)} other questions", measured(np.array(held_out)).mean(axis=0)),
    ]
    print(f"| | {' | '.join(MEASURES)} |")
    print("|---" * (len(MEASURES) + 1) + "|")
    for name, row in rows:
        print(f"| {name} | " + " | ".join(f"{value:.3f}".removeprefix("0") for value in row) + " |")
    print(f"\nShipped: {_in_words(SHIPPED)}. Best: {_in_words(grid[best])}. Chosen in cross-validation:")
    for number, count in chosen.most_common(5):
        print(f"- {_in_words(grid[number])}: {count / chosen.total():.0%}")
    near = mean[[abs(w.dense - SHIPPED.dense) <= 0.125 and abs(w.lexical - SHIPPED.lexical) < 0.11
                 and w.power == SHIPPED.power for w in grid]]  # fmt: skip
    print(f"RR@10 of the shipped weights' neighbours: {near[:, -1].min():.3f} to {near[:, -1].max():.3f}")


def _in_words(weights: Weights) -> str:
    return f"cosine {weights.dense}, BM25 {weights.lexical}, rarity to the power {weights.power}"


if __name__ == "__main__":
    main()
