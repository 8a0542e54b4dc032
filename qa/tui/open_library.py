"""The library that is open by now, shared by all that ask it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from qa.errors import QaError
from qa.protocols import Asker

Found = TypeVar("Found")


class OpenLibrary:
    """Holds the library that is open, or none; another takes its place when the index is built anew.

    The one before is closed then, maybe just before a thread asks it, so threads ask by `ask`.
    """

    def __init__(self) -> None:
        self.library: Asker | None = None

    def ask(self, find: Callable[[Asker], Found]) -> Found:
        """Return what `find` finds; it is called again if another library took the place of the one it asked.

        Raises
        ------
        QaError
            As `find` does.
        """
        while True:
            library = self.library
            assert library is not None
            try:
                return find(library)
            except QaError:
                if library is self.library:
                    raise

    def complete(self, text: str) -> Sequence[str]:
        """Return what a question that is being typed may go on as; nothing if that cannot be told."""
        try:
            return () if self.library is None else self.library.complete(text)
        except (QaError, OSError):
            return ()
