"""How long an index takes that is built again after one report was changed, added or removed.

``python -m tests.benchmarks.incremental --library FOLDER`` copies the library, builds its index, and builds
it again after nothing, one paragraph, or one report has changed. Each build is a process of its own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from qa.ingest.corpus import find_reports, read_report
from qa.library import CORPUS_FOLDER
from tests.benchmarks.corpora import copy_of
from tests.benchmarks.indexing import time_of_build
from tests.benchmarks.measuring import (
    Column,
    Record,
    Row,
    add_library,
    apart,
    export_model,
    megabytes,
    name_of,
    parser,
    run_command,
    say,
    show,
)

ADDED_SENTENCE = " Inspectors returned to this in the spring."
ADDED_REPORT = "added-report.txt"
FULL = "full build"


def edit_one_paragraph(corpus: Path) -> None:
    """Add a sentence to the longest paragraph of the report in the middle of a corpus."""
    files = find_reports(corpus)
    file = files[len(files) // 2]
    longest = max(read_report(file).passages, key=lambda passage: len(passage.text))
    text = file.path.read_bytes().decode("utf-8-sig")
    end = longest.source[-1].end
    file.path.write_bytes((text[:end] + ADDED_SENTENCE + text[end:]).encode())


def add_a_report(corpus: Path) -> None:
    """Add a report whose paragraphs are those of the first one, each with a sentence more."""
    first = find_reports(corpus)[0]
    numbered = [each.text for each in read_report(first).passages if each.kind.ranked]
    paragraphs = [
        f"{number}. {' '.join(text.split())}{ADDED_SENTENCE}" for number, text in enumerate(numbered, 1)
    ]
    (corpus / ADDED_REPORT).write_text("\n\n".join(["Another report", *paragraphs]), encoding="utf-8")


def remove_a_report(corpus: Path) -> None:
    """Remove the report that was added."""
    (corpus / ADDED_REPORT).unlink()


CHANGES: dict[str, Callable[[Path], None]] = {
    FULL: lambda _: None,
    "nothing changed": lambda _: None,
    "one paragraph changed": edit_one_paragraph,
    "one report added": add_a_report,
    "one report removed": remove_a_report,
}
"""What is done before each build, in this order."""


def builds(library: Path, *, run: Callable[..., Any] = apart) -> Iterator[Row]:
    """Yield what each build took; the library is a copy that may be changed, without an index."""
    full = 0.0
    for name, change in CHANGES.items():
        say(name)
        change(library / CORPUS_FOLDER)
        row = run(time_of_build, library)
        full = full or row["seconds"]
        yield {"change": name, **row, "share_of_full": row["seconds"] / full}


COLUMNS = (
    Column("before the build", lambda row: str(row["change"])),
    Column("time", lambda row: f"{row['seconds']:.2f} s"),
    Column("share of the full build", lambda row: f"{row['share_of_full']:.1%}"),
    Column("memory at most", lambda row: f"{megabytes(row['peak'])} MB"),
)


def main(arguments: Sequence[str] | None = None, *, run: Callable[..., Any] = apart) -> None:
    """Measure and print."""
    options = parser(__doc__)
    add_library(options)
    options.add_argument(
        "--passages", type=int, metavar="N", help="of the first reports only, so many (default: all)"
    )
    given = options.parse_args(arguments)
    run(export_model)
    with tempfile.TemporaryDirectory(prefix="qa-incremental-") as temporary:
        copy = Path(temporary) / "library"
        copied = copy_of(given.library, copy, passages=given.passages)
        rows = list(builds(copy, run=run))
    settings = {
        "library": name_of(given.library),
        "reports": len(copied),
        "passages": sum(len(one.passages) for one in copied),
    }
    show(Record("incremental", settings, rows, settings), COLUMNS, as_json=given.json)


if __name__ == "__main__":
    run_command(main)
