"""The commands that converse: chat, in the app or line by line, and serve, the app in a browser."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from qa.cli.codes import ExitCode
from qa.cli.libraries import folder_of, open_library
from qa.cli.streams import say
from qa.errors import QuestionError, SettingsError

if TYPE_CHECKING:
    from qa.history import History
    from qa.settings import Settings

_DRIVER_VARIABLE = "TEXTUAL_DRIVER"
"""Names what the app draws with, where that is no terminal: a page of `qa serve`."""


def run_chat(options: argparse.Namespace) -> int:
    """Open the app, or converse line by line."""
    settings, warnings = _settings(options)
    return (_run_plain if options.plain else _run_app)(options, settings, warnings)


def run_serve(options: argparse.Namespace) -> ExitCode:
    """Serve the app as a web page until it is interrupted."""
    from qa.serving import serve

    # Visitors are not the one whose settings and questions these are.
    arguments = ["chat", f"--library={folder_of(options).absolute()}", "--no-history"]
    serve(arguments, host=options.host, port=options.port, say=say)
    return ExitCode.ANSWERED


def _run_app(options: argparse.Namespace, settings: Settings, warnings: Sequence[str]) -> int:
    drawn_elsewhere = bool(os.environ.get(_DRIVER_VARIABLE))
    if not drawn_elsewhere and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise QuestionError("The app needs a terminal; without one, run: qa ask QUESTION, or qa chat --plain")
    gc.disable()  # until the app is there: looking for garbage takes a tenth of its start

    from qa.folder import LibraryFolder
    from qa.settings import settings_file
    from qa.tui.app import QaApp

    app = QaApp(
        LibraryFolder(folder_of(options)),
        settings=settings,
        settings_file=settings_file(),
        history=_history(options, settings),
        warnings=warnings,
    )
    app.run(mouse=settings.mouse)
    return app.return_code or ExitCode.ANSWERED


def _run_plain(options: argparse.Namespace, settings: Settings, warnings: Sequence[str]) -> int:
    from qa.chat import run_plain_chat

    for warning in warnings:
        say(f"Warning: {warning}")

    def write(text: str) -> None:
        print(text, end="", flush=True)

    return run_plain_chat(
        lambda: open_library(options),
        # An interrupted generator would be at its end.
        lines=map(_line, iter(sys.stdin.buffer.readline, b"")),
        write=write,
        interactive=sys.stdin.isatty() and sys.stdout.isatty(),
        on_asked=_history(options, settings).add,
    )


def _settings(options: argparse.Namespace) -> tuple[Settings, Sequence[str]]:
    """Return the user's settings as this command changes them, the usual ones if they cannot be read."""
    from qa.settings import Settings, read_settings, settings_file

    settings, warnings = Settings(), []
    try:
        settings = read_settings(settings_file())
    except SettingsError as error:
        warnings.append(str(error))
    if options.no_mouse:
        settings = replace(settings, mouse=False)
    if options.no_history:
        settings = replace(settings, history=False)
    if options.theme is not None:
        settings = replace(settings, theme=options.theme)
    return settings, warnings


def _history(options: argparse.Namespace, settings: Settings) -> History:
    from qa.history import History, history_file

    return History(history_file() if settings.history else None)


def _line(typed: bytes) -> str:
    return typed.decode("utf-8", errors="replace").rstrip("\r\n")
