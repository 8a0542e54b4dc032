"""How a calibration is fitted to questions of which it is known whether the reports answer them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from qa.confidence.calibration import Calibration, logistic
from qa.confidence.judging import signs_of
from qa.confidence.signs import Case, Judged, Scale, Signs
from qa.errors import EvaluationError

WRONGLY_REFUSED = 0.04
"""Share of the answerable questions that may be refused; less than is borne, for new questions are harder."""

_PENALTY = 1.0
"""Ridge penalty on the standardised weights."""

_FOLDS = 10


@dataclass(frozen=True, slots=True)
class Validation:
    """How well a calibration judges some questions.

    `auroc` of the score; `refused` of the unanswerable and `wrongly_refused` of the answerable, as shares.
    """

    auroc: float
    refused: float
    wrongly_refused: float


class Fit(NamedTuple):
    """A calibration, how it judges the questions it was fitted to, and how it judges those left out."""

    calibration: Calibration
    fitted: Validation
    cross_validated: Validation

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, to be written as JSON."""
        return {
            "calibration": self.calibration.to_dict(),
            "fitted": asdict(self.fitted),
            "cross_validated": asdict(self.cross_validated),
        }


def calibrate(examples: Sequence[tuple[Case, bool]], *, model: str, fingerprint: str, date: str) -> Fit:
    """Return the calibration for a model: the scale of its likenesses first, then weights and thresholds.

    The same examples give the same calibration. The scale is taken from all questions, also in
    cross-validation; it does not see which of them are answerable.

    Parameters
    ----------
    examples
        Questions with what was found, and whether the reports answer each.
    model, fingerprint, date
        As in `fit`.

    Raises
    ------
    EvaluationError
        As in `fit` and `likeness_scale`.
    """
    scale = likeness_scale([case.passages for case, _ in examples])
    signs = [(signs_of(case, scale=scale), answerable) for case, answerable in examples]
    calibration = fit(signs, model=model, fingerprint=fingerprint, date=date, scale=scale)
    scores = np.array([calibration.score(each) for each, _ in signs])
    labels = np.array([answerable for _, answerable in signs])
    refused = scores < calibration.refuse_below
    fitted = Validation(auroc(scores, labels), float(refused[~labels].mean()), float(refused[labels].mean()))
    return Fit(calibration, fitted, cross_validate(signs))


def likeness_scale(questions: Sequence[Sequence[Judged]]) -> Scale:
    """Return the scale of a model's likenesses, from what was found for each of many questions.

    The best likeness of a question lies above the floor for 95 in 100, below the ceiling for 95 in 100.

    Raises
    ------
    EvaluationError
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
        raise EvaluationError("No sentence was found for any question; give questions on the reports")
    floor, ceiling = (float(each) for each in np.quantile(best, (0.05, 0.95)))
    return Scale(round(floor, 3), round(max(ceiling, floor + 0.05), 3))


def fit(
    examples: Sequence[tuple[Signs, bool]],
    *,
    model: str,
    fingerprint: str,
    date: str,
    scale: Scale,
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
    model, fingerprint
        Of the encoder that gave the likenesses.
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
    EvaluationError
        If one of the sorts has fewer than ten questions.
    """
    rows, labels = _arrays(examples)
    intercept, weights = _regress(rows, labels)
    left_out = _left_out(rows, labels, seed=0)
    refuse = float(np.quantile(left_out[labels == 1], wrongly_refused, method="lower"))
    strong = float(np.quantile(left_out[labels == 0], 1 - wrongly_strong, method="higher"))
    return Calibration(
        model=model,
        fingerprint=fingerprint,
        date=date,
        scale=scale,
        intercept=round(intercept, 4),
        weights=tuple(round(float(weight), 4) for weight in weights),
        refuse_below=round(logistic(refuse), 4),
        strong_from=round(logistic(max(refuse, strong)), 4),
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
    EvaluationError
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


def _arrays(examples: Sequence[tuple[Signs, bool]]) -> tuple[Any, Any]:
    labels = np.array([int(answerable) for _, answerable in examples], int)
    fewest = min(int(labels.sum()), int(len(labels) - labels.sum()))
    if fewest < _FOLDS:
        raise EvaluationError(
            f"To calibrate, at least {_FOLDS} answerable and {_FOLDS} unanswerable questions are needed; "
            f"there are {int(labels.sum())} and {int(len(labels) - labels.sum())}; add some"
        )
    return np.array([signs.weighed for signs, _ in examples]), labels


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
