"""The thread: every question asked, with the passages that answer it."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from qa.cite import also_in_words, plural, verdict_in_words
from qa.tui.bar_list import BarList
from qa.tui.conversation import Conversation, Origin, Turn, TurnState
from qa.tui.display import excerpt, place, words
from qa.tui.entry import Entry
from qa.tui.marks import Marks
from qa.tui.tray import Tray
from qa.types import CitedPassage

WELCOME = (
    "Ask a question about the reports. The passages that answer it are listed here, word for word, "
    "with their citation."
)
_EXCERPT_LINES = 2

_DRAWN = 30
"""Turns that are drawn at first; a long conversation is drawn as quickly as a short one."""

MOST_PASSAGES_DRAWN = 200
"""Passages of one turn that are listed."""

_EARLIER_ID = "earlier"


class Thread(BarList):
    """All questions and their passages in one list; questions are headers that the highlight skips.

    Draws what the conversation holds; `show_turns` after each change of it.
    """

    class PassageHighlighted(Message):
        """The highlight moved to a passage."""

        def __init__(self, cited: CitedPassage) -> None:
            super().__init__()
            self.cited = cited

    class PassageOpened(Message):
        """A passage was chosen to be read in its section."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Read", id="thread.read", tooltip="Read the passage in its section"),
        Binding("down,j", "cursor_down", "Next passage", show=False, id="thread.next"),
        Binding("up,k", "cursor_up", "Previous passage", show=False, id="thread.previous"),
        Binding("pagedown", "page_down", "Page down", show=False, id="thread.page_down"),
        Binding("pageup", "page_up", "Page up", show=False, id="thread.page_up"),
        Binding("home", "first", "First passage", show=False, id="thread.first"),
        Binding("end", "last", "Last passage", show=False, id="thread.last"),
    ]

    def __init__(
        self,
        conversation: Conversation,
        tray: Tray,
        marks: Marks,
        *,
        id: str | None = None,  # noqa: A002 - the name Textual gives it
    ) -> None:
        super().__init__(id=id, markup=False, compact=True)
        self._conversation = conversation
        self._tray = tray
        self._marks = marks
        self._places: dict[str, tuple[Turn, int]] = {}
        self._drawn: dict[int, tuple[tuple[object, ...], list[Option]]] = {}
        self._most_drawn = _DRAWN
        self._notice = WELCOME

    def on_mount(self) -> None:
        """Say what will stand here."""
        self.show_turns()

    @property
    def current(self) -> CitedPassage | None:
        """The highlighted passage, or none."""
        found = self._current()
        return found[0].passages[found[1] - 1] if found else None

    @property
    def current_turn(self) -> Turn | None:
        """The turn the highlight is in, else the newest that shows passages, else the newest."""
        found = self._current()
        return found[0] if found else self._conversation.newest_with_passages or self._conversation.newest

    def bring_into_view(self, turn: Turn) -> None:
        """Scroll to `turn` if it is the newest; an older one stays where it is."""
        if turn is self._conversation.newest:
            self.scroll_end(animate=False, immediate=True)

    def show_notice(self, notice: str) -> None:
        """Say `notice` as long as nothing has been asked."""
        self._notice = notice
        self.show_turns()

    def show_turns(self) -> None:
        """Draw the newest turns anew; the highlight stays on its passage."""
        highlighted_id = self.highlighted_option.id if self.highlighted_option else None
        scroll_y = self.scroll_y
        turns = self._conversation.turns[-self._most_drawn :]
        self._places.clear()
        self._drawn = {turn.number: self._options_of(turn) for turn in turns}
        options = [option for _, each in self._drawn.values() for option in each]
        earlier = len(self._conversation) - len(turns)
        if earlier or self._conversation.let_go:
            options.insert(0, self._earlier(earlier))
        if not options:
            options = [Option(Entry(Content(""), Content(""), words(self._notice)), disabled=True)]
        with self.prevent(OptionList.OptionHighlighted):
            self.set_options(options)
            if highlighted_id in self._places:
                self.highlighted = self.get_option_index(highlighted_id)
        self.scroll_to(y=scroll_y, animate=False, immediate=True)

    def highlight(self, turn: Turn, position: int) -> bool:
        """Highlight the passage at `position` (from 1) of `turn`; return false if there is none."""
        option_id = _option_id(turn, position)
        if option_id not in self._places:
            return False
        index = self.get_option_index(option_id)
        if position == 1:
            # The question above is disabled, so highlighting it tells nobody; it only serves to scroll there.
            self.highlighted = index - 1
            self.scroll_to_highlight(top=True)
        self.highlighted = index
        return True

    def highlight_first(self, turn: Turn) -> bool:
        """Highlight the first passage of `turn`; if it has none, bring it into view and return false."""
        if self.highlight(turn, 1):
            return True
        self.bring_into_view(turn)
        return False

    def highlight_nothing(self) -> None:
        """Take the highlight away, where the newest question has no passage that it could be on."""
        self.highlighted = None

    def action_cursor_down(self) -> None:
        """Go to the next passage; from a newest question without passages there is none."""
        newest = self._conversation.newest
        if self.highlighted is not None or newest is None or not newest.ended_without:
            super().action_cursor_down()

    def highlight_passage(self, turn: Turn, passage_id: str) -> bool:
        """Highlight a passage of `turn` by its id, without telling; return false if it is not there."""
        for position, cited in enumerate(turn.passages[:MOST_PASSAGES_DRAWN], start=1):
            if cited.id == passage_id:
                with self.prevent(OptionList.OptionHighlighted):
                    self.highlighted = self.get_option_index(_option_id(turn, position))
                return True
        return False

    def step(self, by: int) -> bool:
        """Move the highlight by some passages within its turn; return false at an end."""
        found = self._current()
        if found is None:
            turn = self.current_turn
            return turn is not None and self.highlight(turn, 1)
        turn, position = found
        return self.highlight(turn, position + by)

    def hit(self) -> tuple[int, int]:
        """Return the place of the highlighted passage in its turn, from 1, and how many it has; or 0, 0."""
        found = self._current()
        return (found[1], len(found[0].passages)) if found else (0, 0)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Translate the list's message into one that names the passage."""
        event.stop()
        if event.option_id in self._places:
            turn, position = self._places[event.option_id]
            self.post_message(self.PassageHighlighted(turn.passages[position - 1]))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Translate the list's message into one that names the passage, or draw earlier turns."""
        event.stop()
        if event.option_id == _EARLIER_ID:
            self._most_drawn += _DRAWN
            self.show_turns()
        else:
            self.post_message(self.PassageOpened())

    def _options_of(self, turn: Turn) -> tuple[tuple[object, ...], list[Option]]:
        """Return the lines of a turn, those drawn before if nothing has changed that they show."""
        passages = turn.passages[:MOST_PASSAGES_DRAWN]
        for position in range(1, len(passages) + 1):
            self._places[_option_id(turn, position)] = (turn, position)
        marked = tuple(cited.id for cited in passages if cited.id in self._tray)
        shown = (turn.state, turn.problem, turn.answer, turn.nearest, marked)
        before = self._drawn.get(turn.number)
        if before is not None and before[0] == shown:
            return before
        options = [self._header(turn)]
        options += [self._passage(turn, position, cited) for position, cited in enumerate(passages, start=1)]
        return shown, options

    def _header(self, turn: Turn) -> Option:
        body = words(state_in_words(turn, self._marks), lines=True)
        return Option(
            Entry(words(f"Q{turn.number}", "bold"), words(turn.question, "bold"), body), disabled=True
        )

    def _passage(self, turn: Turn, position: int, cited: CitedPassage) -> Option:
        mark = self._marks.marked if cited.id in self._tray else " "
        entry = Entry(
            words(f" {mark}{position}"),
            words(place(cited, self._marks), "bold"),
            words(excerpt(cited, self._marks)),
            note=words(also_in_words(cited), "italic"),
            most_lines=_EXCERPT_LINES,
            cut=self._marks.cut,
        )
        return Option(entry, id=_option_id(turn, position))

    def _earlier(self, count: int) -> Option:
        says = [f"{plural(count, 'earlier question')}: Enter shows some of them."] if count else []
        if self._conversation.let_go:
            says.append(f"{plural(self._conversation.let_go, 'older one')} only in the history (ctrl+r).")
        return Option(
            Entry(Content(""), words(" ".join(says)), Content("")), id=_EARLIER_ID, disabled=not count
        )

    def _current(self) -> tuple[Turn, int] | None:
        option = self.highlighted_option
        return self._places.get(option.id) if option is not None and option.id is not None else None


