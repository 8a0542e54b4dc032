"""Where to read on from a passage: at a paragraph that is named, beside it, in the next section."""

from __future__ import annotations

from qa.errors import NotFoundError
from qa.protocols import Asker
from qa.types import CitedPassage, Passage


def at(library: Asker, report: str | None, text: str) -> CitedPassage:
    """Return the passage at a place of a report, or of another report that the text names."""
    if report is None:
        return library.show(text)[0]
    try:
        return library.show(f"{report} {text}")[0]
    except NotFoundError as error:
        try:
            return library.show(text)[0]
        except NotFoundError:
            raise error from None


def beside(library: Asker, passage: Passage, by: int) -> CitedPassage | None:
    """Return the passage next to one in its report, or none where the report ends."""
    around = library.show(passage.id, context=1)
    return next((each for each in around if each.passage.order == passage.order + by), None)


def section_beside(library: Asker, passage: Passage, by: int) -> CitedPassage | None:
    """Return the first passage of the next section, or of this one or the one before."""
    section = library.section_of(passage)
    if by < 0 and passage.order > section[0].order:
        return library.show(section[0].id)[0]
    edge = beside(library, section[-1 if by > 0 else 0], by)
    return None if edge is None else library.show(library.section_of(edge.passage)[0].id)[0]
