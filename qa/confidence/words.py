"""Words and their stems, and the words that say nothing of what is asked."""

from __future__ import annotations

import re
from functools import lru_cache

WORD = re.compile(r"[^\W_]+")
FILLERS = frozenset(
    "a about above actually after again all also am an and any anybody anyone anything are as ask asked"
    " at average be been before being below between both but by came can come could count day days did do"
    " does doing done down during each either else ever every everybody everyone exactly few fewer for"
    " from further gave get gets give given go goes going gone got had has have having he hear her here"
    " herself him himself his how i if in instead into is it its itself just kind know knows let list made"
    " make makes many may me might more most much must my myself near no nor not number of off on once one"
    " only or other our ourselves out over own per percentage please proportion put quite rather really s"
    " said same say says seen she should so some somebody someone something such t take taken tell than"
    " that the their them themselves then there these they thing things think thinks this those thought"
    " through to too under until up us very want wants was we were what whats when where which while who"
    " whom whose why will with would yet you your yourself".split()
)
"""Words that say nothing of what is asked."""


def matters(word: str) -> bool:
    """Return whether a word says something of what is asked."""
    return word.casefold() not in FILLERS and (len(word) > 1 or word.isdigit())


def words_in(text: str) -> list[str]:
    """Return the words of a text in their order."""
    return WORD.findall(text)


@lru_cache(maxsize=8_192)
def stems_in(text: str) -> frozenset[str]:
    """Return the stems of a text's words."""
    return frozenset(stem_of(word) for word in words_in(text))


def content_stems(text: str) -> frozenset[str]:
    """Return the stems of a text's words that matter."""
    return frozenset(stem_of(word) for word in words_in(text) if matters(word))


_ENDING = re.compile(r"(?:ations?|ions?|ments?|ings?|ers?|ors?|ed|ly|es|e|s)$")


@lru_cache(maxsize=65_536)
def stem_of(word: str) -> str:
    """Return a word without its ending, so that its forms are one; the rest is no word."""
    word = word.casefold()
    if len(word) > 4 and word.endswith("ies"):
        word = f"{word[:-3]}y"
    shorter = _ENDING.sub("", word)
    while len(shorter) >= 4 and shorter != word:
        word, shorter = shorter, _ENDING.sub("", shorter)
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    return word[:-1] if len(word) > 4 and word[-1] == word[-2] else word
