"""How far something is, on stderr: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from qa.cite import plural
from qa.cli.streams import say
from qa.types import Progress


class QuestionBar:
    """A progress bar over questions, on a terminal only."""

    def __enter__(self) -> Callable[[Progress], None]:
        from tqdm import tqdm

        self._bar = tqdm(unit=" questions", leave=False, disable=None)
        return self._show

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def _show(self, now: Progress) -> None:
        self._bar.set_description(now.stage.capitalize(), refresh=False)
        self._bar.total, self._bar.n = now.total, now.done
        self._bar.refresh()


_STEPS = {"reading": "report", "reading pages": "page", "encoding": "passage", "looking at": "page"}
"""What the stages of a build, and of an inspection, are counted in."""


class ProgressDisplay:
    """A progress bar on a terminal, one plain line a stage elsewhere."""

    def __init__(self) -> None:
        self._stage = ""
        self._bar: Any = None

    def __enter__(self) -> Callable[[Progress], None]:
        return self._show

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def _show(self, progress: Progress) -> None:
        if progress.stage != self._stage:
            self._stage = progress.stage
            self.__exit__()
            self._bar = None
            noun = _STEPS.get(progress.stage)
            if sys.stderr.isatty():
                from tqdm import tqdm

                stage, unit = progress.stage.capitalize(), f" {noun or 'step'}s"
                self._bar = tqdm(total=progress.total, desc=stage, unit=unit, leave=False)
            else:
                what = f" {plural(progress.total, noun)}" if noun else ""
                say(f"{progress.stage.partition(' pages')[0].capitalize()}{what}")
        if self._bar is not None:
            self._bar.update(progress.done - self._bar.n)
