"""The header line and the status line: what the app has open and what it is doing, in words."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import HorizontalGroup
from textual.widgets import Static

from qa.cite import plural
from qa.errors import QaError
from qa.tui.display import words
from qa.types import Progress

_STEPS = {"reading": "report", "reading pages": "page", "encoding": "passage"}

OPENING = "Opening the index..."
MODEL_READY = "model ready"

_MOST_LINES = 2
"""How much the warnings may fill before they are only counted."""


class HeaderLine(HorizontalGroup):
    """The name, what is open and searched, how many passages are marked, and the state of the model."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the name Textual gives it
        super().__init__(id=id)
        self._index = Static(words("opening the index"), id="header-index", markup=False)
        self._tray = Static("", id="header-tray", markup=False)
        self._model = Static(words("model not loaded"), id="header-model", markup=False)

    def compose(self) -> ComposeResult:
        """Lay the model's state at the far end."""
        yield Static(words("qa", "bold"), id="header-name", markup=False)
        yield self._index
        yield self._tray
        yield self._model

    def show_index(self, state: str) -> None:
        """Say what is open and searched."""
        self._index.update(words(state))

    def show_tray(self, marked: int) -> None:
        """Say how many passages are marked."""
        self._tray.update(words(f"tray {marked}" if marked else ""))

    def show_model(self, state: str) -> None:
        """Say whether the model is ready."""
        self._model.update(words(state))
        # Where there is little room only what is out of the ordinary is said.
        self._model.set_class(state == MODEL_READY, "-usual")


class StatusLine(Static):
    """What happened last. Warnings stay beside it, because nobody may miss them."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the name Textual gives it
        super().__init__(words(OPENING), id=id, markup=False)
        self._message = OPENING
        self._warnings: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """What is said, warnings included and in full."""
        return " ".join([self._message, *(f"Warning: {warning}" for warning in self._warnings)]).strip()

    def say(self, message: str) -> None:
        """Show `message` until the next one."""
        self._message = message
        self._show()

    def warn(self, warnings: Sequence[str]) -> None:
        """Show `warnings` from now on."""
        self._warnings = tuple(warnings)
        self._show()

    def on_resize(self, _event: events.Resize) -> None:
        """Show as much as there is room for by now."""
        self._show()

    def _show(self) -> None:
        shown = words(self.message)
        width = self.size.width
        if self._warnings and width and len(shown.wrap(width)) > _MOST_LINES:
            shown = words(f"{self._message} {plural(len(self._warnings), 'warning')}: F3 shows them.")
        if self.content != shown:
            self.update(shown)


def error_in_words(error: BaseException) -> str:
    """Return what to tell people about an error: ours are sentences, others are named by their type."""
    return str(error) if isinstance(error, QaError) else f"{type(error).__name__}: {error}"


def progress_in_words(progress: Progress) -> str:
    """Return how far a build is: ``"encoding passage 40 of 310"``."""
    noun = _STEPS.get(progress.stage)
    if noun is None:
        return progress.stage
    return f"{progress.stage.split()[0]} {noun} {progress.done:,} of {progress.total:,}"
