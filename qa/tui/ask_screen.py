"""The Ask screen: questions and passages, the reader beside or over them, and the question box."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import HorizontalGroup
from textual.dom import DOMNode
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from qa.cite import NOTHING_ANSWERS, plural, quotation
from qa.tui.conversation import Conversation, Origin, Turn
from qa.tui.keys import KeyLine
from qa.tui.line_prompt import LinePrompt
from qa.tui.marks import Marks
from qa.tui.open_library import OpenLibrary
from qa.tui.panes import Panes
from qa.tui.question import QuestionBox
from qa.tui.reader import NO_PASSAGE, Reader
from qa.tui.scope import Scope
from qa.tui.searcher import Searcher
from qa.tui.status import HeaderLine, StatusLine
from qa.tui.thread import Thread
from qa.tui.tray import Tray
from qa.types import CitedPassage

WAITS_FOR_MODEL = "This is searched once the model is loaded."
NOTHING_TO_COPY = "There is no passage to copy yet: ask a question first."

NO_PASSAGES = "There are no passages yet: ask a question first."

GO_TO = "go to"
FIND = "find"


class AskScreen(Screen[None]):
    """Asks, lists, reads; what it shows comes from the library that the app gives it.

    Under 80 columns there is room for one pane: the class ``reading`` puts the reader over the thread.
    Everything slow runs in a thread worker whose result arrives as a message.
    """

    AUTO_FOCUS = "QuestionBox"

    class CopyRequested(Message):
        """Text is to be copied; `label` says in the status line what it is."""

        def __init__(self, text: str, label: str) -> None:
            super().__init__()
            self.text = text
            self.label = label

    class PathsEntered(Message):
        """Where there are no reports yet, a file or folder was typed into the box."""

        def __init__(self, path: str) -> None:
            super().__init__()
            self.path = path

    class Asked(Message):
        """A question was asked, to be remembered."""

        def __init__(self, question: str) -> None:
            super().__init__()
            self.question = question

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+y", "screen.copy_citation", "Cite", id="copy.citation", tooltip="Copy the citation"),
        Binding(
            "f6",
            "screen.find(True)",
            "Find",
            show=False,
            id="screen.find",
            tooltip="Find words in all reports",
        ),
        Binding("f7", "screen.go_to", "Go to", show=False, id="screen.go_to", tooltip="Go to a paragraph"),
        Binding("escape", "step_back", "Back, or stop a search", show=False, id="screen.back"),
    ]

    def __init__(self, current: OpenLibrary, conversation: Conversation, tray: Tray, marks: Marks) -> None:
        super().__init__(id="ask-screen")
        self._current = current
        self.conversation = conversation
        self._tray = tray
        self.scope = Scope()
        self.wants_reports = False
        self._find_in = Scope()
        self._came_from: Widget | None = None
        self.searcher = Searcher(current, conversation)
        self.header = HeaderLine(id="header")
        self.thread = Thread(conversation, tray, marks, id="thread")
        self.reader = Reader(current, marks, id="reader")
        self.panes = Panes(self.thread, self.reader, id="panes")
        self.status = StatusLine(id="status")
        self.line_prompt = LinePrompt(id="line-prompt")
        self.question_box = QuestionBox(id="question")

    def compose(self) -> ComposeResult:
        """Lay out the screen from top to bottom."""
        yield self.header
        yield self.panes
        yield self.status
        yield self.line_prompt
        with HorizontalGroup(id="ask"):
            yield Static(">", id="prompt", markup=False)
            yield self.question_box
        yield KeyLine()
        yield self.searcher

    @property
    def narrow(self) -> bool:
        """Whether there is room for one pane only."""
        return self.has_class("-narrow")

    @property
    def chosen(self) -> CitedPassage | None:
        """The passage that keys act on: the one the reader marks, or none."""
        return self.reader.chosen

    # What the app tells it.

    def opened(self) -> None:
        """Ask the library that was opened; by words alone until `ready`."""
        self.wants_reports = False
        self.question_box.ask_for_reports(False)
        self.question_box.complete_with(self._current.complete)
        self.searcher.opened()

    def ready(self) -> None:
        """Search by meaning from now on; what was found by words alone is searched again."""
        self.searcher.ready()

    def wait(self) -> None:
        """Let questions wait, for the reports are being indexed."""
        self.searcher.wait()

    def refuse(self, problem: str) -> None:
        """Answer nothing, because the reports could not be opened."""
        self.searcher.refuse(problem)
        self.thread.show_turns()

    def want_reports(self) -> None:
        """Ask for reports in the question box, as there are none."""
        self.wants_reports = True
        self.question_box.ask_for_reports(True)

    def edit(self, question: str) -> None:
        """Put a question into the box, to be changed and asked."""
        self.question_box.put(question)
        self.question_box.focus()

    def read(self, cited: CitedPassage) -> None:
        """Read a passage that stands in no answer that is shown."""
        self.reader.read(cited)
        self.on_reader_moved(Reader.Moved(cited))

    def go_on_with(self, turn: Turn, cited: CitedPassage) -> None:
        """Go on with a passage of an answer; by itself if it is not in the answer any more."""
        if self.thread.highlight_passage(turn, cited.id):
            self._read_highlighted()
        else:
            self.reader.read(cited)

    def tray_changed(self) -> None:
        """Show what is marked by now."""
        self.header.show_tray(len(self._tray))
        self.thread.show_turns()

    def to_present(self, chosen: CitedPassage) -> tuple[Turn | None, Sequence[CitedPassage], int]:
        """Return the turn, passages and place that the chosen passage is presented with."""
        turn = self.thread.current_turn
        if turn is None or self.thread.current is not chosen:
            return None, [chosen], 0
        return turn, turn.passages, self.thread.hit()[0] - 1

    # Asking.

    def ask(self, question: str, *, afresh: bool = False) -> None:
        """Ask a question in the present scope, whatever else is going on."""
        turn = self.searcher.ask(question, self.scope, afresh=afresh)
        self.post_message(self.Asked(question))
        self._show_new(turn)
        if self.searcher.refused is not None:
            self.status.say(f"Error: {self.searcher.refused}")
        elif self._current.library is None:
            self.status.say("The question waits until the reports are open.")
        self.searcher.go_on()

    def _show_new(self, turn: Turn) -> None:
        self.thread.show_turns()
        self.thread.bring_into_view(turn)

    def on_searcher_started(self, _event: Searcher.Started) -> None:
        """Say so."""
        self.status.say("Searching...")
        self.thread.show_turns()

    def on_searcher_found(self, event: Searcher.Found) -> None:
        """Show an answer; the highlight moves to it unless somebody is reading, and stays on its passage."""
        turn, before = event.search.turn, self.thread.current
        was_in_turn = before is not None and self.thread.current_turn is turn
        had_passages = bool(turn.passages)
        if not self.conversation.answered(event.search, event.answer):
            return
        self._say_what_was_found(turn)
        self.thread.show_turns()
        if was_in_turn and before is not None:
            self._keep_the_highlight(turn, before)
        elif before is None or (
            not had_passages and (self.focused is self.question_box or turn.origin is not Origin.QUESTION)
        ):
            found = self.thread.highlight_first(turn)
            if not found:
                self._choose_nothing(turn)
        self.searcher.go_on()

    def on_searcher_failed(self, event: Searcher.Failed) -> None:
        """Say what went wrong and go on."""
        turn = event.search.turn
        if self.conversation.failed(event.search, event.problem):
            self.status.say(f"Error: {event.problem}")
        self._show_new(turn)
        self._choose_nothing(turn)
        self.searcher.go_on()

    def _choose_nothing(self, turn: Turn) -> None:
        """Let keys act on the newest question that has no passages, not on a passage of an older one."""
        if turn is self.conversation.newest and turn.ended_without and self.focused is self.question_box:
            self.thread.highlight_nothing()
            self.reader.clear()

    def _keep_the_highlight(self, turn: Turn, before: CitedPassage) -> None:
        """Stay on the passage the highlight was on when its answer is put in another order."""
        if not self.thread.highlight_passage(turn, before.id):
            if self.focused is not self.question_box:
                self.status.say(
                    "In its new order the answer has not the passage that the reader still shows."
                )
            elif not self.thread.highlight(turn, 1):
                self.reader.clear()
        elif self.chosen is not None and self.chosen.id == before.id:
            self._read_highlighted()

    def _say_what_was_found(self, turn: Turn) -> None:
        found = len(turn.passages)
        if not found:
            self.status.say(NOTHING_ANSWERS if turn.origin is Origin.QUESTION else "No passage found.")
        elif turn.by_words:
            self.status.say(f"{plural(found, 'passage')} found by words alone; the model is being loaded.")
        else:
            self.status.say(f"{plural(found, 'passage')} found.")

    # What its widgets report.

    def on_paste(self, event: events.Paste) -> None:
        """Take what is pasted among the passages or in the reader, where nothing is typed, as a question."""
        event.stop()
        self.question_box.focus()
        self.question_box.on_paste(event)

    def on_question_box_asked(self, event: QuestionBox.Asked) -> None:
        """Take a question, or a path where there are no reports to ask."""
        if self.wants_reports:
            self.post_message(self.PathsEntered(event.question))
        else:
            self.ask(event.question)

    def on_question_box_entered_empty(self, _event: QuestionBox.EnteredEmpty) -> None:
        """Go to the passage that was found last."""
        if self.chosen is not None:
            self.on_thread_passage_opened(Thread.PassageOpened())

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Let the reader stay in front as long as it has the focus; from the thread, read its passage."""
        self.set_class(event.widget is self.reader.section, "reading")
        shows_thread = event.widget is self.thread or (self.narrow and event.widget is self.question_box)
        if shows_thread and self.thread.current is not self.chosen:
            self._read_highlighted()

    def on_question_box_left_downwards(self, _event: QuestionBox.LeftDownwards) -> None:
        """Go on from the question box into the passages."""
        newest, asked = self.conversation.newest_with_passages, self.conversation.newest
        if asked is None:
            self.status.say(NO_PASSAGES)
            return
        if asked.ended_without:
            self._choose_nothing(asked)
            nearest = "Press m for the nearest passages, or" if asked.has_nearest else "Press"
            self.status.say(f"{nearest} e to change the question.")
            self.thread.focus()
            return
        if newest is None:
            self.status.say(NO_PASSAGES)
            self.thread.focus()
            return
        if self.thread.current is None:
            self.thread.highlight(newest, 1)
        self.thread.focus()

    def on_thread_passage_highlighted(self, _event: Thread.PassageHighlighted) -> None:
        """Read the section of the passage the highlight moved to."""
        self._read_highlighted()

    def on_reader_moved(self, event: Reader.Moved) -> None:
        """Bring the reader to the front where it went by itself, unless somebody types meanwhile."""
        self.status.say(event.cited.citation)
        if self.focused is self.question_box:
            return
        self.add_class("reading")
        self.call_after_refresh(self.reader.section.focus)

    def on_reader_failed(self, event: Reader.Failed) -> None:
        """Say why there is nothing to read."""
        self.status.say(event.problem)

    def on_thread_passage_opened(self, _event: Thread.PassageOpened) -> None:
        """Go on from a passage into its section."""
        self.add_class("reading")
        self.call_after_refresh(self.reader.section.focus)

    def on_line_prompt_left(self, _event: LinePrompt.Left) -> None:
        """Go back to where the prompt was called from."""
        (self._came_from or self.question_box).focus()

    def on_line_prompt_entered(self, event: LinePrompt.Entered) -> None:
        """Go to the paragraph or find the words."""
        if event.purpose == GO_TO:
            self.reader.section.focus()
            self.reader.go_to(event.text, report=self._report_at_hand)
            return
        self._show_new(self.searcher.find(event.text, self._find_in))
        self.thread.focus()

    # Actions.

    def action_step_back(self) -> None:
        """Stop a search; else go to the thread from a reader that hides it, and to the question box."""
        stopped = self.conversation.stop()
        if stopped is not None:
            self.status.say("Stopped.")
            self.thread.show_turns()
            if stopped is self.conversation.newest and stopped.ended_without:
                self.set_focus(self.question_box)
                self._choose_nothing(stopped)
            self.searcher.go_on()
        elif self.narrow and self.focused is self.reader.section:
            self.thread.focus()
        else:
            self.question_box.focus()

    def action_question_box(self) -> None:
        """Go to the question box."""
        self.question_box.focus()

    def action_go_to_passage(self, position: int) -> None:
        """Go to the passage at `position` (from 1) of the current answer."""
        turn, before = self.thread.current_turn, self.thread.current
        if turn is None or not self.thread.highlight(turn, position):
            self.status.say(f"This answer has no passage {position}.")
        elif self.thread.current is before and before is not self.chosen:
            self._read_highlighted()  # The reader has gone on from it by itself.

    def action_hit(self, by: int) -> None:
        """Go on among the passages of this answer."""
        if not self.thread.step(by):
            self.status.say(f"This is the {'last' if by > 0 else 'first'} passage of the answer.")

    def action_paragraph(self, by: int) -> None:
        """Go to the next or the previous passage of the report."""
        self.reader.step(by)

    def action_section(self, by: int) -> None:
        """Go to the start of the next section, of this one, or of the previous one."""
        self.reader.step_section(by)

    def action_go_to(self) -> None:
        """Ask for a paragraph of this report, or of another that is named with it."""
        self._prompt(GO_TO, "Go to paragraph, or report and paragraph:")

    def action_find(self, everywhere: bool = False) -> None:
        """Ask for words to find in this report, or in all that are in scope."""
        report = None if everywhere else self._report_at_hand
        self._find_in = self.scope if report is None else Scope((report,))
        reports = self._find_in.reports
        self._prompt(FIND, f"Find in {reports[0] if len(reports) == 1 else 'the reports'}:")

    def action_other_place(self) -> None:
        """Go where else the same is said."""
        self.reader.go_to_other_place()

    def action_similar(self) -> None:
        """List passages like the chosen one."""
        if self.chosen is None:
            self.status.say(NO_PASSAGE)
            return
        self._show_new(self.searcher.similar(self.chosen, self.scope))

    def action_more(self) -> None:
        """Show the nearest passages where nothing answers, and more of them where something does."""
        turn = self.thread.current_turn if self.thread.current else self.conversation.newest
        if turn is None or turn.answer is None or turn.origin is not Origin.QUESTION:
            self.status.say("There is nothing more to show here.")
        elif turn.has_nearest:
            turn.nearest = True
            self.thread.show_turns()
            self.thread.highlight(turn, 1)
            self.status.say("These are the nearest passages; they are not thought to answer.")
        elif self.conversation.is_awaited(turn):
            self.status.say("Still searching." if self.searcher.is_ready else WAITS_FOR_MODEL)
        elif len(turn.answer.passages) < turn.count:
            self.status.say("There are no more passages.")
        else:
            self.conversation.ask_for_more(turn)
            if not self.searcher.is_ready:
                self.status.say(WAITS_FOR_MODEL)
            self.searcher.go_on()

    def action_edit(self) -> None:
        """Put the question into the box, to be changed and asked again."""
        turn = self._turn_at_hand()
        if turn is not None:
            self.edit(turn.question)

    def action_ask_afresh(self) -> None:
        """Ask a question again without those before it."""
        turn = self._turn_at_hand()
        if turn is not None and turn.origin is Origin.QUESTION:
            self.ask(turn.question, afresh=True)

    def action_mark(self) -> None:
        """Mark the chosen passage for the tray, or let it go from there."""
        if self.chosen is None:
            self.status.say(NO_PASSAGE)
            return
        marked = self._tray.toggle(self.chosen)
        self.tray_changed()
        self.status.say(f"{'Marked' if marked else 'Not marked any more'}: {self.chosen.citation}")

    def action_copy_citation(self) -> None:
        """Copy the citation of the chosen passage."""
        if self.chosen is None:
            self.status.say(NOTHING_TO_COPY)
        else:
            self.post_message(self.CopyRequested(self.chosen.citation, self.chosen.citation))

    def action_copy_quotation(self) -> None:
        """Copy the words of the chosen passage and its citation."""
        cited = self.chosen
        if cited is None:
            self.status.say(NOTHING_TO_COPY)
        else:
            self.post_message(self.CopyRequested(quotation(cited), f"the quotation with {cited.citation}"))

    def places(self) -> list[tuple[str, list[DOMNode]]]:
        """Return the parts of the screen that have keys, by name, for help and command palette."""
        return [
            ("Anywhere", [self.app, self]),
            ("Question box", [self.question_box]),
            ("Passages and reader", [self.panes]),
            ("Passages", [self.thread]),
            ("Reader", [self.reader.section]),
        ]

    def _read_highlighted(self) -> None:
        current, turn = self.thread.current, self.thread.current_turn
        if current is not None and turn is not None:
            place, count = self.thread.hit()
            # With its question, for one that nothing answers may have been asked since.
            self.reader.read(current, hit=f"Q{turn.number}, passage {place} of {count}")

    @property
    def _report_at_hand(self) -> str | None:
        """The report that is read, or the only one in scope."""
        if self.chosen is not None:
            return self.chosen.report.id
        return self.scope.reports[0] if len(self.scope.reports) == 1 else None

    def _prompt(self, purpose: str, label: str) -> None:
        if self._current.library is None:
            self.status.say("The reports are not open yet.")
            return
        if not self.line_prompt.has_focus_within:
            self._came_from = self.focused
        self.line_prompt.ask(purpose, label)

    def _turn_at_hand(self) -> Turn | None:
        newest = self.conversation.newest
        if newest is not None and not newest.passages and self.focused is not self.reader.section:
            return newest if self.thread.current is None else self.thread.current_turn
        return self.thread.current_turn
