"""Blocks to passages: the sections of a report and what stands in them, ready to be cited.

Written for inspection reports in general: headings without markup, printed paragraph numbers, paragraphs
broken by a page, bullets with a lead-in, tables of judgements, letters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from qa.ingest.headings import canonical_names, heading_key, heading_levels, part_name
from qa.ingest.numbering import missing_numbers, opens_with_number
from qa.ingest.roles import Role, Roles, assign_roles, scale_in
from qa.ingest.tables import first_cells, is_statements, read_rows, read_statements
from qa.types import Block, Emphasis, Form, Kind, Page, Passage, Span

_ENDS = (".", "!", "?", ":", ";", "…")
_CLOSERS = "\"'”’)]*"
_JOINING_WORDS = frozenset(
    "a an the and or but nor of in on at by for from to with as into than that which who whose is are"
    " was were be been has have had their its this these those not no".split()
)
_LONGEST_SLUG = 48
_LEAD_IN_LEVEL = 99
_SET_IN = 8.0
"""A text so far to the right of a paragraph number, in points, stands under the number's words."""
_ITEM = re.compile(r"(?:[^\w\s]|\d{1,3}[.)]|\([a-z]+\)) ")
_KIND_OF_ROLE = {
    Role.FRONT_MATTER: Kind.FRONT_MATTER,
    Role.CONTENTS: Kind.CONTENTS,
    Role.NOTICE: Kind.NOTICE,
    Role.SALUTATION: Kind.SALUTATION,
    Role.PAGE_NUMBER: Kind.PAGE_NUMBER,
    Role.NUMBERED: Kind.NUMBERED,
    Role.ITEM: Kind.BULLET,
    Role.SCALE: Kind.SCALE,
    Role.GRADE: Kind.GRADE,
    Role.PROSE: Kind.UNNUMBERED,
    Role.CLOSING: Kind.CLOSING,
}
_OUTSIDE_SECTIONS = frozenset(
    {Kind.FRONT_MATTER, Kind.CONTENTS, Kind.NOTICE, Kind.SALUTATION, Kind.CLOSING, Kind.PAGE_NUMBER}
)
_ID_PREFIX = {Kind.TABLE_ROW: "row", Kind.SCALE: "scale", Kind.GRADE: "grade"}


@dataclass(slots=True)
class _Draft:
    """A passage in the making."""

    kind: Kind
    headings: tuple[str, ...]
    text: str
    source: list[Span]
    emphasis: list[Emphasis] = field(default_factory=list)
    number: str | None = None
    scope: str | None = None
    lead_in: str | None = None
    sub_section: tuple[str, ...] = ()
    reading: str | None = None
    page: Page | None = None
    indent: float | None = None
    marker: str | None = None
    notes: list[_Draft] = field(default_factory=list)

    @property
    def section(self) -> tuple[str, ...]:
        return self.headings + self.sub_section

    def join(self, block: Block, joiner: str) -> None:
        """Add a block that belongs to this passage."""
        opening = f"{_shown_marker(block.marker)} " if block.marker else ""
        offset = len(self.text) + len(joiner) + len(opening)
        self.emphasis += [Emphasis(e.start + offset, e.end + offset, e.style) for e in block.emphasis]
        self.text += f"{joiner}{opening}{block.text}"
        if joiner == "\n" and block.gap == 0:
            self.source[-1] = Span(self.source[-1].start, block.source.end)
        else:
            self.source.append(block.source)

    @property
    def is_broken(self) -> bool:
        """Whether the text stops in mid-sentence."""
        return not self.text.rstrip(_CLOSERS).endswith(_ENDS)


@dataclass(frozen=True, slots=True)
class Outlined:
    """What the outline of a report holds: its passages, the title it gives itself, what looks wrong."""

    passages: tuple[Passage, ...]
    title: str | None
    warnings: tuple[str, ...]


