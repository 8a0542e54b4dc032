from __future__ import annotations

import asyncio
import errno
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import textual_serve
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, WSServerHandshakeError

from qa.errors import ServingError
from qa.serving import address, app_command, app_environment, visitor
from qa.serving.address import Address
from qa.serving.server import serving
from tests.fakes import ROOT

PAGE = ROOT / "qa" / "serving" / "page"
HOSTILE = ["--library", "/path with spaces/$(touch x)", "; touch x #", "`touch x`", "“é”\n'\"", ""]

# Speaks as an app does: tells what it was started with, then gives back what it is sent until it is told to
# end. It holds the first of its arguments open while it lives.
APP = """
import json, os, signal, sys, threading

def send(kind, payload):
    sys.stdout.buffer.write(kind + len(payload).to_bytes(4, "big") + payload)
    sys.stdout.buffer.flush()

alive, way, *arguments = sys.argv[1:]
held = open(alive, "wb")
if way == "fails":
    print("Traceback\\n\\x1b[31mNameError: no\\x1b]0;title\\x1b\\\\ name\\x07\\x1b[0m\\n  ", file=sys.stderr)
    sys.exit(3)
if way == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
sys.stdout.buffer.write(b"a word before\\n__GANGLION__\\n")
send(b"D", json.dumps({"arguments": arguments, "environment": dict(os.environ)}).encode())
if way == "quits":
    send(b"M", b'{"type": "exit"}')
    held.write(b"in good order")
    sys.exit()
if way == "floods":
    # It ends when it is told to, if it gets that far: what it writes must be taken.
    ending = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.buffer.read(5), ending.set())).start()
    while not ending.is_set():
        send(b"D", bytes(60_000))
    send(b"D", bytes(1_000_000))
while way != "floods" and (head := sys.stdin.buffer.read(5)):
    payload = sys.stdin.buffer.read(int.from_bytes(head[1:], "big"))
    if way == "deaf":
        continue
    if head[:1] == b"M" and json.loads(payload)["type"] == "quit":
        break
    send(b"D", head[:1] + payload)
held.write(b"in good order")
"""

# An app of Textual's that copies at F2, delivers a file at F4 and ends at F6.
TEXTUAL_APP = """
import io, sys
from textual.app import App
from textual.widgets import Input

held = open(sys.argv[1], "wb")

class Served(App):
    BINDINGS = [("f2", "copy"), ("f4", "deliver"), ("f6", "quit")]
    def compose(self):
        yield Input("painted")
    def action_copy(self):
        self.copy_to_clipboard("“é – 中文”")
    def action_deliver(self):
        self.deliver_text(io.StringIO("première ligne"), save_filename="Répertoire 1; x=y.md")

Served().run()
held.write(b"in good order")
"""
F2, F4, F6 = "\x1bOQ", "\x1bOS", "\x1b[17~"


class Served:
    """A server of a test: an app that runs while `alive` is held open."""

    def __init__(self, folder: Path, *, way: str = "", arguments: Sequence[str] = (), app: str = APP) -> None:
        self.alive = folder / "alive"
        os.mkfifo(self.alive)
        self._life = os.open(self.alive, os.O_RDONLY | os.O_NONBLOCK)
        self.command = [sys.executable, "-c", app, str(self.alive), way, *arguments]
        self.said: list[str] = []
        self.port = 0

    @asynccontextmanager
    async def running(self, host: str = "127.0.0.1") -> AsyncIterator[Served]:
        place = Address.of(host, 0)
        async with serving(
            self.command, environment=app_environment(), address=place, say=self.said.append
        ) as self.port:
            yield self

    @asynccontextmanager
    async def visited(self, **headers: str) -> AsyncIterator[ClientWebSocketResponse]:
        ours = {"Origin": f"http://127.0.0.1:{self.port}"}
        async with (
            ClientSession() as session,
            session.ws_connect(
                f"http://127.0.0.1:{self.port}/ws?width=90&height=20", headers=ours | headers
            ) as page,
        ):
            yield page

    async def asked(self, path: str = "/", **headers: str) -> tuple[int, str, dict[str, str]]:
        async with (
            ClientSession() as session,
            session.get(f"http://127.0.0.1:{self.port}{path}", headers=headers) as answer,
        ):
            return answer.status, await answer.text(errors="replace"), dict(answer.headers)

    async def app_ends(self, last_words: bytes = b"in good order") -> None:
        """Wait until no process holds `alive` open, and compare what was written into it."""
        written = b""
        ready = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._life, ready.set)
        async with asyncio.timeout(20):
            while True:
                try:
                    piece = os.read(self._life, 1000)
                except BlockingIOError:
                    ready.clear()
                    await ready.wait()
                else:
                    if not piece:
                        break
                    written += piece
        asyncio.get_running_loop().remove_reader(self._life)
        assert written == last_words


