"""A meeting on Rutland's children's services, held with the program by keyboard only, and what it showed.

``python -m tests.tools.meeting`` starts the program under tmux over the two reports and does, one after the
other, the twelve things people do in a meeting. It prints what was typed, how many seconds it took until the
screen showed what came of it, and the screen. ``--library FOLDER`` takes an index that is there already,
``--size 60x20`` another terminal, ``--out FILE`` writes the same to a file. A step whose outcome does not
come ends the meeting with the last screen and exit status 1.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from platformdirs import user_cache_path

from qa.encoder.export import CACHE_VARIABLE
from qa.library import Library
from qa.types import CitedPassage
from tests.benchmarks.app import Size, size_of
from tests.fakes import copy_corpus
from tests.terminal import wording
from tests.terminal.driver import RESTORED, Terminal, own_environment

QUESTION = "How safe are looked after children in Rutland?"
FOLLOW_UP = "And what about their education?"
FOLLOW_UP_FIRST = "44"
COMPARING = (
    "How do the 2006 findings on the attainment of looked after children "
    "compare with those in the 2008 letter?"
)
IN_SCOPE = "What were the weaknesses in 2008?"
FOUND, FOUND_FIRST = "foster", "9"

REVIEW, LETTER = "Joint area review", "Annual performance"
"""How a citation of each report begins."""

PARAGRAPH = "28"
FILE = "meeting.md"

STEPS = 12

_LOOKS_ALIKE = 20
"""Looks at a screen after which it is taken to stay as it is."""

_NAMES = {
    "Enter": "⏎", "Down": "↓", "Up": "↑", "Escape": "esc", "Space": "space",
    "C-q": "ctrl+q", "C-s": "ctrl+s", "C-u": "ctrl+u",
}  # fmt: skip


class Meeting:
    """The twelve steps; each waits for what it is to bring about.

    Parameters
    ----------
    terminal
        The program in a terminal, just started over the two reports.
    cited
        The passage with the printed number `PARAGRAPH`, as the library shows it.
    exports
        The folder that the program exports to, empty.
    tell
        Takes a line of the transcript.
    """

    def __init__(
        self, terminal: Terminal, *, cited: CitedPassage, exports: Path, tell: Callable[[str], None]
    ) -> None:
        self._terminal = terminal
        self._cited = cited
        self._exports = exports
        self._tell = tell
        self._steps = 0

    def hold(self) -> None:
        """Do all of it.

        Raises
        ------
        AssertionError
            If a step does not come to what it should, with the last screen.
        """
        begun = time.monotonic()
        self._terminal.wait_for(wording.painted)
        self._terminal.wait_for(wording.ready)
        self._tell(f"The program is there and its model is loaded: {time.monotonic() - begun:.2f} s")
        for step in (
            self.ask, self.follow_up, self.open_the_passage, self.jump, self.compare, self.mark,
            self.copy, self.export, self.find, self.scope, self.present, self.quit,
        ):  # fmt: skip
            step()

    def ask(self) -> None:
        """Ask a question."""
        with self._step("A question"):
            self._ask(QUESTION)
            self._wait(reader_shows("20"))

    def follow_up(self) -> None:
        """Ask what can only be understood with the question before."""
        with self._step("A question that leans on it"):
            rows = self._ask(FOLLOW_UP)
            assert "Understood as following on" in _joined(rows), f"not understood to lean: {rows}"
            self._wait(highlighted(f"para {FOLLOW_UP_FIRST}"))
            self._wait(reader_shows(FOLLOW_UP_FIRST))

    def open_the_passage(self) -> None:
        """Read the passage where it stands."""
        with self._step("The passage in its section"):
            self._press("Down", wait=wording.in_passages)
            rows = self._press("Enter", wait=wording.in_reader)
            assert shows("Enjoying and")(rows), rows

    def jump(self) -> None:
        """Go to a paragraph by its number."""
        with self._step(f"Paragraph {PARAGRAPH}"):
            self._go_to_the_paragraph()

    def compare(self) -> None:
        """Ask what both reports say, and see a citation of each."""
        with self._step("The other report beside it"):
            self._press("/", wait=wording.in_box)
            self._ask(COMPARING)
            self._press("Down", wait=wording.in_passages)
            places = []
            for position in range(1, 6):
                rows = self._press(str(position), wait=highlighted(f"{position} "))
                places.append(wording.highlighted(rows))
                self._tell(f"    passage {places[-1]}")
            for report in (REVIEW, LETTER):
                assert any(report in place for place in places), f"no passage of the {report}: {places}"

    def mark(self) -> None:
        """Mark two passages of the answer and the paragraph."""
        with self._step("Three passages marked"):
            self._press("1", wait=highlighted("1 "))
            self._press("Space", wait=shows("tray 1"))
            self._press("n", wait=highlighted("2 "))
            self._press("Space", wait=shows("tray 2"))
            self._go_to_the_paragraph()
            self._press("Space", wait=shows("tray 3"))

    def copy(self) -> None:
        """Copy the citation of the paragraph."""
        with self._step("A citation copied"):
            terminal = self._terminal
            self._press("y", wait=shows(wording.COPIED))
            wanted = self._cited.citation
            terminal.wait_until(lambda: terminal.paste_buffer() == wanted, f"tmux pastes {wanted}")
            self._tell(f"    tmux pastes: {terminal.paste_buffer()}")

    def export(self) -> None:
        """Write the tray to a file, and have the program refuse to write over it."""
        with self._step("The tray as a file, which is not written over"):
            path = self._exports / FILE
            self._press("C-s", wait=shows("Tray: 3 passages"))
            self._type_instead(FILE)
            self._press("Enter", wait=shows("Written: "))
            written = path.read_text(encoding="utf-8")
            for wanted in (self._cited.citation, self._cited.text, REVIEW, LETTER):
                assert wanted in written, f"{path} has no {wanted!r}: {written}"
            path.write_text("mine", encoding="utf-8")
            self._press("C-s", wait=shows("Tray: 3 passages"))
            self._type_instead(FILE)
            self._press("Enter", wait=shows("Not exported"))
            assert path.read_text(encoding="utf-8") == "mine", "a file that was there was written over"
            self._press("Escape", wait=lambda rows: wording.painted(rows) and not shows("Not exported")(rows))
            assert sorted(each.name for each in self._exports.iterdir()) == [FILE]

    def find(self) -> None:
        """Find a word in the report that is read."""
        with self._step("A word in the report"):
            self._press("f", wait=shows("Find in"))
            self._type(FOUND)
            self._press("Enter", wait=first_found)
            self._wait(reader_shows(FOUND_FIRST))

    def scope(self) -> None:
        """Search one report only."""
        with self._step("A question to one report"):
            self._press("F2", wait=shows("Where to search"))
            self._type("letter")
            self._wait(shows("search only"))
            self._press("Enter", wait=lambda rows: wording.painted(rows) and shows("Scope: ")(rows))
            self._press("/", wait=wording.in_box)
            rows = self._ask(IN_SCOPE)
            self._wait(reader_shows(""))
            assert LETTER in _joined(wording.below(rows, IN_SCOPE)), rows
            assert not any(REVIEW in row for row in wording.below(rows, IN_SCOPE)), rows

    def present(self) -> None:
        """Show the passages to everybody, one by one."""
        with self._step("On the projector"):
            self._press("F5", wait=shows("1 of 10"))
            self._press("n", wait=shows("2 of 10"))
            self._show()
            self._press("Escape", wait=wording.painted)

    def quit(self) -> None:
        """Leave the terminal as it was."""
        with self._step("The end"):
            terminal = self._terminal
            begun = time.monotonic()
            terminal.press("C-q")
            status = terminal.wait_for_exit()
            terminal.wait_for_modes(RESTORED)
            self._say_done("ctrl+q", begun)
            assert status == 0, f"exit status {status}"
            self._tell(f"    exit status {status}, the terminal is as it was")

    # What a step is made of.

    @contextmanager
    def _step(self, title: str) -> Iterator[None]:
        self._steps += 1
        self._tell(f"\n{self._steps:>2}. {title}")
        yield
        if self._terminal.exit_status is None:
            self._show()

    def _ask(self, question: str) -> list[str]:
        self._type(question)
        return self._press("Enter", wait=lambda rows: answer_to(question, rows))

    def _go_to_the_paragraph(self) -> None:
        self._press("g", wait=shows("Go to paragraph"))
        self._type(PARAGRAPH)
        self._press("Enter", wait=self._at_the_paragraph)

    def _at_the_paragraph(self, rows: list[str]) -> bool:
        """The reader is at the paragraph, and the status line cites it."""
        return (
            wording.in_reader(rows)
            and reader_shows(PARAGRAPH)(rows)
            and f" {self._cited.citation} " in f" {_joined(rows)} "
        )

    def _type(self, text: str) -> None:
        begun = time.monotonic()
        self._terminal.type(text)
        self._wait(lambda rows: any(text[-20:] in row for row in rows))
        self._say_done(f"“{text}”", begun)

    def _type_instead(self, text: str) -> None:
        """Type over what stands in a field."""
        self._terminal.press("C-u")
        self._type(text)

    def _press(self, key: str, *, wait: Callable[[list[str]], object]) -> list[str]:
        begun = time.monotonic()
        self._terminal.press(key)
        rows = self._wait(wait)
        self._say_done(_NAMES.get(key, key), begun)
        return rows

    def _wait(self, condition: Callable[[list[str]], object]) -> list[str]:
        return self._terminal.wait_for(condition)

    def _say_done(self, typed: str, begun: float) -> None:
        self._tell(f"    {time.monotonic() - begun:6.2f} s  {typed}")

    def _show(self) -> None:
        """Tell what is on the screen once it stays so."""
        for row in self._wait(Stays()):
            self._tell(f"    │{row}".rstrip())


class Stays:
    """The condition that the screen stays as it is."""

    def __init__(self) -> None:
        self._last: list[str] = []
        self._alike = 0

    def __call__(self, rows: list[str]) -> bool:
        """Return whether some looks one after the other have shown the same rows."""
        self._alike = self._alike + 1 if rows == self._last else 0
        self._last = rows
        return self._alike >= _LOOKS_ALIKE


def shows(text: str) -> Callable[[list[str]], bool]:
    """Return the condition that a text stands on the screen."""

    def condition(rows: list[str]) -> bool:
        return any(text in row for row in rows)

    condition.__doc__ = f"the screen shows {text!r}"
    return condition


def highlighted(text: str) -> Callable[[list[str]], bool]:
    """Return the condition that the highlighted passage is one whose lines hold a text."""

    def condition(rows: list[str]) -> bool:
        found = wording.highlighted(rows)
        return found.startswith(text) if text[:1].isdigit() else text in found

    condition.__doc__ = f"the highlighted passage is {text!r}"
    return condition


def reader_shows(number: str) -> Callable[[list[str]], bool]:
    """Return the condition that the reader marks the paragraph of a number, or any, if it has room."""

    def condition(rows: list[str]) -> bool:
        beside = [re.split("[│┃]", row, maxsplit=1)[1] for row in rows if re.search("[│┃]", row[1:-1])]
        shown = beside or (rows if wording.in_reader(rows) else [])
        # The title names it; its number may have gone out of sight, with the sentence that matches in view.
        titled = not number or re.search(rf"para {number}\b", " ".join(" ".join(shown).split())) is not None
        return not shown or (titled and any("▌" in row for row in shown))

    condition.__doc__ = f"the reader shows paragraph {number}"
    return condition


def answer_to(question: str, rows: Sequence[str]) -> bool:
    """The answer to a question is on the screen, with its verdict and its first passage highlighted."""
    answer = wording.below(rows, question)
    return wording.answered(answer) and wording.highlighted(answer).startswith("1 ")


def first_found(rows: Sequence[str]) -> bool:
    """Keys go to the first passage that holds the word."""
    asked = [place for place, row in enumerate(rows) if re.match(rf"Q\d+ +{FOUND}\b", row)]
    below = rows[asked[-1] + 1 :] if asked else ()
    return wording.in_passages(rows) and wording.highlighted(below).startswith("1 ")


def hold(folder: Path, home: Path, size: Size, *, tell: Callable[[str], None], **variables: str) -> None:
    """Hold the meeting over a library folder that has an index of the two reports.

    Parameters
    ----------
    folder
        The library.
    home
        An empty folder that becomes the program's home.
    size
        The size of the terminal.
    tell
        Takes the lines of the transcript.
    variables
        What else is to be in the program's environment.
    """
    exports = home / "exports"
    exports.mkdir(parents=True)
    environment = own_environment(home, QA_LIBRARY=str(folder.resolve()), **variables)
    Path(environment["QA_CONFIG"]).write_text(f'export_folder = "{exports}"\n', encoding="utf-8")
    with closing(Library.open(folder)) as library:
        (cited,) = library.show(f"jar-2006:{PARAGRAPH}")
    command = (sys.executable, "-m", "qa")
    with Terminal(command, environment=environment, columns=size.columns, rows=size.rows) as terminal:
        Meeting(terminal, cited=cited, exports=exports, tell=tell).hold()


def main(arguments: Sequence[str] | None = None) -> int:
    """Hold the meeting and print it; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument(
        "--library", type=Path, metavar="DIR", help="made anew of the two reports if not given"
    )
    parser.add_argument("--size", type=size_of, default=Size(100, 30), metavar="COLUMNSxROWS")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to write the transcript too")
    given = parser.parse_args(arguments)
    if shutil.which("tmux") is None:
        parser.error("there is no program tmux, in which the meeting is held: install tmux")
    # The home folder is another one, the cache in it is not: a model is not exported for this.
    cache = os.environ.get(CACHE_VARIABLE) or str(user_cache_path("qa", appauthor=False))
    with ExitStack() as stack:
        own = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="qa-meeting-")))
        files = [sys.stdout]
        if given.out is not None:
            files.append(stack.enter_context(given.out.open("w", encoding="utf-8")))
        folder = given.library
        if folder is None:
            folder = copy_corpus(own / "library")
            Library.build(folder).close()

        def tell(line: str) -> None:
            for file in files:
                print(line, file=file, flush=True)

        try:
            hold(folder, own / "home", given.size, tell=tell, **{CACHE_VARIABLE: cache})
        except AssertionError as error:
            tell(f"\nThe meeting ended here: {error}")
            return 1
    return 0


def _joined(rows: Sequence[str]) -> str:
    return " ".join(" ".join(rows).split())


if __name__ == "__main__":
    sys.exit(main())
