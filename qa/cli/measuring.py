"""The command that measures how well questions are answered, and fits how sure an answer is: eval."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from qa.cite import to_json
from qa.cli.codes import ExitCode
from qa.cli.libraries import build_collection, folder_of, identity_of, open_library
from qa.cli.progress import QuestionBar
from qa.cli.streams import say
from qa.errors import EvaluationError
from qa.types import Answer

DEFAULT_QUESTIONS = Path("corpus", "evaluation", "rutland-questions.jsonl")
CALIBRATION_QUESTIONS = DEFAULT_QUESTIONS.parent


def run_eval(options: argparse.Namespace) -> ExitCode:
    """Measure, or fit a calibration."""
    if options.calibrate:
        return _calibrate(options)
    if options.out is not None:
        raise EvaluationError("--out is for a calibration; give --calibrate with it")
    import tempfile

    from qa.evaluate import SHIPPED_MODE, measure
    from qa.evaluation_report import as_dict, check_outputs, write_report, write_runs
    from qa.library import MOST_PASSAGES
    from qa.printing import evaluation_text
    from qa.questions import Question, read_judged, read_questions

    check_outputs(run=options.run_file, report=options.report)
    if (options.qrels is None) != (options.queries is None) or (options.qrels and options.questions):
        raise EvaluationError(
            "Judgements need their own queries; give --qrels FILE --queries FILE and no other"
        )
    if len(set(options.compare or ())) != len(options.compare or ()):
        raise EvaluationError("A mode is named twice; name each mode to compare once")
    if options.qrels is not None:
        questions = read_judged(options.queries, options.qrels)
    else:
        questions = read_questions(options.questions or folder_of(options) / DEFAULT_QUESTIONS)

    if options.index is not None and questions.collection is None:
        raise EvaluationError("--index is for a BEIR folder; these questions are asked of the library")
    with tempfile.TemporaryDirectory(prefix="qa-eval-") as temporary:
        if questions.collection is None:
            library = open_library(options)
        else:
            library = build_collection(questions.collection, options.index or Path(temporary))

        def asking(mode: dict[str, str]) -> Callable[[Question, int], Answer]:
            return lambda question, k: library.ask(question.text, k=k, history=question.history, **mode)

        chosen = {mode: asking({"mode": mode}) for mode in options.compare or ()}
        if options.rerank is not None:
            chosen["reranked"] = asking({"rerank": options.rerank})
        with QuestionBar() as show:
            measurement = measure(
                questions,
                library.passages(),
                chosen or {SHIPPED_MODE: asking({})},
                identity=identity_of(library) | ({"reranker": options.rerank} if options.rerank else {}),
                k=options.k,
                deepest=MOST_PASSAGES if options.report else 0,
                progress=show,
            )
        library.close()
    written = write_runs(measurement, options.run_file) if options.run_file else []
    written += [write_report(measurement, options.report)] if options.report else []
    print(to_json(as_dict(measurement)) if options.json else evaluation_text(measurement))
    for path in written:
        say(f"Written: {path}")
    return ExitCode.ANSWERED


def _calibrate(options: argparse.Namespace) -> ExitCode:
    from qa.evaluation_report import check_outputs
    from qa.printing import calibration_text
    from qa.questions import read_questions

    others = ("qrels", "queries", "compare", "run_file", "report")
    if any(getattr(options, name) is not None for name in others):
        raise EvaluationError("--calibrate goes with questions, --out and --json only; leave the rest out")
    check_outputs(run=options.out, report=None)
    questions = read_questions(options.questions or folder_of(options) / CALIBRATION_QUESTIONS)
    if questions.collection is not None:
        raise EvaluationError(
            f"{questions.name} is a collection of its own; calibrate with questions on the library's reports"
        )
    library = open_library(options)
    with QuestionBar() as show:
        fit = library.calibrate(questions.questions, path=options.out, progress=show)
    library.close()
    print(to_json(fit.to_dict()) if options.json else calibration_text(fit))
    say(f"Written: {options.out or library.calibration_file}")
    return ExitCode.ANSWERED
