"""What `corpus.toml` says on how a file is to be read, applied to what its reader found in it."""

from __future__ import annotations

from dataclasses import replace

from qa.types import Block, Document, Dropped, Form, Overrides


def overridden(document: Document, overrides: Overrides) -> Document:
    """Return a document without the pages to be skipped and with the headings that were named.

    Where one of them is not there, a warning says so. What is said of the number of the first paragraph is
    for the outline.
    """
    return _with_headings(_without_pages(document, overrides), overrides)


def _without_pages(document: Document, overrides: Overrides) -> Document:
    if not overrides.skip_pages:
        return document
    if document.pages is None:
        return _warned(document, ["skip_pages has no effect: the file has no pages"])
    kept: list[Block] = []
    dropped: list[Dropped] = []
    for block in document.blocks:
        if block.page is not None and overrides.skips(block.page.number):
            dropped.append(Dropped("skipped", block.text, block.page))
        else:
            kept.append(block)
    beyond = [first for first, _ in overrides.skip_pages if first > document.pages]
    document = replace(document, blocks=tuple(kept), dropped=(*document.dropped, *dropped))
    return _warned(
        document, [f"skip_pages names page {page}; the file has {document.pages}" for page in beyond]
    )


def _with_headings(document: Document, overrides: Overrides) -> Document:
    wanted = dict.fromkeys(overrides.headings, False)
    if not wanted:
        return document
    level = max([1, *(block.level or 0 for block in document.blocks if block.form is Form.TEXT)])
    blocks: list[Block] = []
    for block in document.blocks:
        names = {_folded(block.text), _folded(f"{block.marker} {block.text}")} & wanted.keys()
        wanted.update(dict.fromkeys(names, True))
        blocks.append(_as_heading(block, level) if names else block)
    missing = [heading for heading, found in wanted.items() if not found]
    document = replace(document, blocks=tuple(blocks))
    return _warned(document, [f"no line reads “{heading}”, which headings names" for heading in missing])


def _as_heading(block: Block, level: int) -> Block:
    return replace(block, form=Form.TEXT, marker="", cells=(), level=level)


def _folded(text: str) -> str:
    return " ".join(text.split())


def _warned(document: Document, warnings: list[str]) -> Document:
    return replace(document, warnings=(*document.warnings, *warnings))
