"""Lists to choose in: how a row is drawn, how the highlighted one is marked, which rows a filter leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from qa.tui.bar_list import BarList
from qa.tui.display import one_line, words
from qa.tui.entry import LaidOut, cut_short

MOST_ROWS = 200
"""How many rows a filtered list shows at most; more would slow typing down."""

_BAR = 2
_NARROWEST_HEADING = 34
_NOTHING = Content("")


class Row(LaidOut):
    """A mark, a heading that wraps beside it, words at the right end, and words below.

    Where the width leaves too little for the heading, the words at the right go below it; then spaces that
    only align them are not wanted, which is what `right_below` is for.
    """

    def __init__(
        self,
        heading: Content,
        *,
        mark: str = "",
        right: Content = _NOTHING,
        right_below: Content | None = None,
        below: Content = _NOTHING,
        most_lines: int | None = None,
    ) -> None:
        self._heading = heading
        self._mark = Content(mark)
        self._right = right
        self._right_below = right if right_below is None else right_below
        self._below = below
        self._most_lines = most_lines

    def _lay_out(self, width: int) -> list[Content]:
        indent = _BAR + self._mark.cell_length
        inner_width = max(1, width - indent)
        beside = inner_width - self._right.cell_length - 2
        below = self._below
        if self._right and beside >= _NARROWEST_HEADING:
            first, *rest = self._heading.wrap(beside)
            lines = [first.pad_right(beside + 2 - first.cell_length) + self._right, *rest]
        else:
            lines = self._heading.wrap(inner_width)
            below = Content("; ").join(part for part in (self._right_below, below) if part)
        lines += below.wrap(inner_width) if below else []
        if self._most_lines is not None and len(lines) > self._most_lines:
            lines = lines[: self._most_lines]
            lines[-1] = cut_short(lines[-1], inner_width, "...")
        first_margin = Content(" " * _BAR) + self._mark
        margins = [first_margin, *[Content(" " * indent)] * (len(lines) - 1)]
        return [(margin + line).truncate(width) for margin, line in zip(margins, lines, strict=True)]


class Choices(BarList, inherit_bindings=False):
    """A list with a bar beside the highlighted row, a broad one while keys go to the list.

    It ends where it ends: the highlight does not go round. Enter is left to the screen.
    """

    class LeftUpwards(Message):
        """The up key was pressed on the first row."""

    class Clicked(Message):
        """A row was clicked; it is highlighted."""

        def __init__(self, choices: Choices, row_id: str) -> None:
            super().__init__()
            self.choices = choices
            self.row_id = row_id

    class Moved(Message):
        """The highlight is on another row now."""

        def __init__(self, choices: Choices, row_id: str) -> None:
            super().__init__()
            self.choices = choices
            self.row_id = row_id

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "cursor_down", "Next row", show=False, id="choices.next"),
        Binding("up,k", "cursor_up", "Previous row", show=False, id="choices.previous"),
        Binding("pagedown", "page_down", "Page down", show=False, id="choices.page_down"),
        Binding("pageup", "page_up", "Page up", show=False, id="choices.page_up"),
        Binding("home", "first", "First row", show=False, id="choices.first"),
        Binding("end", "last", "Last row", show=False, id="choices.last"),
    ]

    def __init__(self, *, id: str, focusable: bool = True) -> None:  # noqa: A002 - the name Textual gives it
        super().__init__(id=id, markup=False, compact=True)
        self.can_focus = focusable

    @property
    def current_id(self) -> str | None:
        """The id of the highlighted row, or none."""
        option = self.highlighted_option
        return None if option is None else option.id

    def show_rows(self, rows: Sequence[Option], *, note: str = "", current: str | None = None) -> None:
        """Show `rows`, and `note` after them; highlight the row of the id `current`, else the first."""
        shown = list(rows)
        if note:
            shown.append(Option(Row(words(note)), disabled=True))
        self.set_options(shown)
        self.highlight(current)

    def highlight(self, row_id: str | None) -> None:
        """Highlight the row of an id, the first if there is none."""
        places = [place for place, option in enumerate(self.options) if not option.disabled]
        same = [place for place in places if row_id is not None and self.options[place].id == row_id]
        self.highlighted = next(iter([*same, *places]), None)

    def action_cursor_down(self) -> None:
        """Go to the next row."""
        self._step(1)

    def action_cursor_up(self) -> None:
        """Go to the row before."""
        if not self._step(-1):
            self.post_message(self.LeftUpwards())

    def page(self, step: int) -> None:
        """Move the highlight a page down, or up if `step` is negative."""
        if step > 0:
            self.action_page_down()
        else:
            self.action_page_up()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Translate the list's message."""
        event.stop()
        if event.option_id is not None:
            self.post_message(self.Moved(self, event.option_id))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Translate the list's message; with Enter left to the screen it tells of a click."""
        event.stop()
        if event.option_id is not None:
            self.post_message(self.Clicked(self, event.option_id))

    def _step(self, by: int) -> bool:
        """Highlight the next row that can be; return whether there is one."""
        if self.highlighted is None:
            self.highlight(None)
            return self.highlighted is not None
        place = self.highlighted + by
        while 0 <= place < self.option_count:
            if not self.options[place].disabled:
                self.highlighted = place
                return True
            place += by
        return False


class Lines(VerticalScroll, inherit_bindings=False):
    """Text that scrolls; it takes the focus only where there is more than fits."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_down", "Line down", show=False, id="lines.down"),
        Binding("up,k", "scroll_up", "Line up", show=False, id="lines.up"),
        Binding("pagedown", "page_down", "Page down", show=False, id="lines.page_down"),
        Binding("pageup", "page_up", "Page up", show=False, id="lines.page_up"),
        Binding("home", "scroll_home", "Start", show=False, id="lines.start"),
        Binding("end", "scroll_end", "End", show=False, id="lines.end"),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002 - the name Textual gives it
        self._text = Static("", markup=False)
        super().__init__(self._text, id=id, classes="-empty")

    def allow_focus(self) -> bool:
        """Whether there is anything to scroll to."""
        return self.max_scroll_y > 0

    def show_text(self, text: Content) -> None:
        """Show `text` from its beginning, or leave it where it is scrolled to if it is shown already."""
        shown = self._text.content
        if isinstance(shown, Content) and shown.is_same(text):
            return
        self._text.update(text)
        self.set_class(not text, "-empty")
        self.scroll_home(animate=False)


def searchable(*texts: str | None) -> str:
    """Return what a filter looks into, made of all that is known of a row."""
    return "\n".join(text for text in texts if text).casefold()


def matching(typed: str, searched: Sequence[str]) -> list[int]:
    """Return the places of those of `searched` that hold every typed word, in any case and order."""
    wanted = one_line(typed).casefold().split()
    return [place for place, text in enumerate(searched) if all(word in text for word in wanted)]


def more_in_words(found: int) -> str:
    """Return how many rows are not shown; nothing if all are."""
    return f"... and {found - MOST_ROWS:,} more. Type more words to find them." if found > MOST_ROWS else ""
