"""What the benchmarks share: a process to measure in, its memory, the machine, how figures are shown."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple, ParamSpec, TypeVar

import qa.library
from qa.encoder.runtime import usable_cores
from qa.errors import QaError
from qa.library import CORPUS_FOLDER, INDEX_FOLDER, Library
from tests.fakes import ROOT

P = ParamSpec("P")
T = TypeVar("T")

PACKAGES = ("qa", "sentence-transformers", "torch", "onnxruntime", "tokenizers", "faiss-cpu", "numpy")
"""What the figures depend on most; their versions are recorded."""

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
MEGABYTE = 1_000_000

Row = dict[str, Any]


class Memory(NamedTuple):
    """How much of its memory a process has in the machine's, now and at most, in bytes."""

    resident: int
    peak: int


@dataclass(frozen=True, slots=True)
class Record:
    """What one run of a benchmark has found.

    Attributes
    ----------
    benchmark
        The name of its command.
    settings
        What it was told to do.
    rows
        The figures, one row of the table each; times in seconds or, where the name says so, milliseconds,
        sizes in bytes.
    figures
        What is said of all rows together, such as ratios.
    machine
        Where it ran, and with which versions.
    """

    benchmark: str
    settings: Mapping[str, Any]
    rows: Sequence[Row]
    figures: Mapping[str, Any] = field(default_factory=dict)
    machine: Mapping[str, Any] = field(default_factory=lambda: machine())


class Column(NamedTuple):
    """A column of a table: its head, and how it is made of a row."""

    head: str
    cell: Callable[[Row], str]


def machine() -> dict[str, Any]:
    """Return what the machine is, how busy it is, and the versions of what runs on it."""
    return {
        "processor": _processor(),
        "cores": usable_cores(),
        "memory": _memory_of_machine(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "threads": {name: os.environ[name] for name in THREAD_VARIABLES if name in os.environ},
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def apart(function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Return what a function gives in a process of its own, which starts with nothing loaded.

    Parameters
    ----------
    function
        A function of a module, so that the process can find it.
    arguments, options
        What it is given, and what it gives, must be plain values.
    """
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=fresh) as process:
        return process.submit(function, *arguments, **options).result()


def memory() -> Memory:
    """Return the memory of this process.

    On Linux the peak is that of the program alone; elsewhere the system may count what started it, and the
    present size is taken to be the peak.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        return Memory(most, most)
    lines = dict(
        line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines() if ":" in line
    )
    resident, peak = (int(lines[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))
    return Memory(resident, peak)


class Timer:
    """How long the lines under ``with timer() as taken`` took, in seconds; 0 until they have ended."""

    seconds = 0.0


@contextmanager
def timer() -> Iterator[Timer]:
    """Measure a stretch of the program by the clock on the wall."""
    taken = Timer()
    started = time.perf_counter()
    yield taken
    taken.seconds = time.perf_counter() - started


def index_of(library: Path) -> Path:
    """Return the folder of the present build of a library's index."""
    manifest = json.loads((library / INDEX_FOLDER / "manifest.json").read_text(encoding="utf-8"))
    return library / INDEX_FOLDER / str(manifest["build"])


def name_of(library: Path) -> str:
    """Return what a library is called in a table: ``"shipped"`` or the name of its folder."""
    return "shipped" if library.resolve() == ROOT else library.resolve().name


def prepare(library: Path, *, run: Callable[..., Any] = apart) -> None:
    """Make the index of a library whose index does not agree with its reports.

    A folder without reports has an index that was made of something else, which is used as it is.
    """
    if (library / CORPUS_FOLDER).is_dir() and not run(Library.is_current, library):
        say(f"building the index of {name_of(library)}")
        run(build, library)


def build(library: Path) -> None:
    """Build a library's index and close it."""
    Library.build(library).close()


def export_model(name: str | None = None) -> None:
    """Let the model be exported now if it never was, so that no measurement counts that."""
    # Looked up as the library does it, so that a test can put another encoder in its place.
    vars(qa.library)["SentenceEncoder"](name).encode_questions(["ready"])


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser that knows the options that every benchmark has."""
    made = argparse.ArgumentParser(description=(description or "").split("\n")[0])
    made.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    return made


def add_library(made: argparse.ArgumentParser) -> None:
    """Let a parser take a library folder; the shipped one if none is given."""
    made.add_argument(
        "--library", type=Path, default=ROOT, metavar="FOLDER",
        help="the folder that holds corpus/ and index/ (default: the shipped reports)",
    )  # fmt: skip


def show(record: Record, columns: Sequence[Column], *, as_json: bool) -> None:
    """Print a record as one JSON object, or its rows as a table with the other figures below."""
    if as_json:
        print(json.dumps(asdict(record), ensure_ascii=False))
        return
    print(table([column.head for column in columns], [[c.cell(row) for c in columns] for row in record.rows]))
    print()
    for name, value in record.figures.items():
        print(f"{name.replace('_', ' ')}: {_printed(value)}")
    print(f"On {machine_in_words(record.machine)}.")


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows as a Markdown table."""
    lines = [list(heads), ["---"] * len(heads), *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def machine_in_words(described: Mapping[str, Any]) -> str:
    """Return what the machine is as a clause."""
    packages = ", ".join(f"{name} {number}" for name, number in described["packages"].items())
    threads = "".join(f", {name}={value}" for name, value in described["threads"].items())
    return (
        f"{described['cores']} cores of {described['processor']}, {described['memory'] / 2**30:.0f} GiB of "
        f"memory, {described['system']}, load {described['load']} at the end, Python {described['python']}, "
        f"{packages}{threads}"
    )


def say(sentence: str) -> None:
    """Tell on stderr what is being done; the figures go to stdout."""
    print(sentence, file=sys.stderr, flush=True)


def run_command(main: Callable[[], None]) -> None:
    """Run a command; what stops it is one sentence on stderr."""
    try:
        main()
    except QaError as error:
        sys.exit(str(error))


def milliseconds(seconds: float) -> str:
    """Return seconds as milliseconds: ``"12.3"``, ``"456"``."""
    value = seconds * 1000
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def megabytes(size: float) -> str:
    """Return bytes as megabytes: ``"1.5"``, ``"240"``."""
    value = size / MEGABYTE
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def _printed(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_printed(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_printed, value)) or "none"
    return f"{value:,.2f}" if isinstance(value, float) else str(value)


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.exists():
        for line in described.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "an unnamed processor"


def _memory_of_machine() -> int:
    if not hasattr(os, "sysconf"):
        return 0
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
