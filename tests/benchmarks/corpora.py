"""Grow a library of any size from real reports, to measure with.

``python -m tests.benchmarks.corpora FOLDER --passages 40000 --seed 1 --pdf-folder REPORTS`` writes reports of
some 90 numbered paragraphs each into ``FOLDER/corpus/``. Headings, sentences and the lengths of paragraphs
are those of the shipped reports and, if a folder of PDFs is given, of these. A paragraph keeps about half of
the sentences of a real one; the others come from paragraphs of the same length under the same heading. Names
of places and numbers are changed, and no passage is another one word for word. The same seed and the same
reports give the same library.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import groupby
from pathlib import Path
from random import Random

from qa.confidence import CALIBRATION_FILE
from qa.errors import CorpusError
from qa.ingest.corpus import find_reports, read_report
from qa.ingest.headings import heading_key, looks_like_heading, part_name
from qa.ingest.metadata import METADATA_FILE
from qa.ingest.numbering import opens_with_number
from qa.ingest.sentences import sentences
from qa.library import CORPUS_FOLDER
from qa.types import Block, Form, Kind, Passage, ReportOutline, Span
from qa.vocabulary import GLOSSARY_FILE
from tests.benchmarks.measuring import Column, Record, parser, run_command, say, show
from tests.fakes import CORPUS

PARAGRAPHS_A_REPORT = 90

_FRONT_MATTER = 2
"""Passages of a grown report that are no paragraphs: its title, and council and date."""

_KEPT = 0.5
"""How many of its template's sentences a paragraph keeps."""

_FEWEST_UNDER_A_HEADING = 5
"""Paragraphs from which sentences are taken; of fewer, all those of the same length serve."""

_OWN_COUNCIL = 0.6
"""How many of the places named are the report's own council; the others are four neighbours."""

_FEWEST_WORDS, _MOST_WORDS = 4, 80
_SENTENCE = re.compile(r"[\"'“‘]?[A-Z][^\t*]*[.?!][\"'”’)]*")
_NUMBER = re.compile(r"(?<![\w.,/-])\d{1,3}(?:,\d{3})*(?:\.\d+)?(?![\w/-])|(?<![\w.,/-])\d{4,}(?![\w/-])")
_YEAR = re.compile(r"(?:19|20)\d\d")
_KINDS = (
    "Joint area review of children's services in {}",
    "Annual performance assessment of services for children and young people in {}",
    "Inspection of children's social care services in {}",
    "Inspection of services for children in need of help and protection in {}",
    "Focused visit to {} children's services",
)
_MONTHS = "January February March April May June July August September October November December".split()

