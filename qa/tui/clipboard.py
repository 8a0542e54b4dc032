"""Ways to a clipboard beside the terminal's own: tmux, which swallows the terminal's, and the desktop's.

Nothing acknowledges the sequence that carries text to a terminal's clipboard (OSC 52), tmux drops it in its
default configuration, and some terminals drop one that is long. So the text also goes through the programmes
at hand, and people are told where it went.

In a browser the same sequence reaches the page, which fills the clipboard of the computer it is shown on.
tmux and the desktop are then those of the computer that serves the page, and are left alone.
"""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

TERMINAL = "the terminal clipboard"
BROWSER = "the browser's clipboard"

MOST_BYTES_FOR_SURE = 74_000
"""Bytes of base64 in a sequence above which some of the terminals that know it drop it, with a margin."""

_SECONDS_TO_WAIT = 3


class Route(NamedTuple):
    """A programme that takes text on its standard input and the words people know it by."""

    name: str
    command: tuple[str, ...]
    needs: str | None = None
    encoding: str = "utf-8"
    older: tuple[str, ...] | None = None
    """The command for a version that refuses the other one."""


# Before its version 3.2 tmux cannot hand on what it is given, but takes it into its own buffer.
_TMUX = Route("tmux", ("tmux", "load-buffer", "-w", "-"), needs="TMUX", older=("tmux", "load-buffer", "-"))

# pbcopy reads its locale to decode what it gets; clip.exe knows UTF-16 but not UTF-8.
_DESKTOP = (
    Route("wl-copy", ("wl-copy",), needs="WAYLAND_DISPLAY"),
    Route("xclip", ("xclip", "-selection", "clipboard"), needs="DISPLAY"),
    Route("xsel", ("xsel", "--clipboard", "--input"), needs="DISPLAY"),
    Route("pbcopy", ("pbcopy",)),
    Route("clip.exe", ("clip.exe",), encoding="utf-16-le"),
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Which programmes took the text and which failed, besides the clipboard of what shows the app."""

    taken: tuple[str, ...]
    failed: tuple[str, ...]
    clipboard: str = TERMINAL
    too_long_for_some: bool = False
    """Whether there are terminals that drop a text of this length."""

    def in_words(self) -> str:
        """Return where the text went, the terminal first, as people read it."""
        where = [self.clipboard, *self.taken]
        sent = where[0] if len(where) == 1 else f"{', '.join(where[:-1])} and {where[-1]}"
        failed = f"; {', '.join(self.failed)} did not take it" if self.failed else ""
        long = "; some terminals drop text this long: check that it arrived" if self.too_long_for_some else ""
        return f"sent to {sent}{failed}{long}"


def routes(environment: Mapping[str, str], *, in_browser: bool = False) -> tuple[Route, ...]:
    """Return the programmes to hand text to, given the environment variables.

    Over SSH the desktop's programmes would fill the clipboard of the wrong computer; in a browser, all would.
    """
    if in_browser:
        return ()
    search_path = environment.get("PATH")

    def usable(route: Route) -> bool:
        at_hand = route.needs is None or bool(environment.get(route.needs))
        return at_hand and shutil.which(route.command[0], path=search_path) is not None

    tmux = [_TMUX] if usable(_TMUX) else []
    over_ssh = any(environment.get(name) for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"))
    desktop = [] if over_ssh else [route for route in _DESKTOP if usable(route)][:1]
    return (*tmux, *desktop)


def deliver(text: str, environment: Mapping[str, str], *, in_browser: bool = False) -> Delivery:
    """Hand `text`, unchanged, to every programme at hand. May take seconds: not for the drawing thread."""
    if in_browser:
        return Delivery((), (), BROWSER)
    taken: list[str] = []
    failed: list[str] = []
    for route in routes(environment):
        (taken if _took(route, text, environment) else failed).append(route.name)
    too_long = len(base64.b64encode(text.encode())) > MOST_BYTES_FOR_SURE
    return Delivery(tuple(taken), tuple(failed), too_long_for_some=too_long)


def _took(route: Route, text: str, environment: Mapping[str, str]) -> bool:
    commands = [route.command, *([route.older] if route.older else [])]
    return any(_ran(command, route, text, environment) for command in commands)


def _ran(command: tuple[str, ...], route: Route, text: str, environment: Mapping[str, str]) -> bool:
    executable = shutil.which(command[0], path=environment.get("PATH"))
    if executable is None:
        return False
    try:
        finished = subprocess.run(
            [executable, *command[1:]],
            input=text.encode(route.encoding),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"LC_CTYPE": "UTF-8", **environment} if route.name == "pbcopy" else dict(environment),
            timeout=_SECONDS_TO_WAIT,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return finished.returncode == 0
