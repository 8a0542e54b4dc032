"""What lies over the Ask screen: opened here, and what it hands back is done here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work
from textual.message import Message

from qa.settings import Settings
from qa.tui.ask_screen import AskScreen
from qa.tui.conversation import Turn
from qa.tui.keys_in_turn import KeysInTurn
from qa.tui.librarian import Librarian
from qa.tui.open_library import OpenLibrary
from qa.tui.scope import Scope
from qa.tui.themes import PROJECTOR_THEME
from qa.tui.tray import Tray
from qa.types import Answer, CitedPassage

if TYPE_CHECKING:
    # Imported when they are opened, for they are not needed for the first paint.
    from qa.tui.dialogs import ExportRequest, ReportsScreen, TrayAction, TrayScreen
    from qa.tui.present import PresentScreen

NO_REPORTS = "There are no reports in this library yet."
NOTHING_TO_EXPORT = "There is nothing to export yet: ask a question first."


class DialogApp(KeysInTurn):
    """An app over the Ask screen whose dialogs lie over it, one at a time."""

    ask_screen: AskScreen
    librarian: Librarian
    open_library: OpenLibrary
    tray: Tray
    settings: Settings
    own_warnings: list[str]

    class Exported(Message):
        """A file was written, or handed to the browser."""

        def __init__(self, where: str) -> None:
            super().__init__()
            self.where = where

    presenting = False
    _reports_screen: ReportsScreen | None = None

    def say(self, message: str) -> None:
        """Show `message` where it is seen."""
        self.ask_screen.status.say(message)
        tell = getattr(self.screen, "say", None)
        if tell is not None:
            tell(message)

    def copy(self, text: str, label: str) -> None:
        """Copy `text`; `label` says what it is."""
        raise NotImplementedError

    def show_what_is_open(self) -> None:
        """Show in the header what is open and asked."""
        raise NotImplementedError

    def action_command_palette(self) -> None:
        """Offer what can be done, to be found by its words."""
        from qa.tui.palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(placeholder="Words of what you want to do"))

    def search_themes(self) -> None:
        """Offer the themes, to be found by their names."""
        from textual.theme import ThemeProvider

        from qa.tui.palette import Palette

        self.push_screen(Palette(providers=[ThemeProvider], placeholder="Words of a name of colours"))

    def action_scope(self) -> None:
        """Choose which reports and which section are asked."""
        from qa.tui.dialogs import ScopeScreen

        if self.librarian.library is None:
            self.say("The reports are not open yet.")
        elif self._no_dialog_is_open():
            screen = ScopeScreen(self.librarian.reports, self.ask_screen.scope, self._headings_like)
            self.push_screen(screen, self._take_scope)

    def action_reports(self) -> None:
        """Show the reports and the state of the index."""
        from qa.tui.dialogs import ReportsScreen

        if self._no_dialog_is_open():
            # The folders here are not those of who looks at a page.
            self._reports_screen = ReportsScreen(completes=not self.is_web)
            self.tell_reports_screen()
            self.push_screen(self._reports_screen, lambda _: self._forget_reports_screen())

    def action_tray(self) -> None:
        """Show the marked passages."""
        from qa.tui.dialogs import TrayScreen

        if self._no_dialog_is_open():
            self.push_screen(TrayScreen(self.tray), self._take_tray_action)

    def action_export(self) -> None:
        """Choose what is written to which file."""
        from qa.export import suggested_name
        from qa.tui.dialogs import ExportScreen
        from qa.tui.dialogs.paths import at_home

        questions = len(self.ask_screen.conversation.answers)
        if not (questions or self.tray):
            self.say(NOTHING_TO_EXPORT)
        elif self._no_dialog_is_open():
            screen = ExportScreen(
                tray=len(self.tray),
                questions=questions,
                folder=at_home(self.settings.export_folder),
                name=lambda what, form: suggested_name(what, form, at=datetime.now()),
                exists=Path.exists,
                downloads=self.is_web,
            )
            self.push_screen(screen, self._take_export)

    def action_history(self) -> None:
        """Choose one of the questions asked before."""
        from qa.tui.dialogs import HistoryScreen

        if self._no_dialog_is_open():
            asked = self.ask_screen.question_box.asked
            newest_first = list(dict.fromkeys(reversed(asked)))
            self.push_screen(HistoryScreen(newest_first), self._take_question)

    def action_present(self) -> None:
        """Show the chosen passage alone, in the colours for a projector."""
        from qa.tui.present import PresentScreen

        chosen = self.ask_screen.chosen
        if chosen is None:
            self.say("There is no passage to show: ask a question first.")
        elif self._no_dialog_is_open():
            turn, passages, position = self.ask_screen.to_present(chosen)
            screen = PresentScreen(turn.question if turn else "", passages, position)
            self.push_screen(screen, partial(self._stop_presenting, self.theme, turn))
            self.presenting = True
            if not self.no_color:
                self.theme = PROJECTOR_THEME

    def scope_of_what_there_is(self, scope: Scope) -> Scope:
        """Return a scope without the reports that are not in the library any more."""
        known = {summary.report.id for summary in self.librarian.reports}
        return replace(scope, reports=tuple(each for each in scope.reports if each in known))

    # What dialogs hand back.

    def _stop_presenting(self, theme: str, turn: Turn | None, presented: CitedPassage | None) -> None:
        """Go on with the passage that was presented last."""
        self.theme = theme
        self.presenting = False
        if turn is not None and presented is not None:
            self.ask_screen.go_on_with(turn, presented)

    def _take_scope(self, scope: Scope | None) -> None:
        if scope is not None:
            scope = self.ask_screen.scope = self.scope_of_what_there_is(scope)
            self.show_what_is_open()
            self.say(f"Questions are asked of {scope.in_words(self.librarian.reports)}.")

    def _take_question(self, question: str | None) -> None:
        if question is not None:
            self.ask_screen.edit(question)

    def _take_tray_action(self, action: TrayAction | None) -> None:
        from qa.tui.dialogs import ExportTray, GoToPassage

        self.ask_screen.tray_changed()
        if isinstance(action, ExportTray):
            self.action_export()
        elif isinstance(action, GoToPassage):
            self.ask_screen.read(action.cited)

    def _take_export(self, request: ExportRequest | None) -> None:
        if request is not None:
            conversation = self.ask_screen.conversation
            self._export(request, self.tray.passages, conversation.answers, conversation.let_go)

    def on_reports_screen_add_requested(self, event: ReportsScreen.AddRequested) -> None:
        """Copy reports into the library and index them."""
        self.librarian.add(event.paths)

    def on_reports_screen_build_requested(self, event: ReportsScreen.BuildRequested) -> None:
        """Index what is new or changed, or everything."""
        self.librarian.build(anew=event.anew)

    def on_reports_screen_cancel_requested(self) -> None:
        """Give up indexing."""
        self.librarian.stop()

    def on_tray_screen_copy_requested(self, event: TrayScreen.CopyRequested) -> None:
        """Copy what is marked."""
        self.copy(event.text, event.label)

    def on_present_screen_copy_requested(self, event: PresentScreen.CopyRequested) -> None:
        """Copy what is presented."""
        self.copy(event.text, event.label)

    @work(thread=True, name="export", group="export", exit_on_error=False)
    def _export(
        self,
        request: ExportRequest,
        passages: Sequence[CitedPassage],
        answers: Sequence[Answer],
        left_out: int,
    ) -> None:
        from qa.export import export_conversation, export_passages, write_export

        now = datetime.now()
        if request.what == "tray":
            data = export_passages(passages, request.form, at=now)
        else:
            data = export_conversation(answers, request.form, left_out=left_out, at=now)
        if self.is_web:
            self.call_from_thread(self.deliver_binary, BytesIO(data), save_filename=request.path.name)
            self.post_message(self.Exported(f"{request.path.name}, as a download"))
        else:
            self.post_message(self.Exported(str(write_export(data, request.path, replace=request.replace))))

    def on_dialog_app_exported(self, event: Exported) -> None:
        """Say where it is."""
        self.say(f"Written: {event.where}")

    # The Reports screen is told what becomes of the library while it is open.

    def tell_reports_screen(self) -> None:
        """Show on the Reports screen what there is by now."""
        screen, librarian = self._reports_screen, self.librarian
        if screen is None:
            return
        if librarian.library is not None:
            library = librarian.library
            screen.show_reports(
                librarian.reports,
                warnings=[*self.own_warnings, *library.warnings],
                unread=library.unread,
                identity=library.identity,
            )
        elif librarian.problem is not None:
            screen.show_problem(librarian.problem)
        elif self.ask_screen.wants_reports:
            screen.show_problem(NO_REPORTS)
        if not librarian.building:
            screen.build_ended()

    def tell_outcome(self, sentences: Sequence[str]) -> None:
        """Leave on the Reports screen what came of adding and indexing."""
        if self._reports_screen is not None:
            self._reports_screen.show_outcome(sentences)

    def _forget_reports_screen(self) -> None:
        self._reports_screen = None

    def _headings_like(self, typed: str) -> list[str]:
        """Return headings that begin as typed."""
        before = 'section:"'
        found = self.open_library.complete(before + typed)
        return [text.removeprefix(before).removesuffix('"') for text in found if text.startswith(before)]

    def _no_dialog_is_open(self) -> bool:
        return self.screen is self.ask_screen
