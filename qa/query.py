"""A question understood: what it names, what it is limited to, what it leans on. No model is used.

Nothing here knows a report: names, years and headings come from the catalogue of the open library.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from qa.catalogue import Catalogue, folded
from qa.errors import NotFoundError, QuestionError
from qa.types import Correction, Query

if TYPE_CHECKING:
    from qa.vocabulary import Vocabulary

FILTERS = ("report", "section", "before", "after")

_FILTER = re.compile(r"""(?<!\S)([a-z]+):(?!//)("[^"]*"|“[^”]*”|\S+)""")
_UNFINISHED_FILTER = re.compile(r"""(?<!\S)(?P<name>[a-z]+)(?::(?P<value>"[^"]*|[^\s"]*))?$""")
_PHRASE = re.compile(r"[\"“”]([^\"“”]*)[\"“”]")
_WORD = re.compile(r"[^\W_]+(?:[’'][^\W_]+)?")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_PLACE = re.compile(
    r"(?P<word>paras?|paragraphs?|¶+)?\.?\s*(?P<first>\d{1,3}(?:\.\d{1,3})*(?:\([a-z]{1,2}\))?)"
    r"(?:\s*(?:-|–|to|and)\s*(?P<last>\d{1,3}))?",
    re.IGNORECASE,
)
_OF_REPORT = re.compile(r"\b(?:of|in|from)\s+(?:the\s+)?(?P<name>.+)$", re.IGNORECASE)

_DOCUMENT = r"(?:report|review|letter|inspection|assessment|visit|verdict|document|one)"
_EARLIER = re.compile(
    rf"\b(?:earlier|earliest|older|oldest|previous|first|original)\s+(?:\w+\s+)?{_DOCUMENT}\b", re.I
)
_LATER = re.compile(
    rf"\b(?:later|latest|newer|newest|(?:most )?recent|second|last)\s+(?:\w+\s+)?{_DOCUMENT}\b", re.I
)
_COMPARES = re.compile(
    r"\b(?:since the|compared? (?:to|with)|comparison|versus|vs|gone (?:up|down)|better or worse"
    r"|worse or better|improved? (?:since|on|from)|both (?:reports?|years?|times)"
    r"|years (?:later|on|earlier))\b",
    re.IGNORECASE,
)
_COMPARES_IF_NAMED = re.compile(r"\b(?:since|than|changed?|still|nearer|up|down|compare)\b", re.IGNORECASE)
_OPENS_AS_FOLLOW_UP = re.compile(
    r"(?:(?:ok|okay)\b[\s,.!?–-]*|(?:yes|no|well|thanks|thank you|right|now|great)\s*[,.!?–-]+\s*)*"
    r"(?:and|but|so|or|also|then|what about|how about|what of|why (?:is|was) (?:that|this)|such as"
    r"|i mean|i meant)\b",
    re.IGNORECASE,
)
_REFERS_BACK = re.compile(
    r"\b(?:it|its|itself|they|them|those|these|this|that|he|she|him|her|such|ones"
    r"|(?:the|this|that|which|another|other|first|second|last) one|you (?:also )?mentioned)\b",
    re.IGNORECASE,
)
_EMPTY_IT = re.compile(
    r"\b(?:is|was|would|isn't|wasn't) it (?:\w+ )?(?:\w+)(?: for [\w' ]+)? (?:to|that)\b", re.I
)
_MOST_WORDS_OF_A_FOLLOW_UP = 5
_FEWEST_LETTERS = 3
"""Of the name of a filter, before it is offered."""
_ENOUGH_TO_REFER_TO = 3
"""From so many words on, a pronoun after them refers to something in its own question."""
_LONGEST_CHAIN = 3
"""How many earlier questions are the context at most."""
_MOST_COMPLETIONS = 100
_MOST_LOCATED = 1_000
"""How many paragraphs a number can name; no more are shown of any answer."""


def understand(
    question: str,
    catalogue: Catalogue,
    *,
    vocabulary: Vocabulary | None = None,
    history: Sequence[str] = (),
    reports: Sequence[str] | None = None,
    section: str | None = None,
    before: str | None = None,
    after: str | None = None,
) -> Query:
    """Tell what a question asks for.

    Parameters
    ----------
    question
        As it was typed; may hold filters (``report:ID``, ``section:"words"``, ``before:YEAR``,
        ``after:YEAR``) and words in quotation marks.
    catalogue
        What there is to be named.
    vocabulary
        Mends spelling and finds other words; none leaves the words as they are.
    history
        Earlier questions of the conversation, oldest first.
    reports, section, before, after
        The same filters as options.

    Raises
    ------
    QuestionError
        If no words are left to search for, or a filter is unknown or is given twice with different values.
    NotFoundError
        If a filter or a paragraph number names what does not exist.
    """
    words, typed = _take_filters(question)
    wanted = list(reports) if reports is not None else None
    if "report" in typed:
        wanted = [*(wanted or []), *typed["report"]]
    wanted = catalogue.within_years(
        catalogue.known_reports(wanted),
        before=_year("before", _one("before", before, typed)),
        after=_year("after", _one("after", after, typed)),
    )
    query = Query(
        question=question,
        words=words,
        phrases=tuple(phrase for match in _PHRASE.finditer(words) if (phrase := " ".join(match[1].split()))),
        reports=None if wanted is None else tuple(wanted),
        section=_one("section", section, typed),
    )
    catalogue.check_section(query.section)
    if located := _located(words, query, catalogue):
        return replace(query, located=tuple(located))
    leans = bool(history) and _leans(words, catalogue)
    if not (catalogue.content_words(words) or leans):
        raise QuestionError("The question has no words to search for; name what you want to know about")
    favoured = _named_reports(words, catalogue)
    compares = len(catalogue.reports) > 1 and (
        len(favoured) > 1
        or _COMPARES.search(words) is not None
        or (bool(favoured) and _COMPARES_IF_NAMED.search(words) is not None)
    )
    context = _leant_on(history, catalogue) if leans else None
    names = catalogue.names
    about, named = names.on_authorities(words)
    if not about and context is not None:
        about, named = names.on_authorities(context)
    if len(about) == len(names.ids):
        about, named = set(), []
    query = replace(
        query,
        favoured=tuple(favoured) if len(favoured) < len(catalogue.reports) else (),
        about=tuple(names.ids[place] for place in sorted(about)),
        authorities=tuple(named),
        compares=compares,
        context=context,
    )
    return query if vocabulary is None else _with_vocabulary(query, vocabulary)


def complete(text: str, catalogue: Catalogue) -> tuple[str, ...]:
    """Return what a question that is being typed may go on as, where it ends in a filter.

    Names of filters from their third letter on, then the reports, headings and years there are; each as the
    whole text, in the order of the reports, the first hundred.
    """
    match = _UNFINISHED_FILTER.search(text)
    if match is None:
        return ()
    name, typed = match["name"], match["value"]
    if typed is None:
        ends = [f"{known}:" for known in FILTERS] if len(name) >= _FEWEST_LETTERS else []
        return _continued(text, match.start(), name, ends)
    if name == "section" and not typed.startswith('"'):
        typed, text = f'"{typed}', f'{text[: match.start("value")]}"{typed}'
    return _continued(text, match.start("value"), typed, _values(name, typed, catalogue))


def _values(name: str, typed: str, catalogue: Catalogue) -> Sequence[str]:
    """Return the values that a filter can have; of headings only those that begin as typed."""
    if name == "report":
        return list(catalogue.reports)
    if name == "section":
        return [f'"{heading}"' for heading in catalogue.contents.headings(typed[1:], limit=_MOST_COMPLETIONS)]
    dated = sorted(set(catalogue.names.years_by_id.values()))
    return {"before": dated[1:], "after": dated[:-1]}.get(name, [])


def _continued(text: str, start: int, typed: str, ends: Sequence[str]) -> tuple[str, ...]:
    """Return the text with what was typed last made whole, for each end that begins with it."""
    fitting = (end for end in ends if end.casefold().startswith(typed.casefold()) and end != typed)
    return tuple(text[:start] + end for end in islice(fitting, _MOST_COMPLETIONS))


def _with_vocabulary(query: Query, vocabulary: Vocabulary) -> Query:
    """Mend the spelling of what was not typed in quotation marks, and find other words for it."""
    words, corrections = _mended(query.words, vocabulary)
    context = None if query.context is None else _mended(query.context, vocabulary)[0]
    asked = f"{context} {words}" if context else words
    return replace(
        query,
        words=words,
        context=context,
        corrections=corrections,
        expansions=vocabulary.expand(_PHRASE.sub(" ", asked)),
        unknown=vocabulary.unknown(_WORD.findall(words)),
    )


def _mended(text: str, vocabulary: Vocabulary) -> tuple[str, tuple[Correction, ...]]:
    """Return a text with its misspelt words mended, and which these are."""
    corrections = vocabulary.correct(_WORD.findall(_PHRASE.sub(" ", text)))
    for correction in corrections:
        text = re.sub(rf"\b{re.escape(correction.typed)}\b", correction.searched, text)
    return text, corrections


def _take_filters(question: str) -> tuple[str, dict[str, list[str]]]:
    """Return the question without its filters, and their values by name."""
    typed: dict[str, list[str]] = {}
    for match in _FILTER.finditer(question):
        name, value = match[1], match[2].strip('"“”')
        if name not in FILTERS:
            raise QuestionError(
                f'There is no filter "{name}:"; there are {", ".join(f"{known}:" for known in FILTERS)} '
                "(put a space after the colon if it is no filter)"
            )
        typed.setdefault(name, []).append(value)
    return " ".join(_FILTER.sub(" ", question).split()), typed


def _one(name: str, option: str | None, typed: Mapping[str, Sequence[str]]) -> str | None:
    values = dict.fromkeys([*([option] if option is not None else []), *typed.get(name, ())])
    if len(values) > 1:
        raise QuestionError(f"Two different values are given for {name}: ({', '.join(values)}); give one")
    return next(iter(values), None)


def _year(name: str, value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"\d{4}", value):
        raise QuestionError(f'"{value}" is no year; give {name}: and four digits, such as {name}:2007')
    return value


def _located(words: str, query: Query, catalogue: Catalogue) -> list[str]:
    """Return the passages a question names by paragraph number, or by report and heading; else none."""
    asked, names = words.strip(" ?."), catalogue.names
    among = None if query.reports is None else frozenset(query.reports)
    if match := _OF_REPORT.search(asked):
        report_id = names.called(match["name"], among)
        if report_id is not None:
            return _located_in(asked[: match.start()].strip(), [report_id], catalogue, is_named=True)
    if opening := names.opening(asked, among):
        return _located_in(opening[1], [opening[0]], catalogue, is_named=True)
    return _located_in(asked, query.reports, catalogue, is_named=False)


def _located_in(
    asked: str, among: Sequence[str] | None, catalogue: Catalogue, *, is_named: bool
) -> list[str]:
    scope = next((name for name in catalogue.scopes if asked.casefold().startswith(name)), "")
    place = _PLACE.fullmatch(asked[len(scope) :].strip(" ,"))
    if place and (place["word"] or scope or is_named):
        return _paragraphs(place, scope, among, catalogue)
    if not is_named or not asked:
        return []
    contents = catalogue.contents
    return [
        passage_id
        for report_id in among or ()
        for path in contents.sections_of(report_id)
        if any(folded(name) == folded(asked) for name in path)
        for passage_id in contents.ids_under(report_id, path)
    ]


def _paragraphs(
    place: re.Match[str], scope: str, among: Sequence[str] | None, catalogue: Catalogue
) -> list[str]:
    first, last = place["first"], place["last"]
    numbers = [first]
    if last and first.isdigit() and int(first) < int(last):
        numbers = [str(number) for number in range(int(first), int(last) + 1)]
    found = catalogue.contents.numbered(scope, numbers, reports=among, limit=_MOST_LOCATED)
    if not found:
        named = f"{scope} paragraph {first}" if scope else f"paragraph {first}"
        raise NotFoundError(f"There is no {named}; numbered are {catalogue.numberings(scope, among)}")
    order = {number: order for order, number in enumerate(numbers)}
    reports = {report_id: order for order, report_id in enumerate(dict.fromkeys(each[0] for each in found))}
    found.sort(key=lambda each: (reports[each[0]], order[each[1]]))
    return [passage_id for _, _, passage_id in found]


def _named_reports(words: str, catalogue: Catalogue) -> list[str]:
    """Return the reports a question names in plain words: by name, kind, year, or as the earlier one."""
    names = catalogue.names
    places = names.in_text(words)
    for year in _YEAR.findall(words):
        places.update(names.of_year(year))
    if _EARLIER.search(words):
        places.update(names.earliest)
    if _LATER.search(words):
        places.update(names.latest)
    return [names.ids[place] for place in sorted(places)]


def _leant_on(history: Sequence[str], catalogue: Catalogue) -> str:
    """Return the last question, after those that it leans on itself, oldest first."""
    first = len(history) - 1
    while first > 0 and len(history) - first < _LONGEST_CHAIN and _leans(history[first], catalogue):
        first -= 1
    return " ".join(history[first:])


def _leans(words: str, catalogue: Catalogue) -> bool:
    """Whether a question cannot be understood without the one before it.

    Signs: it opens as one that goes on ("And …", "What about …"), or it is short and refers back with a
    pronoun that has nothing in the question itself to refer to, or it holds next to nothing to search for.
    """
    content = _searchable(words, catalogue)
    if _OPENS_AS_FOLLOW_UP.match(words) or len(content) < 2:
        return True
    if len(content) > _MOST_WORDS_OF_A_FOLLOW_UP or _EMPTY_IT.search(words):
        return False
    pronoun = _REFERS_BACK.search(words)
    return pronoun is not None and len(_searchable(words[: pronoun.start()], catalogue)) < _ENOUGH_TO_REFER_TO


def _searchable(words: str, catalogue: Catalogue) -> list[str]:
    return [word for word in catalogue.content_words(words) if word not in _FOLLOWING_WORDS]


_FOLLOWING_WORDS = frozenset(
    "happened happen happens many much long often else happening mean means really actually".split()
)