def outline(
    blocks: Sequence[Block], *, report_id: str, text: str, first_paragraph: int | None = None
) -> Outlined:
    """Turn the blocks of a report into its passages.

    Parameters
    ----------
    blocks
        What a reader found, in reading order.
    report_id
        The first part of every passage's id.
    text
        The words of the file, which the blocks' offsets point into.
    first_paragraph
        The printed number of the first paragraph, where it is told.
    """
    blocks, notes = _without_notes(blocks)
    roles = assign_roles(blocks, first_paragraph=first_paragraph)
    drafts = _Assembly(blocks, roles, text, notes).drafts()
    passages = _finish(drafts, report_id)
    numbers = [(passage.scope, passage.number) for passage in passages if passage.number is not None]
    return Outlined(passages, _title(blocks, roles), tuple(missing_numbers(numbers)))


class _Assembly:
    """One walk over the blocks of a report, keeping what is open: headings, lead-in, paragraph."""

    def __init__(
        self, blocks: Sequence[Block], roles: Roles, text: str, notes: Mapping[int, Sequence[Block]]
    ) -> None:
        self._blocks = blocks
        self._roles = roles
        self._text = text
        self._notes = notes
        self._drafts: list[_Draft] = []
        self._open: list[tuple[int, str]] = []
        self._opened: list[str] = []
        self._scope: str | None = None
        self._lead_in: str | None = None
        self._unused: dict[int, int] = {}
        self._headings = self._place_headings()

    def drafts(self) -> list[_Draft]:
        index = 0
        while index < len(self._blocks):
            role = self._roles.of[index]
            if role is Role.HEADING:
                self._open_heading(index)
            elif role is Role.LEAD_IN:
                self._keep_unused(above=_LEAD_IN_LEVEL)
                self._lead_in = self._blocks[index].text
                self._unused[_LEAD_IN_LEVEL] = index
            elif role is Role.ROW:
                index = self._take_table(index)
                continue
            elif not self._joins_open_draft(index):
                self._start_draft(index)
            self._take_notes(index, None if role in {Role.HEADING, Role.LEAD_IN} else self._last)
            index += 1
        self._keep_unused(above=0)
        _give_scales_to_rows(self._drafts)
        return self._drafts

    @property
    def _path(self) -> tuple[str, ...]:
        """The open headings, outermost first."""
        return tuple(name for _, name in self._open)

    @property
    def _last(self) -> _Draft | None:
        """The last passage of the text: no page number and no footnote."""
        passing = {Kind.PAGE_NUMBER, Kind.FOOTNOTE}
        return next((draft for draft in reversed(self._drafts) if draft.kind not in passing), None)

    def _take_notes(self, index: int, called_by: _Draft | None) -> None:
        """Make passages of the footnotes that a block calls."""
        for block in self._notes.get(index, ()):
            draft = _Draft(
                Kind.FOOTNOTE,
                called_by.headings if called_by else self._path,
                block.text,
                [block.source],
                list(block.emphasis),
                page=block.page,
                marker=block.marker or None,
            )
            self._drafts.append(draft)
            if called_by is not None:
                called_by.notes.append(draft)

    def _place_headings(self) -> dict[int, tuple[int, str]]:
        """Return the level and the name of each heading, by the index of its block."""
        indexes = [index for index, role in enumerate(self._roles.of) if role is Role.HEADING]
        headings = [self._blocks[index].text for index in indexes]
        solid = [index for index, role in enumerate(self._roles.of) if role is not Role.PAGE_NUMBER]
        followed_by = dict(pairwise(solid))
        levels = heading_levels(
            headings,
            empty=[followed_by.get(index) in indexes for index in indexes],
            given=[self._blocks[index].level for index in indexes],
            contents=self._roles.contents,
        )
        rows = [block for block, role in zip(self._blocks, self._roles.of, strict=True) if role is Role.ROW]
        names = canonical_names([*headings, *self._roles.contents.titles, *first_cells(rows)])
        return {
            index: (level, names[heading_key(heading)])
            for index, level, heading in zip(indexes, levels, headings, strict=True)
        }

    def _open_heading(self, index: int) -> None:
        level, name = self._headings[index]
        self._keep_unused(above=level)
        self._unused[level] = index
        while self._open and self._open[-1][0] >= level:
            self._open.pop()
        self._open.append((level, name))
        self._opened.append(name)
        self._lead_in = None

    def _keep_unused(self, *, above: int) -> None:
        """Make passages of the headings and lead-ins from a level on that stand over nothing."""
        for level in sorted(level for level in self._unused if level >= above):
            block = self._blocks[self._unused.pop(level)]
            path = tuple(name for open_level, name in self._open if open_level < level)
            self._drafts.append(
                _Draft(
                    Kind.UNNUMBERED, path, block.text, [block.source], list(block.emphasis), page=block.page
                )
            )

    def _add(self, draft: _Draft) -> None:
        self._drafts.append(draft)
        if draft.kind not in _OUTSIDE_SECTIONS:
            lead_in_is_used = self._lead_in is None or draft.lead_in is not None
            self._unused = (
                {} if lead_in_is_used else {k: v for k, v in self._unused.items() if k == _LEAD_IN_LEVEL}
            )

    def _joins_open_draft(self, index: int) -> bool:
        """Add a block to the passage before it, if it belongs there."""
        block, role = self._blocks[index], self._roles.of[index]
        draft = self._open_draft(index)
        if draft is None:
            return False
        if role in {Role.FRONT_MATTER, Role.CONTENTS, Role.CLOSING, Role.NOTICE}:
            joins = draft.kind is _KIND_OF_ROLE[role] and (block.gap == 0 or role is Role.CONTENTS)
            joiner = "\n"
        elif role is Role.ITEM:
            joins, joiner = draft.kind is Kind.NUMBERED and self._lead_in is None, "\n"
        elif role is Role.PROSE:
            listed = _is_listed(draft, block)
            joins = listed or self._continues(draft, block)
            joiner = "\n" if listed or (_ends_with_item(draft) and not draft.is_broken) else " "
        else:
            return False
        if joins:
            draft.join(block, joiner)
        return joins

    def _open_draft(self, index: int) -> _Draft | None:
        """Return the passage a block may belong to: the last one, unless something stands between them."""
        for before in range(index - 1, -1, -1):
            role = self._roles.of[before]
            if role in {Role.HEADING, Role.LEAD_IN, Role.ROW}:
                return None
            if role is not Role.PAGE_NUMBER:
                break
        return self._last

    def _continues(self, draft: _Draft, block: Block) -> bool:
        """Whether a text goes on with the passage before it, from which a page break parted it."""
        if draft.kind not in {Kind.NUMBERED, Kind.UNNUMBERED, Kind.BULLET}:
            return False
        if block.text[0].islower():
            return True
        if block.indent is not None:
            # Where the page shows how lines are set, its reader has joined what belongs together.
            return False
        last_word = draft.text.split()[-1].strip(_CLOSERS)
        if draft.text.endswith(",") or last_word in _JOINING_WORDS:
            return True
        return draft.kind is Kind.NUMBERED and draft.is_broken and not _ends_with_item(draft)

    def _start_draft(self, index: int) -> None:
        block, role = self._blocks[index], self._roles.of[index]
        kind = _KIND_OF_ROLE[role]
        text, emphasis, number = block.text, list(block.emphasis), self._roles.numbers.get(index)
        if number is not None:
            if number.restarts:
                self._scope = self._scope_name()
            self._opened.clear()
            self._drop_lead_in()
            text = text[number.length :]
            emphasis = [
                Emphasis(max(0, e.start - number.length), e.end - number.length, e.style)
                for e in emphasis
                if e.end > number.length
            ]
        elif kind is Kind.UNNUMBERED:
            self._drop_lead_in()
        draft = _Draft(
            kind=kind,
            headings=() if kind in _OUTSIDE_SECTIONS else self._path,
            text=text,
            source=[block.source],
            emphasis=emphasis,
            number=number.printed if number else None,
            scope=self._scope if number else None,
            page=block.page,
            indent=block.indent,
        )
        if kind is Kind.BULLET:
            self._introduce(draft)
        self._add(draft)

    def _introduce(self, draft: _Draft) -> None:
        """Give a bullet the words that lead in to it: a line of their own, or the end of the text above."""
        if self._lead_in is not None:
            draft.lead_in = self._lead_in
            draft.sub_section = (self._lead_in.rstrip(": "),)
        elif (above := self._last) is not None and above.headings == draft.headings:
            if above.kind is Kind.BULLET:
                draft.lead_in = self._lead_in_of_list(draft, above)
            elif above.kind is Kind.UNNUMBERED and above.text.endswith(":"):
                draft.lead_in = re.split(r"(?<=[.?!])\s+(?=[A-Z])", above.text)[-1]

    def _lead_in_of_list(self, draft: _Draft, above: _Draft) -> str | None:
        """Return what leads in to an item below another one: that one, if it is set in under it."""
        if draft.indent is None or above.indent is None or abs(draft.indent - above.indent) < _SET_IN:
            return above.lead_in
        if draft.indent > above.indent:
            return above.text if above.text.endswith(":") else above.lead_in
        beside = (
            other
            for other in reversed(self._drafts)
            if other.kind is Kind.BULLET
            and other.headings == draft.headings
            and other.indent is not None
            and abs(other.indent - draft.indent) < _SET_IN
        )
        return next((other.lead_in for other in beside), above.lead_in)

    def _scope_name(self) -> str:
        """Return the name of the part of the report whose paragraphs are counted anew."""
        path = self._path or ("second numbering",)
        opened = next((name for name in path if name in self._opened), path[-1])
        return part_name(opened) or opened

    def _take_table(self, start: int) -> int:
        """Turn the rows from `start` into passages; return the index of the first block after them."""
        end = start
        while end < len(self._blocks) and self._roles.of[end] in {Role.ROW, Role.PAGE_NUMBER}:
            end += 1
        rows = [self._blocks[index] for index in range(start, end) if self._roles.of[index] is Role.ROW]
        headings = self._path
        if is_statements(rows):
            for statement in read_statements(rows, text=self._text, labels=self._labels()):
                area = tuple(filter(None, [statement.area, statement.column]))
                self._add(
                    _Draft(
                        Kind.STATEMENT,
                        headings,
                        statement.text,
                        statement.source,
                        lead_in=self._table_lead_in(statement.heads),
                        sub_section=area,
                        page=_page_at(rows, statement.source[0]),
                    )
                )
        else:
            for row in read_rows(rows, prose=self._prose()):
                self._add(
                    _Draft(
                        Kind.TABLE_ROW,
                        headings,
                        row.text,
                        list(row.source),
                        reading=row.reading,
                        lead_in=self._table_lead_in(row.heads),
                        page=_page_at(rows, row.source[0]),
                    )
                )
        for index in range(start, end):
            self._take_notes(index, self._last)
        self._lead_in = None
        return end

    def _drop_lead_in(self) -> None:
        self._keep_unused(above=_LEAD_IN_LEVEL)
        self._lead_in = None

    def _table_lead_in(self, heads: str) -> str | None:
        return "\n".join(filter(None, [self._lead_in, heads])) or None

    def _labels(self) -> list[str]:
        rows = [block for block in self._blocks if block.form is Form.ROW and len(block.text) < 200]
        return [
            *(name for _, name in self._headings.values()),
            *self._roles.contents.titles,
            *first_cells(rows),
        ]

    def _prose(self) -> Counter[str]:
        return Counter(
            word for block in self._blocks if block.form is not Form.ROW for word in block.text.split()[1:]
        )


