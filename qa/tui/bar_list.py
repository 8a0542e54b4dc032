"""A list whose highlighted entry has a bar beside it, so that it is not told by colour alone."""

from __future__ import annotations

from rich.segment import Segment
from textual import events
from textual.strip import Strip
from textual.widgets import OptionList

from qa.tui.marks import marks_of


class BarList(OptionList, inherit_bindings=False):
    """The bar is a broad one while keys go to the list."""

    def render_line(self, y: int) -> Strip:
        """Draw a line, with the bar if it belongs to the highlighted entry."""
        strip = super().render_line(y)
        first = next(iter(strip), None)
        if self.highlighted is None or first is None or first.style is None:
            return strip
        if first.style.meta.get("option") != self.highlighted:
            return strip
        marks = marks_of(self)
        mark = marks.current_in_focus if self.has_focus or not self.can_focus else marks.current
        return Strip.join([Strip([Segment(mark, first.style)], 1), strip.crop(1)])

    def on_resize(self, _event: events.Resize) -> None:
        """Keep the highlighted entry in view when the lines are laid out anew."""
        self.call_after_refresh(self.scroll_to_highlight)

    def action_page_up(self) -> None:
        """Go a page up, where there is room for a line at least."""
        if self.scrollable_content_region:
            super().action_page_up()  # type: ignore[no-untyped-call]

    def action_page_down(self) -> None:
        """Go a page down, where there is room for a line at least."""
        if self.scrollable_content_region:
            super().action_page_down()  # type: ignore[no-untyped-call]
