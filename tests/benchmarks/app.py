"""How long the terminal app takes: until it is there, until it has answered, until a key shows on the screen.

``python -m tests.benchmarks.app --runs 10`` starts the app again and again in a terminal that is open (tmux),
types into it, and looks at the screen each time the app has written to it. A time ends with the first look
that shows what was waited for. For comparison it measures ``import textual`` and the first paint of an app
that has nothing but a box to type in. They take turns, so that what else the machine does hits all alike.
"""

from __future__ import annotations

import argparse
import os
import re
import select
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

from platformdirs import user_cache_path

from qa.encoder.export import CACHE_VARIABLE
from qa.errors import EvaluationError
from tests.benchmarks.cold import seconds_of
from tests.benchmarks.measuring import (
    Column,
    Record,
    Row,
    add_library,
    apart,
    export_model,
    milliseconds,
    name_of,
    parser,
    prepare,
    run_command,
    say,
    show,
)
from tests.terminal import wording
from tests.terminal.driver import PATIENCE, Terminal, own_environment

PROGRAM = "qa"
"""The module that is run."""

FIRST_QUESTION = "What is the population of Rutland?"
QUESTIONS = (
    "Who manages the youth offending service?",
    "What did the inspectors say about foster carers?",
    "What mental health services are there for pupils, and who is left out?",
)
"""What is asked once the app is warm."""

IMPORT = "import textual"
BARE = "first paint of an app with nothing but a box"
PAINT = "first paint"
READY = "ready for questions"
PASSAGES = "first passages, question typed at once"
ANSWER = "final answer, question typed at once"
WARM = "Enter to answer, warm"
KEY = "Down to the next passage highlighted"
GOALS = {PAINT: 0.5, ANSWER: 1.5, WARM: 0.15}
"""How many seconds each should take at most."""

_BARE_BOX = "Type here"
_BARE_APP = (
    "from textual.app import App; from textual.widgets import Input; "
    f"type('Bare', (App,), {{'compose': lambda app: [Input(placeholder={_BARE_BOX!r})]}})().run()"
)
_KEYS = 5
_LOOKS = 200

Condition = Callable[[list[str]], bool]
Times = Mapping[str, Sequence[float]]


class Size(NamedTuple):
    """The size of a terminal."""

    columns: int
    rows: int