def _without_notes(blocks: Sequence[Block]) -> tuple[list[Block], dict[int, list[Block]]]:
    """Return the blocks of the text, and the footnotes by the index of the block that they follow."""
    text: list[Block] = []
    notes: dict[int, list[Block]] = {}
    for block in blocks:
        if block.form is Form.NOTE:
            notes.setdefault(max(0, len(text) - 1), []).append(block)
        else:
            text.append(block)
    return text, notes


def _page_at(rows: Sequence[Block], source: Span) -> Page | None:
    """Return the page of the row that a piece of it stands in."""
    return next((row.page for row in rows if row.source.start <= source.start < row.source.end), None)


def _shown_marker(marker: str) -> str:
    """Return a bullet as it can be shown: a symbol font's private character is a bullet in any other font."""
    return "•" if "\ue000" <= marker <= "\uf8ff" else marker


def _ends_with_item(draft: _Draft) -> bool:
    """Whether a numbered paragraph ends with an item of a list."""
    *before, last = draft.text.split("\n")
    return bool(before) and _ITEM.match(last) is not None


def _is_listed(draft: _Draft, block: Block) -> bool:
    """Whether a text belongs to a numbered paragraph: an item of its list, or set in as its words are."""
    if draft.kind is not Kind.NUMBERED:
        return False
    if draft.indent is not None and block.indent is not None and block.indent > draft.indent + _SET_IN:
        return True
    return opens_with_number(block.text) is not None and (draft.text.endswith(":") or _ends_with_item(draft))


