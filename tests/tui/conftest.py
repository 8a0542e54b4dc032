"""Every test of the app runs without the clipboards, colours and animations of whoever runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.fakes import FakeLibrary

_CLIPBOARD_VARIABLES = (
    "TMUX", "DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "NO_COLOR",
)  # fmt: skip


@pytest.fixture(autouse=True)
def programmes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder that is the whole search path for programmes."""
    folder = tmp_path / "programmes"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    for name in _CLIPBOARD_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def library() -> FakeLibrary:
    """Return a library that answers at once."""
    return FakeLibrary()
