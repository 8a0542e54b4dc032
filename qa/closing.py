"""What several threads use at once, closed when the last of them is done with it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from qa.errors import QaError


class Shared:
    """Lets threads use something until it is closed.

    Parameters
    ----------
    close
        Lets go of it; called once, in the thread that asks for it or in that of the last user.
    refusal
        Makes the error for who comes later.
    """

    def __init__(self, close: Callable[[], None], refusal: Callable[[], QaError]) -> None:
        self._close = close
        self._refusal = refusal
        self._lock = threading.Lock()
        self._users = 0
        self._closed = False

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep it open for as long as this lasts.

        Raises
        ------
        QaError
            If it was closed before.
        """
        with self._lock:
            if self._closed:
                raise self._refusal()
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                last = self._closed and not self._users
            if last:
                self._close()

    def close(self) -> None:
        """Let nobody else use it, and close it once nobody does; returns at once."""
        with self._lock:
            now = not self._closed and not self._users
            self._closed = True
        if now:
            self._close()
