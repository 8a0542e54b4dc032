"""Exports as plain text: no markup, no line longer than 78 characters but for a word that is."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from qa.export.parts import Part, Role, shown

_WIDTH = 78
_INDENT = {Role.QUOTATION: "    ", Role.CITATION: "  ", Role.DETAIL: "  "}
_CLOSE = {Role.SENTENCE, Role.CITATION, Role.DETAIL}
"""What follows on a line of its kind, or details on their citation, without a blank line."""


def as_text(parts: Sequence[Part]) -> bytes:
    """Return the parts as lines of UTF-8."""
    lines: list[str] = []
    before: Role | None = None
    for part in parts:
        follows = part.role in _CLOSE and (before is part.role or before is Role.CITATION)
        if before is not None and not follows:
            lines.append("")
        lines += _wrapped(shown(part.text), _INDENT.get(part.role, ""))
        before = part.role
    return "".join(f"{line}\n" for line in lines).encode()


def _wrapped(text: str, indent: str) -> list[str]:
    wrapper = textwrap.TextWrapper(
        width=_WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        expand_tabs=False,
        replace_whitespace=False,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line for paragraph in text.split("\n") for line in wrapper.wrap(paragraph) or [""]]