def _give_scales_to_rows(drafts: Sequence[_Draft]) -> None:
    """Add to the reading of each table row the scale that its section explains grades with."""
    scales = {draft.headings: scale_in(draft.text) for draft in reversed(drafts) if draft.kind is Kind.SCALE}
    for draft in drafts:
        if draft.reading and draft.headings in scales:
            draft.reading += f" ({scales[draft.headings]})"


def _finish(drafts: Sequence[_Draft], report_id: str) -> tuple[Passage, ...]:
    counted_anew = {
        draft.headings[: index + 1] for draft in drafts if draft.scope for index in range(len(draft.headings))
    }
    positions: Counter[tuple[tuple[str, ...], Kind]] = Counter()
    counters: Counter[str] = Counter()
    taken: set[str] = set()
    passages: list[Passage] = []
    for order, draft in enumerate(drafts):
        positions[draft.section, draft.kind] += 1
        if draft.kind is Kind.FOOTNOTE:
            local = f"note-{slug(draft.marker)}" if draft.marker else "note"
        elif draft.number is not None:
            local = ".".join(filter(None, [draft.scope and slug(draft.scope), draft.number]))
        else:
            prefix = _ID_PREFIX.get(draft.kind, "u" if draft.headings in counted_anew else "")
            stem = _id_stem(draft)
            counters[f"{stem}.{prefix}"] += 1
            local = f"{stem}.{prefix}{counters[f'{stem}.{prefix}']}"
        unique = (
            local
            if local not in taken
            else next(f"{local}-{n}" for n in range(2, len(drafts) + 2) if f"{local}-{n}" not in taken)
        )
        taken.add(unique)
        passages.append(
            Passage(
                id=f"{report_id}:{unique}",
                report=report_id,
                order=order,
                kind=draft.kind,
                section=draft.section,
                number=draft.number,
                scope=draft.scope,
                position=positions[draft.section, draft.kind],
                text=draft.text,
                reading=draft.reading,
                lead_in=draft.lead_in,
                emphasis=tuple(draft.emphasis),
                source=tuple(draft.source),
                page=draft.page,
                marker=draft.marker,
            )
        )
    ids = {id(draft): passage.id for draft, passage in zip(drafts, passages, strict=True)}
    return tuple(
        replace(passage, notes=tuple(ids[id(note)] for note in draft.notes)) if draft.notes else passage
        for draft, passage in zip(drafts, passages, strict=True)
    )


def _id_stem(draft: _Draft) -> str:
    if draft.kind in _OUTSIDE_SECTIONS:
        return slug(draft.kind.value)
    if not draft.section:
        return "opening"
    names = (draft.sub_section if draft.kind is Kind.STATEMENT else ()) or draft.headings or draft.section
    return ".".join(slug(part_name(name) or name) for name in names)


def slug(name: str) -> str:
    """Return the first words of a name in lower-case letters, digits and hyphens, as they stand in ids."""
    words = re.sub(r"\W+", " ", re.sub(r"['’]", "", name.casefold())).split()
    while len(words) > 1 and len("-".join(words)) > _LONGEST_SLUG:
        words.pop()
    return "-".join(words)[:_LONGEST_SLUG] or "section"


def _title(blocks: Sequence[Block], roles: Roles) -> str | None:
    """Return the title a report gives itself: a letter's subject line, else its first line."""
    if roles.is_letter:
        return next(
            (block.text for block, role in zip(blocks, roles.of, strict=True) if role is Role.HEADING), None
        )
    wanted = {Role.FRONT_MATTER, Role.HEADING}
    return next((block.text for block, role in zip(blocks, roles.of, strict=True) if role in wanted), None)
