"""The header line and the status line: what the app has open and what it is doing, in words."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import HorizontalGroup
from textual.widgets import Static

from qa.tui.display import words

OPENING = "Opening the index…"


class HeaderLine(HorizontalGroup):
    """The name, the state of the index and the state of the model."""

    def compose(self) -> ComposeResult:
        """Lay the model's state at the far end."""
        yield Static(words("qa", "bold"), id="header-name", markup=False)
        yield Static(words("opening the index"), id="header-index", markup=False)
        yield Static(words("model not loaded"), id="header-model", markup=False)

    def show_index(self, state: str) -> None:
        """Say what index is open."""
        self.query_one("#header-index", Static).update(words(state))

    def show_model(self, state: str) -> None:
        """Say whether the model is ready."""
        self.query_one("#header-model", Static).update(words(state))


class StatusLine(Static):
    """What happened last. Warnings stay beside it, because nobody may miss them."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the name Textual gives it
        super().__init__(words(OPENING), id=id, markup=False)
        self._message = OPENING
        self._warnings: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """What is said, warnings included."""
        return " ".join([self._message, *(f"Warning: {warning}" for warning in self._warnings)]).strip()

    def say(self, message: str) -> None:
        """Show `message` until the next one."""
        self._message = message
        self.update(words(self.message))

    def warn(self, warnings: Sequence[str]) -> None:
        """Show `warnings` from now on."""
        self._warnings = tuple(warnings)
        self.update(words(self.message))