_DIRECTIONS = ("", "North ", "South ", "East ", "West ", "Upper ", "Great ", "New ")
_STEMS = (
    "Al Ash Bar Beck Bing Brad Bram Brock Bux Cal Chard Clare Cold Cran Dal Den Dray Elm Fair Fen Gold Grim "
    " Had Hart Hazel Hel Hol Horn Ilm Kel Kings Lang Lin Mal Mar Mel Mill Nor Oak Pen Rad Red Ros Sal Sand "
    " Shel Stan Stow Sut Thorn Tod Wal War Wen Whit Win Wood Wy"
).split()
_ENDINGS = (
    "borough bourne bridge bury by chester cliffe combe cote dale den field ford gate ham hurst ley minster"
    " mouth shire ton wick worth"
).split()
_PLACE_NAMES = (
    "Barking and Dagenham|Barnet|Barnsley|Bath and North East Somerset|Bedford|Bexley|Birmingham"
    "|Blackburn with Darwen|Blackpool|Bolton|Bournemouth|Bracknell Forest|Bradford|Brent"
    "|Brighton and Hove|Bristol|Bromley|Buckinghamshire|Bury|Calderdale|Cambridgeshire|Camden"
    "|Cheshire East|Cheshire West and Chester|Chester|Christchurch|Cleveland|Corby|Cornwall|Coventry"
    "|Croydon|Cumberland|Cumbria|Darlington|Derby|Derbyshire|Devon|Doncaster|Dorset|Dudley|Durham|Ealing"
    "|East Riding|East Sussex|Edith Weston|Enfield|Essendine|Essex|Gateshead|Gloucestershire|Greenwich"
    "|Hackney|Halton|Hammersmith and Fulham|Hampshire|Harborough|Haringey|Harrow|Hartlepool|Havering"
    "|Herefordshire|Hertfordshire|Hillingdon|Hounslow|Isle of Wight|Isles of Scilly|Islington"
    "|Kensington and Chelsea|Kent|Kingston upon Hull|Kirklees|Knowsley|Lambeth|Lancashire|Leeds|Leicester"
    "|Leicestershire|Lewisham|Lincolnshire|Liverpool|Luton|Manchester|Medway|Melton|Merton|Merseyside"
    "|Middlesbrough|Milton Keynes|Newcastle|Newham|Norfolk|North Somerset|Northamptonshire|Northumberland"
    "|Nottingham|Nottinghamshire|Oakham|Oldham|Oxfordshire|Peterborough|Plymouth|Poole|Portsmouth|Reading"
    "|Redbridge|Rochdale|Rotherham|Rutland|Salford|Sandwell|Sefton|Sheffield|Shropshire|Slough|Solihull"
    "|Somerset|South Gloucestershire|South Tyneside|Southampton|Southend|Southend-on-Sea|Southwark"
    "|Staffordshire|Stamford|Stockport|Stockton-on-Tees|Stoke-on-Trent|Suffolk|Sunderland|Surrey|Sutton"
    "|Swindon|Tameside|Thurrock|Torbay|Tower Hamlets|Trafford|Uppingham|Wakefield|Walsall|Waltham Forest"
    "|Wandsworth|Warrington|Warwickshire|West Berkshire|West Sussex|Westminster|Wigan|Wiltshire"
    "|Windsor and Maidenhead|Wirral|Wokingham|Wolverhampton|Worcestershire|York"
)
"""English councils and the towns of the shipped reports: names that a grown report has others for."""

_PLACES = re.compile(rf"\b(?:{'|'.join(sorted(_PLACE_NAMES.split('|'), key=len, reverse=True))})\b")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A real paragraph: its sentences, and the headings it stands under, at most the two innermost."""

    sentences: tuple[str, ...]
    section: tuple[str, ...]

    @property
    def theme(self) -> str:
        """What paragraphs that speak of the same have in common: the innermost heading."""
        return heading_key(self.section[-1]) if self.section else ""

    @property
    def length(self) -> int:
        """The class of its length: one sentence, two, up to four, up to seven, more."""
        return sum(len(self.sentences) > most for most in (1, 2, 4, 7))


@dataclass(frozen=True)
class Material:
    """What reports are grown from: the paragraphs of each real report, in order."""

    reports: tuple[tuple[Paragraph, ...], ...]

    @cached_property
    def of_theme(self) -> dict[str, list[Paragraph]]:
        """The paragraphs by theme."""
        found: dict[str, list[Paragraph]] = defaultdict(list)
        for paragraph in self.paragraphs:
            found[paragraph.theme].append(paragraph)
        return dict(found)

    @cached_property
    def paragraphs(self) -> list[Paragraph]:
        """All paragraphs."""
        return [paragraph for report in self.reports for paragraph in report]

    def like(self, template: Paragraph) -> list[Paragraph]:
        """Return the paragraphs whose sentences may stand in the place of the template's."""
        found = self._by_theme_and_length[template.theme, template.length]
        if len(found) >= _FEWEST_UNDER_A_HEADING:
            return found
        return self._by_length[template.length]

    @cached_property
    def _by_theme_and_length(self) -> dict[tuple[str, int], list[Paragraph]]:
        found: dict[tuple[str, int], list[Paragraph]] = defaultdict(list)
        for paragraph in self.paragraphs:
            found[paragraph.theme, paragraph.length].append(paragraph)
        return dict(found)

    @cached_property
    def _by_length(self) -> dict[int, list[Paragraph]]:
        found: dict[int, list[Paragraph]] = defaultdict(list)
        for paragraph in self.paragraphs:
            found[paragraph.length].append(paragraph)
        return dict(found)


