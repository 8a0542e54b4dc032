"""Exports as Markdown (CommonMark, and what GitHub adds to it) in which the words of a report mean nothing.

Every mark is escaped with a backslash. White space at the ends of a line, which Markdown would drop or read
as code, is written by its number. A line feed in a passage is a hard line break.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa.export.parts import Part, Role, shown

_MARK = re.compile(
    r"[\\`*_\[\]<>#&~|^$@]"  # emphasis, code, links, HTML, headings, tables, strikethrough, mathematics
    r"|:(?=//)|(?<=www)\."  # addresses, which GitHub makes links of
    r"|^[-+=:]",  # lists, rules, underlined headings and the heads of tables
    re.IGNORECASE,
)
_LIST_NUMBER = re.compile(r"^(\d{1,9})([.)])")
_BEFORE = {
    Role.TITLE: ("# ", ""),
    Role.QUESTION: ("## ", ""),
    Role.PASSAGE: ("### ", ""),
    Role.QUOTATION: ("> ", "> "),
    Role.DETAIL: ("- ", "  "),
}
"""What stands before the first line and before the others."""


def as_markdown(parts: Sequence[Part]) -> bytes:
    """Return the parts as UTF-8."""
    lines: list[str] = []
    before: Role | None = None
    for part in parts:
        if before is not None and not (part.role is Role.DETAIL and before is Role.DETAIL):
            lines.append("")
        first, other = _BEFORE.get(part.role, ("", ""))
        head, *rest = _escaped(part.text).split("\n")
        lines += [f"{first}{head}".rstrip(), *(f"{other}{line}" for line in rest)]
        before = part.role
    return "".join(f"{line}\n" for line in lines).encode()


def _escaped(text: str) -> str:
    """Return the Markdown of a paragraph that reads as `text`, character for character."""
    text = shown(text)
    whole = text.rstrip("\n")
    # A hard break is none at the end of a paragraph: line feeds there are written by their number.
    return "\\\n".join(map(_escaped_line, whole.split("\n"))) + "&#10;" * (len(text) - len(whole))


def _escaped_line(line: str) -> str:
    words = line.strip()
    start = line.index(words) if words else len(line)
    end = start + len(words)
    marked = _LIST_NUMBER.sub(r"\1\\\2", _MARK.sub(lambda match: f"\\{match.group()}", words))
    return _by_number(line[:start]) + marked + _by_number(line[end:])


def _by_number(spaces: str) -> str:
    return "".join(f"&#{ord(space)};" for space in spaces)