async def told(page: ClientWebSocketResponse) -> dict[str, Any]:
    """Return what the app was started with."""
    return dict(json.loads(await page.receive_bytes(timeout=20)))


async def bytes_until(page: ClientWebSocketResponse, pattern: bytes) -> re.Match[bytes]:
    received = b""
    while not (found := re.search(pattern, received)):
        message = await page.receive(timeout=20)
        assert message.type in {WSMsgType.BINARY, WSMsgType.TEXT}, message
        received += message.data if isinstance(message.data, bytes) else message.data.encode()
    return found


async def closed(page: ClientWebSocketResponse) -> None:
    while (await page.receive(timeout=20)).type is not WSMsgType.CLOSE:
        pass


# What is started.


async def test_arguments_reach_the_app_as_they_are_and_no_shell_reads_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    served = Served(tmp_path, arguments=HOSTILE)
    async with served.running(), served.visited() as page:
        assert (await told(page))["arguments"] == HOSTILE
    assert not (tmp_path / "x").exists()


def test_the_app_is_this_python_and_this_package_whatever_lies_in_the_folder(tmp_path: Path) -> None:
    assert app_command(HOSTILE)[1:] == ["-P", "-m", "qa", *HOSTILE]
    for name in ("qa", "json", "argparse"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('taken over')")
    ran = subprocess.run(
        app_command(["--version"]),
        cwd=tmp_path,
        env=app_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.startswith("qa ")


async def test_the_app_knows_the_page_for_its_terminal_and_not_that_of_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TMUX", "DISPLAY", "WAYLAND_DISPLAY", "SSH_TTY", "LINES"):
        monkeypatch.setenv(name, "the server's")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("NO_COLOR", "1")
    served = Served(tmp_path)
    async with served.running(), served.visited() as page:
        environment = (await told(page))["environment"]
    assert "the server's" not in environment.values()
    assert environment["TERM"] == "xterm-256color"
    assert environment["NO_COLOR"] == "1"
    assert (environment["COLUMNS"], environment["ROWS"]) == ("90", "20")


# Who is let in.


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8000", 200),
        ("LOCALHOST", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("192.0.2.7:8000", 200),
        (socket.gethostname(), 200),
        ("evil.example:8000", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("evil.localhost", 403),
        ("localhost; script-src *", 403),
        ("localhost@evil.example", 403),
        ("evil.example:8000@localhost", 403),
        ("", 403),
    ],
)
async def test_a_name_that_anybody_may_own_is_not_answered(tmp_path: Path, host: str, status: int) -> None:
    served = Served(tmp_path)
    async with served.running():
        answered, text, headers = await served.asked("/", Host=host)
    assert answered == status
    if status != 200:
        assert "<main" not in text
        assert "script-src *" not in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:{port}", "http://evil.example"),
        ("127.0.0.1:{port}", "http://localhost:{port}"),
        ("127.0.0.1:{port}", "http://127.0.0.1:1"),
        ("127.0.0.1:{port}", "http://127.0.0.1:{port}.evil.example"),
        ("127.0.0.1:{port}", "null"),
        ("127.0.0.1:{port}", ""),
        ("evil.example:{port}", "http://evil.example:{port}"),
    ],
)
async def test_a_page_from_elsewhere_gets_no_app(tmp_path: Path, host: str, origin: str) -> None:
    served = Served(tmp_path)
    async with served.running():
        headers = {"Host": host.format(port=served.port), "Origin": origin.format(port=served.port)}
        with pytest.raises(WSServerHandshakeError) as refused:
            async with served.visited(**headers):
                pass
        assert refused.value.status == 403


