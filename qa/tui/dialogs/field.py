"""A line to type in, with completion, that takes keys in the order they were pressed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.suggester import Suggester
from textual.widgets import Input

from qa.tui.display import one_line

Complete = Callable[[str], Sequence[str]]


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


class Field(Input, inherit_bindings=False):
    """A line to type in. Enter and the keys that move up and down are left to the screen it is on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(each for each in Input.BINDINGS if isinstance(each, Binding) and each.key != "enter"),
        Binding("tab", "complete", "Complete, or next part", show=False, id="field.complete"),
    ]

    def __init__(
        self,
        value: str = "",
        *,
        id: str,  # noqa: A002 - the name Textual gives it
        placeholder: str = "",
        completions: Completions | None = None,
    ) -> None:
        super().__init__(
            one_line(value), placeholder=one_line(placeholder), id=id, suggester=completions, compact=True
        )
        self.cursor_blink = False

    def validate_value(self, value: str) -> str:
        """Let nothing in that a terminal would act on."""
        return one_line(value)

    def on_paste(self, event: events.Paste) -> None:
        """Fold pasted lines into one; the plain box would drop all but the first."""
        event.prevent_default()
        event.stop()
        self.replace(" ".join(event.text.split()), *self.selection)

    async def on_key(self, event: events.Key) -> None:
        """Do at once what a key is bound to; left to bubble, it would come after letters typed later."""
        active = None if event.is_printable else self.screen.active_bindings.get(event.key)
        if active is not None and await self.app.run_action(active.binding.action, active.node):
            event.stop()
            event.prevent_default()

    def put(self, text: str) -> None:
        """Replace what is typed and go to its end."""
        self.value = text
        self.cursor_position = len(self.value)

    async def action_complete(self) -> None:
        """Take what is offered; go on to the next part of the screen if nothing is."""
        offered = None
        if self.suggester is not None and self.value and self.cursor_at_end:
            offered = await self.suggester.get_suggestion(self.value)
        if offered is None:
            self.screen.focus_next()
        else:
            self.put(offered)


def _goes_on(text: str, typed: str) -> bool:
    """Whether `text` begins with what is typed, in any case, and is fit to show."""
    return text[: len(typed)].casefold() == typed.casefold() and text == one_line(text)
