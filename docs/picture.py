"""Take the README's picture of the app answering a question.

Run ``python docs/picture.py [COLUMNS LINES FILE]`` in a folder that has an index.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from qa import Library
from qa.tui import QaApp

QUESTION = "What mental health services are there for pupils, and who is left out?"


async def take(columns: int, lines: int, target: Path) -> None:
    """Ask the question in an app of a size and save its screen as SVG."""
    app = QaApp(lambda _: Library.open("."))
    async with app.run_test(size=(columns, lines)) as pilot:
        await pilot.press(*QUESTION, "enter")
        while not app.ask_screen.thread.current:
            await pilot.pause(0.2)
        await pilot.press("down", "2")
        await app.workers.wait_for_complete()
        await pilot.pause()
        target.write_text(app.export_screenshot(title="qa"), encoding="utf-8")


if __name__ == "__main__":
    size = [int(value) for value in sys.argv[1:3]] or [100, 30]
    asyncio.run(take(*size, Path(sys.argv[3] if len(sys.argv) > 3 else "docs/app.svg")))
