"""A program in a terminal of its own: what is typed into it, what it shows, how it ends.

The terminal is tmux in its default configuration, one server a terminal. Nothing here waits for a time to
pass: everything waits for a condition and fails, with the last screen, when it never comes to hold.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Self

from tests.fakes import ROOT

PATIENCE = 30.0
"""Seconds after which what has not come about is not waited for any more; a busy machine takes long."""

_PROCESSES = Path("/proc")
_SECONDS_BETWEEN_LOOKS = 0.01
_COLUMNS, _ROWS = 100, 30
_KEPT = ("PATH", "TMPDIR", "LD_LIBRARY_PATH", "QA_CACHE", "OMP_NUM_THREADS", "MKL_NUM_THREADS")

# The program is a child, so that its exit status is known and what it leaves behind of the terminal can be
# seen: tmux forgets the one at times and draws over the other when a pane's own process ends.
_RUN = r"""
trap : INT  # ctrl+c is for the program
sh -c 'echo $$ > "$1/pid"; shift; exec "$@"' sh "$@"
echo $? > "$1/status"
exec cat
"""

_STYLE = re.compile(r"\x1b\[([\d;:]*)m")


class Modes(NamedTuple):
    """What a program has done to its terminal."""

    alternate_screen: bool
    mouse: bool
    cursor: bool


RESTORED = Modes(alternate_screen=False, mouse=False, cursor=True)
"""A terminal as a shell wants it."""


class Terminal:
    """A terminal of a size with a program in it.

    Parameters
    ----------
    command
        The program and its arguments.
    environment
        Everything it finds in its environment, but for what tmux itself sets.
    columns, rows
        The size.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        columns: int = _COLUMNS,
        rows: int = _ROWS,
    ) -> None:
        # Short, for the path of a socket must not be long.
        self._folder = Path(tempfile.mkdtemp(prefix="qa-tmux-"))
        self._name = f"qa-{os.getpid()}"
        self._environment = {**environment, "TMUX_TMPDIR": str(self._folder)}
        size = ["-x", str(columns), "-y", str(rows)]
        started = ["sh", "-c", _RUN, "sh", str(self._folder), *command]
        try:
            self.tmux("new-session", "-d", *size, "-c", str(ROOT), "--", *started)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def socket(self) -> Sequence[str]:
        """The tmux command line that reaches this server."""
        return ("tmux", "-u", "-L", self._name, "-f", os.devnull)

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment of the server, which is that of the program."""
        return self._environment

    def tmux(self, *arguments: str) -> str:
        """Have tmux do something and return what it prints."""
        done = self._run(*arguments)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            raise RuntimeError(f"tmux {arguments[0]} failed: {said}")
        return done.stdout.decode(errors="replace")

    # What people do.

    def type(self, text: str) -> None:
        """Type characters."""
        self.tmux("send-keys", "-l", "--", text)

    def paste(self, text: str) -> None:
        """Paste text, as a terminal does: the program can tell it from what is typed."""
        self.tmux("set-buffer", "-b", "pasted", "--", text)
        self.tmux("paste-buffer", "-b", "pasted", "-d", "-p")

    def press(self, *keys: str) -> None:
        """Press keys by the names tmux has for them: ``"Enter"``, ``"Down"``, ``"C-q"``, ``"F1"``."""
        self.tmux("send-keys", "--", *keys)

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size."""
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def drop(self) -> None:
        """Take the terminal away from under the program, as a lost connection does."""
        self.tmux("new-window", "-d", "--", "cat")  # so that the server stays
        self.tmux("kill-pane")

    def send_signal(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        os.kill(self.process, number)

    # What is there to be seen.

    def screen(self) -> list[str]:
        """Return the rows of the screen, without the spaces at their ends."""
        return self.tmux("capture-pane", "-p").split("\n")[:-1]

    def screen_with_styles(self) -> str:
        """Return the screen with the sequences that make its colours and other styles."""
        return self.tmux("capture-pane", "-p", "-e")

    def modes(self) -> Modes:
        """Return the state the terminal is in."""
        told = self.tmux("display-message", "-p", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}")
        return Modes(*(word == "1" for word in told.split()))

    def title(self) -> str:
        """Return what the program has set as the terminal's title."""
        return self.tmux("display-message", "-p", "#{pane_title}").strip()

    def paste_buffer(self) -> str | None:
        """Return what tmux would paste, character for character, or none if nothing was copied."""
        if not self.tmux("list-buffers").strip():
            return None
        return self.tmux("show-buffer")

    @property
    def process(self) -> int:
        """The number of the program's process."""
        self.wait_until(lambda: bool(self._told("pid")), "the program is started")
        return int(self._told("pid"))

    @property
    def exit_status(self) -> int | None:
        """The program's exit status, 128 and the number of the signal that killed it, or none yet."""
        told = self._told("status")
        return int(told) if told else None

    def is_running(self) -> bool:
        """Whether the program's process is there."""
        return self._is_there(self.process)

    # What is waited for.

    def wait_for(
        self, condition: str | Callable[[list[str]], object], *, seconds: float = PATIENCE
    ) -> list[str]:
        """Wait until a text stands in a row of the screen, or a condition holds of the rows; return them."""
        if isinstance(condition, str):
            text = condition
            return self.wait_for(lambda rows: any(text in row for row in rows), seconds=seconds)
        last: list[str] = []

        def holds() -> bool:
            nonlocal last
            ended = self.exit_status
            last = self.screen()
            if not (met := bool(condition(last))) and ended is not None:
                raise AssertionError(f"the program ended with status {ended}; {_drawn(last)}")
            return met

        self.wait_until(holds, condition.__doc__ or "the screen is as it should be", seconds=seconds)
        return last

    def wait_until(self, condition: Callable[[], object], what: str, *, seconds: float = PATIENCE) -> None:
        """Wait until a condition holds; what it says, in words, is told when it never does."""
        given_up_at = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > given_up_at:
                raise AssertionError(f"never in {seconds:.0f} s: {what}; {_drawn(self.screen())}")
            time.sleep(_SECONDS_BETWEEN_LOOKS)

    def wait_for_exit(self) -> int:
        """Wait until the program has ended; return its exit status."""
        self.wait_until(lambda: self.exit_status is not None, "the program has ended")
        status = self.exit_status
        assert status is not None
        return status

    def wait_for_modes(self, modes: Modes) -> None:
        """Wait until the terminal is in a state."""
        self.wait_until(lambda: self.modes() == modes, f"{modes}")

    def close(self) -> None:
        """End the program and its terminal, whatever state they are in."""
        if (pid := self._told("pid")) and _PROCESSES.is_dir() and self._is_there(int(pid)):
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        self._run("kill-server")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _is_there(self, process: int) -> bool:
        """Whether a process is there, not only its number: that may be another's by now."""
        try:
            os.kill(process, 0)
            if not _PROCESSES.is_dir():
                return True
            return os.fsencode(self._folder) in (_PROCESSES / str(process) / "environ").read_bytes()
        except (ProcessLookupError, PermissionError, FileNotFoundError):
            return False

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [*self.socket, *arguments], env=self._environment, stdin=subprocess.DEVNULL,
            capture_output=True, check=False, timeout=PATIENCE,
        )  # fmt: skip

    def _told(self, file: str) -> str:
        path = self._folder / file
        return path.read_text(encoding="ascii").strip() if path.exists() else ""


