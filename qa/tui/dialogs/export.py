"""An export: what is written to a file, in which format, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar, Literal

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input
from textual.widgets.option_list import Option

from qa.cite import plural
from qa.export import ExportFormat
from qa.tui.dialogs.dialog import Dialog, key_name, labelled
from qa.tui.dialogs.field import Field
from qa.tui.dialogs.paths import at_home, complete_path
from qa.tui.dialogs.rows import Choices, Row
from qa.tui.display import words
from qa.tui.line import Completions

What = Literal["tray", "conversation"]

CHOSEN = "(*) "
NOT_CHOSEN = "( ) "


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What is to be written where; `replace` says that a file that is there may be replaced."""

    what: What
    form: ExportFormat
    path: Path
    replace: bool


class ExportScreen(Dialog[ExportRequest | None]):
    """Choose what to export, the format and the file.

    A file that is there is replaced only by a key of its own, once Enter has said that it is there.

    Parameters
    ----------
    tray
        How many passages are marked.
    questions
        How many questions the conversation has.
    folder
        Where a file name without a folder goes.
    name
        Suggests the name of a file for what is exported and a format.
    exists
        Whether there is a file of a path.
    """

    AUTO_FOCUS = "#export-path"
    HEADING = "Export"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "write", "Export", id="export.write", tooltip="Write the file"),
        Binding(
            "ctrl+r", "replace", "Replace", id="export.replace", tooltip="Replace the file that is there"
        ),
        Binding("down", "format(1)", "Format", id="export.next_format", tooltip="The next format"),
        Binding(
            "up",
            "format(-1)",
            "Format",
            show=False,
            id="export.previous_format",
            tooltip="The format before",
        ),
        Binding("f4", "what", "What", id="export.what", tooltip="The tray, or the conversation"),
        Binding("escape", "close", "Close", id="export.close"),
    ]

    def __init__(
        self,
        *,
        tray: int,
        questions: int,
        folder: Path,
        name: Callable[[str, ExportFormat], str],
        exists: Callable[[Path], bool],
        downloads: bool = False,
    ) -> None:
        super().__init__()
        self._downloads = downloads
        self._counts: dict[What, int] = {"tray": tray, "conversation": questions}
        self._what: What = "tray" if tray else "conversation"
        self._form = ExportFormat.MARKDOWN
        self._folder = folder
        self._suggest_name = name
        self._exists = exists if not downloads else lambda _: False
        self._refused: Path | None = None
        self._suggested = name(self._what, self._form)

    def body(self) -> Iterable[Widget]:
        """Return what, format and file."""
        yield labelled("What", Choices(id="export-what"))
        yield labelled("Format", Choices(id="export-format"))
        # The folders here are not those of somebody who downloads.
        completions = (
            None
            if self._downloads
            else Completions(partial(complete_path, base=self._folder), in_thread=True)
        )
        field = Field(self._suggested, id="export-path", completions=completions)
        field.select_on_focus = False
        yield labelled("File", field).add_class("file")

    def on_mount(self) -> None:
        """Show what is chosen to begin with."""
        self._show_choices()
        self._show_state()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to replace a file only once Enter has said that it is there."""
        return action != "replace" or self._refused is not None

    def on_input_changed(self, event: Input.Changed) -> None:
        """Follow the suffix that is typed, and forget what was refused."""
        event.stop()
        if self._refused is not None and self._refused == self._path():
            return  # Enter has come before the news of what was typed last.
        self._follow_suffix()
        self._show_state()

    def on_choices_moved(self, event: Choices.Moved) -> None:
        """Choose what the highlight is on by now."""
        event.stop()
        current = event.choices.current_id
        if current is not None and event.choices is self._formats:
            self._choose_format(ExportFormat(current))
        elif current is not None:
            self._choose_what("tray" if current == "tray" else "conversation")

    def on_choices_left_upwards(self, event: Choices.LeftUpwards) -> None:
        """Stay in the list."""
        event.stop()

    def action_format(self, step: int) -> None:
        """Choose the next format while the file name keeps the keys."""
        forms = list(ExportFormat)
        self._choose_format(forms[(forms.index(self._form) + step) % len(forms)])

    def action_what(self) -> None:
        """Change between the tray and the conversation."""
        self._choose_what("conversation" if self._what == "tray" else "tray")

    def action_write(self) -> None:
        """Hand the request back, if the file can be written and is not there."""
        self._follow_suffix()
        problem = self._problem()
        path = self._path()
        if problem:
            self.show_hint(f"Not exported. {problem}")
        elif self._exists(path):
            self._refused = path
            self.refresh_bindings()
            self.show_hint(
                f"Not exported: the file is there already. {key_name(self, 'export.replace')} replaces it; "
                "or change the name."
            )
        else:
            self.dismiss(ExportRequest(self._what, self._form, path, replace=False))

    def action_replace(self) -> None:
        """Hand back the request to replace the file that Enter said is there."""
        self._follow_suffix()
        if self._refused is not None and self._refused == self._path() and not self._problem():
            self.dismiss(ExportRequest(self._what, self._form, self._refused, replace=True))

    def action_close(self) -> None:
        """Leave without an export."""
        self.dismiss(None)

    @property
    def _field(self) -> Field:
        return self.query_one(Field)

    @property
    def _formats(self) -> Choices:
        return self.query_one("#export-format", Choices)

    @property
    def _whats(self) -> Choices:
        return self.query_one("#export-what", Choices)

    def _choose_what(self, what: What) -> None:
        if what != self._what and self._counts[what]:
            self._what = what
            self._follow_choice()

    def _choose_format(self, form: ExportFormat) -> None:
        if form is not self._form:
            self._form = form
            self._follow_choice()

    def _follow_choice(self) -> None:
        """Suggest another name; keep one that was typed but for its suffix, which must fit."""
        typed = self._field.value
        if typed == self._suggested:
            self._suggested = self._suggest_name(self._what, self._form)
            self._field.put(self._suggested)
        elif _form_of(typed) is not None:
            self._field.put(f"{typed[: typed.rindex('.')]}.{self._form.value}")
        elif "." not in Path(typed).name and Path(typed).name:
            self._field.put(f"{typed}.{self._form.value}")
        self._show_choices()
        self._show_state()

    def _follow_suffix(self) -> None:
        form = _form_of(self._field.value)
        if form is not None and form is not self._form:
            self._form = form
            self._show_choices()

    def _show_choices(self) -> None:
        def row(label: str, chosen: bool, row_id: str, *, disabled: bool = False) -> Option:
            mark = CHOSEN if chosen else NOT_CHOSEN
            return Option(Row(words(label), mark=mark), id=row_id, disabled=disabled)

        tray, questions = self._counts["tray"], self._counts["conversation"]
        labels: dict[What, str] = {
            "tray": f"Tray: {plural(tray, 'passage')}" if tray else "Tray: empty",
            "conversation": f"Conversation: {plural(questions, 'question')}"
            if questions
            else "Conversation: nothing asked yet",
        }
        with self.prevent(Choices.Moved):
            self._whats.show_rows(
                [
                    row(label, what == self._what, what, disabled=not self._counts[what])
                    for what, label in labels.items()
                ],
                current=self._what,
            )
            self._formats.show_rows(
                [
                    row(f"{form.title}  .{form.value}", form is self._form, form.value)
                    for form in ExportFormat
                ],
                current=self._form.value,
            )

    def _show_state(self) -> None:
        self._refused = None
        self.refresh_bindings()
        problem = self._problem()
        if problem:
            self.show_hint(problem)
        elif self._exists(self._path()):
            self.show_hint(f"There is a file of this name already: {self._path()}")
        else:
            does = f"downloads {self._path().name}" if self._downloads else f"writes {self._path()}"
            self.show_hint(f"{key_name(self, 'export.write')} {does}")

    def _problem(self) -> str:
        """Return why nothing can be written as it stands, in a sentence or two; empty if it can."""
        typed = self._field.value.strip()
        if not self._counts[self._what]:
            return "There is nothing to export yet: mark passages, or ask a question."
        if not Path(typed).name:
            return "Type the name of a file."
        if _form_of(typed) is None:
            suffixes = [f".{form.value}" for form in ExportFormat]
            return f"The name must end in {', '.join(suffixes[:-1])} or {suffixes[-1]}."
        if self._downloads:
            return ""
        path = self._path()
        try:
            if path.is_dir():
                return "This is a folder. Type the name of a file."
            if not path.parent.is_dir():
                return f"There is no folder {path.parent}"
        except OSError as error:
            return f"The folder cannot be read ({error.strerror})."
        return ""

    def _path(self) -> Path:
        return self._folder / at_home(self._field.value.strip())


def _form_of(typed: str) -> ExportFormat | None:
    """Return the format that the suffix of a file name means, or none."""
    suffix = Path(typed.strip()).suffix.removeprefix(".").lower()
    return next((form for form in ExportFormat if form.value == suffix), None)
