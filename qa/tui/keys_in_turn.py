"""Keys in their turn: what a key does is done before the next key goes anywhere."""

from __future__ import annotations

import time
from collections import deque

from textual import events
from textual.app import App
from textual.message import Message
from textual.widget import Widget

_PATIENCE = 1.0
"""Seconds that keys wait for the one before, whatever has become of it."""

_SECONDS_BETWEEN_LOOKS = 0.03


class KeysInTurn(App[None]):
    """An app that can be typed ahead of.

    A key goes to the part of the screen in focus, and what it is bound to is found only when it has come up
    from there again. Keys typed meanwhile would go to the same part, though the first was to open something
    to type in: ``g`` and ``28`` at once would go to the second passage and to the eighth. So after a key
    that is bound, the next ones wait until it is done and what it opened has the focus.
    """

    class KeyDone(Message):
        """Follows a key through every part that it passed."""

    class FocusTaken(Message):
        """Follows what a key did to the screen, also through a new one."""

    def __init__(self, *, ansi_color: bool | None = None) -> None:
        super().__init__(ansi_color=ansi_color)
        self._held_back: deque[events.Event] = deque()
        self._waits_since: float | None = None
        self._waits_for: Widget | None = None

    async def on_event(self, event: events.Event) -> None:
        """Hold back what is typed while an earlier key is being done."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
        elif self._waits_since is None:
            await self._take(event)
        else:
            self._held_back.append(event)
            if len(self._held_back) == 1:
                await self._look_whether_it_is_gone()

    def on_keys_in_turn_key_done(self) -> None:
        """Wait for the focus to move, as it does a little later."""
        self.call_later(self._wait_for_the_focus)

    async def on_keys_in_turn_focus_taken(self) -> None:
        """Let the next keys go where the focus is by now."""
        self._waits_since = self._waits_for = None
        while self._held_back and self._waits_since is None:
            await self._take(self._held_back.popleft())

    async def _take(self, event: events.Event) -> None:
        target: Widget = self.focused or self.screen
        bound = isinstance(event, events.Key) and event.key in self.screen.active_bindings
        await super().on_event(event)
        if bound and target.post_message(self.KeyDone()):
            self._waits_since, self._waits_for = time.monotonic(), target

    def _wait_for_the_focus(self) -> None:
        self._waits_for = self.screen
        self.screen.post_message(self.FocusTaken())

    async def _look_whether_it_is_gone(self) -> None:
        """Go on where the part that the key went to was taken off the screen by it and will not answer."""
        if self._waits_since is None:
            return
        if time.monotonic() - self._waits_since > _PATIENCE:
            await self.on_keys_in_turn_focus_taken()
        elif self._waits_for is not None and not self._waits_for.is_attached:
            self._wait_for_the_focus()
        if self._held_back:
            self.set_timer(_SECONDS_BETWEEN_LOOKS, self._look_whether_it_is_gone)
