"""One visitor: the process of their app, and what goes between it and their page."""

from __future__ import annotations

import asyncio
import re
import shlex
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from aiohttp import web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

_DRIVER = "qa.tui.web_driver:PageDriver"
_GREETING = b"__GANGLION__\n"
"""The line after which an app speaks the protocol."""

_SECONDS_TO_END = 3
_MOST_KEPT_OF_COMPLAINTS = 4096
_DISCARDED_AT_ONCE = 65536

_CONTROL_SEQUENCE = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\^_])")

_OF_THE_PAGES_TERMINAL = {
    "TEXTUAL_FPS", "TEXTUAL_COLOR_SYSTEM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "COLUMNS", "ROWS",
}  # fmt: skip

_OF_THE_SERVERS_TERMINAL = (
    "TMUX", "TMUX_PANE", "STY", "DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY",
    "LINES", "WT_SESSION",
)  # fmt: skip
"""Variables that tell an app of a terminal, a clipboard or a desktop that are not the visitor's."""


if sys.platform == "win32":
    _APART = subprocess.CREATE_NEW_PROCESS_GROUP
else:
    _APART = 0


class Visitor(AppService):
    """An app that runs while a page is open, without a shell between.

    Parameters
    ----------
    command
        The command line of the app.
    environment
        Its environment variables, but for those that speak of a terminal.
    page
        The websocket of the page.
    downloads
        Where the app offers files.
    say
        Told the last words of an app that failed.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        page: web.WebSocketResponse,
        downloads: DownloadManager,
        say: Callable[[str], None],
    ) -> None:
        super().__init__(
            shlex.join(command),
            write_bytes=page.send_bytes,
            write_str=page.send_str,
            close=self._close_page,
            download_manager=downloads,
        )
        self._arguments = list(command)
        self._environment = environment
        self._page = page
        self._say = say
        self._ending: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Hand everything the app sends to the page until the app ends; then close the page."""
        process = self._process
        assert process is not None
        assert process.stdout is not None
        assert process.stderr is not None
        complaints = asyncio.create_task(_last_words(process.stderr))
        # The app ends, or speaks another language, or the page is gone.
        with suppress(asyncio.IncompleteReadError, ValueError, ConnectionError):
            await self._relay(process.stdout)
        # An app whose output nobody takes could not end.
        while await process.stdout.read(_DISCARDED_AT_ONCE):
            pass
        last_words = await complaints
        if await process.wait() != 0 and self._ending is None:
            self._say(f"The app of a visitor failed: {last_words or 'it did not say why'}")
        await self._close_page()

    async def stop(self) -> None:
        """Tell the app to end, see to it that it does, and close the page."""
        if self._process is None:
            return
        if self._ending is None:
            self._ending = asyncio.create_task(self._end(self._process))
        await asyncio.shield(self._ending)

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        terminal = {
            name: value
            for name, value in super()._build_environment(width, height).items()
            if name in _OF_THE_PAGES_TERMINAL
        }
        kept = {n: v for n, v in self._environment.items() if n not in _OF_THE_SERVERS_TERMINAL}
        return (
            kept | terminal | {"TEXTUAL_DRIVER": _DRIVER, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        )

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        # In a session of its own, so that ctrl+c in the server's terminal reaches the server alone.
        self._process = process = await asyncio.create_subprocess_exec(
            *self._arguments,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=self._build_environment(width, height),
            start_new_session=True,
            creationflags=_APART,
        )
        self._stdin = process.stdin
        return process

    async def _relay(self, output: asyncio.StreamReader) -> None:
        while await output.readline() not in {_GREETING, b""}:
            pass
        while True:
            kind = await output.readexactly(1)
            packet = await output.readexactly(int.from_bytes(await output.readexactly(4), "big"))
            match kind:
                case b"D":
                    await self.on_data(packet)
                case b"M":
                    await self.on_meta(packet)
                case b"P":
                    await self.on_packed(packet)

    async def _end(self, process: Process) -> None:
        await self._download_manager.cancel_app_downloads(self.app_service_id)
        for tell in (self._ask_to_end, process.terminate, process.kill):
            with suppress(ProcessLookupError):
                tell()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(process.wait(), _SECONDS_TO_END)
                break
        await self._close_page()
        if self._task is not None:
            # Something else may hold the pipe of an app that is no more.
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._task, _SECONDS_TO_END)

    def _ask_to_end(self) -> None:
        self.stdin.write(self.encode_packet(b"M", b'{"type": "quit"}'))

    async def _close_page(self) -> None:
        if not self._page.closed:
            await self._page.close()


async def _last_words(complaints: asyncio.StreamReader) -> str:
    """Return the last line of what an app writes for people, as plain text."""
    kept = b""
    while piece := await complaints.read(_MOST_KEPT_OF_COMPLAINTS):
        kept = (kept + piece)[-_MOST_KEPT_OF_COMPLAINTS:]
    lines = _CONTROL_SEQUENCE.sub("", kept.decode("utf-8", errors="replace")).splitlines()
    printable = ("".join(each if each.isprintable() else " " for each in line).strip() for line in lines)
    return next((line for line in reversed(list(printable)) if line), "")
