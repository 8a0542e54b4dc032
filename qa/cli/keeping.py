"""The commands on what is kept of the user, not of the reports: history, config."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from qa.cite import on_one_line, plural, to_json
from qa.cli.codes import ExitCode
from qa.cli.streams import say

if TYPE_CHECKING:
    from qa.settings import Settings


def run_history(options: argparse.Namespace) -> ExitCode:
    """Print the questions asked before, the newest last, or remove them."""
    from qa.history import History, history_file

    path = history_file()
    if options.clear:
        print(f"Removed: {plural(History.clear(path), 'question')}")
        return ExitCode.ANSWERED
    questions = History(path).questions()
    if not questions:
        say(f"No question is remembered in {path}")
    for question in questions:
        print(on_one_line(question))
    return ExitCode.ANSWERED


def run_config(options: argparse.Namespace) -> ExitCode:
    """Print where the settings are and which are in force, or write a file with the usual ones."""
    from qa.settings import make_settings_file, read_settings, settings_file

    path = settings_file()
    if options.init:
        make_settings_file(path)
        say(f"Written: {path}")
        return ExitCode.ANSWERED
    settings = read_settings(path)
    there = "" if path.exists() else " (there is no such file; to make it, run: qa config --init)"
    print(f"# {on_one_line(str(path))}{there}")
    for line in _lines(settings):
        print(line)
    return ExitCode.ANSWERED


def _lines(settings: Settings) -> Iterator[str]:
    """Yield the settings as a settings file would say them."""
    for name in settings.__slots__:
        if name != "keys":
            yield f"{name} = {to_json(getattr(settings, name))}"
    if settings.keys:
        yield "\n[keys]"
    for name, key in settings.keys.items():
        yield f"{to_json(name)} = {to_json(key)}"
