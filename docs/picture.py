"""Take the README's picture of the app answering a question.

Run ``python docs/picture.py [LIBRARY COLUMNS LINES FILE]``; LIBRARY is a folder that has an index.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from qa.folder import LibraryFolder
from qa.history import History
from qa.settings import Settings
from qa.tui import QaApp

QUESTION = "Can social workers check the child protection register at night?"


async def take(library: Path, columns: int, lines: int, target: Path) -> None:
    """Ask a question and mark a passage of its answer in an app of a size, and save its screen as SVG."""
    app = QaApp(LibraryFolder(library), settings=Settings(), history=History(None))
    async with app.run_test(size=(columns, lines)) as pilot:
        app.ask_screen.question_box.cursor_blink = False
        while "Ready." not in app.ask_screen.status.message:
            await pilot.pause(0.1)
        await pilot.press(*QUESTION, "enter")
        while app.ask_screen.chosen is None:
            await pilot.pause(0.1)
        await pilot.press("down", "space")
        await app.workers.wait_for_complete()
        await pilot.pause()
        target.write_text(app.export_screenshot(title="qa"), encoding="utf-8")


if __name__ == "__main__":
    library, columns, lines, target = [
        *sys.argv[1:],
        *[".", "100", "30", "docs/app.svg"][len(sys.argv) - 1 :],
    ]
    asyncio.run(take(Path(library), int(columns), int(lines), Path(target)))
