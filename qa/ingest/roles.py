"""What each block is in its report: part of a letter's frame, a heading, a numbered paragraph, a lead-in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from qa.ingest.headings import Contents, find_contents, is_prose, looks_like_heading, standing_alone
from qa.ingest.numbering import PrintedNumber, opens_with_number, paragraph_numbers
from qa.ingest.tables import is_grade
from qa.types import Block, Form

_SALUTATION = re.compile(r"Dear\b.{0,80}")
_CLOSING = re.compile(
    r"(?:yours (?:sincerely|faithfully|truly)|(?:kind|best) regards|with best wishes)\b.{0,20}", re.IGNORECASE
)
_COPIED_TO = re.compile(r"(?:cc|copy|copies|enc|encs)\b.{0,200}", re.IGNORECASE)
_NOTICE = re.compile(
    r"(?:©|\(c\)|crown copyright|copyright\b).*"
    r"|.*\b(?:may be reproduced|re-?use this|open government licence)\b.*",
    re.IGNORECASE,
)
_PAGE_NUMBER = re.compile(r"(?:page )?\d{1,3}(?: ?(?:of|/) ?\d{1,3})?", re.IGNORECASE)
_SCALE = re.compile(r"(?:(?:^|[\s(])(?:grade )?\d ?[:=–-] ?[A-Za-z][A-Za-z/ -]*[;,.)]?){3,}", re.IGNORECASE)
_GRADE = re.compile(
    r"(?:overall |inspection )?(?:effectiveness )?(?:grade|judge?ment|rating)s?(?: awarded)?\s?[:–-]?\s?"
    r"(?:\d(?: \([a-z ]+\))?|outstanding|good|satisfactory|adequate|inadequate"
    r"|requires improvement(?: to be good)?)",
    re.IGNORECASE,
)
_LONGEST_LEAD_IN = 15
_FEWEST_WORDS_OF_ITEM = 4
_SMALL_WORDS = frozenset("a an and at by for from in of on or the to with".split())


class Role(Enum):
    """What a block is."""

    FRONT_MATTER = auto()
    CONTENTS = auto()
    NOTICE = auto()
    SALUTATION = auto()
    PAGE_NUMBER = auto()
    HEADING = auto()
    NUMBERED = auto()
    LEAD_IN = auto()
    ITEM = auto()
    ROW = auto()
    SCALE = auto()
    GRADE = auto()
    PROSE = auto()
    CLOSING = auto()


@dataclass(frozen=True, slots=True)
class Roles:
    """The role of each block, with what was found on the way."""

    of: tuple[Role, ...]
    numbers: dict[int, PrintedNumber]
    contents: Contents
    is_letter: bool


def assign_roles(blocks: Sequence[Block], *, first_paragraph: int | None = None) -> Roles:
    """Tell what each block of a report is."""
    contents = find_contents(blocks)
    heading_like = _heading_like(blocks, contents)
    numbers = paragraph_numbers(blocks, heading_like, first=first_paragraph)
    salutation = next(
        (
            i
            for i, block in enumerate(blocks[:40])
            if block.form is Form.TEXT and _SALUTATION.fullmatch(block.text)
        ),
        None,
    )
    body = _body_start(blocks, contents, salutation, heading_like, numbers)
    closing = _closing(blocks, body)
    imprint = _imprint(blocks, heading_like, numbers)
    judgements = _judgements(blocks[:body])
    headings = {
        index
        for index in range(body, len(blocks))
        if heading_like[index]
        and index not in closing
        and index not in numbers
        and (_is_styled(blocks[index]) or standing_alone(blocks, index, frozenset(numbers)))
        and index + 1 < len(blocks)
        and index + 1 not in closing
    }
    roles: list[Role] = []
    for index, block in enumerate(blocks):
        if contents.start <= index < contents.end:
            role = Role.CONTENTS
        elif block.form is Form.TEXT and _PAGE_NUMBER.fullmatch(block.text):
            role = Role.PAGE_NUMBER
        elif index == salutation:
            role = Role.SALUTATION
        elif index in numbers:
            role = Role.NUMBERED
        elif (
            block.form is Form.TEXT
            and _NOTICE.fullmatch(block.text)
            and (index < body or block.text[0] in "©(Cc")
        ) or index in imprint:
            role = Role.NOTICE
        elif index < body:
            role = Role.ROW if index in judgements else Role.FRONT_MATTER
        elif index in closing:
            role = Role.CLOSING
        elif block.form is Form.ITEM:
            role = Role.ITEM
        elif block.form is Form.ROW:
            role = Role.ROW
        elif index in headings:
            role = Role.HEADING
        else:
            role = _role_of_text(blocks, index)
        roles.append(role)
    return Roles(tuple(roles), numbers, contents, salutation is not None)


def scale_in(text: str) -> str:
    """Return the scale itself ("4: outstanding; 3: good; …") out of the line that explains it."""
    match = _SCALE.search(text)
    return match.group().strip() if match else text


def _heading_like(blocks: Sequence[Block], contents: Contents) -> list[bool]:
    flags = [
        looks_like_heading(block)
        and not _GRADE.fullmatch(block.text)
        and not _SCALE.search(block.text)
        and not _PAGE_NUMBER.fullmatch(block.text)
        and not contents.start <= index < contents.end
        for index, block in enumerate(blocks)
    ]
    for index, block in enumerate(blocks):
        if not flags[index] or _is_styled(block):
            continue
        if _goes_on(blocks, index):
            flags[index] = False
        elif opens_with_number(block.text) and not contents.names(block.text):
            flags[index] = _heads_text(blocks, index)
    return flags


def _is_styled(block: Block) -> bool:
    """Whether the file itself tells by its look that a block is a heading."""
    return bool(block.level)


def _goes_on(blocks: Sequence[Block], index: int) -> bool:
    """Whether a line is the first half of a sentence that goes on below, or on the next page."""
    below = (block for block in blocks[index + 1 : index + 3] if not _PAGE_NUMBER.fullmatch(block.text))
    following = next(below, None)
    return following is not None and following.form is Form.TEXT and following.text[0].islower()


def _heads_text(blocks: Sequence[Block], index: int) -> bool:
    """Whether a short numbered line is a heading ("2. Context") rather than one of a numbered list."""
    if index + 1 >= len(blocks):
        return False
    own = _list_number(blocks[index])
    around = [_list_number(blocks[i]) for i in (index - 1, index + 1) if i >= 0]
    listed = any(
        other and own and other[:-1] == own[:-1] and abs(other[-1] - own[-1]) == 1 for other in around
    )
    return not listed and not blocks[index].text.endswith("?")


def _list_number(block: Block) -> tuple[int, ...] | None:
    """Return the number a short line begins with, part by part."""
    match = opens_with_number(block.text)
    if match is None or is_prose(block):
        return None
    return tuple(int(part) for part in match["printed"].split("."))


def _body_start(
    blocks: Sequence[Block],
    contents: Contents,
    salutation: int | None,
    heading_like: Sequence[bool],
    numbers: dict[int, PrintedNumber],
) -> int:
    """Return where the front matter ends.

    That is after the contents list or the salutation, or at the first heading that has text under it.
    """
    if contents.titles:
        # A summary may stand before the contents list that names it.
        listed = (
            index
            for index in range(contents.start)
            if _is_styled(blocks[index]) and heading_like[index] and contents.names(blocks[index].text)
        )
        return next(listed, contents.end)
    if salutation is not None:
        return salutation + 1
    first = next(
        (index for index in range(len(blocks)) if index in numbers or _has_substance(blocks, index)), 0
    )
    while first > 0 and blocks[first].gap == 0 and not heading_like[first - 1]:
        first -= 1
    headed = first > 0 and heading_like[first - 1] and ": " not in blocks[first - 1].text
    return first - 1 if headed else first


def _has_substance(blocks: Sequence[Block], index: int) -> bool:
    """Whether a block can only belong to the body of a report: running text, or a table of judgements."""
    block = blocks[index]
    if block.form is Form.ROW:
        return any(is_grade(cell.text) for cell in block.cells[1:] if not cell.text.isdigit())
    if block.form is Form.ITEM:
        return len(block.text.split()) > _FEWEST_WORDS_OF_ITEM and block.text.endswith((".", ";"))
    return is_prose(block) and not _NOTICE.fullmatch(block.text)


def _closing(blocks: Sequence[Block], body: int) -> frozenset[int]:
    """Return the blocks that end a letter: the closing words, the signature, who is sent a copy."""
    found: set[int] = set()
    for start in range(body, len(blocks)):
        if blocks[start].form is not Form.TEXT or not _CLOSING.fullmatch(blocks[start].text.rstrip(",")):
            continue
        found.add(start)
        for index in range(start + 1, len(blocks)):
            signed = len(found & set(range(start, index))) > 1
            new_page = blocks[index].gap > 1 and signed
            if new_page or not _is_signature(blocks[index]):
                break
            found.add(index)
    return frozenset(found)


def _imprint(
    blocks: Sequence[Block], heading_like: Sequence[bool], numbers: dict[int, PrintedNumber]
) -> frozenset[int]:
    """Return the blocks that end a report and speak of its publisher: those on the page of its notice."""
    notice = next(
        (i for i in range(len(blocks) - 1, -1, -1) if blocks[i].page and _NOTICE.fullmatch(blocks[i].text)),
        None,
    )
    if notice is None:
        return frozenset()
    page = blocks[notice].page
    start = notice
    while (
        start > 0
        and blocks[start - 1].page == page
        and start - 1 not in numbers
        and not heading_like[start - 1]
    ):
        start -= 1
    ends_report = all(block.page == page for block in blocks[notice:])
    begins_page = start == 0 or blocks[start - 1].page != page
    return frozenset(range(start, len(blocks))) if ends_report and begins_page and start > 0 else frozenset()


def _judgements(blocks: Sequence[Block]) -> frozenset[int]:
    """Return the rows of tables in the front matter that hold grades."""
    found: set[int] = set()
    table: list[int] = []
    for index, block in enumerate([*blocks, None]):
        if block is not None and block.form is Form.ROW and block.page is not None:
            table.append(index)
            continue
        cells = [cell.text for row in table for cell in blocks[row].cells[1:]]
        if sum(is_grade(text) and not text.isdigit() for text in cells) * 2 >= max(1, len(table)):
            found.update(table)
        table = []
    return frozenset(found)


def _is_signature(block: Block) -> bool:
    words = [
        word for word in re.findall(r"[^\W\d_]+", block.text) if word not in _SMALL_WORDS and len(word) > 1
    ]
    named = len(words) <= 20 and not is_prose(block) and all(word[0].isupper() for word in words)
    return block.form is Form.TEXT and (named or bool(_COPIED_TO.fullmatch(block.text)))


def _role_of_text(blocks: Sequence[Block], index: int) -> Role:
    text = blocks[index].text
    if _SCALE.search(text) and len(text.split()) <= 40:
        return Role.SCALE
    if _GRADE.fullmatch(text.rstrip(".")):
        return Role.GRADE
    is_phrase = (
        text.endswith(":") and len(text.split()) <= _LONGEST_LEAD_IN and not re.search(r"[.?!]\s", text)
    )
    if is_phrase and _introduces(blocks, index):
        return Role.LEAD_IN
    return Role.PROSE


def _introduces(blocks: Sequence[Block], index: int) -> bool:
    """Whether a list or a table follows, a grading scale between or not."""
    following = [block for block in blocks[index + 1 : index + 3] if not _SCALE.search(block.text)]
    return bool(following) and following[0].form is not Form.TEXT
