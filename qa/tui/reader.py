"""The reader: the section a passage stands in, with the passage marked and brought into view."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from qa.cite import also_in_words, cited_by_itself, notes_in_words, plural
from qa.protocols import Asker
from qa.tui.display import heading_path, margin_mark, passage_words, place_in_section, words
from qa.tui.marks import Marks
from qa.tui.open_library import OpenLibrary
from qa.tui.places import at, beside, section_beside
from qa.tui.status import error_in_words
from qa.types import CitedPassage, Passage, Span

EMPTY_TITLE = "No passage chosen"
EMPTY_TEXT = "The highlighted passage is shown here, in its section of the report."

NO_PASSAGE = "There is no passage yet: ask a question first."

CHANGED = "The report has changed since; only the passage is shown, as it was when it was found."

MOST_SHOWN = 60
"""Passages of a section that are laid out at once, so that a long section opens as fast as a short one."""

_BAR_ROOM = " | "
_WIDEST_NUMBER = 9
_BEFORE = MOST_SHOWN // 3
_NEAR_AN_END = 5


class Paragraph(Static):
    """One passage with its printed number in the margin; the chosen one has a bar along its side.

    Number and bar are drawn over the left padding, so that they are not part of the words a mouse selects.
    """

    def __init__(self, passage: Passage, marks: Marks, *, number_width: int) -> None:
        super().__init__(passage_words(passage), classes="paragraph", markup=False)
        self.passage = passage
        self._matches: tuple[Span, ...] = ()
        self._marks = marks
        number = words(margin_mark(passage, marks)).truncate(number_width, ellipsis=True)
        self._number = number.pad_left(number_width - number.cell_length).plain
        self._number_width = number_width
        self.styles.padding = (0, 1, 0, number_width + len(_BAR_ROOM))

    @property
    def chosen(self) -> bool:
        """Whether this is the passage that is looked at."""
        return self.has_class("-chosen")

    def choose(self, cited: CitedPassage | None) -> None:
        """Mark this passage as the chosen one, with the sentences that match, or as any other."""
        if cited is None and not self.chosen:
            return
        self.set_class(cited is not None, "-chosen")
        self._matches = tuple(cited.shown_highlights) if cited else ()
        self.update(passage_words(self.passage, self._matches))

    @property
    def line_of_match(self) -> int:
        """The line, from 0, where the words that match begin, as it is laid out now."""
        start = min((start for start, _ in self._matches), default=0)
        return len(words(self.passage.shown[:start]).wrap(max(1, self.size.width))) - 1 if start else 0

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw lines, with the margin over their padding."""
        return [
            self._with_margin(strip, y, crop) for y, strip in enumerate(super().render_lines(crop), crop.y)
        ]

    def _with_margin(self, strip: Strip, y: int, crop: Region) -> Strip:
        number = self._number if y == 0 else " " * self._number_width
        bar = self._marks.current if self.chosen else " "
        style = self.rich_style + Style(bold=self.chosen)
        margin = Strip([Segment(number + _BAR_ROOM.replace("|", bar), style)]).crop(crop.x, crop.right)
        return Strip.join([margin, strip.crop(margin.cell_length)])


