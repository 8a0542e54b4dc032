"""Question sets: files of questions with evidence, BEIR folders, and TREC judgements, read and checked."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from qa.errors import EvaluationError
from qa.types import Kind, Passage, Report, ReportOutline, Span

T = TypeVar("T")

BEIR_REPORT = "beir"
"""The id of the report that the documents of a BEIR folder become; each has the id ``beir:<_id>``."""

_DROPPED = str.maketrans(dict.fromkeys("|*_"))


@dataclass(frozen=True, slots=True)
class Question:
    """A question and what is known of its right answer: the exact words, or the ids of the passages.

    `quotes` are the words of every passage that answers it, one a piece of evidence. In their place `grades`
    says how relevant each judged passage is, 0 for not at all.
    """

    id: str
    type: str
    text: str
    history: tuple[str, ...] = ()
    answerable: bool = True
    quotes: tuple[str, ...] = ()
    grades: Mapping[str, int] = field(default_factory=dict)

    @property
    def judged(self) -> bool:
        """Whether there is anything to measure an answer by."""
        return not self.answerable or bool(self.quotes) or any(grade > 0 for grade in self.grades.values())


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions under a name; `collection` holds the passages to search if they are not the library's."""

    name: str
    questions: tuple[Question, ...]
    collection: ReportOutline | None = None


def fold(text: str) -> str:
    """Return a text as quotes are compared: no separators and emphasis marks, single spaces, lower case."""
    return " ".join(text.translate(_DROPPED).split()).casefold()


def read_questions(path: Path) -> QuestionSet:
    """Read a file of questions with evidence, a folder of such files, or a BEIR folder.

    A BEIR folder (Thakur et al., "BEIR", NeurIPS 2021) holds ``corpus.jsonl``, ``queries.jsonl`` and
    ``qrels/test.tsv`` or ``qrels.tsv``; its documents become the passages of one report.

    Raises
    ------
    EvaluationError
        If a file is missing, cannot be read or holds no question, or a line is not as it should be.
    """
    if (path / "corpus.jsonl").is_file():
        return _read_beir(path)
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    if not files:
        raise EvaluationError(f"{path} holds neither corpus.jsonl nor files of questions; give one that does")
    questions = [
        _parsed(
            file, number, line, _question_with_evidence, "question with id, question, answerable and evidence"
        )
        for file in files
        for number, line in _lines(file)
    ]
    return QuestionSet(path.resolve().name, _distinct(questions, path))


def read_judged(queries: Path, qrels: Path) -> QuestionSet:
    """Read queries (``.jsonl``, or lines of id, tab and text) and what qrels say of the library's passages.

    Raises
    ------
    EvaluationError
        As `read_questions` does, or if the qrels name an unknown query.
    """
    return QuestionSet(queries.resolve().stem, _read_queries(queries, _read_qrels(qrels), qrels))


def _read_beir(folder: Path) -> QuestionSet:
    qrels = next(
        (path for path in (folder / "qrels" / "test.tsv", folder / "qrels.tsv") if path.is_file()), None
    )
    if qrels is None:
        raise EvaluationError(f"{folder} holds neither qrels/test.tsv nor qrels.tsv; a BEIR folder needs one")
    source = folder / "corpus.jsonl"
    passages: dict[str, Passage] = {}
    places: Counter[tuple[str, ...]] = Counter()
    for number, line in _lines(source):
        id_, title, text = _parsed(source, number, line, _document, "document with _id and text")
        section = (title,) if title and text else ()
        places[section] += 1
        passages.setdefault(
            id_, _document_passage(id_, section, text or title or id_, len(passages), places[section])
        )
    if not passages:
        raise EvaluationError(f"{source} holds no document; give one with a JSON object a line")
    name = folder.resolve().name
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    report = Report(id=BEIR_REPORT, title=name, short_title=name, path=source.name, sha256=digest)
    grades = {
        query: {f"{BEIR_REPORT}:{id_}": grade for id_, grade in judged.items()}
        for query, judged in _read_qrels(qrels).items()
    }
    known = {passage.id for passage in passages.values()}
    for query, judged in grades.items():
        for id_ in judged.keys() - known:
            document = id_.removeprefix(f"{BEIR_REPORT}:")
            raise EvaluationError(
                f'{qrels}: query {query} names the document "{document}", which is not in {source}'
            )
    questions = _read_queries(folder / "queries.jsonl", grades, qrels)
    return QuestionSet(name, questions, ReportOutline(report, tuple(passages.values())))


