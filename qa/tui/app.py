"""The application: opens the library behind the first paint, asks it, and hands its answers to the screen."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.worker import Worker, WorkerState, get_current_worker

from qa.cite import NOTHING_ANSWERS, plural
from qa.errors import QaError
from qa.protocols import Asker
from qa.tui.clipboard import Delivery, deliver
from qa.tui.display import shortened
from qa.tui.question import QuestionBox
from qa.tui.screen import AskScreen
from qa.tui.thread import Thread, Turn, TurnState
from qa.types import Answer, CitedPassage, Passage, Progress, ProgressCallback, ReportSummary

OpenLibrary = Callable[[ProgressCallback], Asker]

_LONGEST_LABEL = 160
_REMEMBERED = 5
"""How many earlier questions a question may lean on."""

_SECONDS_BETWEEN_PROGRESS = 0.1


class QaApp(App[None]):
    """Ask reports questions in a terminal.

    Everything slow runs in a named thread worker whose results arrive as messages, so the question box takes
    what is typed from the first paint on. An error in a worker becomes a sentence on the screen.

    Parameters
    ----------
    open_library
        Opens the library, building its index first if need be and reporting that to the callback it is given.
        Called once, in a thread. The library's methods are called in threads too, and its `section_of` may be
        called while `ask` runs.
    """

    TITLE = "qa"
    CSS_PATH = "app.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-wide")]  # noqa: RUF012 - an attribute for Textual
    VERTICAL_BREAKPOINTS = [(0, "-short"), (24, "-tall")]  # noqa: RUF012

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "Quit", priority=True, id="app.quit"),
        Binding("ctrl+c", "help_quit", "Copy selected text", show=False, system=True, id="app.copy"),
    ]

    class BuildProgressed(Message):
        """The index is being built and got this far."""

        def __init__(self, progress: Progress) -> None:
            super().__init__()
            self.progress = progress

    class Opened(Message):
        """The library is open."""

        def __init__(self, library: Asker, reports: Sequence[ReportSummary], warnings: Sequence[str]) -> None:
            super().__init__()
            self.library = library
            self.reports = reports
            self.warnings = warnings

    class Prepared(Message):
        """The model is loaded."""

        def __init__(self, warnings: Sequence[str]) -> None:
            super().__init__()
            self.warnings = warnings

    class Answered(Message):
        """A question has its answer."""

        def __init__(self, turn: Turn, answer: Answer) -> None:
            super().__init__()
            self.turn = turn
            self.answer = answer

    class SectionRead(Message):
        """The section of a passage was read."""

        def __init__(self, cited: CitedPassage, passages: Sequence[Passage]) -> None:
            super().__init__()
            self.cited = cited
            self.passages = passages

    class Copied(Message):
        """Text was handed to the clipboards."""

        def __init__(self, label: str, delivery: Delivery) -> None:
            super().__init__()
            self.label = label
            self.delivery = delivery

    def __init__(self, open_library: OpenLibrary) -> None:
        # Textual chooses its filter for colours here: without this one it would send black on black.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self._open_library = open_library
        self._ask_screen = AskScreen(id="ask-screen")
        self._library: Asker | None = None
        self._opening_problem: str | None = None
        self._takes_questions = False
        self._waiting: deque[Turn] = deque()
        self._searching: Turn | None = None
        self._reading: CitedPassage | None = None
        if self.no_color:
            # Any other theme would still send its greys.
            self.theme = "ansi-dark"

    @property
    def ask_screen(self) -> AskScreen:
        """The Ask screen, also while help lies over it."""
        return self._ask_screen

    async def on_mount(self) -> None:
        """Have the question box ready before the first key is handled, so that early typing is not lost."""
        self._restore_the_terminal_when_killed()
        await self.push_screen(self._ask_screen)
        self._ask_screen.set_focus(self._ask_screen.question_box)

    def on_ready(self) -> None:
        """Open the library once the first frame is drawn."""
        self._open()

    # Workers: each runs in a thread and only posts messages. Its exceptions reach `on_worker_state_changed`.

    @work(thread=True, name="open the index", group="open", exit_on_error=False)
    def _open(self) -> None:
        worker = get_current_worker()
        posted_at = float("-inf")

        def show_progress(progress: Progress) -> None:
            nonlocal posted_at
            if worker.is_cancelled:
                raise _LeavingError
            now = time.monotonic()
            if now - posted_at >= _SECONDS_BETWEEN_PROGRESS or progress.done == progress.total:
                posted_at = now
                self.post_message(self.BuildProgressed(progress))

        library = self._open_library(show_progress)
        self.post_message(self.Opened(library, library.reports(), library.warnings))

    @work(thread=True, name="load the model", group="prepare", exit_on_error=False)
    def _prepare(self, library: Asker) -> None:
        library.prepare()
        self.post_message(self.Prepared(library.warnings))

    @work(thread=True, name="answer a question", group="search", exit_on_error=False)
    def _search(self, library: Asker, turn: Turn) -> None:
        earlier = [each.question for each in self.ask_screen.thread.turns if each.number < turn.number]
        self.post_message(self.Answered(turn, library.ask(turn.question, history=earlier[-_REMEMBERED:])))

    @work(thread=True, name="read a section", group="section", exclusive=True, exit_on_error=False)
    def _read_section(self, library: Asker, cited: CitedPassage) -> None:
        self.post_message(self.SectionRead(cited, library.section_of(cited.passage)))

    @work(thread=True, name="copy", group="copy", exit_on_error=False)
    def _deliver(self, text: str, label: str) -> None:
        self.post_message(self.Copied(label, deliver(text, os.environ)))

    async def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Say what went wrong in a worker and go on."""
        error = event.worker.error
        if event.state is not WorkerState.ERROR or error is None or isinstance(error, _LeavingError):
            return
        sentence = _sentence(error)
        self._say(f"Error: {sentence}")
        match event.worker.group:
            case "open":
                self._opening_failed(sentence)
            case "prepare":
                self.ask_screen.header.show_model("model did not load")
                # The library may still answer, or say for each question why it cannot.
                self._takes_questions = True
                self._search_next()
            case "search":
                self._finish_search(TurnState.FAILED, problem=sentence)
                self._search_next()
            case "section" if self._reading is not None:
                await self.ask_screen.reader.show(self._reading, [self._reading.passage])

    # What workers and widgets report.

    def on_qa_app_build_progressed(self, event: BuildProgressed) -> None:
        """Say how far the index is."""
        stage, done, total = event.progress
        self.ask_screen.header.show_index("building the index")
        self._say(f"Building the index: {stage} {done} of {total}")

    def on_qa_app_opened(self, event: Opened) -> None:
        """Say what is open, and load the model."""
        self._library = event.library
        passages = sum(
            count for report in event.reports for kind, count in report.counts.items() if kind.ranked
        )
        header = self.ask_screen.header
        header.show_index(f"{plural(len(event.reports), 'report')}, {plural(passages, 'passage')}")
        header.show_model("loading the model")
        self.ask_screen.status.warn(event.warnings)
        self._say("Loading the model. A question asked now is answered when it is loaded.")
        self._prepare(event.library)

    def on_qa_app_prepared(self, event: Prepared) -> None:
        """Answer what was asked meanwhile."""
        self.ask_screen.header.show_model("model ready")
        self.ask_screen.status.warn(event.warnings)
        self._say("Ready.")
        self._takes_questions = True
        if self._library is not None:
            self.ask_screen.question_box.complete_with(self._library.complete)
        self._search_next()

    def on_question_box_asked(self, event: QuestionBox.Asked) -> None:
        """Take a question, whatever else is going on."""
        turn = self.ask_screen.thread.add(event.question)
        if self._opening_problem is not None:
            self._refuse(turn)
            return
        self._waiting.append(turn)
        if not self._takes_questions:
            self._say("The question waits until the reports are ready.")
        self._search_next()

    def on_qa_app_answered(self, event: Answered) -> None:
        """Show an answer; the highlight moves to it unless somebody is reading."""
        found = len(event.answer.passages)
        if event.answer.answered:
            self._say(
                f"{plural(found, 'passage')} found. Press Down to go to {'it' if found == 1 else 'them'}."
            )
        else:
            self._say(NOTHING_ANSWERS)
        self._finish_search(TurnState.ANSWERED, answer=event.answer)
        screen = self.ask_screen
        nobody_is_reading = screen.thread.current is None or screen.focused is screen.question_box
        if nobody_is_reading and not screen.thread.highlight(event.turn, 1):
            screen.thread.bring_into_view(event.turn)
        self._search_next()

    def on_thread_passage_highlighted(self, event: Thread.PassageHighlighted) -> None:
        """Read the section of the passage the highlight moved to."""
        self._reading = event.cited
        if self._library is not None:
            self._read_section(self._library, event.cited)

    async def on_qa_app_section_read(self, event: SectionRead) -> None:
        """Show a section, unless the highlight has moved on."""
        if event.cited is self._reading:
            await self.ask_screen.reader.show(event.cited, event.passages)

    def on_ask_screen_copy_requested(self, event: AskScreen.CopyRequested) -> None:
        """Copy a citation or quotation."""
        self._copy(event.text, event.label)

    def on_qa_app_copied(self, event: Copied) -> None:
        """Say where the text went; no terminal says whether it arrived."""
        self._say(f"Copied: {event.label} ({event.delivery.in_words()})")

    # Actions and what Textual calls.

    def copy_to_clipboard(self, text: str) -> None:
        """Copy text selected with the mouse or in the question box, by every way to a clipboard."""
        self._copy(text, shortened(text, _LONGEST_LABEL))

    def action_help_quit(self) -> None:
        """Say how to quit, since ctrl+c copies."""
        self._say("Press ctrl+q to quit.")

    # Helpers.

    def _copy(self, text: str, label: str) -> None:
        super().copy_to_clipboard(text)
        self._deliver(text, label)

    def _say(self, message: str) -> None:
        self.ask_screen.status.say(message)

    def _search_next(self) -> None:
        """Ask the oldest waiting question; one at a time, so that answers come in order."""
        if self._library is None or not self._takes_questions or self._searching or not self._waiting:
            return
        turn = self._searching = self._waiting.popleft()
        turn.state = TurnState.SEARCHING
        self.ask_screen.thread.show_turns()
        self._say("Searching…")
        self._search(self._library, turn)

    def _finish_search(self, state: TurnState, *, answer: Answer | None = None, problem: str = "") -> None:
        turn, self._searching = self._searching, None
        if turn is not None:
            turn.state, turn.answer, turn.problem = state, answer, problem
            self.ask_screen.thread.show_turns()
            if state is TurnState.FAILED:
                self.ask_screen.thread.bring_into_view(turn)

    def _opening_failed(self, sentence: str) -> None:
        self._opening_problem = sentence
        screen = self.ask_screen
        screen.header.show_index("no index open")
        screen.thread.show_notice(f"The reports could not be opened. {sentence}")
        while self._waiting:
            self._refuse(self._waiting.popleft())

    def _refuse(self, turn: Turn) -> None:
        turn.state = TurnState.FAILED
        turn.problem = f"not asked, because the reports could not be opened. {self._opening_problem}"
        self.ask_screen.thread.show_turns()
        self._say(f"Error: {self._opening_problem}")

    def _restore_the_terminal_when_killed(self) -> None:
        """Leave in good order when the connection drops or the process is told to end."""
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is None:
                continue
            try:
                loop.add_signal_handler(number, self.exit, None, 128 + number)
            except (NotImplementedError, RuntimeError, ValueError):
                return  # Windows, or not the main thread: the system's own way stays.


class _LeavingError(Exception):
    """Raised into a build that nobody waits for any more."""


def _sentence(error: BaseException) -> str:
    """Return what to tell people about an error: ours are sentences, others are named by their type."""
    return str(error) if isinstance(error, QaError) else f"{type(error).__name__}: {error}"