@dataclass(frozen=True, slots=True)
class Composed:
    """A paragraph made of real sentences under real headings; `pool` has others that fit it."""

    section: tuple[str, ...]
    sentences: tuple[str, ...]
    pool: Sequence[Paragraph]


@dataclass(frozen=True, slots=True)
class GrownReport:
    """A report made of real sentences, and what `corpus.toml` says of it."""

    id: str
    title: str
    council: str
    date: str
    text: str


def read_material(pdf_folder: Path | None = None) -> Material:
    """Read the paragraphs of the shipped reports and of the PDFs of a folder.

    Raises
    ------
    CorpusError
        If there are PDFs but no program to read them, or none can be read.
    """
    read = [read_report(file) for file in find_reports(CORPUS)]
    if pdf_folder is not None:
        read += _read_pdfs(pdf_folder)
    return material_of(read)


def material_of(reports: Iterable[ReportOutline]) -> Material:
    """Return what can be made of reports."""
    paragraphs = (tuple(_paragraphs(report)) for report in reports)
    return Material(tuple(filter(None, paragraphs)))


def composed(material: Material, random: Random, *, count: int) -> Iterator[Composed]:
    """Yield so many paragraphs made of real sentences, section by section as in real reports."""
    made = 0
    while True:
        for source in random.sample(material.reports, len(material.reports)):
            for section, templates in groupby(source, key=lambda paragraph: paragraph.section):
                themed = material.of_theme[next(templates).theme]
                for _ in range(1 + len(list(templates))):
                    if made == count:
                        return
                    template = random.choice(themed)
                    pool = material.like(template)
                    chosen = [
                        each if random.random() < _KEPT else _any_sentence(pool, random)
                        for each in template.sentences
                    ]
                    yield Composed(section, tuple(dict.fromkeys(chosen)), pool)
                    made += 1


def grown_reports(material: Material, *, passages: int, seed: int) -> Iterator[GrownReport]:
    """Yield reports that hold about so many passages together, the same ones for the same seed."""
    count = max(1, round(passages / PARAGRAPHS_A_REPORT))
    names = council_names(seed)
    seen: set[str] = set()
    for number in range(count):
        wanted = passages * (number + 1) // count - passages * number // count
        random = Random(f"report {number} of seed {seed}")
        council = names[number % len(names)]
        neighbours = [names[random.randrange(len(names))] for _ in range(4)]
        if number >= len(names):
            council = f"{council} and {neighbours[0]}"
        changed = _Names(random, council, neighbours)
        paragraphs = [
            (each.section, _different(each, changed, random, seen))
            for each in composed(material, random, count=max(1, wanted - _FRONT_MATTER))
        ]
        yield _report(number, council, random, paragraphs)


def grow(folder: Path, material: Material, *, passages: int, seed: int) -> int:
    """Write grown reports into a library folder and return how many.

    Raises
    ------
    CorpusError
        If the folder has reports already.
    """
    corpus = folder / CORPUS_FOLDER
    if corpus.exists() and any(corpus.iterdir()):
        raise CorpusError(f"{corpus} holds files already; remove it or name another folder")
    corpus.mkdir(parents=True, exist_ok=True)
    described: list[str] = []
    for report in grown_reports(material, passages=passages, seed=seed):
        (corpus / f"{report.id}.txt").write_text(report.text, encoding="utf-8")
        described.append(_described(report))
    (corpus / METADATA_FILE).write_text("\n".join(described), encoding="utf-8")
    shutil.copyfile(CORPUS / GLOSSARY_FILE, corpus / GLOSSARY_FILE)
    return len(described)


@cache
def council_names(seed: int) -> tuple[str, ...]:
    """Return some ten thousand names that no council has, in an order that the seed decides."""
    names = [
        f"{direction}{stem}{ending}" for direction in _DIRECTIONS for stem in _STEMS for ending in _ENDINGS
    ]
    Random(f"names of seed {seed}").shuffle(names)
    return tuple(names)


