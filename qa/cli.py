"""The command line: arguments in, results to stdout, everything else to stderr, an exit code out.

Computes nothing: what it prints is what the library answers.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from qa import __version__
from qa.cite import (
    answer_as_dict,
    explained_as_dict,
    finding_as_dict,
    on_one_line,
    plural,
    shown_as_dict,
    summary_as_dict,
    to_json,
)
from qa.errors import EvaluationError, IndexMissingError, ModelError, QaError, QuestionError
from qa.printing import (
    answer_text,
    build_text,
    calibration_text,
    contents_text,
    evaluation_text,
    finding_text,
    inspection_text,
    passage_text,
    summary_text,
)
from qa.types import Answer, Progress, ReportOutline

if TYPE_CHECKING:
    from qa.library import Library

DEFAULT_QUESTIONS = Path("corpus", "evaluation", "rutland-questions.jsonl")
CALIBRATION_QUESTIONS = DEFAULT_QUESTIONS.parent


_RERANK_HELP = "let a cross-encoder (folder or name) on this machine put the first passages in its order"


class ExitCode(IntEnum):
    """What the exit codes mean."""

    ANSWERED = 0
    NOTHING_FOUND = 1
    USAGE = 2
    CORPUS_OR_INDEX = 3
    MODEL = 4
    INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by whoever started us
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 - for as long as we run
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        options = _parser().parse_args(arguments)
        code = int(options.run(options))
        sys.stdout.flush()
        return code
    except QaError as error:
        _say(str(error))
        return _exit_code(error)
    except KeyboardInterrupt:
        _say("Interrupted; the index is as it was before")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has closed it; nothing more can be written, not even at exit.
        _discard(sys.stdout)
        return ExitCode.ANSWERED
    except OSError as error:
        _discard(sys.stdout)
        _say(f"The output cannot be written ({error.strerror}); check where it goes to")
        return ExitCode.CORPUS_OR_INDEX


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence."""

    def error(self, message: str) -> NoReturn:
        _say(f"{message}; see: {self.prog} --help")
        sys.exit(ExitCode.USAGE)


