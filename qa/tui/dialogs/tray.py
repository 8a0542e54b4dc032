"""The tray: the passages people marked, to be put in order, read, copied and exported."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets.option_list import Option

from qa.cite import notes_in_words, plural, quotation
from qa.tui.dialogs.dialog import Dialog, key_name
from qa.tui.dialogs.rows import Choices, Lines, Row
from qa.tui.display import passage_words, place, shortened, words
from qa.tui.marks import Marks, marks_of
from qa.tui.tray import Tray
from qa.types import CitedPassage

NO_PASSAGES = (
    "The tray is empty. Mark passages while you read answers; they are kept here to copy and export."
)
_FIRST_WORDS = 200
_NEEDS_PASSAGES = ("go", "remove", "copy", "export", "move")


@dataclass(frozen=True, slots=True)
class GoToPassage:
    """Show a marked passage in its section."""

    cited: CitedPassage


@dataclass(frozen=True, slots=True)
class ExportTray:
    """Export what is marked."""


TrayAction = GoToPassage | ExportTray


class TrayScreen(Dialog[TrayAction | None]):
    """Look after the marked passages. Order and removals are made in the tray itself, at once."""

    AUTO_FOCUS = "#tray-list"
    HEADING = "Tray"

    class CopyRequested(Message):
        """Text is to be copied; `label` says what it is. The dialog stays open."""

        def __init__(self, text: str, label: str) -> None:
            super().__init__()
            self.text = text
            self.label = label

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go", "Read", id="tray.go", tooltip="Read the passage in its section"),
        Binding("x,delete", "remove", "Remove", id="tray.remove"),
        Binding("y", "copy_citation", "Cite", id="tray.cite", tooltip="Copy the citation"),
        Binding("Y", "copy_quotation", "Quote", id="tray.quote", tooltip="Copy words and citation"),
        Binding("c", "copy_all", "Copy all", id="tray.copy_all", tooltip="Copy all words and citations"),
        Binding("s", "export", "Export", id="tray.export"),
        Binding("K,shift+up", "move(-1)", "Up", show=False, id="tray.up", tooltip="Move the passage up"),
        Binding(
            "J,shift+down", "move(1)", "Down", show=False, id="tray.down", tooltip="Move the passage down"
        ),
        Binding("escape", "close", "Close", id="tray.close"),
    ]

    def __init__(self, tray: Tray) -> None:
        super().__init__()
        self._tray = tray

    def body(self) -> Iterable[Widget]:
        """Return the passages, and the words of the highlighted one."""
        yield Choices(id="tray-list")
        yield Lines(id="tray-text")

    def on_mount(self) -> None:
        """Show what is marked."""
        self._show_passages(None)
        self.say("")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer nothing to do with passages where there are none."""
        return not action.startswith(_NEEDS_PASSAGES) or bool(self._tray)

    def say(self, message: str) -> None:
        """Say what came of a copy; nothing says again what there is to do."""
        order = ""
        if len(self._tray) > 1:
            keys = f"{key_name(self, 'tray.up')} and {key_name(self, 'tray.down')}"
            order = f"{keys} move a passage; copies and exports keep this order."
        self.show_hint(message or order)
        self.query_one(".dialog-hint").set_class(not message, "-idle")

    def on_choices_moved(self, event: Choices.Moved) -> None:
        """Show the words of the highlighted passage."""
        event.stop()
        self._show_text()

    def on_choices_clicked(self, event: Choices.Clicked) -> None:
        """Only highlight what was clicked."""
        event.stop()

    def on_choices_left_upwards(self, event: Choices.LeftUpwards) -> None:
        """Stay in the list."""
        event.stop()

    def action_go(self) -> None:
        """Hand back the highlighted passage."""
        cited = self._current
        if cited is not None:
            self.dismiss(GoToPassage(cited))

    def action_export(self) -> None:
        """Hand back that the tray is to be exported."""
        if self._tray:
            self.dismiss(ExportTray())

    def action_close(self) -> None:
        """Leave without a result."""
        self.dismiss(None)

    def action_remove(self) -> None:
        """Take the highlighted passage out of the tray; the highlight goes to the one after it."""
        cited = self._current
        if cited is None:
            return
        left = [each.id for each in self._tray.passages]
        after = left[left.index(cited.id) + 1 :] or left[: left.index(cited.id)][-1:]
        self._tray.remove(cited.id)
        self._show_passages(next(iter(after), None))
        self.say(f"Removed: {place(cited)}")

    def action_move(self, step: int) -> None:
        """Move the highlighted passage up or down."""
        cited = self._current
        if cited is not None:
            self._tray.move(cited.id, step)
            self._show_passages(cited.id)

    def action_copy_citation(self) -> None:
        """Ask for the citation to be copied."""
        cited = self._current
        if cited is not None:
            self._copy(cited.citation, cited.citation)

    def action_copy_quotation(self) -> None:
        """Ask for the words and the citation to be copied."""
        cited = self._current
        if cited is not None:
            self._copy(quotation(cited), f"the quotation with {cited.citation}")

    def action_copy_all(self) -> None:
        """Ask for the words and citations of all passages to be copied, in their order."""
        passages = self._tray.passages
        if passages:
            text = "\n\n".join(quotation(cited) for cited in passages)
            self._copy(text, f"{plural(len(passages), 'quotation')} with citations")

    @property
    def _list(self) -> Choices:
        return self.query_one(Choices)

    @property
    def _current(self) -> CitedPassage | None:
        current = self._list.current_id
        return next((cited for cited in self._tray.passages if cited.id == current), None)

    def _copy(self, text: str, label: str) -> None:
        self.say(f"Copying {label}...")
        self.post_message(self.CopyRequested(text, label))

    def _show_passages(self, current: str | None) -> None:
        rows = [
            _row(position, cited, marks_of(self))
            for position, cited in enumerate(self._tray.passages, start=1)
        ]
        self._list.show_rows(rows, note="" if rows else NO_PASSAGES, current=current)
        self.show_count(plural(len(rows), "passage"))
        self.refresh_bindings()
        self._show_text()

    def _show_text(self) -> None:
        cited = self._current
        self.query_one(Lines).show_text(Content("") if cited is None else _in_full(cited))


def _in_full(cited: CitedPassage) -> Content:
    """Return a passage with the words that introduce it, its footnotes and its citation."""
    passage = cited.passage
    return Content("\n").join(
        [
            *([words(passage.lead_in)] if passage.lead_in else []),
            passage_words(passage, cited.shown_highlights),
            *(words(note) for note in notes_in_words(cited)),
            words(cited.citation, "italic"),
        ]
    )


def _row(position: int, cited: CitedPassage, marks: Marks) -> Option:
    first_words = words(shortened(cited.shown, _FIRST_WORDS))
    row = Row(words(place(cited, marks), "bold"), mark=f"{position:>2} ", below=first_words, most_lines=3)
    return Option(row, id=cited.id)