class _Names:
    """The names and numbers of one report in the place of those of the reports it is made of."""

    def __init__(self, random: Random, council: str, neighbours: Sequence[str]) -> None:
        self._random = random
        self._council = council
        self._neighbours = neighbours
        self._years = random.randint(-3, 8)

    def put_into(self, text: str) -> str:
        """Return a text with its places, years and numbers changed."""
        return _NUMBER.sub(self._number, _PLACES.sub(self._place, text))

    def _place(self, _: re.Match[str]) -> str:
        if self._random.random() < _OWN_COUNCIL:
            return self._council
        return self._random.choice(self._neighbours)

    def _number(self, match: re.Match[str]) -> str:
        printed = match.group()
        if _YEAR.fullmatch(printed):
            return str(min(int(printed) + self._years, 2025))
        whole, _, places = printed.replace(",", "").partition(".")
        changed = float(f"{whole}.{places or 0}") * self._random.uniform(0.7, 1.4)
        if 100 >= int(whole) > 1:
            changed = min(changed, 99.0)
        return f"{max(changed, 1):{',' if ',' in printed else ''}.{len(places)}f}"


def _different(paragraph: Composed, names: _Names, random: Random, seen: set[str]) -> str:
    """Return the text of a paragraph under other names; it grows until no passage has it yet."""
    chosen = list(paragraph.sentences)
    text = names.put_into(" ".join(chosen))
    while text in seen:
        chosen.append(_any_sentence(paragraph.pool, random))
        text = names.put_into(" ".join(chosen))
    seen.add(text)
    return text


def _any_sentence(pool: Sequence[Paragraph], random: Random) -> str:
    return random.choice(random.choice(pool).sentences)


def _report(
    number: int, council: str, random: Random, paragraphs: Sequence[tuple[tuple[str, ...], str]]
) -> GrownReport:
    title = random.choice(_KINDS).format(council)
    year, month, day = random.randint(2001, 2025), random.randint(1, 12), random.randint(1, 28)
    lines = [title, "", f"{council} Council", f"{day} {_MONTHS[month - 1]} {year}", ""]
    above: tuple[str, ...] = ()
    for place, (section, text) in enumerate(paragraphs, start=1):
        if section != above:
            shared = len(section) > 1 and section[:-1] == above[:-1]
            for heading in section[-1:] if shared else section:
                lines += [heading, ""]
            above = section
        lines += [f"{place}. {text}", ""]
    return GrownReport(
        id=f"grown-{number + 1:05}",
        title=title,
        council=council,
        date=f"{year}-{month:02}-{day:02}",
        text="\n".join(lines),
    )


def _described(report: GrownReport) -> str:
    return (
        f'[reports.{report.id}]\nfile = "{report.id}.txt"\ntitle = "{report.title}"\n'
        f'short_title = "{report.title}"\npublisher = "Grown to measure with"\ndate = "{report.date}"\n'
    )


def _paragraphs(outline: ReportOutline) -> list[Paragraph]:
    """Return what can be used of a report: paragraphs of whole sentences."""
    found: list[Paragraph] = []
    for passage in outline.passages:
        if passage.kind in {Kind.NUMBERED, Kind.UNNUMBERED} and (read := _whole_sentences(passage)):
            found.append(Paragraph(read, tuple(filter(_is_heading, passage.section[-2:]))))
    return found


def _whole_sentences(passage: Passage) -> tuple[str, ...]:
    text = passage.text
    return tuple(text[span.start : span.end] for span in sentences(text) if _is_whole(text[slice(*span)]))


def _is_whole(sentence: str) -> bool:
    """Whether a sentence stays one wherever it is put."""
    words = len(sentence.split())
    return (
        _FEWEST_WORDS <= words <= _MOST_WORDS
        and _SENTENCE.fullmatch(sentence) is not None
        and len(sentences(f"{sentence} The end.")) == 2
    )


def _is_heading(words: str) -> bool:
    return (
        looks_like_heading(Block(Form.TEXT, words, Span(0, len(words))))
        and opens_with_number(words) is None
        and part_name(words) is None
    )


