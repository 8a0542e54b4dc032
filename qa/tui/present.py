"""For the projector: one passage in large margins with its citation, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Static

from qa.cite import quotation
from qa.tui.display import passage_words, words
from qa.tui.keys import KeyLine
from qa.tui.overlay import Overlay
from qa.types import CitedPassage


class PresentScreen(Overlay[CitedPassage]):
    """Shows the passages of an answer one by one, to people who sit far from the screen.

    It closes with the one that was shown last.

    Parameters
    ----------
    question
        What was asked; empty for a passage that was not asked for.
    passages
        At least one.
    position
        The one to begin with, from 0.
    """

    class CopyRequested(Message):
        """Text is to be copied; `label` says what it is."""

        def __init__(self, text: str, label: str) -> None:
            super().__init__()
            self.text = text
            self.label = label

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n,right", "step(1)", "Next", id="present.next", tooltip="The next passage of the answer"),
        Binding("p,left", "step(-1)", "Previous", id="present.previous", tooltip="The passage before"),
        Binding("down,j", "scroll(1)", "Down", show=False, id="present.down", tooltip="Scroll down"),
        Binding("up,k", "scroll(-1)", "Up", show=False, id="present.up", tooltip="Scroll up"),
        Binding("y", "copy_citation", "Cite", id="present.cite", tooltip="Copy the citation"),
        Binding("Y", "copy_quotation", "Quote", id="present.quote", tooltip="Copy words and citation"),
        Binding("escape,f5,q", "dismiss", "Back", id="present.back"),
    ]

    def __init__(self, question: str, passages: Sequence[CitedPassage], position: int) -> None:
        super().__init__()
        self._question = question
        self._passages = passages
        self._position = position

    @property
    def current(self) -> CitedPassage:
        """The passage that is shown."""
        return self._passages[self._position]

    def compose(self) -> ComposeResult:
        """Lay the question over the passage and the citation under it."""
        yield Static(words(self._question), id="present-question", markup=False)
        with VerticalScroll(id="present-body"):
            yield Static("", id="present-words", markup=False)
        yield Static("", id="present-citation", markup=False)
        yield Static("", id="present-place", markup=False)
        yield KeyLine()

    def on_mount(self) -> None:
        """Show the first one."""
        self._show()

    def action_step(self, by: int) -> None:
        """Go to another passage of the answer; at an end stay."""
        self._position = min(max(0, self._position + by), len(self._passages) - 1)
        self._show()

    async def action_dismiss(self, result: CitedPassage | None = None) -> None:
        """Close with the passage that is shown."""
        self.dismiss(result or self.current)

    def action_scroll(self, by: int) -> None:
        """Scroll a long passage."""
        body = self.query_one("#present-body", VerticalScroll)
        body.scroll_relative(y=by * max(1, body.size.height // 2), animate=False)

    def action_copy_citation(self) -> None:
        """Copy the citation."""
        self.post_message(self.CopyRequested(self.current.citation, self.current.citation))

    def action_copy_quotation(self) -> None:
        """Copy the words and the citation."""
        label = f"the quotation with {self.current.citation}"
        self.post_message(self.CopyRequested(quotation(self.current), label))

    def say(self, message: str) -> None:
        """Show `message` until another passage is shown."""
        self.query_one("#present-place", Static).update(words(message))

    def _show(self) -> None:
        cited = self.current
        shown = passage_words(cited.passage, cited.shown_highlights)
        self.query_one("#present-words", Static).update(shown)
        self.query_one("#present-citation", Static).update(words(cited.citation))
        self.say(f"{self._position + 1} of {len(self._passages)}" if len(self._passages) > 1 else "")
        self.query_one("#present-body", VerticalScroll).scroll_home(animate=False)
        self.call_after_refresh(self._bring_match_into_view)

    def on_resize(self) -> None:
        """Find the words that match again when the lines are laid out anew."""
        self.call_after_refresh(self._bring_match_into_view)

    def _bring_match_into_view(self) -> None:
        """Scroll on in a long passage, if the words that match would be below."""
        cited, body = self.current, self.query_one("#present-body", VerticalScroll)
        start = min((start for start, _ in cited.shown_highlights), default=0)
        width = self.query_one("#present-words").size.width
        line = len(words(cited.shown[:start]).wrap(width)) - 1 if start and width else 0
        if line >= body.size.height - 1:
            body.scroll_to(y=line - body.size.height // 3, animate=False)
