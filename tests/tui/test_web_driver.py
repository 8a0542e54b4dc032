from __future__ import annotations

import os
import random
import sys
from socket import socketpair
from threading import Thread

import pytest
from textual.app import App

from qa.tui.web_driver import PageDriver


@pytest.fixture
async def pipe(monkeypatch: pytest.MonkeyPatch) -> tuple[PageDriver, int]:
    """Return a driver that writes into a pipe, and what it can be read from."""
    nothing, _ = socketpair()
    with nothing.makefile() as no_input:
        monkeypatch.setattr(sys, "__stdin__", no_input)
        driver = PageDriver(App())
    near, far = os.pipe()
    driver.fileno = far
    return driver, near


async def test_packets_of_two_threads_are_not_mixed(pipe: tuple[PageDriver, int]) -> None:
    driver, near = pipe
    letters = "abcd"
    sizes = random.Random(1)

    def write(letter: str) -> None:
        for _ in range(40):
            driver.write(letter * sizes.randrange(1, 200_000))

    threads = [Thread(target=write, args=(letter,)) for letter in letters]
    for thread in threads:
        thread.start()
    with os.fdopen(near, "rb") as reader:
        for _ in range(40 * len(letters)):
            assert reader.read(1) == b"D"
            size = int.from_bytes(reader.read(4), "big")
            assert len(set(reader.read(size))) == 1
    for thread in threads:
        thread.join()
    os.close(driver.fileno)


async def test_nobody_to_write_to_is_no_error(pipe: tuple[PageDriver, int]) -> None:
    driver, near = pipe
    os.close(near)
    driver.write("painted")
    driver.write_meta({"type": "exit"})
    os.close(driver.fileno)
