"""The signs that stand beside words, in two sets: one for terminals that show more than ASCII."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Marks:
    """Signs beside words; none of them says what words near it do not say too."""

    strong: str = "●●●"
    possible: str = "●●○"
    unsure: str = "●○○"
    nothing: str = "○○○"
    current: str = "▌"
    current_in_focus: str = "█"
    marked: str = "✓"
    bullet: str = "•"
    leads_from: str = "↳"

    def of(self, confidence: str) -> str:
        """Return the sign of how sure an answer is."""
        return {"strong": self.strong, "possible": self.possible, "none": self.nothing}.get(
            confidence, self.unsure
        )


UNICODE_MARKS = Marks()
ASCII_MARKS = Marks(
    strong="***",
    possible="**-",
    unsure="*--",
    nothing="---",
    current="|",
    current_in_focus="#",
    marked="+",
    bullet="*",
    leads_from="->",
)
