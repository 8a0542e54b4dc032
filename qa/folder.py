"""The folder a library is kept in, for an application that stays open while the library changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from qa.library import Library
from qa.types import ProgressCallback


class LibraryFolder:
    """Opens, builds and adds to the library in one folder; a `qa.protocols.Shelf`.

    Parameters
    ----------
    path
        The folder that holds ``corpus/`` and ``index/``.
    model
        Name or folder of the model that `build` takes; none for the present index's, or the default.
    """

    def __init__(self, path: str | Path = ".", *, model: str | None = None) -> None:
        self._path = Path(path)
        self._model = model

    @property
    def path(self) -> Path:
        """The folder that holds ``corpus/`` and ``index/``."""
        return self._path

    def open(self) -> Library:
        """Open the library as it is indexed.

        Raises
        ------
        IndexMissingError, IndexStateError
            As `Library.open` does.
        """
        return Library.open(self._path)

    def build(self, *, anew: bool = False, progress: ProgressCallback | None = None) -> Library:
        """Index what is new or changed, or all of it, and open the library.

        A library of this folder that is open goes on answering from the index it opened; it is not closed.

        Raises
        ------
        NoReportsError, QaError
            As `Library.build` does.
        """
        return Library.build(self._path, model=self._model, anew=anew, progress=progress)

    def add(
        self, sources: Sequence[str | Path], *, on_failure: Callable[[str], None] | None = None
    ) -> list[Path]:
        """Copy report files, or the reports in folders, into the library; `build` indexes them.

        Parameters
        ----------
        sources, on_failure
            As in `Library.add`.

        Raises
        ------
        CorpusError
            As `Library.add` does.
        """
        return Library.add(self._path, sources, on_failure=on_failure)
