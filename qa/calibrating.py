"""A calibration fitted to questions that are asked of an open index, and kept in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from qa.asking import Asking
from qa.confidence import Case, Fit, calibrate, read_calibrations, write_calibrations
from qa.errors import EvaluationError, QuestionError
from qa.index import Manifest
from qa.questions import Question
from qa.types import Progress, ProgressCallback, Query


def calibrate_with(
    questions: Sequence[Question],
    asking: Asking,
    manifest: Manifest,
    *,
    understood: Callable[[Question], Query],
    path: Path,
    progress: ProgressCallback | None,
) -> Fit:
    """Fit to questions how sure an answer is with the model of an index, and put that into a file.

    Parameters
    ----------
    questions
        Answerable and unanswerable ones.
    asking, manifest
        What is asked, and the index it has open.
    understood
        Tells what a question asks for.
    path
        The file; what it holds for other models is kept.
    progress
        Called with a `Progress` after each question.

    Raises
    ------
    EvaluationError
        If a question cannot be asked, or there are too few of a sort.
    CorpusError
        If the file holds something else or cannot be written.
    """
    model = (manifest.model, manifest.model_sha256)
    others = [each for each in read_calibrations(path) if (each.model, each.fingerprint) != model]
    asking.prepare()
    examples = list(_examples(questions, asking, understood, progress))
    date = datetime.now(UTC).date().isoformat()
    found = calibrate(examples, model=manifest.model, fingerprint=manifest.model_sha256, date=date)
    write_calibrations(path, [*others, found.calibration])
    asking.calibrated_anew()
    return found


def _examples(
    questions: Sequence[Question],
    asking: Asking,
    understood: Callable[[Question], Query],
    progress: ProgressCallback | None,
) -> Iterator[tuple[Case, bool]]:
    """Yield what is judged of each question and whether it can be answered."""
    for number, question in enumerate(questions, start=1):
        try:
            query = understood(question)
        except QuestionError as error:
            raise EvaluationError(f"Question {question.id} cannot be asked: {error}") from error
        # One that names a paragraph is not judged when it is asked.
        if not query.located:
            yield asking.case(query), question.answerable
        if progress is not None:
            progress(Progress("asking", number, len(questions)))