def _parser() -> _Parser:
    shared = _Parser(add_help=False)
    shared.add_argument(
        "--library",
        metavar="DIR",
        type=Path,
        default=argparse.SUPPRESS,
        help="the folder that holds corpus/ and index/ (default: $QA_LIBRARY, else the current folder)",
    )
    parser = _Parser(
        prog="qa",
        description="Ask inspection reports a question; get the passages that answer it, verbatim, cited.",
        epilog="Without a command the terminal app opens.",
        parents=[shared],
    )
    parser.add_argument("--version", action="version", version=f"qa {__version__}")
    parser.set_defaults(run=_run_app)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=_Parser)

    ask = commands.add_parser("ask", parents=[shared], help="answer a question with cited passages")
    ask.add_argument(
        "question", metavar="QUESTION", help="in plain words; - reads one question a line from stdin"
    )
    ask.add_argument("-k", type=int, default=5, metavar="N", help="how many passages (default: %(default)s)")
    ask.add_argument(
        "--report", action="append", metavar="ID", help="search this report only; may be repeated"
    )
    ask.add_argument("--section", metavar="TEXT", help="search under headings with these words only")
    ask.add_argument("--before", metavar="YEAR", help="search only reports dated in an earlier year")
    ask.add_argument("--after", metavar="YEAR", help="search only reports dated in a later year")
    ask.add_argument(
        "--nearest", action="store_true", help="where nothing answers, print the nearest passages"
    )
    ask.add_argument("--rerank", metavar="MODEL", help=_RERANK_HELP)
    ask.add_argument("--explain", action="store_true", help="say how each passage was found")
    ask.add_argument("--json", action="store_true", help="print one JSON object a question")
    ask.set_defaults(run=_run_ask)

    index = commands.add_parser(
        "index", parents=[shared], help="index the reports, or add reports and index them"
    )
    index.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="report files, or folders with reports in them, to copy into corpus/ before indexing",
    )
    index.add_argument("--model", metavar="M", help="name or folder of a sentence-transformers model")
    index.add_argument(
        "--download", action="store_true", help="fetch that model if it is not on this machine"
    )
    index.add_argument("--force", action="store_true", help="index anew even if nothing has changed")
    index.set_defaults(run=_run_index)

    show = commands.add_parser(
        "show", parents=[shared], help="print one passage by its id or paragraph number"
    )
    show.add_argument("id", nargs="+", metavar="ID", help='such as jar-2006:28, or "jar-2006 para 28"')
    show.add_argument(
        "--context", type=int, default=0, metavar="N", help="also N passages before and after it"
    )
    show.add_argument("--json", action="store_true", help="print one JSON object a passage")
    show.set_defaults(run=_run_show)

    find = commands.add_parser(
        "find",
        parents=[shared],
        help="list every passage that holds some words",
        description="List every passage that holds the words, in report order, with counts. All passages are "
        "searched, headings are not. Words match whole words as they are typed; letter case, accents, "
        "hyphens and other punctuation do not count.",
        epilog='"looked after" in quotation marks is a phrase; looked after without them, two words that '
        'must both occur. "truan*" finds every word with that beginning. AND, OR, NOT are upper case; '
        'with brackets, put all of it in quotation marks: "(truan* OR exclu*) AND NOT primary".',
    )
    find.add_argument("words", nargs="+", metavar="WORDS", help='such as "looked after"')
    find.add_argument(
        "--report", action="append", metavar="ID", help="search this report only; may be repeated"
    )
    find.add_argument("--section", metavar="TEXT", help="search under headings with these words only")
    find.add_argument("--json", action="store_true", help="print one JSON object")
    find.set_defaults(run=_run_find)

    reports = commands.add_parser("reports", parents=[shared], help="list the reports and what they hold")
    reports.add_argument("--json", action="store_true", help="print one JSON object a report")
    reports.set_defaults(run=_run_reports)

    inspection = commands.add_parser(
        "inspect",
        parents=[shared],
        help="show how a file is read: its outline, what looks wrong and what is left out",
    )
    inspection.add_argument(
        "file", metavar="FILE", help="a report file, or the id of a report in the library"
    )
    inspection.add_argument("--json", action="store_true", help="print one JSON object")
    inspection.add_argument(
        "--html", type=Path, metavar="PAGE.html", help="write a page that shows each page beside its passages"
    )
    inspection.add_argument("--force", action="store_true", help="replace PAGE.html if it is there")
    inspection.set_defaults(run=_run_inspect)

    evaluation = commands.add_parser(
        "eval",
        parents=[shared],
        help="measure how well questions are answered",
        description="Ask questions with known answers and measure how often the right passage comes first. "
        "With --calibrate, fit to them how much evidence makes an answer strong, possible or none.",
        epilog="A BEIR folder holds corpus.jsonl, queries.jsonl and qrels/test.tsv or qrels.tsv; it is "
        "indexed for the evaluation only, unless --index is given. With --qrels the library's passages are "
        "judged.",
    )
    evaluation.add_argument(
        "questions",
        nargs="?",
        type=Path,
        metavar="FILE_OR_FOLDER",
        help="questions with evidence, one JSON object a line, a folder of such files, or a BEIR folder "
        f"(default: {DEFAULT_QUESTIONS.as_posix()}; to calibrate, all of {CALIBRATION_QUESTIONS.as_posix()})",
    )
    evaluation.add_argument(
        "--qrels", type=Path, metavar="FILE", help="judgements: lines of query, 0, passage id, grade"
    )
    evaluation.add_argument(
        "--queries", type=Path, metavar="FILE", help="their queries: .tsv, or .jsonl with _id and text"
    )
    evaluation.add_argument(
        "--index",
        type=Path,
        metavar="DIR",
        help="keep the index of a BEIR folder there, and use it again",
    )
    evaluation.add_argument(
        "--compare",
        nargs="+",
        metavar="MODE",
        help="measure these ways of searching (words, bm25, dense, hybrid, full); compare them with the last",
    )
    evaluation.add_argument(
        "--rerank", metavar="MODEL", help=f"{_RERANK_HELP}; with --compare, measured after the others"
    )
    evaluation.add_argument("--json", action="store_true", help="print one JSON object")
    evaluation.add_argument(
        "--run",
        type=Path,
        metavar="FILE",
        dest="run_file",
        help="write what was ranked as a TREC run, one a mode",
    )
    evaluation.add_argument(
        "--report", type=Path, metavar="FILE.html", help="write a page with plots and every missed question"
    )
    evaluation.add_argument(
        "-k", type=int, default=10, metavar="N", help="how many passages are asked for (default: %(default)s)"
    )
    evaluation.add_argument(
        "--calibrate",
        action="store_true",
        help="fit to the questions how sure an answer is with this model, in place of measuring",
    )
    evaluation.add_argument(
        "--out",
        type=Path,
        metavar="FILE.json",
        help="put the calibration into this file (default: corpus/calibration.json, which questions use)",
    )
    evaluation.set_defaults(run=_run_eval)
    return parser


