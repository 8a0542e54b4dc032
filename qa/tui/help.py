"""The help screen, made from the bindings as they are, so that it cannot go stale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from qa.tui.commands import Places, bindings_of
from qa.tui.overlay import Overlay

_KEYS_WIDTH = 18
_INTRODUCTION = (
    "Every passage is shown word for word, with the place it stands in its report. "
    "Underlined sentences match the question best."
)


class HelpScreen(Overlay[None], ModalScreen[None]):
    """All keys, by the part of the screen they work in."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,question_mark,q", "dismiss", "Close", id="help.close"),
        Binding("ctrl+q", "app.quit", "Quit", show=False, id="help.quit"),
    ]

    def __init__(self, places: Places) -> None:
        super().__init__()
        self._sections = [(name, bindings_of(nodes)) for name, nodes in places]

    def compose(self) -> ComposeResult:
        """Lay out the keys under the names of their places."""
        with VerticalScroll(id="help"):
            yield Static(Content("Help").stylize("bold"), markup=False)
            yield Static(Content(_INTRODUCTION), classes="help-text", markup=False)
            for name, bindings in self._sections:
                yield Static(self._keys(name, bindings), classes="help-section", markup=False)
            yield Static(Content("Esc closes this help."), classes="help-text", markup=False)

    def _keys(self, name: str, bindings: Sequence[Binding]) -> Content:
        lines = [Content(name).stylize("bold underline")]
        for binding in bindings:
            keys = " ".join(self.app.get_key_display(binding.with_key(key)) for key in binding.key.split(","))
            lines.append(Content(f"{keys.ljust(_KEYS_WIDTH)} {binding.tooltip or binding.description}"))
        return Content("\n").join(lines)
