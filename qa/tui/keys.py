"""The line of keys at the foot of a screen: those that fit, none cut off, help and the way back always."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

_BETWEEN = 2
_ALWAYS = ("help", "dismiss")
_LAST = ("app.quit", "quit")


class KeyLine(Footer):
    """As many keys as there is room for in one line; those of the part in focus come first."""

    _width = 0

    def __init__(self) -> None:
        super().__init__(show_command_palette=False, compact=True)

    def compose(self) -> ComposeResult:
        """Choose what fits."""
        self._width = self.screen.size.width
        yield from _fitting([key for key in super().compose() if isinstance(key, FooterKey)], self._width)

    def on_resize(self, event: events.Resize) -> None:
        """Choose anew when there is more or less room."""
        if event.size.width != self._width:
            self.call_after_refresh(self.recompose)


def _fitting(keys: Sequence[FooterKey], room: int) -> list[Widget]:
    """Return the keys that fit, Enter in front; what most people know by heart is left out first."""
    in_order = sorted(keys, key=lambda key: (key.action in _LAST, key.key != "enter"))
    chosen = set()
    for key in sorted(in_order, key=lambda key: key.action not in _ALWAYS):
        width = cell_len(f"{key.key_display} {key.description}")
        if width <= room:
            chosen.add(key)
            room -= width + _BETWEEN
    return [key for key in in_order if key in chosen]
