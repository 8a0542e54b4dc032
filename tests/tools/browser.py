"""The app in a browser, tried for real: ``python -m tests.tools.browser --out FOLDER``.

Serves the app as ``qa serve`` does, opens it in headless Chromium, asks a question, copies the first citation
by key and a line of its passage with the mouse, pastes, and reads what arrived in the browser's clipboard. It
prints figures, saves pictures of the page, and fails if anything is missing or if the page fetched anything
from elsewhere. ``--host 0.0.0.0 --open NUMBER`` opens the page as another computer would, where browsers keep
their clipboard from pages.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse

from qa.library import Library
from qa.serving import app_command, app_environment
from qa.serving.address import Address
from qa.serving.server import serving
from tests.fakes import ROOT

QUESTION = "What mental health services are there for pupils, and who is left out?"
MOST_SECONDS = 30
SECONDS_BETWEEN_LOOKS = 0.02

CHROMIUM = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--remote-debugging-port=0", "--window-size=1200,800",
)  # fmt: skip

CTRL = 2
CODES = {"Enter": 13, "ArrowDown": 40}

# What the terminal shows is drawn on a canvas and its script keeps the terminal to itself: catch it.
CATCH_THE_TERMINAL = """
Object.defineProperty(Object.prototype, "terminal", {
  configurable: true,
  set(value) {
    if (value?.buffer) window.caught = value;
    Object.defineProperty(this, "terminal", { value, writable: true, configurable: true, enumerable: true });
  },
});
"""
LINES = """
Array.from({ length: window.caught?.rows ?? 0 }, (_, line) =>
  window.caught.buffer.active.getLine(line)?.translateToString(true) ?? "")