def _run_ask(options: argparse.Namespace) -> ExitCode:
    library = _open(options)
    if options.question == "-":
        return _ask_lines(library, options)
    answer = _ask(library, options, options.question)
    print(_printed(answer, options))
    return ExitCode.ANSWERED if answer.answered else ExitCode.NOTHING_FOUND


def _ask_lines(library: Library, options: argparse.Namespace) -> ExitCode:
    """Answer the questions on stdin, one a line; one that cannot be asked gives an object with ``error``."""
    worst = ExitCode.ANSWERED
    for line in sys.stdin.buffer:
        question = line.decode("utf-8", errors="replace").strip()
        try:
            answer = _ask(library, options, question)
        except QuestionError as error:
            _say(str(error))
            worst = ExitCode.USAGE
            answer = Answer(question, False, (), 0.0)
            failed = to_json({**answer_as_dict(answer), "error": str(error)})
            print(failed if options.json else answer_text(answer), flush=True)
        else:
            if not answer.answered:
                worst = max(worst, ExitCode.NOTHING_FOUND)
            print(_printed(answer, options), flush=True)
    return worst


def _printed(answer: Answer, options: argparse.Namespace) -> str:
    if options.json:
        return to_json(explained_as_dict(answer) if options.explain else answer_as_dict(answer))
    return answer_text(answer, explained=options.explain, nearest=options.nearest)


def _ask(library: Library, options: argparse.Namespace, question: str) -> Answer:
    return library.ask(
        _unicode(question),
        k=options.k,
        reports=options.report,
        section=options.section,
        before=options.before,
        after=options.after,
        rerank=options.rerank,
    )


def _run_index(options: argparse.Namespace) -> ExitCode:
    from qa.library import Library

    folder = _folder(options)
    failed: list[str] = []
    if options.paths:
        added = Library.add(folder, options.paths, on_failure=failed.append)
        for sentence in failed:
            _say(sentence)
        if len(added) > 1:
            _say(f"In the corpus: {plural(len(added), 'file')}")
        else:
            for path in added:
                _say(f"In the corpus: {path}")
        if not added:
            return ExitCode.CORPUS_OR_INDEX
    if not options.force and Library.is_current(folder, model=options.model):
        library = Library.open(folder)
        for sentence in library.unread:
            _say(sentence)
        print(f"The index is up to date: {contents_text(library.reports())}")
    else:
        library = _build(folder, model=options.model, download=options.download, anew=options.force)
        if library.built is not None and (options.paths or not library.built.is_clean):
            _say_plainly(build_text(library.built))
        print(f"Indexed {contents_text(library.reports())}")
    return ExitCode.CORPUS_OR_INDEX if failed or library.unread else ExitCode.ANSWERED


def _run_show(options: argparse.Namespace) -> ExitCode:
    cited = _open(options).show(_unicode(" ".join(options.id)), context=options.context)
    if options.json:
        print("\n".join(to_json(shown_as_dict(each)) for each in cited))
    else:
        print("\n\n".join(passage_text(each, numbered=False) for each in cited))
    return ExitCode.ANSWERED


def _run_find(options: argparse.Namespace) -> ExitCode:
    finding = _open(options).find(
        [_unicode(piece) for piece in options.words], reports=options.report, section=options.section
    )
    print(to_json(finding_as_dict(finding)) if options.json else finding_text(finding))
    return ExitCode.ANSWERED if finding.passages else ExitCode.NOTHING_FOUND


