"""The web server: one page and its parts, a websocket for each open page, and the files that apps deliver."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from email.utils import encode_rfc2231
from pathlib import Path

import textual_serve
from aiohttp import WSMsgType, web
from aiohttp.http_exceptions import HttpProcessingError
from textual_serve.download_manager import DownloadManager

from qa.serving.address import Address
from qa.serving.guard import guard_response, only_pages_of_ours
from qa.serving.visitor import Visitor

_PAGE = Path(__file__).parent / "page"
_TERMINAL = Path(textual_serve.__file__).parent / "static"

_LARGEST_SIZE = 1000
"""Columns and lines a browser may ask for."""

_SECONDS_BETWEEN_HEARTBEATS = 15
_SECONDS_TO_CLOSE = 2

Say = Callable[[str], None]


async def run(
    command: Sequence[str], *, environment: Mapping[str, str], host: str, port: int, say: Say
) -> None:
    """Serve `command` until a signal to end comes; see `qa.serving.serve`."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            with suppress(NotImplementedError):  # Windows
                loop.add_signal_handler(number, ended.set)
    address = Address.of(host, port)
    async with serving(command, environment=environment, address=address, say=say) as found_port:
        say(address.welcome(found_port))
        await ended.wait()


@asynccontextmanager
async def serving(
    command: Sequence[str], *, environment: Mapping[str, str], address: Address, say: Say
) -> AsyncIterator[int]:
    """Serve `command` while the context lasts and give the port; then end the visitors' processes."""
    if not address.only_here:
        for sentence in address.warnings():
            say(sentence)
    sockets = address.listen()
    app = application(command, environment=environment, host=address.host, say=say)
    runner = web.AppRunner(app, access_log=None, logger=_Complaints(say), shutdown_timeout=_SECONDS_TO_CLOSE)
    try:
        await runner.setup()
        for each in sockets:
            await web.SockSite(runner, each).start()
        yield sockets[0].getsockname()[1]
    finally:
        await runner.cleanup()
        for each in sockets:
            each.close()


def application(
    command: Sequence[str], *, environment: Mapping[str, str], host: str, say: Say
) -> web.Application:
    """Return the web application that runs `command` for each visitor."""
    visits = _Visits(command, environment, say)
    app = web.Application(middlewares=[only_pages_of_ours(host)])
    app.router.add_get("/", _page)
    app.router.add_get("/ws", visits.visit)
    app.router.add_get("/download/{key}", visits.download)
    app.router.add_static("/page/", _PAGE)
    app.router.add_static("/static/", _TERMINAL)
    app.on_response_prepare.append(guard_response)
    app.on_shutdown.append(visits.end)
    return app


class _Visits:
    """The visitors that are there, and the files their apps deliver."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], say: Say) -> None:
        self._command = command
        self._environment = environment
        self._say = say
        self._downloads = DownloadManager()
        self._visitors: set[Visitor] = set()

    async def visit(self, request: web.Request) -> web.WebSocketResponse:
        """Run an app for as long as the page that asks for it is open."""
        page = web.WebSocketResponse(heartbeat=_SECONDS_BETWEEN_HEARTBEATS, timeout=_SECONDS_TO_CLOSE)
        await page.prepare(request)
        visitor = Visitor(
            self._command,
            environment=self._environment,
            page=page,
            downloads=self._downloads,
            say=self._say,
        )
        self._visitors.add(visitor)
        try:
            try:
                await visitor.start(
                    _size(request.query.get("width"), 80), _size(request.query.get("height"), 24)
                )
            except OSError as error:
                self._say(f"The app of a visitor could not be started ({error.strerror})")
                await page.close()
            async for message in page:
                if message.type is WSMsgType.TEXT:
                    await _hand_over(message.data, visitor, page)
        finally:
            await visitor.stop()
            self._visitors.discard(visitor)
        return page

    async def download(self, request: web.Request) -> web.StreamResponse:
        """Send a file that an app delivers, under the key that only its page was told."""
        key = request.match_info["key"]
        try:
            offered = await self._downloads.get_download_metadata(key)
        except KeyError:
            raise web.HTTPNotFound(text="This file is not there any more; export it again.") from None
        kind = offered.mime_type or "application/octet-stream"
        response = web.StreamResponse(
            headers={
                "Content-Type": f"{kind}; charset={offered.encoding}" if offered.encoding else kind,
                "Content-Disposition": f"attachment; filename*={encode_rfc2231(offered.file_name, 'utf-8')}",
            }
        )
        await response.prepare(request)
        async for chunk in self._downloads.download(key):
            await response.write(chunk)
        await response.write_eof()
        return response

    async def end(self, _app: web.Application) -> None:
        """End every visitor's app, all at the same time."""
        await asyncio.gather(*(visitor.stop() for visitor in self._visitors))


async def _page(_request: web.Request) -> web.FileResponse:
    return web.FileResponse(_PAGE / "index.html")


async def _hand_over(message: str, visitor: Visitor, page: web.WebSocketResponse) -> None:
    """Hand what a page sent to the app; what is not understood is dropped, it may come from anybody."""
    try:
        told = json.loads(message)
    except (ValueError, RecursionError):
        return
    match told:
        case ["stdin", str(typed)]:
            await visitor.send_bytes(typed.encode("utf-8", errors="replace"))
        case ["resize", {"width": int(width), "height": int(height)}]:
            await visitor.set_terminal_size(_size(width), _size(height))
        case ["ping", str(sent)]:
            with suppress(ConnectionError):
                await page.send_json(["pong", sent])
        case ["focus"]:
            await visitor.focus()
        case ["blur"]:
            await visitor.blur()


def _size(asked: str | int | None, otherwise: int = 1) -> int:
    try:
        return min(max(1, int(asked)), _LARGEST_SIZE) if asked is not None else otherwise
    except ValueError:
        return otherwise


class _Complaints:
    """Takes what aiohttp logs: drops what others sent wrongly, says our own mistakes in a sentence."""

    def __init__(self, say: Say) -> None:
        self._say = say

    def debug(self, *_: object, **__: object) -> None:
        """Say nothing."""

    info = warning = error = debug

    def exception(self, _message: str, *_: object, exc_info: object = None, **__: object) -> None:
        """Say what kind of mistake it was, unless the request was not one."""
        if exc_info is not None and not isinstance(exc_info, ConnectionError | HttpProcessingError):
            self._say(f"A request could not be answered ({type(exc_info).__name__})")
