"""Whether the passages found really hold an answer. Looks for the answer itself, since likeness cannot tell.

A question on the reports' own themes whose answer is not there finds passages as like it as any other
question does. So three signs are weighed before likeness:

- what kind of answer the question expects (question classification by rules: Li and Roth, "Learning Question
  Classifiers", COLING 2002) and whether a sentence that speaks of the thing asked holds one of that kind;
- names and years of the question that stand nowhere in the reports, or not in the passages found;
- how well any sentence, by its words and its meaning, speaks of the thing asked: a thing spoken of without an
  answer of the kind expected is the mark of a near miss, where an idiom far from the text is not.

A logistic regression makes a score of them; its weights are a `Calibration`, found by `fit` from questions of
which it is known whether the reports answer them. Pure functions on words and numbers: no index, no model, no
file.
"""

from qa.confidence.calibration import (
    DEFAULT_SCALE,
    SHIPPED,
    WRONGLY_REFUSED,
    Calibration,
    Validation,
    auroc,
    cross_validate,
    fit,
    likeness_scale,
)
from qa.confidence.judging import Level, Verdict, judge, signs_of
from qa.confidence.kinds import AnswerKind, expects, years_in
from qa.confidence.signs import FEATURES, Judged, Scale, Sentence, Signs

__all__ = [
    "DEFAULT_SCALE",
    "FEATURES",
    "SHIPPED",
    "WRONGLY_REFUSED",
    "AnswerKind",
    "Calibration",
    "Judged",
    "Level",
    "Scale",
    "Sentence",
    "Signs",
    "Validation",
    "Verdict",
    "auroc",
    "cross_validate",
    "expects",
    "fit",
    "judge",
    "likeness_scale",
    "signs_of",
    "years_in",
]
