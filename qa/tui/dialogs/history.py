"""Older questions: found by their words and put back into the question box."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input
from textual.widgets.option_list import Option

from qa.tui.dialogs.dialog import Dialog, key_name, labelled
from qa.tui.dialogs.field import Field
from qa.tui.dialogs.rows import MOST_ROWS, Choices, Row, matching, more_in_words, searchable
from qa.tui.display import shortened, words

NO_QUESTIONS = "No question has been asked yet. What you ask is listed here."
_LONGEST_QUESTION = 400
_MOST_LINES = 3


class HistoryScreen(Dialog[str | None]):
    """Choose one of the questions asked before.

    Its result is the question, word for word, or none.

    Parameters
    ----------
    questions
        Newest first.
    """

    AUTO_FOCUS = "#history-filter"
    HEADING = "Questions asked before"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Take", id="history.take", tooltip="Put the question into the box"),
        Binding("down", "move(1)", "Older", id="history.older", tooltip="To the question below"),
        Binding("up", "move(-1)", "Newer", id="history.newer", tooltip="To the question above"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="history.page_down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="history.page_up"),
        Binding("escape", "close", "Close", id="history.close"),
    ]

    def __init__(self, questions: Sequence[str]) -> None:
        super().__init__()
        self._questions = tuple(questions)
        self._searched = [searchable(question) for question in self._questions]
        self._rows: dict[int, Option] = {}
        self._filtered_by: str | None = None

    def body(self) -> Iterable[Widget]:
        """Return the filter and the questions."""
        yield labelled("Find", Field(id="history-filter", placeholder="words of the question"))
        yield Choices(id="history-list", focusable=False)

    def on_mount(self) -> None:
        """Show all questions."""
        self._show_matching()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show the questions that hold the typed words."""
        event.stop()
        self._show_matching()

    def on_choices_clicked(self, event: Choices.Clicked) -> None:
        """Take the question that was clicked."""
        event.stop()
        self.dismiss(self._questions[int(event.row_id)])

    def action_move(self, step: int) -> None:
        """Move the highlight while the filter keeps the keys."""
        self._show_matching()
        if step > 0:
            self._list.action_cursor_down()
        else:
            self._list.action_cursor_up()

    def action_page(self, step: int) -> None:
        """Move the highlight by a page."""
        self._show_matching()
        self._list.page(step)

    def action_choose(self) -> None:
        """Hand back the highlighted question."""
        self._show_matching()
        if self._list.current_id is not None:
            self.dismiss(self._questions[int(self._list.current_id)])

    def action_close(self) -> None:
        """Leave without a question."""
        self.dismiss(None)

    @property
    def _list(self) -> Choices:
        return self.query_one(Choices)

    def _show_matching(self) -> None:
        """Show what the filter leaves; nothing is done if it is shown already."""
        typed = self.query_one(Field).value
        if typed == self._filtered_by:
            return
        self._filtered_by = typed
        found = matching(typed, self._searched)
        self._list.show_rows(
            [self._row(place) for place in found[:MOST_ROWS]],
            note=self._note(found) or more_in_words(len(found)),
        )
        self.show_count(f"{len(found):,} of {len(self._questions):,}")
        enter, leave = key_name(self, "history.take"), key_name(self, "history.close")
        self.show_hint(
            f"{enter} puts the marked question into the question box." if found else f"{leave} goes back."
        )

    def _note(self, found: Sequence[int]) -> str:
        if not self._questions:
            return NO_QUESTIONS
        return "" if found else "No question holds all these words."

    def _row(self, place: int) -> Option:
        if place not in self._rows:
            question = words(shortened(self._questions[place], _LONGEST_QUESTION))
            self._rows[place] = Option(Row(question, most_lines=_MOST_LINES), id=str(place))
        return self._rows[place]
