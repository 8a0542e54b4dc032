"""The weights that make a score of the signs: those shipped, and how they are fitted and validated."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from qa.confidence.signs import FEATURES, Judged, Scale, Signs


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights and thresholds fitted for one model, with what they were fitted on.

    `refuse_below` and `strong_from` are scores; `answerable` and `unanswerable` count the questions.
    """

    model: str
    date: str
    scale: Scale
    intercept: float
    weights: tuple[float, ...]
    refuse_below: float
    strong_from: float
    answerable: int
    unanswerable: int

    def score(self, signs: Signs) -> float:
        """Return how probable an answer is, 0 to 1, for questions mixed as those it was fitted on."""
        return _logistic(self.intercept + float(np.dot(self.weights, _row(signs))))

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, to be written as JSON."""
        weights = dict(zip(FEATURES, self.weights, strict=True))
        return {**asdict(self), "scale": self.scale._asdict(), "weights": weights}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the calibration that `to_dict` gave.

        Raises
        ------
        ValueError
            If a value is missing, of another type, or the weights are not those of `FEATURES`.
        """
        try:
            weights = values["weights"]
            if set(weights) != set(FEATURES):
                raise ValueError("the weights are not those of this version")
            return cls(
                model=str(values["model"]),
                date=str(values["date"]),
                scale=Scale(float(values["scale"]["floor"]), float(values["scale"]["ceiling"])),
                weights=tuple(float(weights[name]) for name in FEATURES),
                intercept=float(values["intercept"]),
                refuse_below=float(values["refuse_below"]),
                strong_from=float(values["strong_from"]),
                answerable=int(values["answerable"]),
                unanswerable=int(values["unanswerable"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a calibration: {error}") from error


@dataclass(frozen=True, slots=True)
class Validation:
    """How well judging does on questions that were left out of the fit.

    `auroc` of the score; `refused` of the unanswerable and `wrongly_refused` of the answerable, as shares.
    """

    auroc: float
    refused: float
    wrongly_refused: float


SHIPPED = Calibration(
    model="all-MiniLM-L6-v2",
    date="2026-11-21",
    scale=Scale(0.3, 0.8),
    intercept=1.2281,
    weights=(-1.3809, 3.3868, -5.5065, 1.787, -5.0963, -2.8259, -10.6703),
    refuse_below=0.4346,
    strong_from=0.7785,
    answerable=155,
    unanswerable=73,
)
"""Fitted on the questions of `corpus/evaluation/`."""


DEFAULT_SCALE = SHIPPED.scale


# --- calibrating -------------------------------------------------------------------------------------------

WRONGLY_REFUSED = 0.04
"""Share of the answerable questions that may be refused; less than is borne, for new questions are harder."""

_PENALTY = 1.0
"""Ridge penalty on the standardised weights."""

_FOLDS = 10


def likeness_scale(questions: Sequence[Sequence[Judged]]) -> Scale:
    """Return the scale of a model's likenesses, from what was found for each of many questions.

    The best likeness of a question lies above the floor for 95 in 100, below the ceiling for 95 in 100.

    Raises
    ------
    ValueError
        If no likeness is known.
    """
    best = [
        max(known)
        for passages in questions
        if (
            known := [
                each.likeness for one in passages for each in one.sentences if each.likeness is not None
            ]
        )
    ]
    if not best:
        raise ValueError("no likeness is known")
    floor, ceiling = (float(each) for each in np.quantile(best, (0.05, 0.95)))
    return Scale(round(floor, 3), round(max(ceiling, floor + 0.05), 3))


def fit(
    examples: Sequence[tuple[Signs, bool]],
    *,
    model: str,
    date: str,
    scale: Scale = DEFAULT_SCALE,
    wrongly_refused: float = WRONGLY_REFUSED,
    wrongly_strong: float = 0.2,
) -> Calibration:
    """Return the calibration that tells answerable questions from others best.

    Ridge logistic regression on standardised signs; the thresholds come from scores of questions that were
    left out in turn.

    Parameters
    ----------
    examples
        Signs of questions, and whether the reports answer each; both sorts, ten of each or more.
    model
        The model that gave the likenesses.
    date
        The day it was fitted, ISO.
    scale
        What the signs were made with.
    wrongly_refused
        The share of the answerable questions that may be refused.
    wrongly_strong
        The share of the unanswerable questions that may be called strong.

    Raises
    ------
    ValueError
        If one of the sorts has fewer than ten questions.
    """
    rows, labels = _arrays(examples)
    intercept, weights = _regress(rows, labels)
    left_out = _left_out(rows, labels, seed=0)
    refuse = float(np.quantile(left_out[labels == 1], wrongly_refused, method="lower"))
    strong = float(np.quantile(left_out[labels == 0], 1 - wrongly_strong, method="higher"))
    return Calibration(
        model=model,
        date=date,
        scale=scale,
        intercept=round(intercept, 4),
        weights=tuple(round(float(weight), 4) for weight in weights),
        refuse_below=round(_logistic(refuse), 4),
        strong_from=round(_logistic(max(refuse, strong)), 4),
        answerable=int(labels.sum()),
        unanswerable=int(len(labels) - labels.sum()),
    )


def cross_validate(
    examples: Sequence[tuple[Signs, bool]], *, repeats: int = 10, wrongly_refused: float = WRONGLY_REFUSED
) -> Validation:
    """Return how well judging does on questions left out of the fit and of its threshold.

    Stratified ten-fold cross-validation, repeated with other folds and averaged.

    Raises
    ------
    ValueError
        As in `fit`.
    """
    rows, labels = _arrays(examples)
    found: list[tuple[float, float, float]] = []
    for seed in range(repeats):
        scores, refused = np.zeros(len(labels)), np.zeros(len(labels), bool)
        for left in _folds(labels, seed):
            kept = ~left
            intercept, weights = _regress(rows[kept], labels[kept])
            scores[left] = intercept + rows[left] @ weights
            inner = _left_out(rows[kept], labels[kept], seed=seed)
            threshold = np.quantile(inner[labels[kept] == 1], wrongly_refused, method="lower")
            refused[left] = scores[left] < threshold
        found.append((auroc(scores, labels), refused[labels == 0].mean(), refused[labels == 1].mean()))
    return Validation(*(float(value) for value in np.mean(found, axis=0)))


def auroc(scores: Any, labels: Any) -> float:
    """Return the share of pairs in which the answerable question scores higher; equals count half."""
    scores, labels = np.asarray(scores, float), np.asarray(labels, bool)
    difference = scores[labels][:, None] - scores[~labels][None, :]
    return float(((difference > 0) + 0.5 * (difference == 0)).mean())


def _row(signs: Signs) -> list[float]:
    return [float(getattr(signs, name)) for name in FEATURES]


def _arrays(examples: Sequence[tuple[Signs, bool]]) -> tuple[Any, Any]:
    labels = np.array([int(answerable) for _, answerable in examples])
    fewest = min(int(labels.sum()), int(len(labels) - labels.sum())) if len(labels) else 0
    if fewest < _FOLDS:
        raise ValueError(f"at least {_FOLDS} answerable and {_FOLDS} unanswerable questions are needed")
    return np.array([_row(signs) for signs, _ in examples]), labels


def _regress(rows: Any, labels: Any) -> tuple[float, Any]:
    """Return intercept and weights of a ridge logistic regression, by Newton's method."""
    mean, scale = rows.mean(axis=0), rows.std(axis=0)
    scale[scale < 1e-9] = 1.0
    design = np.column_stack([np.ones(len(rows)), (rows - mean) / scale])
    penalty = np.diag([0.0] + [_PENALTY] * rows.shape[1])
    found = np.zeros(design.shape[1])
    for _ in range(100):
        chance = 1 / (1 + np.exp(-np.clip(design @ found, -30, 30)))
        gradient = design.T @ (chance - labels) + penalty @ found
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + penalty
        step = np.linalg.solve(curvature + 1e-9 * np.eye(len(found)), gradient)
        found -= step
        if np.abs(step).max() < 1e-8:
            break
    weights = found[1:] / scale
    return float(found[0] - weights @ mean), weights


def _left_out(rows: Any, labels: Any, *, seed: int) -> Any:
    scores = np.zeros(len(labels))
    for left in _folds(labels, seed):
        intercept, weights = _regress(rows[~left], labels[~left])
        scores[left] = intercept + rows[left] @ weights
    return scores


def _folds(labels: Any, seed: int) -> Iterator[Any]:
    fold = np.zeros(len(labels), int)
    shuffle = np.random.default_rng(seed)
    for label in (0, 1):
        members = shuffle.permutation(np.flatnonzero(labels == label))
        fold[members] = np.arange(len(members)) % _FOLDS
    for number in range(_FOLDS):
        yield fold == number


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-min(30.0, max(-30.0, value))))
