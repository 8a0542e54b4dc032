"""The tables of keys in docs/app.md, made from the bindings as they are.

``python -m tests.tools.app_keys`` prints them; a test compares them with what stands there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import key_to_character

from qa.tui import QaApp
from qa.tui.ask_screen import AskScreen
from qa.tui.dialogs import ExportScreen, HistoryScreen, ReportsScreen, ScopeScreen, TrayScreen
from qa.tui.dialogs.field import Field
from qa.tui.dialogs.reports import PathField
from qa.tui.dialogs.rows import Choices
from qa.tui.dialogs.scope import ReportChoices
from qa.tui.line_prompt import LinePrompt
from qa.tui.panes import Panes
from qa.tui.present import PresentScreen
from qa.tui.question import QuestionBox
from qa.tui.reader import Section
from qa.tui.thread import Thread

PLACES: Sequence[tuple[str, Sequence[type[DOMNode]]]] = (
    ("Anywhere on the main screen", (AskScreen, QaApp)),
    ("In the question box", (QuestionBox,)),
    ("In the line that asks for a paragraph or for words", (LinePrompt,)),
    ("Among the passages and in the reader", (Panes,)),
    ("Among the passages", (Thread,)),
    ("In the reader", (Section,)),
    ("Scope, F2", (ScopeScreen, ReportChoices)),
    ("Reports, F3", (ReportsScreen, PathField)),
    ("Tray, F4", (TrayScreen,)),
    ("Present, F5", (PresentScreen,)),
    ("History, ctrl+r", (HistoryScreen,)),
    ("Export, ctrl+s", (ExportScreen,)),
    ("In every list and line of these", (Choices, Field)),
)
"""Parts of the app that have keys, and what they are made of."""


def tables() -> str:
    """Return a table for every place: key, what it does, and the name it has in the settings."""
    parts = []
    for place, owners in PLACES:
        rows = [f"| {keys} | {purpose} | {name} |" for keys, purpose, name in _rows(owners)]
        parts.append("\n".join([f"| {place} | | name |", "|---|---|---|", *rows]))
    return "\n\n".join(parts)


def _rows(owners: Sequence[type[DOMNode]]) -> Iterator[tuple[str, str, str]]:
    """Yield keys, purpose and name; keys for a first, second, … passage are one row."""
    bindings = [
        each
        for owner in owners
        for each in owner.BINDINGS
        if isinstance(each, Binding) and each.id is not None
    ]
    for binding in bindings:
        assert binding.id is not None
        place, _, last = binding.id.partition(".")
        purpose = binding.tooltip or binding.description
        if last.isdigit():
            if last == "1":
                yield "`1` … `9`", purpose, f"`{place}.1` … `{place}.9`"
            continue
        yield " ".join(f"`{_shown(key)}`" for key in binding.key.split(",")), purpose, f"`{binding.id}`"


def _shown(key: str) -> str:
    """Return a key as people name it: the character it types, else its name."""
    character = "/" if key == "slash" else key_to_character(key)
    return character if character is not None and character.isprintable() and character != " " else key


if __name__ == "__main__":
    print(tables())
