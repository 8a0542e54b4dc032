"""Compares the paragraph numbers found in PDF reports with those that another program's text shows.

``python -m tests.tools.paragraph_numbers FOLDER`` reads each PDF file of a folder twice: as the project does,
and by ``pdftotext -layout`` (poppler-utils), from whose lines those are counted that begin near the left edge
with a number and go on from the number before. Both know nothing of each other. It prints a line a report and
each number that only one of the two has, to be looked up on the page.
"""

from __future__ import annotations

import argparse
import difflib
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from qa.errors import CorpusError
from qa.ingest.formats import read_document
from qa.ingest.outline import outline

_LINE = re.compile(r"\f? {0,9}(\d{1,3})(?:\.|\)|(?= {2}))(?: +|$)(?P<words>.*)")
_MONTH = re.compile(r"(?:to|and|–|-|January|February|March|April|May|June|July|August|September|October)\b")
_FURTHEST = 2
"""How many numbers may be missing between two that follow each other."""


def shown_numbers(text: str) -> list[int]:
    """Return the paragraph numbers of a text laid out as on its pages, in order."""
    numbers = [
        (int(match[1]), match["words"])
        for line in text.splitlines()
        if (match := _LINE.match(line)) and not _MONTH.match(match["words"])
    ]
    found: list[int] = []
    for place, (number, _) in enumerate(numbers):
        later = [other for other, _ in numbers[place + 1 :]]
        if not found:
            follows = number == 1 and 2 in later[:4] and 3 in later[:8]
        elif number == 1:
            follows = later[:1] == [2] and found[-1] + 1 not in later[:3]
        else:
            follows = found[-1] < number <= found[-1] + 1 + _FURTHEST and (
                number == found[-1] + 1 or found[-1] + 1 not in later[:5]
            )
        if follows:
            found.append(number)
    return found


def found_numbers(path: Path) -> list[int]:
    """Return the numbers of the paragraphs that the project finds in a report, in order."""
    document = read_document(path.read_bytes(), path.name)
    passages = outline(document.blocks, report_id="report", text=document.text).passages
    return [int(passage.number) for passage in passages if passage.number and passage.number.isdigit()]


def differences(shown: Sequence[int], found: Sequence[int]) -> Iterator[str]:
    """Yield what only one of two sequences has, in words."""
    for kind, a, b, c, d in difflib.SequenceMatcher(None, shown, found, autojunk=False).get_opcodes():
        if kind != "equal":
            yield f"shown {list(shown[a:b])}, found {list(found[c:d])}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args(arguments)
    missed = invented = total = 0
    for path in sorted(given.folder.glob("*.pdf")):
        try:
            found = found_numbers(path)
        except CorpusError as error:
            print(f"{path.name}: {error}")
            continue
        text = subprocess.run(
            ["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True
        ).stdout
        shown = shown_numbers(text)
        differ = list(differences(shown, found))
        blocks = difflib.SequenceMatcher(None, shown, found, autojunk=False).get_matching_blocks()
        same = sum(block.size for block in blocks)
        total += len(shown)
        missed, invented = missed + len(shown) - same, invented + len(found) - same
        print("; ".join([f"{path.name}: {len(shown)} shown, {len(found)} found", *differ]))
    share = (total - missed) / max(total, 1)
    print(f"{total} shown, {total - missed} of them found ({share:.2%}), {invented} found that are not shown")


if __name__ == "__main__":
    main(sys.argv[1:])
