"""What every test has: the two real reports in a library of its own, and no settings of whoever runs it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa.encoder.export import CACHE_VARIABLE
from qa.library import Library
from tests.fakes import KeywordEncoder, build, copy_corpus, open_library, small_library


def pytest_xdist_auto_num_workers() -> int:
    """Run one process more than there are cores, since tests of the app wait as long as they work."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep exported models in a folder of this run, so that they are made anew and leave nothing behind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CACHE_VARIABLE, str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def no_outside_settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the settings and questions of whoever runs the tests out of them."""
    own = tmp_path_factory.getbasetemp() / "own"
    monkeypatch.setenv("QA_CONFIG", str(own / "config.toml"))
    monkeypatch.setenv("QA_STATE", str(own / "state"))
    for name in ("QA_LIBRARY", "NO_COLOR", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="session")
def indexed_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a library folder with the two real reports, indexed with the keyword encoder; only to read."""
    folder = copy_corpus(tmp_path_factory.mktemp("indexed") / "library")
    build(folder)
    return folder


@pytest.fixture(scope="session")
def library(indexed_folder: Path) -> Library:
    """Return the library of the two real reports, open."""
    return open_library(indexed_folder)


@pytest.fixture
def own_folder(tmp_path: Path, indexed_folder: Path) -> Path:
    """Return a library folder with the two real reports, indexed, that the test may change."""
    return Path(shutil.copytree(indexed_folder, tmp_path / "library"))


@pytest.fixture
def small_folder(tmp_path: Path) -> Path:
    """Return a library folder with two reports of a few lines, indexed, that the test may change."""
    folder = small_library(tmp_path / "small")
    build(folder)
    return folder


@pytest.fixture
def keyword_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the library find the keyword encoder instead of a model."""
    monkeypatch.setattr("qa.library.SentenceEncoder", KeywordEncoder)
