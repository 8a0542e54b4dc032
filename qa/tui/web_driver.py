"""Between the app and a web page: Textual's own driver, but that packets stay whole and no app outlives it.

`qa.serving` names it to the processes it starts; nothing imports it.
"""

from __future__ import annotations

import os
from functools import partial
from threading import Lock
from typing import Any

from textual import messages
from textual.app import App
from textual.drivers.web_driver import WebDriver


class PageDriver(WebDriver):
    """Writes to the server that shows the app in a page, and ends the app when that server is gone."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._writing = Lock()
        self._write = partial(self._write_whole)

    def run_input_thread(self) -> None:
        """Read until the input ends; if nobody has told the app to end by then, its server is no more."""
        super().run_input_thread()
        if not self.exit_event.is_set():
            self._app.post_message(messages.ExitApp())

    def _write_whole(self, packet: bytes) -> int:
        """Write a packet: the drawing thread and the one that delivers files must not mix theirs."""
        left = memoryview(packet)
        with self._writing:
            while left:
                try:
                    left = left[os.write(self.fileno, left) :]
                except BrokenPipeError:
                    break  # the input ends as well, and with it the app
        return len(packet)
