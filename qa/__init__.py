"""Ask inspection reports a question and get the passages that answer it, word for word, cited."""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = ["Library", "__version__"]

if TYPE_CHECKING:
    from qa.library import Library


def __getattr__(name: str) -> object:
    # Imported at first use, so that `import qa` stays cheap.
    if name == "Library":
        from qa.library import Library

        return Library
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
