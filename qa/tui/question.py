"""The question box: one line that always takes what is typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from qa.tui.line import Complete, Completions, Line

ASK = "Ask the reports..."
ASK_FOR_REPORTS = "Folder or file with reports..."


class QuestionBox(Line):
    """Where questions are typed. Older questions come back with the up key; a draft is kept meanwhile."""

    class Asked(Message):
        """A question was asked."""

        def __init__(self, question: str) -> None:
            super().__init__()
            self.question = question

    class EnteredEmpty(Message):
        """Enter was pressed in an empty box."""

    class LeftDownwards(Message):
        """The down key was pressed where there is no newer question to recall."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Ask", id="question.ask"),
        Binding("down", "newer", "Passages", id="question.passages", tooltip="To the passages"),
        Binding("up", "older", "Older question", show=False, id="question.older"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the name Textual gives it
        super().__init__(id=id, placeholder=ASK, compact=True, select_on_focus=False)
        self._asked: list[str] = []
        self._recalled: int | None = None
        self._draft = ""

    @property
    def asked(self) -> tuple[str, ...]:
        """The questions that the up key brings back, oldest first."""
        return tuple(self._asked)

    def remember(self, questions: Sequence[str]) -> None:
        """Let the up key bring back `questions`, oldest first, before those asked in this run."""
        self._asked[:0] = questions
        if self._recalled is not None:
            self._recalled += len(questions)

    def put(self, text: str) -> None:
        """Put a question into the box to be changed and asked; what is in it can be had back with down."""
        if self._recalled is None:
            self._draft = self.value
        self._recalled = len(self._asked)
        super().put(text)

    def ask_for_reports(self, wanted: bool) -> None:
        """Say that a folder or file is wanted here, while there are no reports, or questions again."""
        self.placeholder = ASK_FOR_REPORTS if wanted else ASK

    def complete_with(self, complete: Complete) -> None:
        """Offer what `complete` says a typed question may go on as; the right key takes it."""
        self.suggester = Completions(complete)

    async def on_key(self, event: events.Key) -> None:
        """Take Enter in its turn; as a binding it would be run after letters that were typed later.

        Before the terminal is in its raw mode Enter arrives as a line feed, which is ctrl+j.
        """
        if event.key in ("enter", "ctrl+j"):
            event.stop()
            event.prevent_default()
            await self.action_submit()

    async def action_submit(self) -> None:
        """Hand the question on and make room for the next."""
        question = self.value.strip()
        if not question:
            self.post_message(self.EnteredEmpty())
            return
        if question not in self._asked[-1:]:
            self._asked.append(question)
        self._recalled = None
        self._draft = ""
        self.clear()
        self.post_message(self.Asked(question))

    def action_older(self) -> None:
        """Bring back the question asked before the one in the box."""
        if not self._asked or self._recalled == 0:
            return
        if self._recalled is None:
            self._draft = self.value
            self._recalled = len(self._asked)
        self._recalled -= 1
        super().put(self._asked[self._recalled])

    def action_newer(self) -> None:
        """Bring back the next newer question, then the draft; from the draft go on to the passages."""
        if self._recalled is None:
            self.post_message(self.LeftDownwards())
        elif self._recalled + 1 < len(self._asked):
            self._recalled += 1
            super().put(self._asked[self._recalled])
        else:
            self._recalled = None
            super().put(self._draft)
