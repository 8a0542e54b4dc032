"""The only door to FAISS and to vectors on disk.

Vectors of windows are searched; vectors of tokens are read for some passages at a time. Of a file only what
is needed is read, so that opening it costs the same whatever its size.
"""

from qa.vectors.files import use_one_thread
from qa.vectors.tokens import (
    TOKEN_CODEC,
    TOKEN_COUNTS,
    TOKEN_STARTS,
    TOKEN_VECTORS,
    Comparison,
    TokenCodec,
    TokenIndex,
    TokenWriter,
)
from qa.vectors.windows import WINDOW_STARTS, WINDOWS, Search, WindowIndex, WindowWriter

__all__ = [
    "TOKEN_CODEC",
    "TOKEN_COUNTS",
    "TOKEN_STARTS",
    "TOKEN_VECTORS",
    "WINDOWS",
    "WINDOW_STARTS",
    "Comparison",
    "Search",
    "TokenCodec",
    "TokenIndex",
    "TokenWriter",
    "WindowIndex",
    "WindowWriter",
    "use_one_thread",
]