def state_in_words(turn: Turn, marks: Marks) -> str:
    """Return what stands under the question: how far it is, how it was understood, how sure it is."""
    match turn.state:
        case TurnState.WAITING:
            return "Waiting: this is answered as soon as the reports are ready."
        case TurnState.SEARCHING:
            return "Searching..."
        case TurnState.STOPPED:
            return f"{turn.problem} Press Down, then e to ask it again."
        case TurnState.FAILED:
            return f"Error: {turn.problem}"
    if turn.answer is None:
        return ""
    notes, parts = list(turn.answer.notes), []
    if turn.leans_on is not None:
        notes = [f"{marks.leads_from} {notes[0].rstrip('.')}, or press a.", *notes[1:]]
    verdict = verdict_in_words(turn.answer)
    if turn.by_words:
        verdict = "Found by words alone; the order is mended when the model is loaded."
    if verdict and turn.origin is Origin.QUESTION:
        sign = marks.of(turn.answer.confidence) if turn.answer.answered else marks.nothing
        verdict = f"{sign} {verdict}"
    parts.append(verdict)
    if not turn.answer.answered and turn.origin is Origin.QUESTION:
        parts.append(f"Searched: {turn.answer.searched}." if turn.answer.searched else "")
        if turn.has_nearest:
            parts.append("Press Down, then m for the nearest passages.")
        elif turn.nearest:
            parts.append("Nearest, not an answer:")
    left_out = len(turn.passages) - MOST_PASSAGES_DRAWN
    if left_out > 0:
        parts.append(f"The first {MOST_PASSAGES_DRAWN} are listed, {left_out} more by: qa find")
    return "\n".join(filter(None, [" ".join(filter(None, parts)), " ".join(notes)]))


def _option_id(turn: Turn, position: int) -> str:
    return f"{turn.number}-{position}"