async def test_a_websocket_that_names_no_origin_gets_no_app(tmp_path: Path) -> None:
    served = Served(tmp_path)
    async with served.running():
        assert (await served.asked("/ws"))[0] == 403


async def test_a_tunnel_under_another_port_is_let_in(tmp_path: Path) -> None:
    served = Served(tmp_path)
    async with (
        served.running(),
        served.visited(Host="localhost:9999", Origin="http://localhost:9999") as page,
    ):
        assert await told(page)


async def test_what_is_no_message_is_dropped_without_a_word(tmp_path: Path) -> None:
    served = Served(tmp_path)
    async with served.running(), served.visited() as page:
        await told(page)
        for message in (
            "", "{", "[]", "{}", "null", '["stdin"]', '["stdin", 1]', '["resize", {"width": "1"}]',
            '["resize", {"width": 1e9, "height": null}]', '["quit"]', "[" * 100_000,
        ):  # fmt: skip
            await page.send_str(message)
        await page.send_bytes(b"\xff")
        await page.send_str('["resize", {"width": 999999999, "height": -3}]')
        resized = json.loads((await page.receive_bytes(timeout=20))[1:])
        assert resized == {"type": "resize", "width": 1000, "height": 1}
        await page.send_str('["stdin", "\\ud800é"]')
        assert await page.receive_bytes(timeout=20) == "D?é".encode()
        await page.send_str('["ping", "7"]')
        assert await page.receive_json(timeout=20) == ["pong", "7"]
    assert served.said == []


# How apps end.


async def test_an_app_ends_with_its_page(tmp_path: Path) -> None:
    served = Served(tmp_path)
    async with served.running():
        async with served.visited() as page:
            await told(page)
        await served.app_ends()
    assert served.said == []


async def test_what_an_app_still_sends_when_its_page_is_gone_does_not_keep_it(tmp_path: Path) -> None:
    served = Served(tmp_path, way="floods")
    async with served.running():
        async with served.visited() as page:
            await told(page)
        await served.app_ends()


async def test_apps_end_with_the_server_and_their_pages_are_told(tmp_path: Path) -> None:
    served = Served(tmp_path)
    async with served.running() as running:
        visit = served.visited()
        page = await visit.__aenter__()
        await told(page)
        running.said.append("the last of the server")
    await closed(page)
    await served.app_ends()
    await visit.__aexit__(None, None, None)
    assert served.said == ["the last of the server"]


async def test_an_app_that_does_not_listen_is_ended_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visitor, "_SECONDS_TO_END", 0.1)
    served = Served(tmp_path, way="deaf")
    async with served.running():
        async with served.visited() as page:
            await told(page)
        await served.app_ends(b"")
    assert served.said == []


async def test_an_app_that_ends_by_itself_closes_its_page(tmp_path: Path) -> None:
    served = Served(tmp_path, way="quits")
    async with served.running(), served.visited() as page:
        await closed(page)
        await served.app_ends()
    assert served.said == []


async def test_the_last_words_of_an_app_that_fails_are_said_as_plain_text(
    tmp_path: Path,
) -> None:
    served = Served(tmp_path, way="fails")
    async with served.running(), served.visited() as page:
        await closed(page)
    assert served.said == ["The app of a visitor failed: NameError: no name"]


async def test_an_app_that_cannot_be_started_is_said(tmp_path: Path) -> None:
    served = Served(tmp_path)
    served.command = [str(tmp_path / "no-such-python")]
    async with served.running(), served.visited() as page:
        await closed(page)
    assert served.said == ["The app of a visitor could not be started (No such file or directory)"]


SERVER = """
import asyncio, os, sys
from qa.serving.server import run
asyncio.run(run(sys.argv[1:], environment=os.environ, host="127.0.0.1", port=0, say=print))
"""


