"""The reader: the section a passage stands in, with the passage marked and brought into view."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import HorizontalGroup, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from qa.tui.display import heading_path, margin_mark, passage_words, words
from qa.types import CitedPassage, Passage

EMPTY_TITLE = "No passage chosen"
EMPTY_TEXT = "The highlighted passage is shown here, in its section of the report."


class Margin(Static):
    """The margin of a paragraph; its number is not part of the words a mouse selects."""

    ALLOW_SELECT = False


class Paragraph(HorizontalGroup):
    """One passage with its printed number in the margin; the chosen one has a bar along its side."""

    def __init__(self, passage: Passage) -> None:
        super().__init__()
        self.passage = passage
        self._words = Static(passage_words(passage), classes="words", markup=False)

    def compose(self) -> ComposeResult:
        """Lay the margin beside the words."""
        yield Margin(words(margin_mark(self.passage)), markup=False)
        yield self._words

    def choose(self, cited: CitedPassage | None) -> None:
        """Mark this passage as the chosen one, with the sentences that match, or as any other."""
        if cited is None and not self.has_class("-chosen"):
            return
        self.set_class(cited is not None, "-chosen")
        self._words.update(passage_words(self.passage, cited.shown_highlights if cited else ()))


class Section(VerticalScroll):
    """The paragraphs of one section; never more, so that a long report opens as fast as a short one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_down", "Line down", show=False, id="reader.down"),
        Binding("up,k", "scroll_up", "Line up", show=False, id="reader.up"),
        Binding("pagedown,space", "page_down", "Page down", show=False, id="reader.page_down"),
        Binding("pageup", "page_up", "Page up", show=False, id="reader.page_up"),
        Binding("home", "scroll_home", "Start of the section", show=False, id="reader.start"),
        Binding("end", "scroll_end", "End of the section", show=False, id="reader.end"),
    ]

    def bring_chosen_into_view(self) -> None:
        """Scroll so that the chosen paragraph begins about a third down."""
        for paragraph in self.query(Paragraph).filter(".-chosen"):
            top = paragraph.virtual_region.y - self.size.height // 3
            self.scroll_to(y=max(0, top), animate=False, immediate=True)

    def on_resize(self, _event: events.Resize) -> None:
        """Find the chosen paragraph again when the lines are laid out anew."""
        self.call_after_refresh(self.bring_chosen_into_view)

    def on_show(self, _event: events.Show) -> None:
        """Find the chosen paragraph when the reader comes to the front in a narrow terminal."""
        self.call_after_refresh(self.bring_chosen_into_view)


class Reader(Vertical):
    """The section of the highlighted passage under a title that stays in place."""

    def compose(self) -> ComposeResult:
        """Lay the title above the section."""
        yield Static(words(EMPTY_TITLE), id="reader-title", markup=False)
        with Section(id="section"):
            yield Static(words(EMPTY_TEXT), id="reader-empty", markup=False)

    @property
    def section(self) -> Section:
        """The scrolling part, which takes the focus."""
        return self.query_one(Section)

    async def show(self, cited: CitedPassage, passages: Sequence[Passage]) -> None:
        """Show `passages`, the section of `cited`, and mark `cited` among them."""
        section = self.section
        shown = [paragraph.passage for paragraph in section.query(Paragraph)]
        self.query_one("#reader-title", Static).update(words(heading_path(cited)))
        if shown != list(passages):
            with self.app.batch_update():
                await section.remove_children()
                await section.mount_all(_paragraphs(passages))
        for paragraph in section.query(Paragraph):
            paragraph.choose(cited if paragraph.passage.id == cited.id else None)
        self.call_after_refresh(section.bring_chosen_into_view)


def _paragraphs(passages: Sequence[Passage]) -> Iterator[Widget]:
    """Yield a paragraph for each passage, after the words that introduce it unless they were just shown."""
    lead_in: str | None = None
    for position, passage in enumerate(passages):
        before = passages[position - 1].text if position else ""
        if passage.lead_in and passage.lead_in != lead_in and not before.endswith(passage.lead_in):
            yield Static(words(passage.lead_in), classes="lead-in", markup=False)
        lead_in = passage.lead_in
        yield Paragraph(passage)