def _run_reports(options: argparse.Namespace) -> ExitCode:
    summaries = _open(options).reports()
    if options.json:
        print("\n".join(to_json(summary_as_dict(summary)) for summary in summaries))
    else:
        print("\n\n".join(summary_text(summary) for summary in summaries))
    return ExitCode.ANSWERED


def _run_inspect(options: argparse.Namespace) -> ExitCode:
    from qa.inspection import inspect, inspection_as_dict, write_page

    with _ProgressDisplay() as show:
        inspection = inspect(
            options.file,
            library=_folder(options),
            on_page=lambda done, total: show(Progress("looking at", done, total)),
        )
    if options.html is not None:
        _say(f"Written: {write_page(inspection, options.html, force=options.force)}")
    if options.json:
        print(to_json(inspection_as_dict(inspection)))
    elif options.html is None:
        print(inspection_text(inspection))
    return ExitCode.ANSWERED


def _run_eval(options: argparse.Namespace) -> ExitCode:
    if options.calibrate:
        return _calibrate(options)
    if options.out is not None:
        raise EvaluationError("--out is for a calibration; give --calibrate with it")
    from qa.evaluate import SHIPPED_MODE, measure
    from qa.evaluation_report import as_dict, check_outputs, write_report, write_runs
    from qa.library import MOST_PASSAGES
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
        questions = read_questions(options.questions or _folder(options) / DEFAULT_QUESTIONS)

    if options.index is not None and questions.collection is None:
        raise EvaluationError("--index is for a BEIR folder; these questions are asked of the library")
    with tempfile.TemporaryDirectory(prefix="qa-eval-") as temporary:
        if questions.collection is None:
            library = _open(options)
        else:
            library = _build_collection(questions.collection, options.index or Path(temporary))

        def asking(mode: dict[str, str]) -> Callable[[Question, int], Answer]:
            return lambda question, k: library.ask(question.text, k=k, history=question.history, **mode)

        chosen = {mode: asking({"mode": mode}) for mode in options.compare or ()}
        if options.rerank is not None:
            chosen["reranked"] = asking({"rerank": options.rerank})
        with _QuestionBar() as show:
            measurement = measure(
                questions,
                library.passages(),
                chosen or {SHIPPED_MODE: asking({})},
                identity=_identity(library) | ({"reranker": options.rerank} if options.rerank else {}),
                k=options.k,
                deepest=MOST_PASSAGES if options.report else 0,
                progress=show,
            )
        library.close()
    written = write_runs(measurement, options.run_file) if options.run_file else []
    written += [write_report(measurement, options.report)] if options.report else []
    print(to_json(as_dict(measurement)) if options.json else evaluation_text(measurement))
    for path in written:
        _say(f"Written: {path}")
    return ExitCode.ANSWERED


def _calibrate(options: argparse.Namespace) -> ExitCode:
    from qa.evaluation_report import check_outputs
    from qa.questions import read_questions

    others = ("qrels", "queries", "compare", "run_file", "report")
    if any(getattr(options, name) is not None for name in others):
        raise EvaluationError("--calibrate goes with questions, --out and --json only; leave the rest out")
    check_outputs(run=options.out, report=None)
    questions = read_questions(options.questions or _folder(options) / CALIBRATION_QUESTIONS)
    if questions.collection is not None:
        raise EvaluationError(
            f"{questions.name} is a collection of its own; calibrate with questions on the library's reports"
        )
    library = _open(options)
    with _QuestionBar() as show:
        fit = library.calibrate(questions.questions, path=options.out, progress=show)
    library.close()
    print(to_json(fit.to_dict()) if options.json else calibration_text(fit))
    _say(f"Written: {options.out or library.calibration_file}")
    return ExitCode.ANSWERED


def _build_collection(collection: ReportOutline, directory: Path) -> Library:
    from qa.library import Library

    with _ProgressDisplay() as progress:
        return Library.build_from_passages([collection], directory, progress=progress)