def own_environment(home: Path, **variables: str) -> dict[str, str]:
    """Return an environment with nothing of whoever runs this but where programs are.

    Parameters
    ----------
    home
        A folder that is made if need be; it becomes the home folder and holds all that a program keeps.
    variables
        What else is to be in it.
    """
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    folders = {"HOME": home}
    for name in ("CONFIG", "STATE", "CACHE", "DATA"):
        folders[f"XDG_{name}_HOME"] = home / name.lower()
    folders["QA_CONFIG"] = home / "config.toml"
    folders["QA_STATE"] = home / "kept"
    home.mkdir(parents=True, exist_ok=True)
    return {
        **kept,
        **{name: str(folder) for name, folder in folders.items()},
        "LC_ALL": "C.UTF-8",
        "TERM": "xterm-256color",
        "SHELL": "/bin/sh",
        "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": str(ROOT),
        **variables,
    }


def styles(screen: str) -> set[int]:
    """Return the numbers in the sequences of a screen that set a style, without those of a shade."""
    found: set[int] = set()
    for parameters in _STYLE.findall(screen):
        numbers = [int(number or 0) for number in re.split("[;:]", parameters)]
        while numbers:
            number = numbers.pop(0)
            found.add(number)
            if number in (38, 48, 58) and numbers:
                del numbers[: 2 if numbers[0] == 5 else 4]
    return found


def colours(screen: str) -> set[int]:
    """Return the numbers that set a colour; those that take one away are none."""
    return {
        number
        for number in styles(screen)
        if number in range(30, 39) or number in range(40, 49) or number == 58 or number in range(90, 108)
    }


def _drawn(rows: Sequence[str]) -> str:
    return "\n".join(["the last screen:", *(f"│{row}" for row in rows)])
