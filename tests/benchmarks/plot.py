"""Draw how latency, opening and memory grow with the size of a library.

``python -m tests.benchmarks.plot RECORDS… --out docs/performance.svg`` reads what `warm` and `million`
printed with ``--json``, one file or several, and draws every row by its number of passages.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from qa.errors import EvaluationError
from tests.benchmarks.measuring import MEGABYTE, Row, run_command, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Curve(NamedTuple):
    """A figure of the rows: its key, what it is called, and its colour."""

    key: str
    name: str
    colour: str


class Panel(NamedTuple):
    """One of the drawings side by side: its curves, divided by `unit`."""

    title: str
    curves: tuple[Curve, ...]
    unit: float


INK, ACCENT, GREY = "#333333", "#1f5a93", "#8a8a8a"
PANELS = (
    Panel("a question, in ms", (Curve("p50_s", "p50", ACCENT), Curve("p95_s", "p95", GREY)), 0.001),
    Panel("opening, in ms", (Curve("open_s", "", ACCENT),), 0.001),
    Panel("resident memory, in MB", (Curve("resident", "", ACCENT),), MEGABYTE),
)
_KEYS = {"passages"} | {curve.key for panel in PANELS for curve in panel.curves}


def read_rows(paths: Sequence[Path]) -> list[Row]:
    """Return the rows of records, by size; of two of one size the last one.

    Raises
    ------
    EvaluationError
        If a file holds no record of `warm` or `million`.
    """
    rows: dict[int, Row] = {}
    for path in paths:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
            found: list[Row] = [row for line in lines if line.strip() for row in json.loads(line)["rows"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise EvaluationError(f"{path} holds no record; write one with --json > {path.name}") from error
        for row in found:
            if not row.keys() >= _KEYS:
                raise EvaluationError(f"{path} is no record of warm or million; draw only these")
            rows[int(row["passages"])] = row
    return [rows[size] for size in sorted(rows)]


def draw(rows: Sequence[Row], target: Path) -> None:
    """Draw the rows into an SVG file; the same rows give the same bytes."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"font.family": "sans-serif", "font.size": 9, "svg.hashsalt": "qa"}):
        figure = Figure(figsize=(9, 2.8), layout="constrained")
        for place, panel in enumerate(PANELS, start=1):
            _draw_panel(figure.add_subplot(1, len(PANELS), place), panel, rows)
        figure.supxlabel("passages in the library", fontsize=9, color=INK)
        figure.savefig(target, format="svg", metadata={"Date": None})


def main(arguments: Sequence[str] | None = None) -> None:
    """Read records and draw."""
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    options.add_argument("records", type=Path, nargs="+", metavar="RECORD", help="printed by warm --json")
    options.add_argument("--out", type=Path, required=True, metavar="FILE", help="the SVG file to write")
    given = options.parse_args(arguments)
    draw(read_rows(given.records), given.out)
    say(f"Written: {given.out}")


def _draw_panel(axes: Axes, panel: Panel, rows: Sequence[Row]) -> None:
    sizes = [row["passages"] for row in rows]
    for curve in panel.curves:
        heights = [row[curve.key] / panel.unit for row in rows]
        axes.plot(sizes, heights, color=curve.colour, marker="o", markersize=3.5, linewidth=1.2)
        if curve.name:
            axes.annotate(
                curve.name, (sizes[-1], heights[-1]), xytext=(5, 0), textcoords="offset points",
                color=curve.colour, va="center",
            )  # fmt: skip
    axes.set_title(panel.title, fontsize=9, loc="left", color=INK)
    axes.set_xscale("log")
    axes.set_xlim(min(sizes) / 1.5, max(sizes) * 2.5)
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.tick_params(colors=INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GREY)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)


if __name__ == "__main__":
    run_command(main)
