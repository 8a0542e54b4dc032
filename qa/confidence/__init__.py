"""Whether the passages found really hold an answer. Looks for the answer itself, since likeness cannot tell.

A question on the reports' own themes whose answer is not there finds passages as like it as any other
question does. So three signs are weighed before likeness:

- what kind of answer the question expects (question classification by rules: Li and Roth, "Learning Question
  Classifiers", COLING 2002) and whether a sentence that speaks of the thing asked holds one of that kind;
- names and years of the question that stand nowhere in the reports, or not in the passages found;
- how well any sentence, by its words and its meaning, speaks of the thing asked: a thing spoken of without an
  answer of the kind expected is the mark of a near miss, where an idiom far from the text is not.

A logistic regression makes a score of them; its weights are a `Calibration`, found by `calibrate` from
questions of which it is known whether the reports answer them, and kept in a file: the package's or a
library's own. The rest is pure functions on words and numbers: no index, no model.
"""

from qa.confidence.calibration import (
    CALIBRATION_FILE,
    Calibration,
    find_calibration,
    read_calibrations,
    shipped_calibrations,
    write_calibrations,
)
from qa.confidence.fitting import (
    WRONGLY_REFUSED,
    Fit,
    Validation,
    auroc,
    calibrate,
    cross_validate,
    fit,
    likeness_scale,
)
from qa.confidence.judging import Level, Verdict, judge, signs_of
from qa.confidence.kinds import AnswerKind, expects, years_in, years_of
from qa.confidence.signs import FEATURES, PLAIN_SCALE, Case, Judged, Scale, Sentence, Signs

__all__ = [
    "CALIBRATION_FILE",
    "FEATURES",
    "PLAIN_SCALE",
    "WRONGLY_REFUSED",
    "AnswerKind",
    "Calibration",
    "Case",
    "Fit",
    "Judged",
    "Level",
    "Scale",
    "Sentence",
    "Signs",
    "Validation",
    "Verdict",
    "auroc",
    "calibrate",
    "cross_validate",
    "expects",
    "find_calibration",
    "fit",
    "judge",
    "likeness_scale",
    "read_calibrations",
    "shipped_calibrations",
    "signs_of",
    "write_calibrations",
    "years_in",
    "years_of",
]
