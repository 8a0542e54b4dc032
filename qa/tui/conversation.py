"""What was asked in this run, what came of it, and what is searched next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from qa.tui.scope import Scope
from qa.types import Answer, CitedPassage

MOST_KEPT = 500
"""Turns that are kept with their passages, so that a conversation may go on for days."""

_REMEMBERED = 5
"""How many earlier questions a question may lean on."""

_PASSAGES = 10
_MORE_PASSAGES = 10


class TurnState(Enum):
    """How far a turn is."""

    WAITING = auto()
    SEARCHING = auto()
    ANSWERED = auto()
    STOPPED = auto()
    FAILED = auto()


class Origin(Enum):
    """What was asked for."""

    QUESTION = auto()
    FIND = auto()
    SIMILAR = auto()


@dataclass(slots=True, eq=False)
class Turn:
    """One thing asked for and what came of it.

    Attributes
    ----------
    number
        Its place in the conversation, from 1.
    question
        As it was typed.
    scope
        What it was asked of.
    origin
        Whether it is a question, a search for words, or passages like another.
    afresh
        Whether it stands by itself, whatever was asked before.
    state, problem
        How far it is, and why it failed or was stopped.
    answer
        What was found, or none yet.
    by_words
        Whether `answer` was found by words alone and is searched for again once the model is loaded.
    count
        How many passages are asked for.
    nearest
        Whether the nearest passages are shown where nothing answers.
    """

    number: int
    question: str
    scope: Scope = field(default_factory=Scope)
    origin: Origin = Origin.QUESTION
    afresh: bool = False
    state: TurnState = TurnState.WAITING
    problem: str = ""
    answer: Answer | None = None
    by_words: bool = False
    count: int = _PASSAGES
    nearest: bool = False

    @property
    def passages(self) -> tuple[CitedPassage, ...]:
        """The passages that are shown: those of an answer, or the nearest ones if they were asked for."""
        if self.answer is None or not (self.answer.answered or self.nearest):
            return ()
        return self.answer.passages

    @property
    def ended_without(self) -> bool:
        """Whether nothing more comes of it and it shows no passages."""
        return self.state not in (TurnState.WAITING, TurnState.SEARCHING) and not self.passages

    @property
    def leans_on(self) -> str | None:
        """The earlier question that this one was understood to lean on, or none."""
        query = self.answer.query if self.answer is not None else None
        return None if query is None else query.context

    @property
    def has_nearest(self) -> bool:
        """Whether nothing answers and there are nearest passages that are not shown yet."""
        return bool(self.answer and not self.answer.answered and self.answer.passages and not self.nearest)


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """One search for a turn; a question may be searched several times."""

    turn: Turn
    by_words: bool = False


class Conversation:
    """The turns, oldest first, and the order in which questions are searched: one at a time.

    A question waits until the model is loaded; meanwhile it is answered once by its words alone. The next
    question goes before the one that is running.
    """

    def __init__(self, *, kept: int = MOST_KEPT) -> None:
        self._kept = kept
        self._turns: list[Turn] = []
        self._waiting: list[Turn] = []
        self._count = 0
        self.running: Search | None = None

    def __iter__(self) -> Iterator[Turn]:
        return iter(self._turns)

    def __len__(self) -> int:
        return len(self._turns)

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The turns that are kept, oldest first."""
        return tuple(self._turns)

    @property
    def let_go(self) -> int:
        """How many older turns are not kept any more."""
        return self._count - len(self._turns)

    @property
    def newest(self) -> Turn | None:
        """The last turn, or none."""
        return self._turns[-1] if self._turns else None

    @property
    def newest_with_passages(self) -> Turn | None:
        """The last turn that shows passages, or none."""
        return next((turn for turn in reversed(self._turns) if turn.passages), None)

    @property
    def answers(self) -> tuple[Answer, ...]:
        """The answers there are, oldest first."""
        return tuple(turn.answer for turn in self._turns if turn.answer is not None)

    def ask(self, question: str, scope: Scope, *, afresh: bool = False) -> Turn:
        """Add a question and put it before the one that is being searched with the model."""
        turn = self._add(Turn(self._count + 1, question, scope, afresh=afresh))
        if self.running is None or self.running.by_words:
            self._waiting.append(turn)
        else:
            interrupted, self.running = self.running.turn, None
            self._waiting.insert(0, turn)
            if interrupted.by_words:
                self._waiting.append(interrupted)
                return turn
            self._give_up(interrupted)
            if interrupted.answer is None:
                interrupted.state = TurnState.STOPPED
                interrupted.problem = "Stopped, because another question was asked."
        return turn

    def add(self, question: str, scope: Scope, origin: Origin) -> Turn:
        """Add a turn that is searched for by itself."""
        turn = self._add(Turn(self._count + 1, question, scope, origin))
        turn.state = TurnState.SEARCHING
        return turn

    def is_awaited(self, turn: Turn) -> bool:
        """Whether a question is searched, or waits for it."""
        return turn in self._waiting or (self.running is not None and self.running.turn is turn)

    def ask_for_more(self, turn: Turn) -> None:
        """Have an answered question that is not awaited searched again for more passages."""
        turn.count += _MORE_PASSAGES
        self._waiting.append(turn)

    def history_of(self, turn: Turn) -> tuple[str, ...]:
        """Return the questions asked before one that it may lean on, oldest first."""
        if turn.afresh:
            return ()
        earlier = [
            each.question
            for each in self._turns
            if each.number < turn.number and each.origin is Origin.QUESTION
        ]
        return tuple(earlier[-_REMEMBERED:])

    def next(self, *, by_words: bool) -> Search | None:
        """Return the search to start now, if none is running; by words a question is searched only once."""
        if self.running is not None:
            return None
        found = next((turn for turn in self._waiting if not (by_words and turn.answer is not None)), None)
        if found is None:
            return None
        if not by_words:
            self._waiting.remove(found)
        self.running = Search(found, by_words=by_words)
        if found.answer is None:
            found.state = TurnState.SEARCHING
        return self.running

    def answered(self, search: Search, answer: Answer) -> bool:
        """Take an answer; return false if nobody waits for it any more."""
        if not self._ended(search):
            return False
        turn = search.turn
        turn.state, turn.answer, turn.by_words = TurnState.ANSWERED, answer, search.by_words
        return True

    def failed(self, search: Search, problem: str) -> bool:
        """Take an error; return false if nobody waits for the answer any more."""
        if not self._ended(search):
            return False
        self._give_up(search.turn)
        search.turn.state, search.turn.problem = TurnState.FAILED, problem
        return True

    def stop(self) -> Turn | None:
        """Stop the question that is searched, else the last that waits for its first answer; return it."""
        if self.running is not None:
            turn, self.running = self.running.turn, None
        else:
            unanswered = [turn for turn in self._waiting if turn.answer is None]
            if not unanswered:
                return None
            turn = unanswered[-1]
        self._give_up(turn)
        if turn.answer is None:
            turn.state, turn.problem = TurnState.STOPPED, "Stopped."
        elif turn.by_words:
            turn.state, turn.problem = TurnState.STOPPED, "Stopped: these are found by words alone."
        return turn

    def refuse_waiting(self, problem: str) -> None:
        """Let every question that waits fail."""
        for turn in self._waiting:
            if turn.answer is None:
                turn.state, turn.problem = TurnState.FAILED, problem
        self._waiting.clear()

    def _add(self, turn: Turn) -> Turn:
        self._count += 1
        self._turns.append(turn)
        del self._turns[: max(0, len(self._turns) - self._kept)]
        return turn

    def _ended(self, search: Search) -> bool:
        """Note that a search has ended; return false if it was given up before."""
        if search.turn.origin is not Origin.QUESTION:
            return True
        if search is not self.running:
            return False
        self.running = None
        return True

    def _give_up(self, turn: Turn) -> None:
        """Search a question no more, and not for more passages than it has."""
        if turn in self._waiting:
            self._waiting.remove(turn)
        if turn.answer is not None and not turn.by_words:
            turn.count -= _MORE_PASSAGES