def heed_every_signal() -> None:
    """Let no signal be ignored because whatever runs the tests ignores it, as nohup does."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@asynccontextmanager
async def server_process(served: Served) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-u", "-c", SERVER, *served.command,
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, start_new_session=True,
        preexec_fn=heed_every_signal,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        welcome = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        assert welcome.startswith("The app is at http://127.0.0.1:")
        served.port = int(welcome.split(":")[2].split("/")[0])
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
async def test_ctrl_c_and_a_closed_terminal_end_the_server_quietly(
    tmp_path: Path, number: signal.Signals
) -> None:
    served = Served(tmp_path)
    async with server_process(served) as process, served.visited() as page:
        await told(page)
        os.killpg(process.pid, number)  # as a terminal does
        await closed(page)
        output, errors = await asyncio.wait_for(process.communicate(), 20)
        await served.app_ends()
    assert (process.returncode, output, errors) == (0, b"", b"")


async def test_what_is_no_request_is_answered_and_nothing_is_said_of_it(tmp_path: Path) -> None:
    served = Served(tmp_path)
    async with server_process(served) as process:
        for request in (b"\x16\x03\x01 no request\r\n\r\n", b"GET / HTTP/1.1\r\nHost: \x00\x1b[31m\r\n\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
            writer.write(request)
            assert (await reader.read()).startswith(b"HTTP/1.0 400 ")
            writer.close()
        process.terminate()
        assert await asyncio.wait_for(process.communicate(), 20) == (b"", b"")


# An app of Textual's in a page.


async def test_an_app_paints_copies_delivers_and_ends_in_a_page(tmp_path: Path) -> None:
    served = Served(tmp_path, app=TEXTUAL_APP)
    async with served.running(), served.visited() as page:
        await bytes_until(page, b"painted")
        await page.send_json(["stdin", F2])
        copied = await bytes_until(page, rb"\x1b\]52;c;([^\x07]*)\x07")
        assert copied[1] == b"4oCcw6kg4oCTIOS4reaWh+KAnQ=="

        await page.send_json(["stdin", F4])
        key = (await bytes_until(page, rb'\["deliver_file_start", "(\w+)"\]'))[1].decode()
        status, text, headers = await served.asked(f"/download/{key}")
        assert (status, text) == (200, "première ligne")
        assert headers["Content-Type"] == "text/markdown; charset=utf-8"
        assert headers["Content-Disposition"] == (
            "attachment; filename*=utf-8''R%C3%A9pertoire%201%3B%20x%3Dy.md"
        )
        assert (await served.asked(f"/download/{key}"))[:2] == (
            404, "This file is not there any more; export it again.",
        )  # fmt: skip

        await page.send_json(["stdin", F6])
        await closed(page)
        await served.app_ends()
    assert served.said == []


async def test_an_app_does_not_outlive_a_server_that_is_killed(tmp_path: Path) -> None:
    served = Served(tmp_path, app=TEXTUAL_APP)
    async with server_process(served) as process, served.visited() as page:
        await bytes_until(page, b"painted")
        process.kill()
        await served.app_ends()


# The page.


async def test_the_page_and_all_it_names_come_from_this_server(tmp_path: Path) -> None:
    html = (PAGE / "index.html").read_text(encoding="utf-8")
    style = (PAGE / "page.css").read_text(encoding="utf-8")
    script = (PAGE / "page.js").read_text(encoding="utf-8")
    named = re.findall(r'(?:src|href)="([^"]*)"', html)
    named += [f"page/{each}" for each in re.findall(r'url\("([^"]*)"\)', style)]
    assert len(named) == 7
    served = Served(tmp_path)
    async with served.running():
        status, text, headers = await served.asked("/")
        assert (status, text) == (200, html)
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; ")
        for each in named:
            if each != "data:,":
                async with (
                    ClientSession() as session,
                    session.get(f"http://127.0.0.1:{served.port}/{each}") as got,
                ):
                    assert got.status == 200, each
    for text in (html, style, script):
        assert not re.search(r"(https?|wss?)://|@import", text)


def test_the_terminal_still_goes_by_the_names_that_the_page_uses() -> None:
    terminal = Path(textual_serve.__file__).parent / "static" / "js" / "textual.js"
    bundle = terminal.read_text(encoding="utf-8")
    for name in (
        "window.onload=", ".textual-terminal", "dataset.sessionWebsocketUrl", "dataset.fontSize",
        "'Roboto Mono'", "xterm-helper-textarea", '"-first-byte"', '"-closed"', "/download/",
        "navigator.clipboard.writeText(", "navigator.clipboard.readText(",
        'window.open(n,"_blank")', '["focus"]',
    ):  # fmt: skip
        assert name in bundle, name


# Where it listens.


def refusal(host: str, port: int) -> str:
    with pytest.raises(ServingError) as refused:
        Address.of(host, port).listen()
    return str(refused.value)


def test_an_address_that_cannot_be_listened_on_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert refusal("127.0.0.1", port) == (
            f"Port {port} of 127.0.0.1 is in use, perhaps by another qa serve; choose another with --port"
        )
    for port in (-1, 65536, 10**9):
        assert (
            refusal("localhost", port)
            == f"There is no port {port}; choose one from 1024 to 65535 with --port"
        )
    for host in ("a..b", "", "bad\x00name", "x" * 300):
        assert refusal(host, 8000) == (
            f"There is no computer called {host!r}; leave --host out to use the app on this computer"
        )
    assert refusal("203.0.113.5", 8000) == (
        "203.0.113.5 is not an address of this computer; leave --host out to use the app on this computer"
    )

    def denied(*_: object) -> socket.socket:
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(address, "_listening", denied)
    assert refusal("localhost", 80) == (
        "Port 80 needs the rights of an administrator; choose one from 1024 to 65535 with --port"
    )


def test_localhost_is_listened_on_under_every_number_it_has_and_one_port() -> None:
    sockets = Address.of("localhost", 0).listen()
    names = [each.getsockname()[:2] for each in sockets]
    for each in sockets:
        each.close()
    assert {host for host, _ in names} <= {"127.0.0.1", "::1"}
    assert len({port for _, port in names}) == 1


def test_a_name_may_stand_for_a_number_that_this_computer_has_not() -> None:
    elsewhere = (socket.AF_INET, ("203.0.113.5", 0))
    here = (socket.AF_INET, ("127.0.0.1", 0))
    (only,) = Address("name", 0, (elsewhere, here)).listen()
    assert only.getsockname()[0] == "127.0.0.1"
    only.close()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def test_letting_others_in_is_warned_of_before_it_listens() -> None:
    port = free_port()
    said: list[str] = []

    def say(sentence: str) -> None:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        said.append(sentence)

    async with serving(["app"], environment={}, address=Address.of("0.0.0.0", port), say=say):
        socket.create_connection(("127.0.0.1", port)).close()
    assert len(said) == 2
    for words in ("other computers", "read all reports", "no password", "no encryption", "every visitor"):
        assert words in said[0].replace("Every", "every")
    assert f"ssh -N -L {port}:localhost:{port} {socket.gethostname()}" in said[1]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3"])
async def test_only_this_computer_needs_no_warning(host: str) -> None:
    def say(sentence: str) -> None:
        raise AssertionError(sentence)

    async with serving(["app"], environment={}, address=Address.of(host, 0), say=say):
        pass


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", "http://localhost:8000/"),
        ("::1", "http://[::1]:8000/"),
        ("0.0.0.0", f"http://{socket.gethostname()}:8000/"),
    ],
)
def test_the_address_to_open_is_said(host: str, expected: str) -> None:
    welcome = Address(host, 0, ()).welcome(8000)
    assert welcome == (
        f"The app is at {expected} (larger letters: {expected}?fontsize=24). Press ctrl+c here to end it."
    )


def test_nothing_of_a_server_is_imported_before_it_is_wanted() -> None:
    loaded = "import sys, qa.serving; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {name.partition(".")[0] for name in ran.stdout.split()} & {
        "aiohttp",
        "textual_serve",
        "textual",
    }