def _document(fields: dict[str, Any]) -> tuple[str, str, str]:
    title, text = fields.get("title") or "", fields["text"]
    return _id(fields["_id"]), " ".join(_string(title).split()), " ".join(_string(text).split())


def _document_passage(id_: str, section: tuple[str, ...], text: str, order: int, position: int) -> Passage:
    return Passage(
        id=f"{BEIR_REPORT}:{id_}",
        report=BEIR_REPORT,
        order=order,
        kind=Kind.UNNUMBERED,
        section=section,
        number=None,
        scope=None,
        position=position,
        text=text,
        source=(Span(0, len(text)),),
    )


def _read_queries(path: Path, grades: Mapping[str, Mapping[str, int]], qrels: Path) -> tuple[Question, ...]:
    read: list[Question] = []
    for number, line in _lines(path):
        if path.suffix == ".tsv":
            id_, tab, text = line.partition("\t")
            if not (tab and id_.strip() and text.strip()):
                raise EvaluationError(f"{path}, line {number}: no id, tab and query; mend that line")
            read.append(Question(id_.strip(), "all", text.strip()))
        else:
            read.append(_parsed(path, number, line, _query, "query with _id and text"))
    read = list(_distinct(read, path))
    unknown = grades.keys() - {question.id for question in read}
    if unknown:
        raise EvaluationError(
            f'{qrels} judges the query "{min(unknown)}", which is not in {path}; mend one of them'
        )
    return tuple(replace(question, grades=grades.get(question.id, {})) for question in read)


def _read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Read lines of query, (iteration,) document and grade; the first may be a header."""
    grades: dict[str, dict[str, int]] = {}
    for number, line in _lines(path):
        fields = line.split("\t") if "\t" in line else line.split()
        try:
            query, *_, document, grade = map(str.strip, fields)
            if len(fields) not in (3, 4):
                raise ValueError
            grades.setdefault(query, {})[document] = int(grade)
        except ValueError as error:
            if number > 1:
                raise EvaluationError(
                    f"{path}, line {number}: no query, document and whole number; mend that line"
                ) from error
    if not grades:
        raise EvaluationError(f"{path} holds no judgement; give lines of query, document and grade")
    return grades


def _query(fields: dict[str, Any]) -> Question:
    return Question(
        id=_id(fields["_id"]),
        type=_string(fields.get("type", "all")),
        text=_string(fields["text"]),
        history=_history(fields),
        answerable=_boolean(fields.get("answerable", True)),
    )


def _question_with_evidence(fields: dict[str, Any]) -> Question:
    question = Question(
        id=_id(fields["id"]),
        type=_string(fields.get("type", "all")),
        text=_string(fields["question"]),
        history=_history(fields),
        answerable=_boolean(fields["answerable"]),
        quotes=tuple(_string(item["quote"]) for item in fields.get("evidence") or ()),
    )
    if question.answerable != bool(question.quotes) or not all(map(fold, question.quotes)):
        raise ValueError
    return question


def _history(fields: dict[str, Any]) -> tuple[str, ...]:
    """Return the earlier questions; of turns with a speaker those of the one who asks."""
    turns: list[str] = []
    for turn in fields.get("history") or []:
        if not isinstance(turn, dict):
            turns.append(_string(turn))
        elif turn.get("speaker", "user") == "user":
            turns.append(_string(turn["text"]))
    return tuple(turns)


def _distinct(questions: Sequence[Question], path: Path) -> tuple[Question, ...]:
    if not questions:
        raise EvaluationError(f"{path} holds no question; give one with a JSON object a line")
    twice = [id_ for id_, count in Counter(question.id for question in questions).items() if count > 1]
    if twice:
        raise EvaluationError(f'{path} has the question "{twice[0]}" twice; give each an id of its own')
    return tuple(questions)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not empty, with their numbers."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise EvaluationError(f"{path} cannot be read ({reason}); check its path") from error
    yield from ((number, line) for number, line in enumerate(lines, start=1) if line.strip())


def _parsed(path: Path, number: int, line: str, make: Callable[[dict[str, Any]], T], wanted: str) -> T:
    try:
        return make(json.loads(line))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise EvaluationError(f"{path}, line {number}: no {wanted}; mend that line") from error


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _id(value: object) -> str:
    return str(value) if isinstance(value, int) else _string(value)


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value
