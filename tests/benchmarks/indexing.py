"""How many passages a second are indexed, against sentence-transformers only encoding the same passages.

``python -m tests.benchmarks.indexing --library FOLDER --passages 2500`` builds the whole index of a copy of
the library (reading, encoding, compressing, writing) and lets ``SentenceTransformer.encode`` read each
passage in the same frame once, with several batch sizes, of which the best one counts. Both use the same
cores, each run in a process of its own, by turns; loading the model counts for `qa` only.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from qa.build import frame_of
from qa.encoder.runtime import usable_cores
from qa.encoder.weights import DEFAULT_MODEL, find_model
from qa.ingest.corpus import find_reports, read_report
from qa.library import CORPUS_FOLDER, INDEX_FOLDER
from tests.benchmarks.corpora import copy_of
from tests.benchmarks.measuring import (
    Column,
    Record,
    Row,
    add_library,
    apart,
    build,
    export_model,
    megabytes,
    memory,
    name_of,
    parser,
    run_command,
    say,
    show,
    timer,
)

BATCH_SIZES = (8, 16, 32, 64, 128)
BUILD = "qa: the whole build"
ENCODE = "SentenceTransformer.encode, batches of {}"


def time_of_build(library: Path) -> Row:
    """Build a library's index in this process."""
    with timer() as taken:
        build(library)
    return {"seconds": taken.seconds, "peak": memory().peak}


def times_of_encoding(library: Path, batch_sizes: Sequence[int]) -> list[Row]:
    """Encode a library's passages in this process with sentence-transformers, once with each batch size."""
    import torch
    from sentence_transformers import SentenceTransformer

    read = [read_report(file) for file in find_reports(library / CORPUS_FOLDER)]
    texts = [
        frame_of(one.report, passage) + passage.shown
        for one in read
        for passage in one.passages
        if passage.kind.ranked
    ]
    torch.set_num_threads(usable_cores())
    model = SentenceTransformer(str(find_model(DEFAULT_MODEL)), device="cpu")
    model.encode(texts[:8], normalize_embeddings=True)
    rows: list[Row] = []
    for size in batch_sizes:
        with timer() as taken:
            model.encode(texts, batch_size=size, normalize_embeddings=True, show_progress_bar=False)
        rows.append({"seconds": taken.seconds, "peak": memory().peak})
    return rows


def measure(
    library: Path, *, rounds: int, batch_sizes: Sequence[int], run: Callable[..., Any] = apart
) -> dict[str, list[Row]]:
    """Return what each way took in each round; the folder is a copy whose index may be removed."""
    found: dict[str, list[Row]] = {}
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        shutil.rmtree(library / INDEX_FOLDER, ignore_errors=True)
        found.setdefault(BUILD, []).append(run(time_of_build, library))
        for size, row in zip(batch_sizes, run(times_of_encoding, library, batch_sizes), strict=True):
            found.setdefault(ENCODE.format(size), []).append(row)
    return found


def rows_of(found: dict[str, list[Row]], *, passages: int) -> list[Row]:
    """Return the rows of the table."""
    return [
        {
            "way": way,
            "seconds": statistics.median(row["seconds"] for row in rows),
            "seconds_of_each_round": [row["seconds"] for row in rows],
            "passages_a_second": passages / statistics.median(row["seconds"] for row in rows),
            "peak": max(row["peak"] for row in rows),
        }
        for way, rows in found.items()
    ]


COLUMNS = (
    Column("way", lambda row: str(row["way"])),
    Column("time", lambda row: f"{row['seconds']:.1f} s"),
    Column("passages a second", lambda row: f"{row['passages_a_second']:.1f}"),
    Column("memory at most", lambda row: f"{megabytes(row['peak'])} MB"),
)


def main(arguments: Sequence[str] | None = None, *, run: Callable[..., Any] = apart) -> None:
    """Measure and print."""
    options = parser(__doc__)
    add_library(options)
    options.add_argument(
        "--passages", type=int, metavar="N", help="of the first reports only, so many (default: all)"
    )
    options.add_argument("--rounds", type=int, default=3, metavar="N", help="default: %(default)s")
    options.add_argument("--batch-sizes", type=int, nargs="+", default=BATCH_SIZES, metavar="N")
    given = options.parse_args(arguments)
    run(export_model)
    with tempfile.TemporaryDirectory(prefix="qa-indexing-") as temporary:
        copy = Path(temporary) / "library"
        copied = copy_of(given.library, copy, passages=given.passages)
        passages = sum(passage.kind.ranked for one in copied for passage in one.passages)
        found = measure(copy, rounds=given.rounds, batch_sizes=given.batch_sizes, run=run)
    rows = rows_of(found, passages=passages)
    best = min(rows[1:], key=lambda row: float(row["seconds"]))
    settings = {
        "library": name_of(given.library),
        "passages": passages,
        "rounds": given.rounds,
        "threads": usable_cores(),
        "batch_sizes": list(given.batch_sizes),
    }
    figures = {
        "passages": passages,
        "the_best_of_sentence_transformers": best["way"],
        "qa_is_quicker_by_a_factor_of": best["seconds"] / rows[0]["seconds"],
    }
    show(Record("indexing", settings, rows, figures), COLUMNS, as_json=given.json)


if __name__ == "__main__":
    run_command(main)