def _read_pdfs(folder: Path) -> Iterator[ReportOutline]:
    """Yield the reports of a folder of PDFs; a file that holds no text is left out."""
    program = shutil.which("pdftotext")
    if program is None:
        raise CorpusError(
            "There is no program pdftotext to read the PDFs with; install poppler-utils, "
            "or leave out --pdf-folder"
        )
    files = sorted(folder.glob("*.pdf"))
    if not files:
        raise CorpusError(f"{folder} holds no PDF; name a folder that does, or leave out --pdf-folder")
    with tempfile.TemporaryDirectory(prefix="qa-pdf-") as temporary:
        for file in files:
            read = subprocess.run([program, str(file), "-"], capture_output=True, check=False)
            if read.returncode or not read.stdout.strip():
                say(f"{file.name} is left out: no text can be read from it")
                continue
            (Path(temporary) / f"{file.stem}.txt").write_bytes(read.stdout)
        yield from map(read_report, find_reports(Path(temporary)))


def copy_of(library: Path, target: Path, *, passages: int | None = None) -> list[ReportOutline]:
    """Copy a library's reports, the first ones up to so many passages, to a new folder; return them read.

    What is kept beside them is copied too, the index is not.
    """
    corpus = target / CORPUS_FOLDER
    corpus.mkdir(parents=True)
    copied: list[ReportOutline] = []
    described: list[str] = []
    for file in find_reports(library / CORPUS_FOLDER):
        if passages is not None and sum(len(each.passages) for each in copied) >= passages:
            break
        copied.append(read_report(file))
        (corpus / file.name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file.path, corpus / file.name)
        if file.metadata:
            # A string of JSON is one of TOML.
            fields = [f"{key} = {json.dumps(value)}" for key, value in file.metadata.items()]
            described.append("\n".join([f"[reports.{file.id}]", *fields, ""]))
    (corpus / METADATA_FILE).write_text("\n".join(described), encoding="utf-8")
    for name in (GLOSSARY_FILE, CALIBRATION_FILE):
        if (library / CORPUS_FOLDER / name).exists():
            shutil.copyfile(library / CORPUS_FOLDER / name, corpus / name)
    return copied


def main(arguments: Sequence[str] | None = None) -> None:
    """Grow a library and say what is in it."""
    options = parser(__doc__)
    options.add_argument("folder", type=Path, metavar="FOLDER", help="the library folder to make")
    options.add_argument("--passages", type=int, default=40_000, metavar="N", help="about how many passages")
    options.add_argument("--seed", type=int, default=1, help="decides what is chosen")
    options.add_argument("--pdf-folder", type=Path, metavar="FOLDER", help="PDFs of more reports")
    given = options.parse_args(arguments)
    material = read_material(given.pdf_folder)
    grow(given.folder, material, passages=given.passages, seed=given.seed)
    read = [read_report(file) for file in find_reports(given.folder / CORPUS_FOLDER)]
    words = [len(each.text.split()) for one in read for each in one.passages if each.number is not None]
    real = [sum(len(each.split()) for each in one.sentences) for one in material.paragraphs]
    row = {
        "reports": len(read),
        "passages": sum(len(one.passages) for one in read),
        "words_a_paragraph": sum(words) / len(words),
        "words_a_real_paragraph": sum(real) / len(real),
        "real_reports": len(material.reports),
        "real_paragraphs": len(real),
    }
    settings = {"passages": given.passages, "seed": given.seed, "pdfs": given.pdf_folder is not None}
    columns = [
        Column("reports", lambda row: f"{row['reports']:,}"),
        Column("passages", lambda row: f"{row['passages']:,}"),
        Column("words a paragraph", lambda row: f"{row['words_a_paragraph']:.0f}"),
        Column("in real ones", lambda row: f"{row['words_a_real_paragraph']:.0f}"),
        Column("grown from", lambda r: f"{r['real_paragraphs']:,} paragraphs of {r['real_reports']} reports"),
    ]
    show(Record("corpora", settings, [row]), columns, as_json=given.json)


if __name__ == "__main__":
    run_command(main)
