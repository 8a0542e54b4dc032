"""Words that a line end broke, joined as they are written in the middle of a line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_WORD = re.compile(r"[^\W_]+(?:[-’'][^\W_]+)*")
_BROKEN = re.compile(r"([^\W_]+(?:[-’'][^\W_]+)*)[-\u00ad]$")
_OPENING = re.compile(r"[^\W_]+(?:[-’'][^\W_]+)*")
_LONGEST_WORD = 80
_STAND_BEFORE_A_HYPHEN = frozenset(
    "all anti co cross ex full half high inter intra long low mid multi non off on over part post pre pro"
    " re self semi short sub under well year one two three four five six seven eight nine ten".split()
)


class Hyphens:
    """Tells how a word goes on that a hyphen parts at the end of a line, as the report writes it elsewhere.

    Parameters
    ----------
    lines
        The lines of the report.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._written: Counter[str] = Counter()
        for line in lines:
            words = _WORD.findall(line.replace("\u00ad", ""))
            if words and line.rstrip().endswith(("-", "\u00ad")):
                words.pop()
            self._written.update(word.casefold() for word in words)

    def joined(self, before: str, after: str) -> str:
        """Return two lines as one."""
        if before.endswith("\u00ad"):
            return before[:-1] + after
        if re.search(r"\d[–-]$", before) and after[:1].isdigit():
            return before + after
        ends = before.endswith("-")
        broken = _BROKEN.search(before[-_LONGEST_WORD:]) if ends else None
        opening = _OPENING.match(after[:_LONGEST_WORD])
        if broken is None or opening is None:
            return f"{before} {after}" if before and after else before + after
        return before + after if self._keeps_hyphen(broken[1], opening[0]) else before[:-1] + after

    def _keeps_hyphen(self, first: str, second: str) -> bool:
        if not (first[-1].isalpha() and second[0].islower()):
            return True
        first, second = first.casefold(), second.casefold()
        whole, parted = self._written[first + second], self._written[f"{first}-{second}"]
        if whole or parted:
            return parted >= whole
        if "-" in first or first in _STAND_BEFORE_A_HYPHEN:
            return True
        return bool(self._written[first] and self._written[second])