"""
CLIPBOARD = """
Object.getOwnPropertyDescriptor(Navigator.prototype, "clipboard").get.call(navigator)
"""


class Page:
    """A page of Chromium, driven over its debugging protocol."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reading = asyncio.create_task(self._read())
        self.events: list[dict[str, Any]] = []

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result."""
        number = len(self._answers) + 1
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        told = await asyncio.wait_for(answer, MOST_SECONDS)
        if "error" in told:
            raise RuntimeError(f"{method}: {told['error']['message']}")
        return dict(told["result"])

    async def value(self, script: str) -> Any:
        """Return the value of a script in the page."""
        told = await self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in told:
            raise RuntimeError(told["exceptionDetails"]["exception"]["description"])
        return told["result"].get("value")

    async def lines(self) -> list[str]:
        """Return what the terminal shows."""
        return list(await self.value(LINES))

    async def until(self, condition: Callable[[str], bool], what: str) -> str:
        """Wait for what the terminal shows and return it."""
        shown = ""
        ends = time.monotonic() + MOST_SECONDS
        while time.monotonic() < ends:
            shown = "\n".join(await self.lines())
            if condition(shown):
                return shown
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        raise RuntimeError(f"waited in vain for {what}; the page shows:\n{shown}")

    async def clipboard(self, condition: Callable[[str], bool]) -> str:
        """Wait for what is in the browser's clipboard and return it."""
        text = ""
        ends = time.monotonic() + MOST_SECONDS
        while time.monotonic() < ends:
            text = str(await self.value(f"{CLIPBOARD}.readText()"))
            if condition(text):
                return text
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        raise RuntimeError(f"waited in vain for the clipboard, which holds {text!r}")

    async def press(self, key: str, *, modifiers: int = 0, commands: Sequence[str] = ()) -> None:
        """Press and release a key, as a keyboard does."""
        code = CODES.get(key, ord(key[0].upper()))
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 and not modifiers else "")
        event = {"key": key, "modifiers": modifiers, "windowsVirtualKeyCode": code}
        kind = "keyDown" if text else "rawKeyDown"
        await self.send("Input.dispatchKeyEvent", type=kind, text=text, commands=list(commands), **event)
        await self.send("Input.dispatchKeyEvent", type="keyUp", **event)

    async def type(self, text: str) -> None:
        """Type a text, key by key."""
        for character in text:
            await self.press(character)

    async def drag(self, line: int, start: int, end: int) -> None:
        """Drag the mouse over cells of a line of the terminal."""
        left, top, width, height = await self.value(
            "(({left, top, width, height}) => [left, top, width / caught.cols, height / caught.rows])"
            "(document.querySelector('.xterm-screen').getBoundingClientRect())"
        )
        there = {"y": top + (line + 0.5) * height, "button": "left", "clickCount": 1}
        at = [left + (cell + 0.5) * width for cell in (start, (start + end) // 2, end)]
        await self.send("Input.dispatchMouseEvent", type="mousePressed", x=at[0], **there)
        for x in at[1:]:
            await self.send("Input.dispatchMouseEvent", type="mouseMoved", x=x, buttons=1, **there)
        await self.send("Input.dispatchMouseEvent", type="mouseReleased", x=at[-1], **there)

    async def picture(self, path: Path) -> None:
        """Save a picture of the page."""
        taken = await self.send("Page.captureScreenshot")
        path.write_bytes(base64.b64decode(taken["data"]))

    def fetched(self) -> list[str]:
        """Return the addresses the page has asked for."""
        asked = [e["params"] for e in self.events if e["method"] == "Network.requestWillBeSent"]
        return [str(each["request"]["url"]) for each in asked]

    async def _read(self) -> None:
        async for message in self._socket:
            told = message.json()
            if "id" in told:
                self._answers[told["id"]].set_result(told)
            else:
                self.events.append(told)


@asynccontextmanager
async def browser(chromium: Path) -> AsyncIterator[Page]:
    """Start Chromium with a profile of its own and give its page, with the clipboard open to scripts."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [chromium, *CHROMIUM, f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            told = Path(profile, "DevToolsActivePort")
            ends = time.monotonic() + MOST_SECONDS
            while not told.exists() or told.read_text().count("\n") < 1:
                if process.poll() is not None or time.monotonic() > ends:
                    raise RuntimeError(f"{chromium} did not start")
                await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
            port = told.read_text().split()[0]
            async with ClientSession() as session:
                async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                    pages = [each for each in await answer.json() if each["type"] == "page"]
                address = pages[0]["webSocketDebuggerUrl"]
                async with session.ws_connect(address, max_msg_size=0) as socket:
                    page = Page(socket)
                    for domain in ("Page", "Runtime", "Network"):
                        await page.send(f"{domain}.enable")
                    await page.send("Page.addScriptToEvaluateOnNewDocument", source=CATCH_THE_TERMINAL)
                    yield page
        finally:
            process.terminate()
            process.wait()


async def try_the_app(page: Page, address: str, question: str, citation: str, out: Path) -> list[str]:
    """Use the app at `address` and return what was seen, a line each; `citation` is the first there is."""
    seen: list[str] = []
    started = time.monotonic()
    await page.send("Page.navigate", url=address)
    await page.until(lambda shown: bool(shown.strip()), "the first paint")
    seen.append(f"first paint after {time.monotonic() - started:.2f} s")
    await page.picture(out / "first-paint.png")

    # Typed at once, without a click: the page has the keyboard.
    typed, pasted = question[:-20], question[-20:]
    await page.type(typed)
    if await page.value("isSecureContext"):
        await page.value(f"{CLIPBOARD}.writeText({json.dumps(pasted)})")
        await page.press("v", modifiers=CTRL, commands=["paste"])
        seen.append("ctrl+v pasted from the browser's clipboard")
    else:
        await page.type(pasted)
    await page.until(lambda shown: question in shown, "the question in the box")
    asked = time.monotonic()
    await page.press("Enter")
    number = citation.rpartition(", ")[2]
    await page.until(lambda shown: number in shown, f"{number!r} in an answer")
    answered = time.monotonic()
    seen.append(f"answer {answered - asked:.2f} s after Enter, {answered - started:.2f} s after opening")
    await page.picture(out / "answer.png")

    before = "\n".join(await page.lines())
    await page.press("ArrowDown")
    await page.until(lambda shown: shown != before, "the highlight on the first passage")
    # Without a permission that scripts are not given by themselves: the key that was pressed is enough.
    await page.press("y")
    await page.until(lambda shown: "Copied" in shown, "word of the copy")
    await page.picture(out / "copied.png")
    # Pages on numbers of other computers have no clipboard to be read: read it where it can be.
    if not await page.value("isSecureContext"):
        seen.append(
            "the browser keeps its clipboard from this page; y copied by selection: "
            f"{await page.value('document.getElementById(`uncopied`).hidden')}"
        )
        return seen
    await page.send("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    seen.append(f"y copied: {await page.clipboard(lambda text: text == citation)!r}")

    lines = await page.lines()
    line, start, words = _words_to_drag_over(lines)
    await page.drag(line, start, start + len(words) - 1)
    await page.press("c", modifiers=CTRL)
    seen.append(f"mouse and ctrl+c copied: {await page.clipboard(lambda text: words in text)!r}")

    return seen


def _words_to_drag_over(lines: Sequence[str]) -> tuple[int, int, str]:
    """Return line, column and text of some words of running text at the right of the screen."""
    for number, line in enumerate(lines):
        start = len(line) * 2 // 3
        words = line[start:].strip()
        if number > 3 and len(words) > 20 and all(each.isalpha() or each in " ,." for each in words):
            return number, line.index(words, start), words
    raise RuntimeError("no running text to select:\n" + "\n".join(lines))


async def _run(options: argparse.Namespace) -> int:
    options.out.mkdir(parents=True, exist_ok=True)
    citation = Library.open(options.library).ask(options.question).passages[0].citation
    command = app_command([f"--library={options.library.absolute()}"])
    address = Address.of(options.host, 0)
    async with (
        serving(command, environment=app_environment(), address=address, say=print) as port,
        browser(options.chromium) as page,
    ):
        opened = f"http://{options.open or options.host}:{port}"
        seen = await try_the_app(
            page, f"{opened}/?fontsize={options.fontsize}", options.question, citation, options.out
        )
        elsewhere = [url for url in page.fetched() if not url.startswith((f"{opened}/", "data:"))]
    for line in [*seen, f"fetched from elsewhere: {', '.join(elsewhere) or 'nothing'}"]:
        print(line)
    return 1 if elsewhere else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--library", type=Path, default=ROOT, help="(default: %(default)s)")
    parser.add_argument("--question", default=QUESTION, help="(default: %(default)s)")
    parser.add_argument("--host", default="localhost", help="where to listen (default: %(default)s)")
    parser.add_argument("--open", metavar="HOST", help="where to open it (default: where it listens)")
    parser.add_argument("--fontsize", type=int, default=16)
    parser.add_argument("--chromium", type=Path, default=Path("/usr/bin/chromium"))
    return parser.parse_args(arguments)


if __name__ == "__main__":
    os.environ.pop("NO_COLOR", None)
    sys.exit(asyncio.run(_run(_options(None))))
