"""What all dialogs share: a heading, a count, a line that says what Enter will do, the keys below."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.containers import HorizontalGroup, Vertical
from textual.screen import ModalScreen, Screen, ScreenResultType
from textual.widget import Widget
from textual.widgets import Footer, Static
from textual.widgets._footer import FooterKey

from qa.tui.display import words
from qa.tui.overlay import Overlay

_BETWEEN_KEYS = 2
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
        yield Keys(compact=True, show_command_palette=False)

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


class Keys(Footer):
    """The keys, in as many lines as they need: none is cut off."""

    _width = 0

    def compose(self) -> ComposeResult:
        """Lay the keys out in lines."""
        lines: list[list[Widget]] = [[]]
        room = self._width = self.screen.size.width
        for key in super().compose():
            width = cell_len(f"{key.key_display} {key.description}") if isinstance(key, FooterKey) else 0
            if width > room and lines[-1]:
                lines.append([])
                room = self._width
            room -= width + _BETWEEN_KEYS
            lines[-1].append(key)
        for line in lines:
            yield HorizontalGroup(*line)

    def on_resize(self, event: events.Resize) -> None:
        """Lay the keys out anew when there is more or less room."""
        if event.size.width != self._width:
            self.call_after_refresh(self.recompose)


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
