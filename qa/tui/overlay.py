"""What lies over another screen and is closed once, however often it is told to."""

from __future__ import annotations

from textual.await_complete import AwaitComplete
from textual.screen import Screen, ScreenResultType


class Overlay(Screen[ScreenResultType]):
    """A screen that may be told to close by keys that were pressed before it was gone."""

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close with `result`, if not closed yet: Textual would take away the screen below instead."""
        return super().dismiss(result) if self.is_active else AwaitComplete()
