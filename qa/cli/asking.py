"""The commands that read a library: ask, find, show, reports."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from qa.cite import (
    answer_as_dict,
    explained_as_dict,
    finding_as_dict,
    shown_as_dict,
    summary_as_dict,
    to_json,
)
from qa.cli.codes import ExitCode
from qa.cli.libraries import open_library
from qa.cli.streams import say, unicode_of
from qa.errors import QuestionError
from qa.types import Answer

if TYPE_CHECKING:
    from qa.library import Library


def run_ask(options: argparse.Namespace) -> ExitCode:
    """Answer a question, or each of those on stdin."""
    library = open_library(options)
    if options.question == "-":
        return _ask_lines(library, options)
    answer = _ask(library, options, options.question)
    print(_printed(answer, options))
    return ExitCode.ANSWERED if answer.answered else ExitCode.NOTHING_FOUND


def run_show(options: argparse.Namespace) -> ExitCode:
    """Print a passage."""
    from qa.printing import passage_text

    cited = open_library(options).show(unicode_of(" ".join(options.id)), context=options.context)
    if options.json:
        print("\n".join(to_json(shown_as_dict(each)) for each in cited))
    else:
        print("\n\n".join(passage_text(each, numbered=False) for each in cited))
    return ExitCode.ANSWERED


def run_find(options: argparse.Namespace) -> ExitCode:
    """Print every passage that holds some words."""
    from qa.printing import finding_text

    finding = open_library(options).find(
        [unicode_of(piece) for piece in options.words], reports=options.report, section=options.section
    )
    print(to_json(finding_as_dict(finding)) if options.json else finding_text(finding))
    return ExitCode.ANSWERED if finding.passages else ExitCode.NOTHING_FOUND


def run_reports(options: argparse.Namespace) -> ExitCode:
    """Print the reports and what they hold."""
    from qa.printing import summary_text

    summaries = open_library(options).reports()
    if options.json:
        print("\n".join(to_json(summary_as_dict(summary)) for summary in summaries))
    else:
        print("\n\n".join(summary_text(summary) for summary in summaries))
    return ExitCode.ANSWERED


def _ask_lines(library: Library, options: argparse.Namespace) -> ExitCode:
    """Answer the questions on stdin, one a line; one that cannot be asked gives an object with ``error``."""
    worst = ExitCode.ANSWERED
    for line in sys.stdin.buffer:
        question = line.decode("utf-8", errors="replace").strip()
        try:
            answer = _ask(library, options, question)
        except QuestionError as error:
            say(str(error))
            worst = ExitCode.USAGE
            answer = Answer(question, False, (), 0.0)
            failed = to_json({**answer_as_dict(answer), "error": str(error)})
            print(failed if options.json else _printed(answer, options), flush=True)
        else:
            if not answer.answered:
                worst = max(worst, ExitCode.NOTHING_FOUND)
            print(_printed(answer, options), flush=True)
    return worst


def _printed(answer: Answer, options: argparse.Namespace) -> str:
    from qa.printing import answer_text

    if options.json:
        return to_json(explained_as_dict(answer) if options.explain else answer_as_dict(answer))
    return answer_text(answer, explained=options.explain, nearest=options.nearest)


def _ask(library: Library, options: argparse.Namespace, question: str) -> Answer:
    return library.ask(
        unicode_of(question),
        k=options.k,
        reports=options.report,
        section=options.section,
        before=options.before,
        after=options.after,
        rerank=options.rerank,
    )
