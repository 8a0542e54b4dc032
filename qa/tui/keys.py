"""The keys at the foot of a screen: in one line those that fit, or all of them in as many as they need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from textual import events
from textual.content import Content
from textual.screen import Screen
from textual.style import Style
from textual.widgets import Static

from qa.tui.display import words

_BETWEEN = 2
_ALWAYS = ("help", "dismiss")
_LAST = ("app.quit", "quit")


class ShownKey(NamedTuple):
    """A key as it is shown: what it is pressed by, what it is called, and what it does."""

    key: str
    display: str
    description: str
    action: str

    @property
    def words(self) -> Content:
        """What stands in the line; a click on it presses the key."""
        name = words(self.display).stylize(".key-line--key")
        whole = name + words(f" {self.description}", ".key-line--description")
        return whole.stylize(Style.from_meta({"key": self.key}))


class KeyLine(Static):
    """The keys that do something now, those of the part in focus first; help and the way back always.

    Drawn as one text: they change with the focus, and a widget for each would have to be made anew each time.

    Parameters
    ----------
    wraps
        Whether all of them are shown, in as many lines as they need; else those that fit into one.
    """

    COMPONENT_CLASSES = {"key-line--key", "key-line--description"}  # noqa: RUF012 - an attribute for Textual
    ALLOW_SELECT = False

    def __init__(self, *, wraps: bool = False) -> None:
        super().__init__(markup=False)
        self._wraps = wraps
        self.lines: Sequence[Sequence[ShownKey]] = ()

    def on_mount(self) -> None:
        """Follow the keys that do something now."""
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)
        self._draw()

    def on_resize(self) -> None:
        """Choose anew when there is more or less room."""
        self._draw()

    def on_click(self, event: events.Click) -> None:
        """Press the key that is clicked on."""
        key = event.style.meta.get("key")
        if key is not None:
            self.app.simulate_key(key)

    def _bindings_changed(self, screen: Screen[object]) -> None:
        # A terminal that loses the focus takes it from every widget; their keys are the same when it is back.
        if screen.app.app_focus:
            self._draw()

    def _draw(self) -> None:
        keys, room = _keys_of(self.screen), self.screen.size.width
        lines = _in_lines(keys, room) if self._wraps else [_fitting(keys, room)]
        if lines != self.lines:
            self.lines = lines
            between = Content(" " * _BETWEEN)
            self.update(Content("\n").join(between.join(key.words for key in line) for line in lines))


def _keys_of(screen: Screen[object]) -> list[ShownKey]:
    """Return the keys of the bindings that are to be shown, one for each action."""
    keys: dict[str, ShownKey] = {}
    for active in screen.active_bindings.values():
        binding = active.binding
        if binding.show and active.enabled and binding.action not in keys:
            display = screen.app.get_key_display(binding)
            keys[binding.action] = ShownKey(binding.key, display, binding.description, binding.action)
    return list(keys.values())


def _fitting(keys: Iterable[ShownKey], room: int) -> list[ShownKey]:
    """Return the keys that fit, Enter in front; what most people know by heart is left out first."""
    in_order = sorted(keys, key=lambda key: (key.action in _LAST, key.key != "enter"))
    chosen = set()
    for key in sorted(in_order, key=lambda key: key.action not in _ALWAYS):
        width = key.words.cell_length
        if width <= room:
            chosen.add(key)
            room -= width + _BETWEEN
    return [key for key in in_order if key in chosen]


def _in_lines(keys: Iterable[ShownKey], width: int) -> list[list[ShownKey]]:
    """Return all keys, line by line."""
    lines: list[list[ShownKey]] = [[]]
    room = width
    for key in keys:
        taken = key.words.cell_length
        if taken > room and lines[-1]:
            lines.append([])
            room = width
        room -= taken + _BETWEEN
        lines[-1].append(key)
    return lines
