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
        self._running_by_words = False
        self.running: Turn | None = None

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
        if self.running is None or self._running_by_words:
            self._waiting.append(turn)
        else:
            interrupted, self.running = self.running, None
            self._waiting.insert(0, turn)
            self._interrupt(interrupted, "Stopped, because another question was asked.")
        return turn

    def add(self, question: str, scope: Scope, origin: Origin) -> Turn:
        """Add a turn that is searched for by itself."""
        turn = self._add(Turn(self._count + 1, question, scope, origin))
        turn.state = TurnState.SEARCHING
        return turn

    def ask_for_more(self, turn: Turn) -> None:
        """Have an answered question searched again for more passages."""
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

    def next(self, *, by_words: bool) -> Turn | None:
        """Return the question to search now, if none is running; by words each is searched only once."""
        if self.running is not None:
            return None
        found = next((turn for turn in self._waiting if not (by_words and turn.answer is not None)), None)
        if found is None:
            return None
        if not by_words:
            self._waiting.remove(found)
        self.running, self._running_by_words = found, by_words
        if found.answer is None:
            found.state = TurnState.SEARCHING
        return found

    def answered(self, turn: Turn, answer: Answer, *, by_words: bool) -> bool:
        """Take an answer; return false if nobody waits for it any more."""
        if turn is not self.running:
            return False
        self.running = None
        turn.state, turn.answer, turn.by_words = TurnState.ANSWERED, answer, by_words
        return True

    def failed(self, turn: Turn, problem: str) -> bool:
        """Take an error; return false if nobody waits for the turn any more."""
        if turn.origin is Origin.QUESTION:
            if turn is not self.running:
                return False
            self.running = None
        if turn in self._waiting:
            self._waiting.remove(turn)
        turn.state, turn.problem = TurnState.FAILED, problem
        return True

    def stop(self) -> Turn | None:
        """Stop the question that is searched, or the last that waits; return it, or none."""
        turn = self.running or (self._waiting[-1] if self._waiting else None)
        if turn is None:
            return None
        self.running = None
        if turn in self._waiting:
            self._waiting.remove(turn)
        self._interrupt(turn, "Stopped.", waits=False)
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

    def _interrupt(self, turn: Turn, problem: str, *, waits: bool = True) -> None:
        """Leave a question that has an answer by its words with it, to be searched later if it `waits`."""
        if turn.answer is None:
            turn.state, turn.problem = TurnState.STOPPED, problem
            if turn in self._waiting:
                self._waiting.remove(turn)
        elif waits and turn.by_words and turn not in self._waiting:
            self._waiting.append(turn)
