"""The weights that make a score of the signs, fitted for one model, and the files that hold them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

from qa.confidence.signs import FEATURES, Scale, Signs
from qa.errors import CorpusError

CALIBRATION_FILE = "calibration.json"
"""The calibrations of a library, one a model, and the file with those shipped."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights and thresholds fitted for one model, with what they were fitted on.

    `model` and `fingerprint` are those of the `Encoder`, `date` is the day of the fit, ISO. `refuse_below`
    and `strong_from` are scores; `answerable` and `unanswerable` count the questions.
    """

    model: str
    fingerprint: str
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
        return logistic(
            self.intercept
            + sum(weight * sign for weight, sign in zip(self.weights, signs.weighed, strict=True))
        )

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
                raise ValueError("its weights are not those of this version")
            calibration = cls(
                model=str(values["model"]),
                fingerprint=str(values["fingerprint"]),
                date=str(values["date"]),
                scale=Scale(float(values["scale"]["floor"]), float(values["scale"]["ceiling"])),
                weights=tuple(float(weights[name]) for name in FEATURES),
                intercept=float(values["intercept"]),
                refuse_below=float(values["refuse_below"]),
                strong_from=float(values["strong_from"]),
                answerable=int(values["answerable"]),
                unanswerable=int(values["unanswerable"]),
            )
        except KeyError as error:
            raise ValueError(f"a calibration has no {error.args[0]}") from error
        except (TypeError, OverflowError) as error:
            raise ValueError(f"a calibration has a value of another type: {error}") from error
        numbers = (*calibration.scale, *calibration.weights, calibration.intercept)
        if not all(map(math.isfinite, numbers)) or calibration.scale.floor >= calibration.scale.ceiling:
            raise ValueError("a calibration has a number that cannot be")
        return calibration


def find_calibration(model: str, fingerprint: str, own: Path) -> Calibration | None:
    """Return the calibration of a model: that of the library's own file, else the one shipped, else none.

    Raises
    ------
    CorpusError
        As `read_calibrations` does.
    """
    known = (*read_calibrations(own), *shipped_calibrations())
    return next((each for each in known if (each.model, each.fingerprint) == (model, fingerprint)), None)


def shipped_calibrations() -> tuple[Calibration, ...]:
    """Return the calibrations that come with the package."""
    return _parsed((files("qa.confidence") / CALIBRATION_FILE).read_text(encoding="utf-8"))


def read_calibrations(path: Path) -> tuple[Calibration, ...]:
    """Return the calibrations a file holds; none if there is no such file.

    Raises
    ------
    CorpusError
        If the file cannot be read, is damaged, or was written by a version that weighs other signs.
    """
    try:
        return _parsed(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise CorpusError(f"{path} cannot be read ({error.strerror}); mend or remove it") from error
    except (ValueError, RecursionError) as error:
        raise CorpusError(
            f"{path} holds no calibrations ({error}); remove it, and to make it anew run: qa eval --calibrate"
        ) from error


def write_calibrations(path: Path, calibrations: Iterable[Calibration]) -> None:
    """Write calibrations as a file that `read_calibrations` reads.

    Raises
    ------
    CorpusError
        If the file cannot be written.
    """
    values = {"calibrations": [each.to_dict() for each in calibrations]}
    partial = path.with_name(f".{path.name}.partial")
    try:
        # Under a hidden name until it is whole: questions may be asked meanwhile.
        partial.write_text(f"{json.dumps(values, indent=2, ensure_ascii=False)}\n", encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise CorpusError(f"{path} cannot be written ({error.strerror}); check its path") from error


def logistic(value: float) -> float:
    """Return the probability of some log odds."""
    return 1 / (1 + math.exp(-min(30.0, max(-30.0, value))))


def _parsed(text: str) -> tuple[Calibration, ...]:
    """Return the calibrations of a file's text; a `ValueError` says what is wrong."""
    values = json.loads(text)
    if not isinstance(values, dict) or not isinstance(values.get("calibrations"), list):
        raise ValueError("no list of calibrations")
    return tuple(Calibration.from_dict(each) for each in values["calibrations"])
