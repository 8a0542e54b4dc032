"""A line to type in: nothing that a terminal would act on gets into it, and pasted lines become one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from textual import events
from textual.suggester import Suggester
from textual.widgets import Input

from qa.tui.display import one_line

Complete = Callable[[str], Sequence[str]]


class Line(Input):
    """What every box of the app to type in is."""

    def validate_value(self, value: str) -> str:
        """Let nothing in that a terminal would act on."""
        return one_line(value)

    def on_paste(self, event: events.Paste) -> None:
        """Fold pasted lines into one; the plain box would drop all but the first."""
        event.prevent_default()
        event.stop()
        self.replace(" ".join(event.text.split()), *self.selection)

    def put(self, text: str) -> None:
        """Replace what is typed and go to its end."""
        self.value = text
        self.cursor_position = len(self.value)


class Completions(Suggester):
    """Offers, behind the cursor, the first way to go on; none where what is typed is one already.

    `complete` is called in a thread of its own if it may have to wait for a disk.
    """

    def __init__(self, complete: Complete, *, in_thread: bool = False) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._complete = complete
        self._in_thread = in_thread

    async def get_suggestion(self, value: str) -> str | None:
        """Return what `value` may go on as."""
        found = await asyncio.to_thread(self._complete, value) if self._in_thread else self._complete(value)
        fitting = [text for text in found if _goes_on(text, value)]
        if any(len(text) == len(value) for text in fitting):
            return None
        return next(iter(fitting), None)


def _goes_on(text: str, typed: str) -> bool:
    """Whether `text` begins with what is typed, in any case, and is fit to show."""
    return text[: len(typed)].casefold() == typed.casefold() and text == one_line(text)
