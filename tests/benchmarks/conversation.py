"""How the terminal app stands a long conversation and a long report: the time of a key, and memory.

``python -m tests.benchmarks.conversation`` makes a report of thousands of numbered paragraphs under one
heading out of the words of the shipped ones, indexes it, and asks the app one question after another. At some
counts it looks at what a key takes until there is nothing left to draw, and at the
memory of the process.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from textual import events
from textual.pilot import Pilot

from qa.folder import LibraryFolder
from qa.library import CORPUS_FOLDER, Library
from qa.tui import QaApp
from tests.benchmarks.measuring import (
    Column,
    Record,
    Row,
    apart,
    build,
    memory,
    milliseconds,
    parser,
    say,
    show,
)
from tests.fakes import ROOT

SIZE = (100, 30)
KEYS = {
    "next passage": "j",
    "next paragraph": "right_square_bracket",
    "mark": "space",
    "next hit": "n",
}
"""The keys that are measured in the passages; a letter in the question box is measured too."""

_TIMES = 9
_MEGABYTE = 1_000_000


def make_library(folder: Path, *, paragraphs: int, seed: int) -> None:
    """Write a report of numbered paragraphs under one heading, made of shipped sentences, and index it."""
    library = Library.open(ROOT)
    sentences = [part for each in library.passages() for part in each.text.split(". ") if len(part) > 40]
    library.close()
    drawn = random.Random(seed)
    lines = ["Long report", "", "Findings", ""]
    for number in range(1, paragraphs + 1):
        lines += [f"{number}. {'. '.join(drawn.sample(sentences, 4)).rstrip('.')}.", ""]
    (folder / CORPUS_FOLDER).mkdir(parents=True)
    (folder / CORPUS_FOLDER / "long.txt").write_text("\n".join(lines), encoding="utf-8")
    build(folder)


async def measure(library: Path, *, counts: Sequence[int], seed: int) -> list[Row]:
    """Ask until each of `counts` questions were asked and return a row for each count."""
    opened = Library.open(library)
    texts = [passage.text for passage in opened.passages()]
    opened.close()
    drawn = random.Random(seed)
    rows: list[Row] = []
    app = QaApp(LibraryFolder(library))
    async with app.run_test(size=SIZE) as pilot:
        screen = app.ask_screen
        while "Ready" not in screen.status.message:
            await pilot.pause(0.05)
        asked = 0
        for count in counts:
            started = time.perf_counter()
            for number in range(asked + 1, count + 1):
                words = drawn.choice(texts).split()
                first = drawn.randrange(max(1, len(words) - 8))
                screen.ask(f"{' '.join(words[first : first + 8])} ({number})")
                while screen.conversation.running is not None:
                    await asyncio.sleep(0)
            seconds = (time.perf_counter() - started) / max(1, count - asked)
            asked = count
            rows.append(
                {
                    "questions": count,
                    "kept": len(screen.conversation),
                    "question_s": seconds,
                    "letter_s": await _letters(pilot, app),
                    **{f"{name}_s": await _presses(pilot, app, key) for name, key in KEYS.items()},
                    "resident": memory().resident,
                }
            )
            say(f"{count:,} questions asked")
    return rows


async def _letters(pilot: Pilot[None], app: QaApp) -> float:
    app.ask_screen.question_box.focus()
    await pilot.pause()
    taken = [await _seconds_of(pilot, app, letter) for letter in "abcdefghi"[:_TIMES]]
    app.ask_screen.question_box.clear()
    return statistics.median(taken)


async def _presses(pilot: Pilot[None], app: QaApp, key: str) -> float:
    screen = app.ask_screen
    newest = screen.conversation.newest_with_passages
    if newest is not None:
        screen.thread.highlight(newest, 1)
    screen.thread.focus()
    await pilot.pause()
    return statistics.median([await _seconds_of(pilot, app, key) for _ in range(_TIMES)])


async def _seconds_of(pilot: Pilot[None], app: QaApp, key: str) -> float:
    """Return how long a key takes until its work and that of the threads it set to work is drawn."""
    started = time.perf_counter()
    app.post_message(events.Key(key, key if len(key) == 1 else None))
    await asyncio.sleep(0)
    await pilot._wait_for_screen()
    while any(not worker.is_finished for worker in app.workers):
        await asyncio.sleep(0)
    await pilot._wait_for_screen()
    return time.perf_counter() - started


def run(folder: Path, *, paragraphs: int, counts: Sequence[int], seed: int) -> list[Row]:
    """Make the library and measure, in this process."""
    make_library(folder, paragraphs=paragraphs, seed=seed)
    return asyncio.run(measure(folder, counts=counts, seed=seed))


COLUMNS = (
    Column("questions", lambda row: f"{row['questions']:,}"),
    Column("kept", lambda row: f"{row['kept']:,}"),
    Column("a question", lambda row: f"{milliseconds(row['question_s'])} ms"),
    Column("a letter", lambda row: f"{milliseconds(row['letter_s'])} ms"),
    *(Column(name, lambda row, name=name: f"{milliseconds(row[f'{name}_s'])} ms") for name in KEYS),  # type: ignore[misc]
    Column("memory", lambda row: f"{row['resident'] / _MEGABYTE:.0f} MB"),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    options = parser(__doc__)
    options.add_argument(
        "--questions", type=int, default=10_000, metavar="N", help="how many (default: 10,000)"
    )
    options.add_argument("--paragraphs", type=int, default=5_000, metavar="N", help="of the report")
    options.add_argument("--seed", type=int, default=1, help="decides what is asked")
    given = options.parse_args(arguments)
    counts = sorted({min(count, given.questions) for count in (10, 100, 1_000, 3_000, given.questions)})
    with tempfile.TemporaryDirectory(prefix="qa-conversation-") as folder:
        rows = apart(run, Path(folder), paragraphs=given.paragraphs, counts=counts, seed=given.seed)
    settings = {"questions": given.questions, "paragraphs": given.paragraphs, "seed": given.seed}
    show(Record("conversation", settings, rows), COLUMNS, as_json=given.json)


if __name__ == "__main__":
    main()
