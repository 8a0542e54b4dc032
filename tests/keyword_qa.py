"""``python -m tests.keyword_qa`` is ``qa`` with the keyword encoder.

With ``QA_HOLD`` in its environment it waits at the first text to encode until its standard input ends or
holds a line.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import qa.library
from qa.cli import main
from tests.fakes import KeywordEncoder

if TYPE_CHECKING:
    from qa.types import EncodedText, FramedText


class _HeldEncoder(KeywordEncoder):
    def encode_passages(self, passages: Sequence[FramedText], *, quick: bool = False) -> list[EncodedText]:
        if not self.encoded:
            print("held", file=sys.stderr, flush=True)
            sys.stdin.readline()
        return super().encode_passages(passages, quick=quick)


if __name__ == "__main__":
    encoder = _HeldEncoder if "QA_HOLD" in os.environ else KeywordEncoder
    vars(qa.library)["SentenceEncoder"] = encoder
    sys.exit(main())
