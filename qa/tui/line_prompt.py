"""A line that asks for one thing, over the question box: a paragraph to go to, words to find."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import HorizontalGroup
from textual.message import Message
from textual.widgets import Input, Static

from qa.tui.display import words
from qa.tui.line import Line


class LinePrompt(HorizontalGroup):
    """Hidden until something is asked for; Enter hands on what was typed, Esc hides it again."""

    class Entered(Message):
        """Something was typed for `purpose`."""

        def __init__(self, purpose: str, text: str) -> None:
            super().__init__()
            self.purpose = purpose
            self.text = text

    class Left(Message):
        """The prompt was left without a word."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", id="prompt.leave"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the name Textual gives it
        super().__init__(id=id)
        self._label = Static("", id="prompt-label", markup=False)
        self._box = Line(id="prompt-input", compact=True, select_on_focus=False)

    def compose(self) -> ComposeResult:
        """Lay what is asked for beside the box."""
        yield self._label
        yield self._box

    def on_mount(self) -> None:
        """Keep out of sight."""
        self.display = False

    def ask(self, purpose: str, label: str) -> None:
        """Show the line and ask for something."""
        self._purpose = purpose
        self._label.update(words(label))
        self._box.value = ""
        self.display = True
        self._box.focus()

    def action_leave(self) -> None:
        """Go back without a word."""
        self.display = False
        self.post_message(self.Left())

    def on_descendant_blur(self, _event: events.DescendantBlur) -> None:
        """Keep out of sight where keys go elsewhere, as by a click; not while the terminal has lost them."""
        if self.app.app_focus:
            self.display = False

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Hand on what was typed."""
        event.stop()
        self.display = False
        text = event.value.strip()
        self.post_message(self.Entered(self._purpose, text) if text else self.Left())
