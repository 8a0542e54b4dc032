"""Words of passages counted, so that those of many reports add up."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

from qa.types import Passage
from qa.vocabulary.abbreviations import Definition, harvest
from qa.vocabulary.vocabulary import Vocabulary
from qa.vocabulary.words import WORD, Key, key_of


class WordCounter:
    """What passages say, a passage or what was counted of others at a time."""

    def __init__(self) -> None:
        self._forms: Counter[str] = Counter()
        self._definitions: dict[tuple[str, Key], Definition] = {}

    def add(self, passage: Passage) -> None:
        """Count the words of a passage, and note the abbreviations it defines."""
        text = " ".join((*passage.section, passage.lead_in or "", passage.shown))
        self._forms.update(set(WORD.findall(text)))
        self._define(harvest([passage]))

    def add_json(self, counted: str) -> None:
        """Add what `to_json` gave."""
        kept = json.loads(counted)
        self._forms.update(kept["forms"])
        self._define(Definition(*row) for row in kept["definitions"])

    def to_json(self) -> str:
        """Return what was counted."""
        definitions = [[each.short, each.long, each.report] for each in self._definitions.values()]
        forms = dict(sorted(self._forms.items()))
        return json.dumps({"forms": forms, "definitions": definitions}, ensure_ascii=False)

    def vocabulary(self, *, ordinary_words: Iterable[str] = ()) -> Vocabulary:
        """Return the vocabulary of what was counted, without a glossary."""
        known = {form.casefold() for form in self._forms}
        ordinary = (word for word in ordinary_words if word not in known)
        return Vocabulary(self._forms, definitions=self._definitions.values(), ordinary_words=ordinary)

    def _define(self, definitions: Iterable[Definition]) -> None:
        for each in definitions:
            self._definitions.setdefault((each.short, key_of(each.long)), each)
