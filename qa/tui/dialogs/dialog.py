"""What all dialogs share: a heading, a count, a line that says what Enter will do, the keys below."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import HorizontalGroup, Vertical
from textual.screen import ModalScreen, Screen, ScreenResultType
from textual.widget import Widget
from textual.widgets import Static

from qa.tui.display import words
from qa.tui.keys import KeyLine
from qa.tui.overlay import Overlay

_NAMES = {"enter": "Enter", "escape": "Esc", "space": "Space", "delete": "Del"}


class Dialog(Overlay[ScreenResultType], ModalScreen[ScreenResultType]):
    """A heading, a body, a hint and the keys. Without room for a frame it takes the whole screen."""

    HEADING: ClassVar[str]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-wide")]  # noqa: RUF012 - an attribute for Textual
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (16, "-short"), (24, "-tall")]  # noqa: RUF012

    def compose(self) -> ComposeResult:
        """Lay the parts out from top to bottom."""
        with Vertical(classes="dialog"):
            yield from heading(self.HEADING)
            yield from self.body()
            yield Static("", classes="dialog-hint", markup=False)
        yield KeyLine(wraps=True)

    def body(self) -> Iterable[Widget]:
        """Return what stands between the heading and the hint."""
        raise NotImplementedError

    def show_count(self, count: str) -> None:
        """Say at the right end of the heading how much there is."""
        _say(self.query_one(".dialog-count", Static), count)

    def show_hint(self, hint: str) -> None:
        """Say what Enter will do, or what is wrong."""
        line = self.query_one(".dialog-hint", Static)
        _say(line, hint)
        line.set_class(not hint, "-empty")


def heading(name: str) -> Iterable[Widget]:
    """Return the line on top: a name, and room for a count at the right end."""
    yield HorizontalGroup(
        Static(words(name, "bold"), classes="dialog-name", markup=False),
        Static("", classes="dialog-count", markup=False),
        classes="dialog-heading",
    )


def labelled(label: str, field: Widget) -> HorizontalGroup:
    """Return `field` with a label before it."""
    return HorizontalGroup(Static(words(label), classes="label", markup=False), field, classes="labelled")


def key_name(screen: Screen[ScreenResultType], binding_id: str) -> str:
    """Return the key of a binding as people call it, the one they chose if they did; empty if it has none."""
    for key, active in screen.active_bindings.items():
        if active.binding.id == binding_id:
            return _NAMES.get(key) or screen.app.get_key_display(active.binding)
    return ""


def _say(line: Static, text: str) -> None:
    """Show `text`; laying the screen out anew for the same text would slow typing down."""
    content = words(text)
    if line.content != content:
        line.update(content)
