"""The Ask screen: questions and passages, the reader beside or over them, and the question box."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, HorizontalGroup
from textual.dom import DOMNode
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Static

from qa.cite import quotation
from qa.tui.help import HelpScreen, HelpSection, bindings_of
from qa.tui.question import QuestionBox
from qa.tui.reader import Reader
from qa.tui.status import HeaderLine, StatusLine
from qa.tui.thread import Thread

NOTHING_TO_COPY = "There is no passage to copy yet: ask a question first."


class Panes(Horizontal):
    """The thread and the reader; keys that are letters or digits work here, where nothing is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "screen.copy_citation", "Cite", id="passage.cite", tooltip="Copy the citation"),
        Binding("Y", "screen.copy_quotation", "Quote", id="passage.quote", tooltip="Copy words and citation"),
        Binding("slash", "screen.question_box", "Question", id="panes.question"),
        Binding("question_mark", "screen.help", "Help", show=False, id="panes.help"),
        *(
            Binding(digit, f"screen.go_to_passage({digit})", "Nth passage", show=False, id=f"passage.{digit}")
            for digit in "123456789"
        ),
    ]


class AskScreen(Screen[None]):
    """Lays out the widgets and moves between them; the app gives it what to show.

    Under 80 columns there is room for one pane: the class ``reading`` puts the reader over the thread.
    """

    AUTO_FOCUS = "QuestionBox"

    class CopyRequested(Message):
        """Text is to be copied; `label` says in the status line what it is."""

        def __init__(self, text: str, label: str) -> None:
            super().__init__()
            self.text = text
            self.label = label

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+y", "screen.copy_citation", "Cite", id="copy.citation", tooltip="Copy the citation"),
        Binding("escape", "step_back", "Back to the question box", show=False, id="screen.back"),
        Binding("f1", "help", "Help", id="screen.help"),
    ]

    def compose(self) -> ComposeResult:
        """Lay out the screen from top to bottom."""
        yield HeaderLine(id="header")
        with Panes(id="panes"):
            yield Thread(id="thread")
            yield Reader(id="reader")
        yield StatusLine(id="status")
        with HorizontalGroup(id="ask"):
            yield Static(">", id="prompt", markup=False)
            yield QuestionBox(id="question")
        yield Footer(show_command_palette=False, compact=True)

    @property
    def header(self) -> HeaderLine:
        """The line at the top."""
        return self.query_one(HeaderLine)

    @property
    def thread(self) -> Thread:
        """The questions and their passages."""
        return self.query_one(Thread)

    @property
    def reader(self) -> Reader:
        """The section of the highlighted passage."""
        return self.query_one(Reader)

    @property
    def status(self) -> StatusLine:
        """The line that says what happened last."""
        return self.query_one(StatusLine)

    @property
    def question_box(self) -> QuestionBox:
        """Where questions are typed."""
        return self.query_one(QuestionBox)

    @property
    def narrow(self) -> bool:
        """Whether there is room for one pane only."""
        return self.has_class("-narrow")

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Let the reader stay in front exactly as long as it has the focus."""
        self.set_class(event.widget is self.reader.section, "reading")

    def on_question_box_left_downwards(self, _event: QuestionBox.LeftDownwards) -> None:
        """Go on from the question box into the passages."""
        newest = self.thread.newest_answered
        if newest is None:
            self.status.say("There are no passages yet: ask a question first.")
            return
        if self.thread.current is None:
            self.thread.highlight(newest, 1)
        self.thread.focus()

    def on_thread_passage_opened(self, _event: Thread.PassageOpened) -> None:
        """Go on from a passage into its section."""
        self.add_class("reading")
        self.call_after_refresh(self.reader.section.focus)

    def action_step_back(self) -> None:
        """Go to the thread from a reader that hides it, and from anywhere else to the question box."""
        if self.narrow and self.focused is self.reader.section:
            self.thread.focus()
        else:
            self.question_box.focus()

    def action_question_box(self) -> None:
        """Go to the question box."""
        self.question_box.focus()

    def action_go_to_passage(self, position: int) -> None:
        """Go to the passage at `position` (from 1) of the current answer."""
        if not self.thread.highlight_in_current_answer(position):
            self.status.say(f"This answer has no passage {position}.")

    def action_copy_citation(self) -> None:
        """Copy the citation of the current passage."""
        cited = self.thread.current
        if cited is None:
            self.status.say(NOTHING_TO_COPY)
        else:
            self.post_message(self.CopyRequested(cited.citation, cited.citation))

    def action_copy_quotation(self) -> None:
        """Copy the words of the current passage and its citation."""
        cited = self.thread.current
        if cited is None:
            self.status.say(NOTHING_TO_COPY)
        else:
            self.post_message(self.CopyRequested(quotation(cited), f"the quotation with {cited.citation}"))

    def action_help(self) -> None:
        """Show the keys of every part of the screen."""
        places: list[tuple[str, list[DOMNode]]] = [
            ("Anywhere", [self, self.app]),
            ("Question box", [self.question_box]),
            ("Passages and reader", [self.query_one(Panes)]),
            ("Passages", [self.thread]),
            ("Reader", [self.reader.section]),
        ]
        sections: list[HelpSection] = [(name, bindings_of(nodes)) for name, nodes in places]
        self.app.push_screen(HelpScreen(sections))
