"""What kind of answer a question expects, and whether a sentence holds one of that kind."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from enum import StrEnum

from qa.confidence.words import FILLERS, stem_of, stems_in, words_in
from qa.types import ReportOutline


class AnswerKind(StrEnum):
    """What kind of thing would answer a question."""

    NUMBER = "number"
    PERCENTAGE = "percentage"
    MONEY = "sum of money"
    DATE = "date"
    TIME = "time of day"
    DURATION = "length of time"
    FREQUENCY = "frequency"
    CONTACT = "telephone number or address"
    PERSON = "person"
    ORGANISATION = "organisation"
    PLACE = "place"
    NAME = "name"
    REASON = "reason"
    GRADE = "grade"
    COMPARISON = "comparison"
    DEFINITION = "definition"
    YES_NO = "yes or no"
    LIST = "list"
    DESCRIPTION = "description"
    TOPIC = "topic"

    @property
    def checkable(self) -> bool:
        """Whether a sentence can be seen to hold such an answer; of any other kind only a reader can tell."""
        return self in MISSING


# --- what a question expects -------------------------------------------------------------------------------


def expects(question: str) -> AnswerKind:
    """Return what kind of thing would answer a question.

    The part that asks is looked at: the last clause with a question word or a leading verb, greetings and
    "can you tell me" left out. The first rule of `_RULES` that fits counts; of the plain question words
    (`_QUESTION_WORDS`) the one that comes first.
    """
    clause = _asking_clause(question)
    if _LEADING_VERB.match(clause):
        compares = _COMPARES.search(clause) or re.search(r"\bthan (?:in|at|the|for)\b", clause, re.IGNORECASE)
        return AnswerKind.COMPARISON if compares else AnswerKind.YES_NO
    for kind, rule in _RULES:
        if rule.search(clause):
            return kind
    found = [
        (match.start(), order)
        for order, (_, rule) in enumerate(_QUESTION_WORDS)
        if (match := rule.search(clause))
    ]
    if found:
        return _QUESTION_WORDS[min(found)[1]][0]
    return AnswerKind.DESCRIPTION if _OPEN_WORD.search(clause) else AnswerKind.TOPIC


def years_in(text: str) -> list[int]:
    """Return the years a text names, both ends of one such as 2004-05, each once."""
    years: dict[int, None] = {}
    for match in YEAR.finditer(text):
        years[int(match["first"])] = None
        if match["second"]:
            years[int(match["first"][: 4 - len(match["second"])] + match["second"])] = None
    return list(years)


def years_of(read: ReportOutline) -> frozenset[int]:
    """Return the years a report speaks of: that of its date, and those its ranked passages name."""
    # The month of a date such as 2008-12 is not the end of a range of years.
    texts = [(read.report.date or "")[:4], *(each.text for each in read.passages if each.kind.ranked)]
    return frozenset(year for text in texts for year in years_in(text))


def _rules(*pairs: tuple[AnswerKind, str]) -> tuple[tuple[AnswerKind, re.Pattern[str]], ...]:
    return tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in pairs)


_VERB = "is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|shall|should|may|might|must"
_UNIT = "seconds?|minutes?|hours?|days?|weeks?|months?|years?|terms?"
_BODY = (
    "compan(?:y|ies)|firms?|organi[sz]ations?|agenc(?:y|ies)|bod(?:y|ies)|trusts?|contractors?|charit(?:y|ies)"
    "|departments?|teams?|boards?|committees?|providers?|councils?|authorit(?:y|ies)|universit(?:y|ies)"
    "|colleges?|schools?|hospitals?|partnerships?|inspectorates?|unions?"
)
_ANY_BODY = re.compile(
    "organi[sz]ations?|agenc(?:y|ies)|bod(?:y|ies)|providers?|authorit(?:y|ies)", re.IGNORECASE
)
_SITE = (
    "towns?|villages?|places?|cit(?:y|ies)|count(?:y|ies)|countr(?:y|ies)|areas?|streets?|sites?|buildings?"
    "|locations?|parish(?:es)?|regions?|neighbourhoods?|districts?|wards?"
)
_POST = (
    "directors?|managers?|councillors?|officers?|workers?|(?:head ?)?teachers?|heads?|chairs?"
    "|chair(?:man|woman|person)"
    "|ministers?|inspectors?|members?|staff|professionals?|co-?ordinators?|nurses?|advis[eo]rs?|leaders?"
)
_COUNT = "number|population|total|size|average|count|figure|rate"
_COMPARES = re.compile(
    r"\bcompar(?:e|ed|es|ing|ison)\b|\b(?:better|higher|more) or (?:worse|lower|less)\b"
    r"|\bdifferences? between\b|\bdifferent from\b|\bversus\b|\bvs\b",
    re.IGNORECASE,
)
_RULES = (
    (AnswerKind.COMPARISON, _COMPARES),
    *_rules(
        (AnswerKind.TIME, r"\bwhat time\b|\bopening (?:hours|times)\b"),
        (
            AnswerKind.CONTACT,
            r"\b(?:(?:tele)?phone|helpline|fax) number|\be-?mail address|\bweb ?site\b.*\baddress"
            r"|\bpost ?code\b",
        ),
        (
            AnswerKind.PERCENTAGE,
            r"\b(?:what|which|how (?:large|big|high) an?)\b.{0,30}?"
            r"\b(?:percentage|proportion|share|per ?cent)\b"
            r"|^(?:the )?(?:percentage|proportion|share) of\b",
        ),
        (
            AnswerKind.DURATION,
            rf"\bhow many (?:\w+ )?(?:{_UNIT})\b|\bhow (?:long|old|soon)\b|\b(?:what|which) age\b",
        ),
        (
            AnswerKind.MONEY,
            r"\bhow much\b.*\b(?:spen[dt]|costs?|pay|pays|paid|fund(?:s|ed|ing)?|earns?|earned|charged?|gave"
            r"|give|given|budget|price|grants?|money|raised?|saved?|owed?|worth|allocated|invested|received?)\b"
            r"|\bwhat\b.{0,60}\b(?:salary|wages?|fees?|charge|price|budget|bill|annual cost|sum of money)\b"
            r"|\bin pounds\b",
        ),
        (AnswerKind.FREQUENCY, r"\bhow (?:often|frequently|regularly)\b|\bhow many times\b"),
        (
            AnswerKind.NUMBER,
            r"\bhow (?:many|few|far|big|tall|large)\b|^(?:the )?(?:average|number|total|population)\b"
            r"|\b(?:what|which)(?: is| was| are| were|'s)? (?:the |our |its |their )?(?:[\w'-]+ ){0,4}"
            rf"(?:{_COUNT})\b",
        ),
        (AnswerKind.NAME, r"\bnames? of\b|\bwhat'?s?\b.*\b(?:called|named)\b"),
        (
            AnswerKind.GRADE,
            r"\b(?:what|which)(?: \w+){0,2} (?:grades?|scores?|marks?|ratings?|judge?ments?|verdicts?)\b"
            r"|\bhow (?:was|were|is|are)\b.*\b(?:graded|rated|scored|judged|marked)\b",
        ),
        (
            AnswerKind.DEFINITION,
            r"\bstands? for\b|\bwhat (?:does|do|is)\b.*\b(?:mean|meant)\b"
            r"|^what'?s?(?: is| are| was| were)? (?:an? |the )?[\w'-]+(?: [\w'-]+)?\??$",
        ),
    ),
)
"""Tried in this order; the first that fits tells the kind."""

_QUESTION_WORDS = _rules(
    (AnswerKind.PERSON, rf"\bwho\b|\bwhom\b|\bwhose\b|\b(?:what|which) (?:person|people|{_POST})\b"),
    (
        AnswerKind.DATE,
        r"\bwhen\b|\b(?:what|which)(?: \w+)? (?:dates?|days?|year|month|week|period)\b|\bhow recently\b",
    ),
    (AnswerKind.ORGANISATION, rf"\b(?:what|which)(?: of (?:the|our)(?: \w+)?)?(?: [\w-]+)? (?:{_BODY})\b"),
    (AnswerKind.PLACE, rf"\bwhere\b|\b(?:what|which)(?: [\w-]+)? (?:{_SITE})\b|\bwhat address\b"),
    (
        AnswerKind.REASON,
        r"\bwhy\b|\bhow come\b|\bwhat (?:caused?|made)\b|\bwhat\b.{0,15}\b(?:cause|reason)s?\b",
    ),
    (AnswerKind.LIST, r"\bwhich\b|\blist\b|^name (?:the|all|two|three)\b"),
    (AnswerKind.DESCRIPTION, r"\bwhat'?s?\b|\bhow\b"),
)
_OPEN_WORD = re.compile(r"\bwhat'?s?\b|\bhow\b|\bwhy\b", re.IGNORECASE)
_LEADING_VERB = re.compile(rf"(?:{_VERB})(?:n't)?\b", re.IGNORECASE)
_QUESTION_WORD = re.compile(r"\b(?:who|whom|whose|what'?s?|when|where|which|why|how|list)\b", re.IGNORECASE)
_COURTESY = re.compile(
    r"(?:please|(?:can|could|would) (?:you|any(?:one|body)|some(?:one|body)) (?:please )?"
    r"(?:tell|say|show|give|explain)(?: me| us| to me)?|tell (?:me|us)|say"
    r"|do(?:es)? (?:you|any(?:one|body)) know"
    r"|i(?:'d| would) like to know|i wonder(?: if)?|and|but|so|then|also|exactly|roughly|about|overall"
    r")\b[\s,]*",
    re.IGNORECASE,
)
_AFTER_A_SUBORDINATE = re.compile(
    rf"(?!who|what|which|how)[^,]*, (?=(?:{_VERB}|who|what|which|how|why)\b)", re.IGNORECASE
)
_CLAUSE_END = re.compile(r"(?<=[.?!])\s+|\s[–—-]\s|[:;]\s")


def _asking_clause(question: str) -> str:
    clauses = [clause for clause in _CLAUSE_END.split(question.strip().replace("’", "'")) if clause]
    asking = [clause for clause in clauses if clause.endswith("?")] or clauses
    for clause in reversed(asking):
        while match := _COURTESY.match(clause):
            clause = clause[match.end() :]
        main = _AFTER_A_SUBORDINATE.match(clause)
        if main:
            return clause[main.end() :]
        if _LEADING_VERB.match(clause) or _QUESTION_WORD.search(clause):
            return clause
    return clause if asking else ""


# --- what a sentence holds ---------------------------------------------------------------------------------

MISSING: dict[AnswerKind, str] = {
    AnswerKind.NUMBER: "gives a number for this",
    AnswerKind.PERCENTAGE: "gives a percentage for this",
    AnswerKind.MONEY: "gives a sum of money for this",
    AnswerKind.DATE: "gives a date for this",
    AnswerKind.TIME: "gives a time of day for this",
    AnswerKind.DURATION: "gives a length of time for this",
    AnswerKind.FREQUENCY: "says how often this happens",
    AnswerKind.CONTACT: "gives a telephone number or an address for this",
    AnswerKind.PERSON: "says who this is",
    AnswerKind.ORGANISATION: "names the body that is asked for",
    AnswerKind.PLACE: "names a place for this",
    AnswerKind.NAME: "gives a name for this",
    AnswerKind.REASON: "gives a reason for this",
    AnswerKind.GRADE: "gives a grade for this",
}
"""The kinds of answer that can be recognised, and what is said of passages without one."""

_NUMBER_WORD = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    "|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|dozen"
)
_MONTH = "January|February|March|April|June|July|August|September|October|November|December"
YEAR = re.compile(r"\b(?P<first>(?:19|20)\d\d)(?:[-/–](?P<second>\d\d(?:\d\d)?)\b)?(?!\d)")
_QUANTITY = re.compile(
    rf"(?<![\w.,£$€-])(?:\d+(?:,\d\d\d)*(?:\.\d+)?|(?:{_NUMBER_WORD}|no|none|neither|both|half|single)\b)(?!\d)",
    re.IGNORECASE,
)
_HARDLY_A_NUMBER = frozenset("no none neither both half single one".split())
_LABEL_BEFORE = re.compile(
    rf"\b(?:stages?|levels?|grades?|section|annex|tier|phase|para(?:graph)?s?|years?|ages?|aged|type|part|act"
    rf"|over the age of|over and under|{_MONTH}|May|summer|spring|autumn|winter)\s*$",
    re.IGNORECASE,
)
_AGE_OR_SHARE_AFTER = re.compile(
    r"(?:[\s-]*(?:to|and)?[\s-]*\d+)?[\s-]*year[\s-]?s?[\s-]?olds?|\s?%", re.IGNORECASE
)
_SHARE = re.compile(
    r"\d\s?%|\bper ?cent\b|\b(?:half|thirds?|quarters?|one in \w+|\w+ out of \w+)\b", re.IGNORECASE
)
_ALL_OR_NONE = re.compile(r"\b(?:all|every|none)\b", re.IGNORECASE)
_DATE = re.compile(
    rf"\b(?:19|20)\d\d\b|\b(?:{_MONTH})\b|\b\d{{1,2}} May\b|\bMay (?:19|20)\d\d\b"
    r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b\d{1,2}/\d{1,2}/\d{2,4}\b",
    re.IGNORECASE,
)
_DURATION = re.compile(
    rf"\b(?:\d+(?:\.\d+)?|{_NUMBER_WORD}|an?|several)[\s-](?P<unit>{_UNIT})\b(?![\s-]olds?)", re.IGNORECASE
)
_PLAIN: dict[AnswerKind, re.Pattern[str]] = {
    AnswerKind.MONEY: re.compile(
        r"[£€$]\s?\d|\b\d[\d,.]*\s?(?:pounds|pence|million|billion|k\b)|\b(?:million|thousand) pounds\b",
        re.IGNORECASE,
    ),
    AnswerKind.TIME: re.compile(
        r"\b\d{1,2}(?:[:.]\d\d)?\s?[ap]\.?m\b|\bo'clock\b|\bnoon\b|\bmidnight\b|\b[0-2]?\d:[0-5]\d\b",
        re.IGNORECASE,
    ),
    AnswerKind.FREQUENCY: re.compile(
        r"\b(?:annual(?:ly)?|yearly|monthly|weekly|daily|termly|quarterly|fortnightly|once|twice|\w+ times"
        rf"|(?:every|each|per|a) (?:\w+ )?(?:{_UNIT}|quarter|fortnight))\b",
        re.IGNORECASE,
    ),
    AnswerKind.CONTACT: re.compile(
        r"\b\d[\d ]{5,}\d\b|\S@\S|\bwww\.|\bhttps?:|\b[A-Z]{1,2}\d{1,2}[A-Z]? \d[A-Z]{2}\b"
    ),
    AnswerKind.REASON: re.compile(
        r"\b(?:because|due to|owing to|as a (?:result|consequence)|result(?:s|ed|ing)? (?:in|from)|caused?"
        r"|causes|leads? to|led to|leading to|therefore|consequently|so that|in order to|to enable"
        r"|given (?:its|the|their|that)|reasons?|stems? from|attributed|thanks to|thus|hence|means that"
        r"|hinders|in response to|having|since(?! \d))\b",
        re.IGNORECASE,
    ),
    AnswerKind.GRADE: re.compile(
        r"\b(?:outstanding|excellent|good|adequate|inadequate|satisfactory|unsatisfactory|poor"
        r"|requires improvement|grade \d|[1-5])\b",
        re.IGNORECASE,
    ),
}
_CAPITALISED = re.compile(r"\b[A-Z][\w'’&-]*(?:(?: (?:of|and|for|the|in|de|upon|on)){0,2} [A-Z][\w'’&-]*)*")
SENTENCE_START = re.compile(r"(?:^|[.?!:;]['\"’”]?\s)[\W_]*$")
_PERSONAL_TITLE = re.compile(
    r"\b(?:Mr|Mrs|Ms|Miss|Dr|Cllr|Councillor|Sir|Dame|Lord|Lady|Prof(?:essor)?)\.? [A-Z]"
)
_A_BODY = re.compile(
    rf"\b(?:{_BODY}|services?|commissions?|bureau|groups?|offices?|police|units?|directorate|schemes?|executive"
    r"|ltd|limited|plc)\b",
    re.IGNORECASE,
)
_A_ROLE = re.compile(rf"\b(?:{_POST}|parents|carers|people|children|families|stakeholders)\b", re.IGNORECASE)
_A_SITE = re.compile(rf"\b(?:{_SITE}|units?|hospitals?|centres?|outside|neighbouring)\b", re.IGNORECASE)
_PLACE_BEFORE = re.compile(
    r"(?:\b(?:in|at|to|from|near|outside|of|and|or|by|with|covers)|,)\s*$", re.IGNORECASE
)
_WANTS_A_PERSON = re.compile(
    rf"\bwho(?:'s| is| was) (?:the|our|its|their)\b|\bnames? of (?:the|our) (?:\w+ )?(?:{_POST})\b",
    re.IGNORECASE,
)


def strength_of(kind: AnswerKind, question: str, sentence: str, known: Collection[str]) -> float:
    """Return how surely a sentence holds an answer of a kind, 0 to 1. What the question says is no answer."""
    match kind:
        case AnswerKind.NUMBER:
            return max(_numbers(question, sentence), default=0.0)
        case AnswerKind.PERCENTAGE:
            return 1.0 if _SHARE.search(sentence) else 0.3 if _ALL_OR_NONE.search(sentence) else 0.0
        case AnswerKind.DATE:
            new = (date.group().casefold() not in question.casefold() for date in _DATE.finditer(sentence))
            return float(any(new))
        case AnswerKind.DURATION:
            wanted = re.search(rf"\bhow many (?:\w+ )?({_UNIT})\b", question, re.IGNORECASE)
            units = [stem_of(duration["unit"]) for duration in _DURATION.finditer(sentence)]
            return float(bool(units) and (wanted is None or stem_of(wanted.group(1)) in units))
        case AnswerKind.PERSON | AnswerKind.NAME:
            return _who(kind, question, sentence, known)
        case AnswerKind.ORGANISATION:
            return _which_body(question, sentence, known)
        case AnswerKind.PLACE:
            names = [_PLACE_BEFORE.search(sentence[:start]) for start, _, _ in _new_names(sentence, known)]
            if names:
                return 1.0 if any(names) else 0.8
            return 0.3 if _has_new(_A_SITE, sentence, known) else 0.0
    return float(bool(_PLAIN[kind].search(sentence)))


def _numbers(question: str, sentence: str) -> Iterator[float]:
    counted = set(_counted(question))
    typed = set(words_in(question.casefold()))
    for match in _QUANTITY.finditer(sentence):
        word, after = match.group().casefold(), sentence[match.end() : match.end() + 60]
        if word in typed or YEAR.match(sentence, match.start()):
            continue
        if _LABEL_BEFORE.search(sentence[: match.start()]) or _AGE_OR_SHARE_AFTER.match(after):
            continue
        if counted & {stem_of(each) for each in words_in(after)[:4]}:
            yield 1.0
        elif word in _HARDLY_A_NUMBER:
            yield 0.15
        else:
            yield 0.4 if counted else 0.6


def _counted(question: str) -> list[str]:
    """Return the stems of what is counted: the words after "how many" up to the first verb, fillers aside."""
    match = re.search(rf"\b(?:how (?:many|few)|(?:{_COUNT})(?: of)?)\b(.*)", question, re.IGNORECASE)
    found: list[str] = []
    for word in words_in(match.group(1)) if match else []:
        if re.fullmatch(
            rf"{_VERB}|in|of|at|on|from|there|to|for|with|that|who|which|by|per", word, re.IGNORECASE
        ):
            break
        if word.casefold() not in FILLERS:
            found.append(stem_of(word))
    return found[:3]


def _who(kind: AnswerKind, question: str, sentence: str, known: Collection[str]) -> float:
    names = list(_new_names(sentence, known))
    if _PERSONAL_TITLE.search(sentence) or any(
        len(new) > 1 and not _A_BODY.search(name) for _, name, new in names
    ):
        return 1.0
    if _WANTS_A_PERSON.search(question):
        return 0.3 if names else 0.0
    if names:
        return 1.0 if kind is AnswerKind.NAME else 0.8
    if kind is AnswerKind.NAME:
        return float(bool(re.search(r"['‘\"“][A-Z]", sentence)))
    return 0.6 if _has_new(_A_ROLE, sentence, known) or _has_new(_A_BODY, sentence, known) else 0.0


def _which_body(question: str, sentence: str, known: Collection[str]) -> float:
    asked = re.search(rf"\b(?:what|which)\b.*?\b({_BODY})\b", question, re.IGNORECASE)
    fits = (
        asked is None
        or _ANY_BODY.fullmatch(asked.group(1)) is not None
        or stem_of(asked.group(1)) in stems_in(sentence)
    )
    if any(_new_names(sentence, known)):
        return 1.0 if fits else 0.4
    return 0.3 if _has_new(_A_BODY, sentence, known) else 0.0


def _new_names(sentence: str, known: Collection[str]) -> Iterator[tuple[int, str, list[str]]]:
    """Yield capitalised names with words that the question does not have: place, name and those words."""
    for match in _CAPITALISED.finditer(sentence):
        words = [word for word in words_in(match.group()) if word.casefold() not in FILLERS]
        starts = SENTENCE_START.search(sentence[: match.start()]) is not None
        new = [word for word in words if stem_of(word) not in known]
        if new and not (starts and len(words) == 1) and not all(_DATE.fullmatch(word) for word in new):
            yield match.start(), match.group(), new


def _has_new(pattern: re.Pattern[str], sentence: str, known: Collection[str]) -> bool:
    return any(stem_of(match.group()) not in known for match in pattern.finditer(sentence))
