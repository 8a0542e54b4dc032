"""The twelve steps of a meeting stay possible, one after the other, by keyboard only."""

from __future__ import annotations

import os
from pathlib import Path

from qa.encoder.export import CACHE_VARIABLE
from tests.benchmarks.app import Size
from tests.tools.meeting import STEPS, hold


def test_a_meeting_is_held_by_keyboard_alone(real_folder: Path, tmp_path: Path) -> None:
    told: list[str] = []
    cache = {CACHE_VARIABLE: os.environ[CACHE_VARIABLE]}
    hold(real_folder, tmp_path / "home", Size(80, 24), tell=told.append, **cache)
    begun = [line.split(".")[0].strip() for line in told if line.startswith("\n")]
    assert begun == [str(number) for number in range(1, STEPS + 1)]
