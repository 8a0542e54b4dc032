"""The arguments of each command, and what is run for it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from qa import __version__
from qa.cli.asking import run_ask, run_find, run_reports, run_show
from qa.cli.codes import ExitCode
from qa.cli.conversing import run_chat, run_serve
from qa.cli.indexing import run_index, run_inspect
from qa.cli.keeping import run_config, run_history
from qa.cli.measuring import CALIBRATION_QUESTIONS, DEFAULT_QUESTIONS, run_eval
from qa.cli.streams import say

_RERANK_HELP = "let a cross-encoder (folder or name) on this machine put the first passages in its order"


def build_parser() -> argparse.ArgumentParser:
    """Return what understands a command line; `run` of what it returns is what is to be done."""
    shared = _Parser(add_help=False)
    shared.add_argument(
        "--library",
        metavar="DIR",
        type=Path,
        default=argparse.SUPPRESS,
        help="the folder that holds corpus/ and index/ (default: $QA_LIBRARY, else the current folder)",
    )
    whole = _Parser(
        prog="qa",
        description="Ask inspection reports a question; get the passages that answer it, verbatim, cited.",
        epilog="Without a command the terminal app opens, as with qa chat.",
        parents=[shared],
    )
    whole.add_argument("--version", action="version", version=f"qa {__version__}")
    whole.set_defaults(run=run_chat, plain=False, no_history=False, no_mouse=False, theme=None)
    commands = whole.add_subparsers(title="commands", metavar="COMMAND", parser_class=_Parser)

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
    ask.set_defaults(run=run_ask)

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
    index.set_defaults(run=run_index)

    show = commands.add_parser(
        "show", parents=[shared], help="print one passage by its id or paragraph number"
    )
    show.add_argument("id", nargs="+", metavar="ID", help='such as jar-2006:28, or "jar-2006 para 28"')
    show.add_argument(
        "--context", type=int, default=0, metavar="N", help="also N passages before and after it"
    )
    show.add_argument("--json", action="store_true", help="print one JSON object a passage")
    show.set_defaults(run=run_show)

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
    find.set_defaults(run=run_find)

    reports = commands.add_parser("reports", parents=[shared], help="list the reports and what they hold")
    reports.add_argument("--json", action="store_true", help="print one JSON object a report")
    reports.set_defaults(run=run_reports)

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
    inspection.set_defaults(run=run_inspect)

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
    evaluation.set_defaults(run=run_eval)

    chat = commands.add_parser(
        "chat",
        parents=[shared],
        help="open the terminal app, or converse line by line",
        description="Open the terminal app. With --plain converse line by line, for screen readers, braille "
        "displays and scripts: nothing is redrawn, lines are only ever added.",
    )
    chat.add_argument("--plain", action="store_true", help="converse line by line, on any stdin and stdout")
    chat.add_argument("--no-history", action="store_true", help="neither read nor keep the questions asked")
    chat.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")
    chat.add_argument("--theme", metavar="NAME", help="the colours of the app, this time")
    chat.set_defaults(run=run_chat)

    serve = commands.add_parser(
        "serve",
        parents=[shared],
        help="serve the app to browsers",
        description="Serve the app as a web page, until ctrl+c. By default only this computer can reach it.",
    )
    serve.add_argument(
        "--host",
        default="localhost",
        metavar="NAME",
        help="name or address to listen on (default: %(default)s)",
    )
    serve.add_argument(
        "--port", type=int, default=8000, metavar="N", help="port to listen on; 0: any (default: %(default)s)"
    )
    serve.set_defaults(run=run_serve)

    history = commands.add_parser(
        "history", parents=[shared], help="print the questions asked in chat, the newest last"
    )
    history.add_argument("--clear", action="store_true", help="remove them, and say how many")
    history.set_defaults(run=run_history)

    config = commands.add_parser(
        "config", parents=[shared], help="print where the settings are, and those in force"
    )
    config.add_argument(
        "--init", action="store_true", help="write a file with the usual settings, if there is none"
    )
    config.set_defaults(run=run_config)
    return whole


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence."""

    def error(self, message: str) -> NoReturn:
        say(f"{message}; see: {self.prog} --help")
        sys.exit(ExitCode.USAGE)
