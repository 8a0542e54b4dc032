"""Compares the words and the page of random numbered paragraphs of PDF reports with another program's text.

``python -m tests.tools.paragraph_words FOLDER --count 200 --seed 1`` draws numbered paragraphs from the PDF
files of a folder. Each must be, letter for letter, what ``pdftotext -raw`` (poppler-utils) gives for its
page, white space, hyphens and bullets aside: whole, or broken off at a page's end and going on at the next.
What calls a footnote may stand between. It prints those that are not, to be looked up on the page.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

from qa.errors import CorpusError
from qa.ingest.formats import read_document
from qa.ingest.outline import outline
from qa.types import Passage

_LEFT_ASIDE = re.compile(r"[\s\u00ad\u2010\u2011•▪■◼\ue000-\uf8ff-]+")
_OPENING = 25
"""Letters by which the beginning of a paragraph is looked for."""


def folded(text: str) -> str:
    """Return a text without white space, hyphens and bullets, its ligatures parted."""
    for old, new in (("ﬁ", "fi"), ("ﬂ", "fl"), ("ﬀ", "ff"), ("ﬃ", "ffi"), ("ﬄ", "ffl")):
        text = text.replace(old, new)
    return _LEFT_ASIDE.sub("", text)


def pages_of(path: Path) -> list[str]:
    """Return the text of each page of a file as pdftotext gives it, folded."""
    text = subprocess.run(
        ["pdftotext", "-raw", str(path), "-"], capture_output=True, text=True, check=True
    ).stdout
    return [folded(page) for page in text.split("\f")]


def compared(passage: Passage, pages: Sequence[str]) -> str | None:
    """Return what differs between a paragraph and its page, or none."""
    wanted = folded(passage.text)
    number = passage.page.number if passage.page else 0
    on = [place for place, page in enumerate(pages, start=1) if wanted[:_OPENING] in page]
    if number not in on:
        return f"its words begin on page {on}, not on {number}"
    read = _walked(wanted, pages[number - 1], is_calling=bool(passage.notes))
    if read == len(wanted):
        return None
    if number < len(pages):
        rest = wanted[read:]
        for start in range(_OPENING):
            # What stands just before the break may be part of a footnote's mark.
            if (
                start <= read
                and _walked(wanted[read - start :], pages[number], is_calling=bool(passage.notes))
                == len(rest) + start
            ):
                return None
    return f"differs after “{wanted[max(0, read - 30) : read]}”: “{wanted[read : read + 30]}”"


def _walked(wanted: str, page: str, *, is_calling: bool) -> int:
    """Return how many letters of a paragraph stand on a page in one stretch, at the most."""
    best, at = 0, page.find(wanted[: min(_OPENING, len(wanted))])
    while at >= 0:
        read, place = 0, at
        while read < len(wanted) and place < len(page):
            if wanted[read] == page[place]:
                read, place = read + 1, place + 1
            elif is_calling and page[place].isdigit():
                place += 1
            else:
                break
        best = max(best, read)
        at = page.find(wanted[: min(_OPENING, len(wanted))], at + 1)
    return best


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    found: list[tuple[Path, Passage]] = []
    for path in sorted(given.folder.glob("*.pdf")):
        try:
            document = read_document(path.read_bytes(), path.name)
        except CorpusError as error:
            print(f"{path.name}: {error}")
            continue
        passages = outline(document.blocks, report_id=path.stem, text=document.text).passages
        found += [(path, passage) for passage in passages if passage.number is not None]
    drawn = Random(given.seed).sample(found, min(given.count, len(found)))
    wrong = 0
    read: dict[Path, list[str]] = {}
    for path, passage in drawn:
        pages = read.setdefault(path, pages_of(path))
        difference = compared(passage, pages)
        if difference is not None:
            wrong += 1
            print(f"{path.name}, paragraph {passage.number}: {difference}")
    years = Counter(path.stem.rpartition("_")[2][:4] for path, _ in drawn)
    print(f"{len(drawn) - wrong} of {len(drawn)} paragraphs agree with their pages; by year: {dict(years)}")


if __name__ == "__main__":
    main(sys.argv[1:])
