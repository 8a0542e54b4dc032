"""The thread: every question asked, with the passages that answer it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.strip import Strip
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from qa.cite import also_in_words, verdict_in_words
from qa.tui.display import one_line, place, words
from qa.tui.entry import Entry
from qa.types import Answer, CitedPassage

WELCOME = (
    "Ask a question about the reports. The passages that answer it are listed here, word for word, "
    "with their citation."
)
CURRENT_MARK = "▌"
FOCUSED_MARK = "█"
_EXCERPT_LINES = 2


class TurnState(Enum):
    """How far a question is."""

    WAITING = auto()
    SEARCHING = auto()
    ANSWERED = auto()
    FAILED = auto()


@dataclass(slots=True, eq=False)
class Turn:
    """One question of the thread and what came of it."""

    number: int
    question: str
    state: TurnState = TurnState.WAITING
    answer: Answer | None = None
    problem: str = ""

    def state_in_words(self) -> str:
        """Return what stands under the question: how far it is, how it was understood, how sure it is."""
        if self.state is TurnState.WAITING:
            return "Waiting: this is answered as soon as the reports are ready."
        if self.state is TurnState.SEARCHING:
            return "Searching…"
        if self.state is TurnState.FAILED:
            return f"Error: {self.problem}"
        if self.answer is None:
            return ""
        verdict = verdict_in_words(self.answer)
        if not self.answer.answered and self.answer.passages:
            verdict += " Nearest, not an answer:"
        return " · ".join(filter(None, [*self.answer.notes, verdict]))


class Thread(OptionList):
    """All questions and their passages in one list; questions are headers that the highlight skips."""

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

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the name Textual gives it
        super().__init__(id=id, markup=False, compact=True)
        self._turns: list[Turn] = []
        self._passages: dict[str, tuple[Turn, CitedPassage]] = {}
        self._drawn: dict[int, tuple[TurnState, list[Option]]] = {}
        self._notice = WELCOME

    def on_mount(self) -> None:
        """Say what will stand here."""
        self.show_turns()

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The questions, oldest first."""
        return tuple(self._turns)

    @property
    def current(self) -> CitedPassage | None:
        """The highlighted passage, or none."""
        found = self._current()
        return found[1] if found else None

    def add(self, question: str) -> Turn:
        """Put a question at the end of the thread and bring it into view."""
        turn = Turn(len(self._turns) + 1, question)
        self._turns.append(turn)
        self.show_turns()
        self.bring_into_view(turn)
        return turn

    def bring_into_view(self, turn: Turn) -> None:
        """Scroll to `turn` if it is the newest; an older one stays where it is."""
        if turn is self._turns[-1]:
            self.scroll_end(animate=False, immediate=True)

    def show_notice(self, notice: str) -> None:
        """Say `notice` as long as nothing has been asked."""
        self._notice = notice
        self.show_turns()

    def show_turns(self) -> None:
        """Draw every question and passage anew; the highlight stays on its passage."""
        highlighted_id = self.highlighted_option.id if self.highlighted_option else None
        scroll_y = self.scroll_y
        options = [option for turn in self._turns for option in self._options_of(turn)]
        if not options:
            options = [Option(Entry(Content(""), Content(""), words(self._notice)), disabled=True)]
        with self.prevent(OptionList.OptionHighlighted):
            self.set_options(options)
            if highlighted_id in self._passages:
                self.highlighted = self.get_option_index(highlighted_id)
        self.scroll_to(y=scroll_y, animate=False, immediate=True)

    def highlight(self, turn: Turn, position: int) -> bool:
        """Highlight the passage at `position` (from 1) of `turn`; return false if there is none."""
        option_id = _option_id(turn, position)
        if option_id not in self._passages:
            return False
        index = self.get_option_index(option_id)
        if position == 1:
            # The question above is disabled, so highlighting it tells nobody; it only serves to scroll there.
            self.highlighted = index - 1
            self.scroll_to_highlight(top=True)
        self.highlighted = index
        return True

    def highlight_in_current_answer(self, position: int) -> bool:
        """Highlight the passage at `position` of the answer the highlight is in, else of the newest."""
        found = self._current()
        turn = found[0] if found else self.newest_answered
        return turn is not None and self.highlight(turn, position)

    @property
    def newest_answered(self) -> Turn | None:
        """The last question that has passages, or none."""
        return next((turn for turn in reversed(self._turns) if turn.answer and turn.answer.passages), None)

    def render_line(self, y: int) -> Strip:
        """Draw a line; the highlighted passage has a bar beside it, a broad one while keys go to the list."""
        strip = super().render_line(y)
        first = next(iter(strip), None)
        if self.highlighted is None or first is None or first.style is None:
            return strip
        if first.style.meta.get("option") != self.highlighted:
            return strip
        mark = FOCUSED_MARK if self.has_focus else CURRENT_MARK
        return Strip.join([Strip([Segment(mark, first.style)], 1), strip.crop(1)])

    def on_resize(self, _event: events.Resize) -> None:
        """Keep the highlighted passage in view when the lines are laid out anew."""
        self.call_after_refresh(self.scroll_to_highlight)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Translate the list's message into one that names the passage."""
        event.stop()
        if event.option_id in self._passages:
            self.post_message(self.PassageHighlighted(self._passages[event.option_id][1]))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Translate the list's message into one that names the passage."""
        event.stop()
        self.post_message(self.PassageOpened())

    def _options_of(self, turn: Turn) -> list[Option]:
        """Return the lines of a question, those drawn before if it is no further than then."""
        state, options = self._drawn.get(turn.number, (None, []))
        if state is not turn.state:
            options = [_header(turn)]
            for position, cited in enumerate(turn.answer.passages if turn.answer else (), start=1):
                self._passages[_option_id(turn, position)] = (turn, cited)
                options.append(_passage_option(turn, position, cited))
            self._drawn[turn.number] = (turn.state, options)
        return options

    def _current(self) -> tuple[Turn, CitedPassage] | None:
        option = self.highlighted_option
        return self._passages.get(option.id) if option is not None and option.id is not None else None


def _option_id(turn: Turn, position: int) -> str:
    return f"{turn.number}-{position}"


def _header(turn: Turn) -> Option:
    entry = Entry(
        words(f"Q{turn.number}", "bold"), words(turn.question, "bold"), words(turn.state_in_words())
    )
    return Option(entry, disabled=True)


def _passage_option(turn: Turn, position: int, cited: CitedPassage) -> Option:
    entry = Entry(
        Content(f"{cited.rank:>3}"),
        Content(one_line(place(cited))).stylize("bold"),
        words(cited.shown),
        note=words(also_in_words(cited), "italic"),
        most_lines=_EXCERPT_LINES,
    )
    return Option(entry, id=_option_id(turn, position))
