"""The tray: passages marked to be kept, in an order people choose."""

from __future__ import annotations

from collections.abc import Iterable

from qa.types import CitedPassage


class Tray:
    """Marked passages in order, each once."""

    def __init__(self, passages: Iterable[CitedPassage] = ()) -> None:
        self._passages = {cited.id: cited for cited in passages}

    @property
    def passages(self) -> tuple[CitedPassage, ...]:
        """The passages in their order."""
        return tuple(self._passages.values())

    def __len__(self) -> int:
        return len(self._passages)

    def __contains__(self, passage: object) -> bool:
        """Whether a passage, or a passage of an id, is marked."""
        return (passage.id if isinstance(passage, CitedPassage) else passage) in self._passages

    def toggle(self, cited: CitedPassage) -> bool:
        """Mark a passage, at the end, or unmark it; return whether it is marked now."""
        if cited in self:
            self.remove(cited.id)
            return False
        self._passages[cited.id] = cited
        return True

    def remove(self, passage_id: str) -> None:
        """Unmark a passage; one that is not marked stays so."""
        self._passages.pop(passage_id, None)

    def move(self, passage_id: str, step: int) -> None:
        """Move a marked passage `step` places towards the end, at most to the end; back if negative."""
        order = list(self._passages)
        if passage_id not in order:
            return
        place = order.index(passage_id)
        order.remove(passage_id)
        order.insert(max(0, place + step), passage_id)
        self._passages = {each: self._passages[each] for each in order}

    def clear(self) -> None:
        """Unmark all."""
        self._passages.clear()
