"""The help screen, made from the bindings as they are, so that it cannot go stale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingsMap, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from qa.tui.commands import Places, bindings_of, merged
from qa.tui.display import words
from qa.tui.entry import Entries, Entry
from qa.tui.overlay import Overlay

_KEYS_WIDTH = 10
_NTH = "123456789"
_ABOUT = (
    "Type a question and press Enter. Passages of the reports that answer it are listed with their place, "
    "the best first; beside or behind the list the chosen one is read in its section. Every word is the "
    "report's own. The sentences that match best are underlined.",
    "Strong, possible and nothing say how sure it is that the passages answer; read them before you rely on "
    "them. A question may lean on the one before it: And in 2008?",
    "report:NAME, section:HEADING, after:YEAR and before:YEAR in a question say where to search. Words in "
    "quotation marks must stand there as typed.",
)


class HelpScreen(Overlay[None], ModalScreen[None]):
    """What the app does and all its keys, by the part of the screen they work in."""

    AUTO_FOCUS = "#help"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,question_mark,q", "dismiss", "Close", id="help.close"),
        Binding("down,j", "scroll('down')", "Line down", show=False, id="help.down"),
        Binding("up,k", "scroll('up')", "Line up", show=False, id="help.up"),
        Binding("space", "scroll('page_down')", "Page down", show=False, id="help.page_down"),
        Binding("ctrl+q", "app.quit", "Quit", show=False, id="help.quit"),
    ]

    def __init__(self, places: Places) -> None:
        super().__init__()
        self._sections = [(name, bindings_of(nodes)) for name, nodes in places]

    def compose(self) -> ComposeResult:
        """Lay out the keys under the names of their places."""
        with VerticalScroll(id="help"):
            yield Static(words("Help: Esc closes it, Down goes on", "bold"), markup=False)
            for text in _ABOUT:
                yield Static(words(text), classes="help-text", markup=False)
            for name, bindings in [*self._sections, *self._dialogs()]:
                yield from self._keys(name, bindings)

    def action_scroll(self, way: str) -> None:
        """Scroll by a line or a page."""
        text = self.query_one("#help", VerticalScroll)
        {"down": text.scroll_down, "up": text.scroll_up, "page_down": text.scroll_page_down}[way](
            animate=False
        )

    def _dialogs(self) -> Iterator[tuple[str, Sequence[Binding]]]:
        """Yield the keys of what can be opened over the Ask screen."""
        from qa.tui.dialogs import ExportScreen, HistoryScreen, ReportsScreen, ScopeScreen, TrayScreen
        from qa.tui.dialogs.scope import ReportChoices
        from qa.tui.present import PresentScreen

        owners = (
            ("Scope (F2)", (ScopeScreen, ReportChoices)),
            ("Reports (F3)", (ReportsScreen,)),
            ("Tray (F4)", (TrayScreen,)),
            ("Present (F5)", (PresentScreen,)),
            ("History (ctrl+r)", (HistoryScreen,)),
            ("Export (ctrl+s)", (ExportScreen,)),
        )
        for name, classes in owners:
            found: list[Binding] = []
            for owner in classes:
                bindings = BindingsMap(owner.BINDINGS)
                bindings.apply_keymap(self.app._keymap)
                found += [binding for _, binding in bindings]
            yield name, merged(found)

    def _keys(self, name: str, bindings: Sequence[Binding]) -> Iterator[Widget]:
        yield Static(words(name, "bold underline"), classes="help-section", markup=False)
        entries = []
        for binding in bindings:
            keys = [self.app.get_key_display(binding.with_key(key)) for key in binding.key.split(",")]
            label = words("1 to 9" if "".join(keys) == _NTH else " ".join(keys)).pad_right(0)
            label = label.pad_right(max(0, _KEYS_WIDTH - label.cell_length))
            entries.append(Entry(label, words(binding.tooltip or binding.description), Content("")))
        yield Static(Entries(entries), markup=False)