class Section(VerticalScroll):
    """The paragraphs of one section, or of the stretch of it round the chosen one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "screen.step_back", "Back", id="reader.back", tooltip="Out of the reader"),
        Binding("down,j", "scroll_down", "Line down", show=False, id="reader.down"),
        Binding("up,k", "scroll_up", "Line up", show=False, id="reader.up"),
        Binding("pagedown", "page_down", "Page down", show=False, id="reader.page_down"),
        Binding("pageup", "page_up", "Page up", show=False, id="reader.page_up"),
        Binding("home", "scroll_home", "Start of what is shown", show=False, id="reader.start"),
        Binding("end", "scroll_end", "End of what is shown", show=False, id="reader.end"),
    ]

    def bring_chosen_into_view(self) -> None:
        """Scroll so that the chosen paragraph begins about a third down."""
        for paragraph in self.query(Paragraph).filter(".-chosen"):
            top = paragraph.virtual_region.y - self.size.height // 3
            match = paragraph.virtual_region.y + paragraph.line_of_match
            if match >= top + self.size.height - 1:
                # A long passage: rather the words that match than its beginning.
                top = match - self.size.height // 3
            self.scroll_to(y=max(0, top), animate=False, immediate=True)

    def on_resize(self, _event: events.Resize) -> None:
        """Find the chosen paragraph again when the lines are laid out anew."""
        self.call_after_refresh(self.bring_chosen_into_view)

    def on_show(self, _event: events.Show) -> None:
        """Find the chosen paragraph when the reader comes to the front in a narrow terminal."""
        self.call_after_refresh(self.bring_chosen_into_view)


class Reader(Vertical):
    """The section of the chosen passage under a title that stays in place, its footnotes below.

    Reads in threads, so that it never holds up the keys. `section` scrolls and takes the focus; `chosen` is
    the passage that is read, or none.
    """

    class Moved(Message):
        """The reader went to a passage by itself, not because the highlight did."""

        def __init__(self, cited: CitedPassage) -> None:
            super().__init__()
            self.cited = cited

    class Failed(Message):
        """There is nothing to read there, and why."""

        def __init__(self, problem: str) -> None:
            super().__init__()
            self.problem = problem

    class _PlaceFound(Message):
        def __init__(self, look: int, cited: CitedPassage | None) -> None:
            super().__init__()
            self.look = look
            self.cited = cited

    class _SectionRead(Message):
        def __init__(self, cited: CitedPassage, passages: Sequence[Passage]) -> None:
            super().__init__()
            self.cited = cited
            self.passages = passages

    def __init__(
        self,
        current: OpenLibrary,
        marks: Marks,
        *,
        id: str | None = None,  # noqa: A002 - Textual's name for it
    ) -> None:
        super().__init__(id=id)
        self._current = current
        self._marks = marks
        self._hit = ""
        self._looks = 0
        self._section: tuple[Passage, ...] = ()
        self.chosen: CitedPassage | None = None
        self._title = Static(words(EMPTY_TITLE), id="reader-title", markup=False)
        self.section = Section(_beside_the_words(EMPTY_TEXT), id="section")
        self._notes = Static("", id="reader-notes", markup=False)

    def compose(self) -> ComposeResult:
        """Lay the title above the section and the notes below."""
        yield self._title
        yield self.section
        yield self._notes

    # Going somewhere.

    def read(self, cited: CitedPassage, *, hit: str = "") -> None:
        """Show the section of `cited`, marked among its passages; `hit` says in words what it is."""
        self._looks += 1
        self.chosen, self._hit = cited, hit
        if self._current.library is not None:
            self._read_section(cited)

    def clear(self) -> None:
        """Show no passage."""
        self._looks += 1
        self.chosen, self._section = None, ()
        self._title.update(words(EMPTY_TITLE))
        self._notes.display = False
        self.section.remove_children()
        self.section.mount(_beside_the_words(EMPTY_TEXT))

    def go_to(self, text: str, *, report: str | None) -> None:
        """Go to a paragraph of a report, or of another that `text` names."""
        self._look_for(lambda library: at(library, report, text))

    def go_to_other_place(self) -> None:
        """Go where else the same is said."""
        if self.chosen is None or not self.chosen.also:
            self.post_message(self.Failed("This passage is not known to be said elsewhere too."))
            return
        other = self.chosen.also[0].id
        self._look_for(lambda library: library.show(other)[0])

    def step(self, by: int) -> None:
        """Go to the next or the previous passage of the report."""
        if self.chosen is None:
            self.post_message(self.Failed(NO_PASSAGE))
            return
        report, start = self.chosen.report, self.chosen.passage
        near = next((each for each in self._section if each.order == start.order + by), None)
        if near is not None and near.report == start.report:
            self._move_to(cited_by_itself(near, report))
        else:
            self._look_for(lambda library: beside(library, start, by))

    def step_section(self, by: int) -> None:
        """Go to the start of the next section, of this one, or of the one before."""
        if self.chosen is None:
            self.post_message(self.Failed(NO_PASSAGE))
            return
        start = self.chosen.passage
        self._look_for(lambda library: section_beside(library, start, by))

    def _move_to(self, cited: CitedPassage) -> None:
        self.read(cited)
        self.post_message(self.Moved(cited))

    def _look_for(self, find: Callable[[Asker], CitedPassage | None]) -> None:
        if self._current.library is not None:
            self._looks += 1
            self._find_place(self._looks, find)

    @work(thread=True, name="look for a passage", group="place", exclusive=True, exit_on_error=False)
    def _find_place(self, look: int, find: Callable[[Asker], CitedPassage | None]) -> None:
        self.post_message(self._PlaceFound(look, self._current.ask(find)))

    @work(thread=True, name="read a section", group="section", exclusive=True, exit_on_error=False)
    def _read_section(self, cited: CitedPassage) -> None:
        def read(library: Asker) -> tuple[CitedPassage, Sequence[Passage]]:
            section = library.section_of(cited.passage)
            if not any(each.id == cited.id and each.text == cited.passage.text for each in section):
                return cited, ()
            if cited.passage.notes and not cited.notes:
                return replace(cited, notes=library.show(cited.id)[0].notes), section
            return cited, section

        found, section = self._current.ask(read)
        self.post_message(self._SectionRead(found, section or [cited.passage]))
        if not section:
            self.post_message(self.Failed(CHANGED))

    def on_reader__place_found(self, event: _PlaceFound) -> None:
        """Read there, unless somebody has gone elsewhere meanwhile."""
        if event.look != self._looks:
            return
        if event.cited is None:
            self.post_message(self.Failed("The report has nothing more in this direction."))
            return
        self._move_to(event.cited)

    async def on_reader__section_read(self, event: _SectionRead) -> None:
        """Show a section, unless another passage is wanted by now."""
        if self.chosen is not None and event.cited.id == self.chosen.id:
            await self._show(event.cited, event.passages)

    async def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Say what went wrong, and show at least the passage."""
        error = event.worker.error
        if event.state is not WorkerState.ERROR or error is None:
            return
        self.post_message(self.Failed(f"Error: {error_in_words(error)}"))
        if event.worker.group == "section" and self.chosen is not None:
            await self._show(self.chosen, [self.chosen.passage])

    # Showing it.

    async def _show(self, cited: CitedPassage, passages: Sequence[Passage]) -> None:
        self._section = tuple(passages)
        section = self.section
        title = f"{heading_path(cited, self._marks)}, {place_in_section(cited, self._marks)}"
        hit = words(f" ({self._hit})" if self._hit else "")
        self._title.update(words(title, "bold") + hit)
        shown = [paragraph.passage for paragraph in section.query(Paragraph)]
        wanted = self._stretch(shown, cited.passage)
        if shown != wanted:
            with self.app.batch_update():
                await section.remove_children()
                await section.mount_all(self._widgets(wanted))
        for paragraph in section.query(Paragraph):
            paragraph.choose(cited if paragraph.passage.id == cited.id else None)
        also = also_in_words(cited)
        notes = [f"{also} (o goes there)" if also else "", *notes_in_words(cited)]
        self._notes.update(words("\n".join(filter(None, notes)), lines=True))
        self._notes.display = any(notes)
        self.call_after_refresh(section.bring_chosen_into_view)

    def _stretch(self, shown: list[Passage], chosen: Passage) -> list[Passage]:
        """Return what is laid out of the section: what is so already, if `chosen` is well inside it."""
        section = list(self._section)
        if len(section) <= MOST_SHOWN:
            return section
        index = next((place for place, each in enumerate(section) if each.id == chosen.id), 0)
        if shown and shown[0] in section and shown == section[section.index(shown[0]) :][: len(shown)]:
            first = section.index(shown[0])
            last = first + len(shown)
            from_start = index - first >= _NEAR_AN_END or first == 0
            from_end = last - index > _NEAR_AN_END or last == len(section)
            if first <= index < last and from_start and from_end:
                return shown
        first = max(0, min(index - _BEFORE, len(section) - MOST_SHOWN))
        return section[first : first + MOST_SHOWN]

    def _widgets(self, shown: Sequence[Passage]) -> Iterator[Widget]:
        """Yield a paragraph a passage, after the words that introduce it unless they were just shown."""
        before = self._section.index(shown[0])
        after = len(self._section) - before - len(shown)
        if before:
            yield _beside_the_words(f"{plural(before, 'passage')} of this section before")
        numbers = [words(margin_mark(passage, self._marks)).cell_length for passage in shown]
        width = min(_WIDEST_NUMBER, max(3, *numbers))
        lead_in: str | None = None
        for position, passage in enumerate(shown):
            previous = shown[position - 1].text if position else ""
            if passage.lead_in and passage.lead_in != lead_in and not previous.endswith(passage.lead_in):
                yield Static(words(passage.lead_in), classes="lead-in", markup=False)
            lead_in = passage.lead_in
            yield Paragraph(passage, self._marks, number_width=width)
        if after:
            yield _beside_the_words(f"{plural(after, 'passage')} of this section after")


def _beside_the_words(text: str) -> Static:
    """Return what the app says itself where a report's words stand."""
    return Static(words(text), classes="elsewhere", markup=False)
