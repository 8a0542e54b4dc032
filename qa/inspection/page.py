"""A page for people to check a report with: each page of the file as a picture beside what was read of it."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from html import escape
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from qa.cite import PATH_SEPARATOR, plural, printable
from qa.errors import CorpusError, QuestionError, UnreadableReportError
from qa.ingest.formats import Format
from qa.types import Dropped, Kind, Page, Passage

if TYPE_CHECKING:
    from qa.inspection.inspecting import Inspection

_T = TypeVar("_T", Passage, Dropped)

_WIDTH = 830
"""Dots in a line of a picture: an A4 page at 100 dots an inch."""

_HEAD = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
body {{ font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem; color: #1b1b1b; background: #fff }}
section {{ display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 1.5rem;
  border-top: 2px solid #bbb; padding: 1rem 0 }}
section.text {{ display: block; max-width: 50rem }}
h2 {{ font-size: 1rem; margin: 0 0 .5rem; grid-column: 1 / -1 }}
h3 {{ font-size: .9rem; margin: 1rem 0 .3rem; color: #345 }}
img {{ width: 100%; border: 1px solid #ccc }}
p {{ margin: .4rem 0; white-space: pre-wrap; overflow-wrap: anywhere }}
b {{ color: #036; margin-right: .4rem }}
.note {{ font-size: .85rem; border-left: 3px solid #cda; padding-left: .5rem }}
.dropped {{ color: #999 }}
@media print {{ section {{ break-inside: avoid }} }}
</style></head><body>
<h1>{title}</h1>
"""


def write_page(inspection: Inspection, path: Path, *, force: bool = False) -> Path:
    """Write one HTML page that stands by itself: no scripts, nothing fetched, all words escaped.

    It is written page by page of the file, so that memory does not grow with the file.

    Parameters
    ----------
    inspection
        How the file was read.
    path
        Where the page goes.
    force
        Whether a file that is there is replaced.

    Returns
    -------
    Path
        Where it went.

    Raises
    ------
    QuestionError
        If there is such a file and `force` is not given, or it is the report itself.
    CorpusError
        If the page cannot be written, or the report not be read again.
    """
    partial = path.with_name(f".{path.name[:100]}.{os.getpid()}.partial")
    try:
        if path.exists():
            if path.samefile(inspection.path):
                raise QuestionError(f"{path} is the report itself; give the page another name")
            if not force:
                raise QuestionError(f"{path} is there already; give another name, or --force to replace it")
        with partial.open("x", encoding="utf-8", errors="replace") as file:
            file.writelines(_parts(inspection))
        partial.replace(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise CorpusError(f"{path} cannot be written ({reason}); check its folder and free space") from error
    finally:
        with suppress(OSError):
            partial.unlink()
    return path


def _parts(inspection: Inspection) -> Iterator[str]:
    report = inspection.report
    yield _HEAD.format(title=_shown(report.title))
    pages = "" if inspection.pages is None else f", {plural(inspection.pages, 'page')}"
    counts = ", ".join(f"{count} {kind.value}" for kind, count in inspection.counts.items())
    yield f"<p>{_shown(f'{inspection.path.name}: {inspection.format}{pages}; {counts}')}</p>\n"
    for sentence in (*inspection.warnings, *inspection.gaps, *inspection.repeats):
        yield f"<p>Warning: {_shown(sentence)}</p>\n"
    passages = _by_page(inspection.passages)
    dropped = _by_page(inspection.dropped)
    yield from _section("", "", passages.pop(0, []), dropped.pop(0, []))
    pictures = _pictures(inspection)
    for number in range(1, (inspection.pages or 0) + 1):
        here, left_out = passages.get(number, []), dropped.get(number, [])
        begun = [each.page for each in here] + [each.page for each in left_out]
        label = next((page.label for page in begun if page and page.label), str(number))
        name = f"Page {number}" + (f", printed {label}" if label != str(number) else "")
        yield from _section(name, next(pictures, ""), here, left_out)
    yield "</body></html>\n"


def _pictures(inspection: Inspection) -> Iterator[str]:
    """Yield the pages of the file as images, one at a time; nothing for a file without pictures of pages."""
    if inspection.format != Format.PDF:
        return
    from qa.ingest.pages import page_pictures

    pictures = enumerate(page_pictures(inspection.path.read_bytes(), width=_WIDTH), start=1)
    while True:
        try:
            number, picture = next(pictures, (0, b""))
        except CorpusError as error:
            raise UnreadableReportError(inspection.path, str(error)) from error
        if number == 0:
            return
        if picture:
            data = base64.b64encode(picture).decode("ascii")
            yield f'<img alt="Page {number}" src="data:image/png;base64,{data}">'
        else:
            yield "<p>This page cannot be drawn.</p>"


def _section(name: str, picture: str, passages: list[Passage], dropped: list[Dropped]) -> Iterator[str]:
    if not (name or passages or dropped):
        return
    yield f"<section{'' if picture else ' class=text'}>"
    if name:
        yield f"<h2>{_shown(name)}</h2>\n"
    yield f"{picture}<div>\n"
    for section, under in groupby(passages, key=lambda passage: passage.section):
        if section:
            yield f"<h3>{_shown(PATH_SEPARATOR.join(section))}</h3>\n"
        for passage in under:
            is_note = passage.kind is Kind.FOOTNOTE
            yield f"<p{' class=note' if is_note else ''}><b>{_shown(_name(passage))}</b>"
            yield f"{_shown(passage.text)}</p>\n"
    for each in dropped:
        yield f"<p class=dropped>left out ({_shown(each.reason)}): {_shown(each.text)}</p>\n"
    yield "</div></section>\n"


def _name(passage: Passage) -> str:
    if passage.kind is Kind.FOOTNOTE and passage.marker:
        return f"note {passage.marker}"
    if passage.number is None:
        return passage.kind.value
    return f"{passage.scope}, {passage.number}" if passage.scope else passage.number


def _by_page(found: Iterable[_T]) -> dict[int, list[_T]]:
    """Return what begins on each page, in order; what is on none under 0."""
    pages: dict[int, list[_T]] = {}
    for each in found:
        page: Page | None = each.page
        pages.setdefault(page.number if page else 0, []).append(each)
    return pages


def _shown(text: str) -> str:
    return escape(printable(text))
