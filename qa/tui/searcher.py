"""Searches what is asked: questions one at a time, finds and likenesses at once, all of it in threads."""

from __future__ import annotations

from collections.abc import Sequence

from textual import work
from textual.message import Message
from textual.widget import Widget
from textual.worker import Worker, WorkerState

from qa.cite import finding_as_answer
from qa.tui.conversation import Conversation, Origin, Search, Turn
from qa.tui.open_library import OpenLibrary
from qa.tui.scope import Scope
from qa.tui.status import error_in_words
from qa.types import Answer, CitedPassage


class Searcher(Widget):
    """Takes no room on the screen. What it finds it tells in messages, errors too.

    Questions are searched by their words alone until `ready`, and then once more by their meaning.
    """

    class Started(Message):
        """A question is searched from now on."""

    class Found(Message):
        """A search has found its answer, which nobody may wait for any more."""

        def __init__(self, search: Search, answer: Answer) -> None:
            super().__init__()
            self.search = search
            self.answer = answer

    class Failed(Message):
        """A search has found nothing, because something went wrong."""

        def __init__(self, search: Search, problem: str) -> None:
            super().__init__()
            self.search = search
            self.problem = problem

    def __init__(self, current: OpenLibrary, conversation: Conversation) -> None:
        super().__init__(id="searcher")
        self._current = current
        self._conversation = conversation
        self._searched: dict[Worker[None], Search] = {}
        self.is_ready = False
        self.refused: str | None = None

    def opened(self) -> None:
        """Search the library that was opened; by words alone until `ready`."""
        self.is_ready, self.refused = False, None
        self.go_on()

    def ready(self) -> None:
        """Search by meaning from now on; what was found by words alone is searched again."""
        self.is_ready = True
        self.go_on()

    def wait(self) -> None:
        """Let what is asked from now on wait for a library."""
        self.refused = None

    def refuse(self, problem: str) -> None:
        """Answer nothing until a library is opened."""
        self.refused = f"not asked, because the reports could not be opened. {problem}"
        self._conversation.refuse_waiting(self.refused)

    def ask(self, question: str, scope: Scope, *, afresh: bool) -> Turn:
        """Have a question searched, before the one that is being searched by its meaning."""
        turn = self._conversation.ask(question, scope, afresh=afresh)
        if self.refused is not None:
            self._conversation.refuse_waiting(self.refused)
        return turn

    def find(self, words: str, scope: Scope) -> Turn:
        """Search passages that hold these words."""
        search = Search(self._conversation.add(words, scope, Origin.FIND))
        self._searched[self._find(search)] = search
        return search.turn

    def similar(self, cited: CitedPassage, scope: Scope) -> Turn:
        """Search passages like this one."""
        question = f"More like: {cited.citation}"
        search = Search(self._conversation.add(question, scope, Origin.SIMILAR))
        self._searched[self._similar(search, cited.id)] = search
        return search.turn

    def go_on(self) -> None:
        """Search the question that is next, if any waits and none is being searched."""
        if self._current.library is None:
            return
        search = self._conversation.next(by_words=not self.is_ready)
        if search is not None:
            history = self._conversation.history_of(search.turn)
            self._searched[self._answer(search, history)] = search
            self.post_message(self.Started())

    @work(thread=True, name="answer a question", group="search", exit_on_error=False)
    def _answer(self, search: Search, history: Sequence[str]) -> None:
        turn = search.turn
        answer = self._current.ask(
            lambda library: library.ask(
                turn.question,
                k=turn.count,
                history=history,
                reports=turn.scope.reports or None,
                section=turn.scope.section or None,
                mode="words" if search.by_words else "full",
            )
        )
        self.post_message(self.Found(search, answer))

    @work(thread=True, name="find words", group="find", exit_on_error=False)
    def _find(self, search: Search) -> None:
        turn = search.turn
        found = self._current.ask(
            lambda library: library.find(
                turn.question, reports=turn.scope.reports or None, section=turn.scope.section or None
            )
        )
        self.post_message(self.Found(search, finding_as_answer(found)))

    @work(thread=True, name="find passages like one", group="similar", exit_on_error=False)
    def _similar(self, search: Search, passage_id: str) -> None:
        turn = search.turn
        answer = self._current.ask(
            lambda library: library.similar(
                passage_id, reports=turn.scope.reports or None, section=turn.scope.section or None
            )
        )
        self.post_message(self.Found(search, answer))

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Tell what went wrong."""
        if event.state in (WorkerState.PENDING, WorkerState.RUNNING):
            return  # By now it may have gone on, which is told next.
        search = self._searched.pop(event.worker)
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.post_message(self.Failed(search, error_in_words(event.worker.error)))
