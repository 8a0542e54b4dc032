"""The command palette that comes with Textual, made to outlive what Textual's does not."""

from __future__ import annotations

from typing import Any

from textual.command import CommandList, CommandPalette
from textual.worker import Worker


class Palette(CommandPalette):
    """Textual's palette; it pages only through a list that has room, and may be left while it searches."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Turn no page of a list without room: its lines are not laid out."""
        if action == "command_list":
            return any(found.scrollable_content_region for found in self.query(CommandList))
        return super().check_action(action, parameters)

    def run_worker(self, *arguments: Any, **options: Any) -> Worker[Any]:
        """Let a search whose palette is gone end without taking the app with it."""
        return super().run_worker(*arguments, **{**options, "exit_on_error": False})