def _identity(library: Library) -> dict[str, str]:
    """Return what is measured; a library that cannot tell its model and index says so."""
    told: dict[str, str] = getattr(library, "identity", {})
    return {"version": __version__, "model": "not recorded", "index": "not recorded"} | told


def _run_app(options: argparse.Namespace) -> ExitCode:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise QuestionError("The app needs a terminal; without one, run: qa ask QUESTION")
    from qa.tui.app import QaApp

    folder = _folder(options)

    def open_library(progress: Callable[[Progress], None]) -> Library:
        from qa.library import Library

        try:
            return Library.open(folder)
        except IndexMissingError:
            return Library.build(folder, progress=progress)

    app = QaApp(open_library)
    app.run()
    return ExitCode(app.return_code or 0)


def _folder(options: argparse.Namespace) -> Path:
    return Path(getattr(options, "library", None) or os.environ.get("QA_LIBRARY") or ".")


def _open(options: argparse.Namespace) -> Library:
    """Open the library, building a missing index first; say on stderr what is not as it should be."""
    from qa.library import Library

    folder = _folder(options)
    try:
        library = Library.open(folder)
    except IndexMissingError:
        _say("There is no index yet; building it, once")
        return _build(folder, model=None, download=False)
    _warn(library)
    return library


def _build(folder: Path, *, model: str | None, download: bool, anew: bool = False) -> Library:
    from qa.library import Library

    with _ProgressDisplay() as progress:
        library = Library.build(folder, model=model, download=download, anew=anew, progress=progress)
    for sentence in library.unread:
        _say(sentence)
    _warn(library, named=library.unread)
    return library


def _warn(library: Library, *, named: Sequence[str] = ()) -> None:
    for warning in library.warnings:
        if warning not in named:
            _say(f"Warning: {warning}")


class _QuestionBar:
    """A progress bar over questions, on a terminal only."""

    def __enter__(self) -> Callable[[Progress], None]:
        from tqdm import tqdm

        self._bar = tqdm(unit=" questions", leave=False, disable=None)
        return self._show

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def _show(self, now: Progress) -> None:
        self._bar.set_description(now.stage.capitalize(), refresh=False)
        self._bar.total, self._bar.n = now.total, now.done
        self._bar.refresh()


_STEPS = {"reading": "report", "reading pages": "page", "encoding": "passage", "looking at": "page"}
"""What the stages of a build, and of an inspection, are counted in."""


class _ProgressDisplay:
    """A progress bar on a terminal, one plain line a stage elsewhere."""

    def __init__(self) -> None:
        self._stage = ""
        self._bar: Any = None

    def __enter__(self) -> Callable[[Progress], None]:
        return self._show

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def _show(self, progress: Progress) -> None:
        if progress.stage != self._stage:
            self._stage = progress.stage
            self.__exit__()
            self._bar = None
            noun = _STEPS.get(progress.stage)
            if sys.stderr.isatty():
                from tqdm import tqdm

                stage, unit = progress.stage.capitalize(), f" {noun or 'step'}s"
                self._bar = tqdm(total=progress.total, desc=stage, unit=unit, leave=False)
            else:
                what = f" {plural(progress.total, noun)}" if noun else ""
                _say(f"{progress.stage.partition(' pages')[0].capitalize()}{what}")
        if self._bar is not None:
            self._bar.update(progress.done - self._bar.n)


def _unicode(text: str) -> str:
    """Return an argument without the bytes that are no UTF-8."""
    return text.encode("utf-8", errors="surrogateescape").decode("utf-8", errors="replace")


def _say(sentence: str) -> None:
    _say_plainly(f"qa: {on_one_line(sentence)}")


def _say_plainly(text: str) -> None:
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        # Nobody can be told; the exit code still tells.
        _discard(sys.stderr)


def _discard(stream: TextIO) -> None:
    """Send what is written to a stream from now on, and what it still holds, nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _exit_code(error: QaError) -> ExitCode:
    if isinstance(error, QuestionError | EvaluationError):
        return ExitCode.USAGE
    return ExitCode.MODEL if isinstance(error, ModelError) else ExitCode.CORPUS_OR_INDEX


if __name__ == "__main__":
    sys.exit(main())
