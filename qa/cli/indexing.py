"""The commands that read report files: index, inspect."""

from __future__ import annotations

import argparse

from qa.cite import plural, to_json
from qa.cli.codes import ExitCode
from qa.cli.libraries import build_library, folder_of
from qa.cli.progress import ProgressDisplay
from qa.cli.streams import say, say_plainly
from qa.types import Progress


def run_index(options: argparse.Namespace) -> ExitCode:
    """Index the reports, after adding some if any are named."""
    from qa.library import Library
    from qa.printing import build_text, contents_text

    folder = folder_of(options)
    failed: list[str] = []
    if options.paths:
        added = Library.add(folder, options.paths, on_failure=failed.append)
        for sentence in failed:
            say(sentence)
        if len(added) > 1:
            say(f"In the corpus: {plural(len(added), 'file')}")
        else:
            for path in added:
                say(f"In the corpus: {path}")
        if not added:
            return ExitCode.CORPUS_OR_INDEX
    if not options.force and Library.is_current(folder, model=options.model):
        library = Library.open(folder)
        for sentence in library.unread:
            say(sentence)
        print(f"The index is up to date: {contents_text(library.reports())}")
    else:
        library = build_library(folder, model=options.model, download=options.download, anew=options.force)
        if library.built is not None and (options.paths or not library.built.is_clean):
            say_plainly(build_text(library.built))
        print(f"Indexed {contents_text(library.reports())}")
    return ExitCode.CORPUS_OR_INDEX if failed or library.unread else ExitCode.ANSWERED


def run_inspect(options: argparse.Namespace) -> ExitCode:
    """Show how a file is read."""
    from qa.inspection import inspect, inspection_as_dict, write_page
    from qa.printing import inspection_text

    with ProgressDisplay() as show:
        inspection = inspect(
            options.file,
            library=folder_of(options),
            on_page=lambda done, total: show(Progress("looking at", done, total)),
        )
    if options.html is not None:
        say(f"Written: {write_page(inspection, options.html, force=options.force)}")
    if options.json:
        print(to_json(inspection_as_dict(inspection)))
    elif options.html is None:
        print(inspection_text(inspection))
    return ExitCode.ANSWERED
