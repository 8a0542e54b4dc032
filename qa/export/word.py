"""Exports as Word files: headings, quotations in the style of that name, and lists of details."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import datetime

from qa.export.parts import Part, Role, shown

_STYLES = {
    Role.TITLE: "Title",
    Role.QUESTION: "Heading 1",
    Role.PASSAGE: "Heading 2",
    Role.SENTENCE: "Normal",
    Role.QUOTATION: "Quote",
    Role.CITATION: "Normal",
    Role.DETAIL: "List Bullet",
}
_LONGEST_PROPERTY = 255
"""Characters that a property of a Word file may have."""

_CORE_PROPERTIES = "/docProps/core.xml"
_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The first time that a ZIP file knows."""


def as_word(parts: Sequence[Part], *, title: str, at: datetime | None) -> bytes:
    """Return the parts as a Word file; a line feed is a line break, a tab is a tab."""
    from docx import Document

    document = Document()
    styles = {role: document.styles[name].style_id for role, name in _STYLES.items()}
    # Before a last paragraph, and with the id of a style: to look for the end and for the style each time
    # takes minutes where there are thousands of passages.
    last = document.add_paragraph()
    for part in parts:
        paragraph = last.insert_paragraph_before(shown(part.text))
        paragraph.paragraph_format.element.style = styles[part.role]
    document.element.body.remove(last.paragraph_format.element)
    properties = document.core_properties
    properties.title = shown(title)[:_LONGEST_PROPERTY]
    properties.author = properties.comments = ""
    if at is not None:
        properties.created = properties.modified = at
    else:
        # Else the file would say that it is from the day its template was made.
        (core,) = (each for each in document.part.package.iter_parts() if each.partname == _CORE_PROPERTIES)
        for element in list(core.element):
            if element.tag.endswith(("}created", "}modified")):
                core.element.remove(element)
    written = io.BytesIO()
    document.save(written)
    return _undated(written.getvalue())


def _undated(package: bytes) -> bytes:
    """Return a ZIP file without the time at which its parts were packed."""
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(package)) as source,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            target.writestr(
                zipfile.ZipInfo(name, _EARLIEST), source.read(name), compress_type=zipfile.ZIP_DEFLATED
            )
    return written.getvalue()