class Screen:
    """The screen of a terminal, seen and typed on over one open connection to its tmux server.

    tmux tells over it whenever the program has written something, so nothing is looked at in vain, and a
    look costs a fraction of what starting a program to look would.
    """

    def __init__(self, terminal: Terminal) -> None:
        self._tmux = subprocess.Popen(
            [*terminal.socket, "-C", "attach-session"],
            env=dict(terminal.environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._read = b""
        self._written_to = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tmux.communicate()

    def do(self, *commands: Sequence[str]) -> list[str]:
        """Have tmux do one thing after the other; return the lines the last one prints."""
        assert self._tmux.stdin is not None
        self._tmux.stdin.write("".join(f"{shlex.join(command)}\n" for command in commands).encode())
        self._tmux.stdin.flush()
        printed: list[str] = []
        for _ in commands:
            printed = self._answer()
        return printed

    def rows(self) -> list[str]:
        """Return what stands on the screen."""
        return self.do(["capture-pane", "-p"])

    def wait_for(self, condition: Condition) -> float:
        """Wait until the rows of the screen fulfil a condition; return when that was seen.

        Raises
        ------
        EvaluationError
            If they never do: the measurement would say nothing.
        """
        given_up_at = time.monotonic() + PATIENCE
        while True:
            self._written_to = False
            rows = self.rows()
            seen = time.perf_counter()
            if condition(rows):
                return seen
            while not self._written_to:
                if not self._is_told(given_up_at - time.monotonic()):
                    shown = "\n".join(rows)
                    raise EvaluationError(f"The app never showed what was waited for, but:\n{shown}")
                self._line()

    def start(self, command: Sequence[str], *keys: Sequence[str]) -> float:
        """Start a program and press keys before it can read them; return when that began."""
        started = time.perf_counter()
        self.do(["respawn-pane", "-k", "--", *command], *(["send-keys", *each] for each in keys))
        return started

    def press(self, *keys: str) -> float:
        """Press keys; return when."""
        pressed = time.perf_counter()
        self.do(["send-keys", *keys])
        return pressed

    def quit(self) -> None:
        """End the program, so that it takes no time from the next one."""
        self.do(["send-keys", "C-q"])
        given_up_at = time.monotonic() + PATIENCE
        while self.do(["display-message", "-p", "#{pane_dead}"]) != ["1"]:
            if time.monotonic() > given_up_at:
                raise EvaluationError("The app does not end")
            self._is_told(0.01)

    def _answer(self) -> list[str]:
        """Return the lines of the next block that answers a command of ours."""
        while not re.match(rb"%begin \d+ \d+ 1$", line := self._line()):
            continue
        number = line.split()[2]
        printed: list[str] = []
        while not re.match(rb"%(end|error) \d+ " + number + b" ", line := self._line()):
            printed.append(line.decode(errors="replace"))
        if line.startswith(b"%error"):
            raise EvaluationError(f"tmux refused: {' '.join(printed)}")
        return printed

    def _is_told(self, seconds: float) -> bool:
        """Wait so long for a line of tmux; return whether there is one."""
        assert self._tmux.stdout is not None
        return b"\n" in self._read or bool(select.select([self._tmux.stdout], [], [], max(seconds, 0))[0])

    def _line(self) -> bytes:
        assert self._tmux.stdout is not None
        while b"\n" not in self._read:
            piece = os.read(self._tmux.stdout.fileno(), 65536)
            if not piece:
                raise EvaluationError("tmux has ended")
            self._read += piece
        line, _, self._read = self._read.partition(b"\n")
        self._written_to |= line.startswith(b"%output")
        return line


def of_an_import(_: Screen) -> Times:
    """Return how long a process takes that does nothing but load Textual."""
    return {IMPORT: [seconds_of([sys.executable, "-c", IMPORT])]}


def of_a_bare_app(screen: Screen) -> Times:
    """Return how long it takes until an app with nothing but a box is there."""
    started = screen.start([sys.executable, "-c", _BARE_APP])
    seen = screen.wait_for(lambda rows: any(_BARE_BOX in row for row in rows))
    screen.quit()
    return {BARE: [seen - started]}


def of_a_start(screen: Screen) -> Times:
    """Return how long it takes until the app is there, and until it has loaded what it answers with."""
    started = screen.start([sys.executable, "-m", PROGRAM])
    painted = screen.wait_for(wording.painted)
    ready = screen.wait_for(wording.ready)
    screen.quit()
    return {PAINT: [painted - started], READY: [ready - started]}


def of_questions(screen: Screen) -> Times:
    """Return how long answers take: to a question typed at the start, and to others; and how long keys."""
    typed = (["-l", "--", FIRST_QUESTION], ["Enter"])
    started = screen.start([sys.executable, "-m", PROGRAM], *typed)
    listed = screen.wait_for(lambda rows: wording.lists_passages(wording.below(rows, FIRST_QUESTION)))
    answered = screen.wait_for(_answers(FIRST_QUESTION))
    screen.wait_for(wording.ready)
    warm = [_time_of_asking(screen, question) for question in QUESTIONS]
    screen.press("Down")
    screen.wait_for(lambda rows: wording.in_passages(rows) and wording.highlighted_rank(rows) == 1)
    keys = [_time_to_passage(screen, rank) for rank in range(2, 2 + _KEYS)]
    screen.quit()
    return {PASSAGES: [listed - started], ANSWER: [answered - started], WARM: warm, KEY: keys}


def of_looks(screen: Screen) -> list[float]:
    """Return how long looks at a screen take on which nothing happens, for each of many."""
    taken: list[float] = []
    for _ in range(_LOOKS):
        started = time.perf_counter()
        screen.rows()
        taken.append(time.perf_counter() - started)
    return taken


def in_turns(
    turns: Sequence[Callable[[Screen], Times]], screen: Screen, *, runs: int
) -> dict[str, list[float]]:
    """Return all times of some rounds; every round begins with another turn."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for number in range(runs):
        say(f"round {number + 1} of {runs}")
        start = number % len(turns)
        for turn in [*turns[start:], *turns[:start]]:
            for name, taken in turn(screen).items():
                found[name] += taken
    return dict(found)


def rows_of(times: Times) -> list[Row]:
    """Return the rows of the table: seconds, their median as a multiple of the import's, and the goal."""
    imported = statistics.median(times[IMPORT])
    names = (IMPORT, BARE, PAINT, READY, PASSAGES, ANSWER, WARM, KEY)
    return [
        {
            "measured": name,
            "samples": len(times[name]),
            "median_s": statistics.median(times[name]),
            "least_s": min(times[name]),
            "most_s": max(times[name]),
            "times_an_import": statistics.median(times[name]) / imported,
            "goal_s": GOALS.get(name),
        }
        for name in names
    ]


def missed(rows: Iterable[Row]) -> list[str]:
    """Return what takes longer than it should, by its median."""
    return [row["measured"] for row in rows if row["goal_s"] is not None and row["median_s"] > row["goal_s"]]


def measure(library: Path, size: Size, *, runs: int) -> tuple[list[Row], dict[str, Any]]:
    """Return the rows of the table, and the cost of a look at the screen, in milliseconds.

    Raises
    ------
    EvaluationError
        If there is no tmux, or the app does not do what it should.
    """
    if shutil.which("tmux") is None:
        raise EvaluationError("There is no program tmux, the terminal that is looked at: install tmux")
    with tempfile.TemporaryDirectory(prefix="qa-app-") as home:
        # The home folder is another one, the cache in it is not: a model is not exported for this.
        cache = os.environ.get(CACHE_VARIABLE) or str(user_cache_path("qa", appauthor=False))
        variables = {"QA_LIBRARY": str(library.resolve()), CACHE_VARIABLE: cache}
        environment = own_environment(Path(home) / "home", **variables)
        with (
            Terminal(["cat"], environment=environment, columns=size.columns, rows=size.rows) as terminal,
            Screen(terminal) as screen,
        ):
            screen.do(["set-option", "-g", "remain-on-exit", "on"])
            say("starting once, so that files are read and compiled")
            of_a_start(screen)
            rows = rows_of(
                in_turns((of_an_import, of_a_bare_app, of_a_start, of_questions), screen, runs=runs)
            )
            looks = of_looks(screen)
            version = screen.do(["display-message", "-p", "#{version}"])[0]
    figures = {
        "tmux": version,
        "a_look_at_the_screen_ms": statistics.median(looks) * 1000,
        "the_longest_of_them_ms": max(looks) * 1000,
        "goals_missed": missed(rows),
    }
    return rows, figures


def main(arguments: Sequence[str] | None = None, *, run: Callable[..., Any] = apart) -> None:
    """Measure and print."""
    options = parser(__doc__)
    add_library(options)
    options.add_argument("--runs", type=int, default=10, metavar="N", help="rounds (default: %(default)s)")
    options.add_argument(
        "--size", type=size_of, default=Size(100, 30), metavar="COLUMNSxROWS",
        help="the size of the terminal (default: 100x30)",
    )  # fmt: skip
    given = options.parse_args(arguments)
    run(export_model)
    prepare(given.library, run=run)
    rows, figures = measure(given.library, given.size, runs=given.runs)
    settings = {
        "runs": given.runs,
        "library": name_of(given.library),
        "columns": given.size.columns,
        "rows": given.size.rows,
        "first_question": FIRST_QUESTION,
        "questions": list(QUESTIONS),
    }
    columns = [
        Column("measured", lambda row: str(row["measured"])),
        Column("median", lambda row: f"{milliseconds(row['median_s'])} ms"),
        Column("least", lambda row: f"{milliseconds(row['least_s'])} ms"),
        Column("most", lambda row: f"{milliseconds(row['most_s'])} ms"),
        Column("median / import", lambda row: f"{row['times_an_import']:.2f}"),
        Column("goal", lambda row: f"{milliseconds(row['goal_s'])} ms" if row["goal_s"] else ""),
    ]
    show(Record("app", settings, rows, figures), columns, as_json=given.json)


def size_of(text: str) -> Size:
    """Return the size that is meant by ``"100x30"``."""
    match = re.fullmatch(r"([1-9]\d{1,3})x([1-9]\d{0,2})", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write columns and rows like 100x30")
    return Size(int(match[1]), int(match[2]))


def _answers(question: str) -> Condition:
    def answered(rows: list[str]) -> bool:
        below = wording.below(rows, question)
        return wording.lists_passages(below) and wording.answered(below)

    return answered


def _time_of_asking(screen: Screen, question: str) -> float:
    screen.press("-l", "--", question)
    # A box that is too small for a question shows its end.
    screen.wait_for(lambda rows: question[-20:] in (wording.box(rows) or ""))
    pressed = screen.press("Enter")
    return screen.wait_for(_answers(question)) - pressed


def _time_to_passage(screen: Screen, rank: int) -> float:
    """Return how long it takes to the passage of a rank from the one before it."""
    pressed = screen.press("Down")
    return screen.wait_for(lambda rows: wording.highlighted_rank(rows) == rank) - pressed


if __name__ == "__main__":
    run_command(main)
