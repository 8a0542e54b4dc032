"""The real index of the two reports, and the program started over it in a terminal."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from qa.library import Library
from tests.fakes import copy_corpus
from tests.terminal.driver import Terminal, own_environment

PROGRAM = (sys.executable, "-m", "qa")


class Launch(Protocol):
    """Starts the program in a terminal that is closed when the test is over."""

    def __call__(
        self,
        *,
        library: Path | None = None,
        columns: int = 100,
        rows: int = 30,
        command: Sequence[str] = PROGRAM,
        **variables: str,
    ) -> Terminal:
        """Start `command` over a library, the real index if none is named."""


@pytest.fixture(scope="session")
def tmux() -> None:
    """Skip without tmux, or fail where ``QA_TMUX`` says that it is required."""
    if shutil.which("tmux") is None:
        if os.environ.get("QA_TMUX") == "required":
            pytest.fail("tmux is not installed, and QA_TMUX says that these tests must run")
        pytest.skip("tmux is not installed")


@pytest.fixture(scope="session")
def real_folder(tmux: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a library folder with the two reports, indexed with the real model; only to read."""
    folder = copy_corpus(tmp_path_factory.mktemp("terminal") / "library")
    Library.build(folder).close()
    return folder


@pytest.fixture
def launch(real_folder: Path, tmp_path: Path) -> Iterator[Launch]:
    """Return what starts the program in a terminal."""
    with ExitStack() as terminals:

        def start(
            *,
            library: Path | None = None,
            columns: int = 100,
            rows: int = 30,
            command: Sequence[str] = PROGRAM,
            **variables: str,
        ) -> Terminal:
            known = {"QA_LIBRARY": str(library or real_folder)}
            environment = own_environment(tmp_path / "home", **known, **variables)
            terminal = Terminal(command, environment=environment, columns=columns, rows=rows)
            return terminals.enter_context(terminal)

        yield start
