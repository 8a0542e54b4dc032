"""A line to type in, with completion, that takes keys in the order they were pressed."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import Input

from qa.tui.display import one_line
from qa.tui.line import Completions, Line


class Field(Line, inherit_bindings=False):
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

    async def on_key(self, event: events.Key) -> None:
        """Do at once what a key is bound to; left to bubble, it would come after letters typed later."""
        active = None if event.is_printable else self.screen.active_bindings.get(event.key)
        if active is not None and await self.app.run_action(active.binding.action, active.node):
            event.stop()
            event.prevent_default()

    async def action_complete(self) -> None:
        """Take what is offered; go on to the next part of the screen if nothing is."""
        offered = None
        if self.suggester is not None and self.value and self.cursor_at_end:
            offered = await self.suggester.get_suggestion(self.value)
        if offered is None:
            self.screen.focus_next()
        else:
            self.put(offered)
