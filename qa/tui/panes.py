"""The thread and the reader side by side, and the keys that work in both."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal


def _key(key: str, action: str, name: str, purpose: str, *, id: str, show: bool = False) -> Binding:  # noqa: A002
    """Return a binding of the Ask screen; only those that are `show`n stand in the footer."""
    return Binding(key, f"screen.{action}", name, show=show, id=id, tooltip=purpose)


class Panes(Horizontal):
    """The thread and the reader; keys that are letters or digits work here, where nothing is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        _key("y", "copy_citation", "Cite", "Copy the citation", id="copy.cite", show=True),
        _key("Y", "copy_quotation", "Quote", "Copy words and citation", id="copy.quote", show=True),
        _key("space", "mark", "Mark", "Mark for the tray, or unmark", id="tray.mark", show=True),
        _key("g", "go_to", "Go to", "Go to a paragraph of this report", id="reader.go_to", show=True),
        _key("f", "find", "Find", "Find words in this report", id="reader.find", show=True),
        _key("n", "hit(1)", "Next hit", "Next passage of this answer", id="passage.next_hit"),
        _key("p", "hit(-1)", "Previous hit", "Previous passage of this answer", id="passage.previous_hit"),
        _key("right_square_bracket", "paragraph(1)", "Next paragraph", "Next paragraph", id="reader.next"),
        _key(
            "left_square_bracket",
            "paragraph(-1)",
            "Previous paragraph",
            "Previous paragraph",
            id="reader.previous",
        ),
        _key("right_curly_bracket", "section(1)", "Next section", "Next section", id="reader.next_section"),
        _key(
            "left_curly_bracket",
            "section(-1)",
            "Previous section",
            "Start of the section, or the one before",
            id="reader.previous_section",
        ),
        _key("o", "other_place", "Also said at", "Go where the same is said too", id="passage.other"),
        _key("l", "similar", "More like this", "Passages like this one", id="passage.similar"),
        _key("m", "more", "More", "More passages, or the nearest ones", id="answer.more"),
        _key("e", "edit", "Edit", "Edit the question and ask again", id="answer.edit"),
        _key("a", "ask_afresh", "Afresh", "Ask it again by itself", id="answer.afresh"),
        _key("slash", "question_box", "Question", "To the question box", id="panes.question", show=True),
        Binding("question_mark", "app.help", "Help", show=False, id="panes.help", tooltip="This help"),
        *(
            _key(digit, f"go_to_passage({digit})", "Nth passage", "Nth passage", id=f"passage.{digit}")
            for digit in "123456789"
        ),
    ]
