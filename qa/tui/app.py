"""The application: opens the library behind the first paint, and hands it to the screens."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual import events, work
from textual.app import SuspendNotSupported, SystemCommand
from textual.binding import Binding, BindingsMap, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.theme import Theme
from textual.worker import Worker, WorkerState

from qa.cite import plural, quotation, whole_characters
from qa.history import History
from qa.protocols import Shelf
from qa.settings import Settings, change_setting
from qa.tui.ask_screen import AskScreen
from qa.tui.clipboard import Delivery, deliver
from qa.tui.commands import all_ids, commands_of
from qa.tui.conversation import Conversation
from qa.tui.dialog_app import DialogApp
from qa.tui.display import one_line, shortened
from qa.tui.keymap import clashes, keymap_of
from qa.tui.librarian import Librarian
from qa.tui.marks import ASCII_MARKS, UNICODE_MARKS, AsciiScrollBar
from qa.tui.open_library import OpenLibrary
from qa.tui.plain_screen import show_plainly
from qa.tui.scope import Scope
from qa.tui.status import MODEL_READY, error_in_words, progress_in_words
from qa.tui.themes import DEFAULT_THEME, THEMES
from qa.tui.thread import WELCOME
from qa.tui.tray import Tray

_LONGEST_LABEL = 160

_SECONDS_OF_START = 5

_KEY_NAMES = {
    "enter": "Enter",
    "escape": "Esc",
    "space": "Space",
    "home": "Home",
    "end": "End",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "delete": "Del",
}
_ARROW_NAMES = {
    "up": "Up",
    "down": "Down",
    "left": "Left",
    "right": "Right",
    "shift+up": "Shift+Up",
    "shift+down": "Shift+Down",
}
_OVER_THE_ASK_SCREEN = ("scope", "reports", "tray", "present", "history", "export", "plain_text")

LOADING = "Loading the model. What is asked now is found by words alone until then."
STOPPED = "Stopped; the index is as it was before."
SCOPE_LOST = "Not all reports of the scope are there any more; questions are asked of"
REBUILD = "Press F9 to read and index them anew; the reports themselves are not touched."

FIRST_RUN = (
    "There are no reports yet. Type the path of a report, or of a folder with reports (PDF, Word, web page, "
    "Markdown or text), and press Enter: they are copied into this library and indexed, all on this computer."
)


class QaApp(DialogApp):
    """Ask reports questions in a terminal.

    Everything slow runs in a named thread worker whose results arrive as messages, so the question box takes
    what is typed from the first paint on. An error in a worker becomes a sentence on the screen.

    Parameters
    ----------
    shelf
        The folder of the library. It is opened in a thread, indexed first if need be. The library's methods
        are called in threads too, several at once.
    settings, settings_file
        What the user has set, and where a change of it is kept; none to keep nothing.
    history
        The questions asked before; none to remember those of this run only.
    warnings
        What is not as it should be already, a sentence each.
    """

    TITLE = "qa"
    CSS_PATH = ["app.tcss", "dialogs.tcss"]  # noqa: RUF012 - an attribute for Textual
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-wide")]  # noqa: RUF012 - an attribute for Textual
    VERTICAL_BREAKPOINTS = [(0, "-low"), (16, "-short"), (24, "-tall")]  # noqa: RUF012

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", "Help", id="app.help", tooltip="This help"),
        Binding("f9", "rebuild", "Index anew", id="app.rebuild", tooltip="Read and index the reports again"),
        Binding("f2", "scope", "Scope", id="scope.choose", tooltip="Choose reports and section to ask"),
        Binding("f3", "reports", "Reports", id="reports.show", tooltip="Reports, add some, index them"),
        Binding("f4", "tray", "Tray", id="tray.show", tooltip="The marked passages"),
        Binding("f5", "present", "Present", id="view.present", tooltip="One passage, for the projector"),
        Binding(
            "ctrl+r",
            "history",
            "History",
            show=False,
            id="question.history",
            tooltip="Questions asked before",
        ),
        Binding(
            "ctrl+s",
            "export",
            "Export",
            show=False,
            id="copy.export",
            tooltip="Tray or conversation to a file",
        ),
        Binding(
            "ctrl+o",
            "plain_text",
            "As plain text",
            show=False,
            id="copy.plain_text",
            tooltip="Show as plain text, to copy without a clipboard",
        ),
        Binding(
            "ctrl+p",
            "command_palette",
            "Commands",
            show=False,
            priority=True,
            id="app.commands",
            tooltip="Everything that can be done, by name",
        ),
        Binding("ctrl+q", "quit", "Quit", priority=True, id="app.quit"),
        Binding("ctrl+z", "suspend_process", "To the shell", show=False, id="app.suspend"),
        Binding(
            "ctrl+c",
            "help_quit",
            "How to quit",
            show=False,
            system=True,
            id="app.copy",
            tooltip="Copy selected text; without any, say how to quit",
        ),
    ]

    class HistoryRead(Message):
        """The questions asked before were read, oldest first."""

        def __init__(self, questions: Sequence[str]) -> None:
            super().__init__()
            self.questions = questions

    class Copied(Message):
        """Text was handed to the clipboards."""

        def __init__(self, label: str, delivery: Delivery) -> None:
            super().__init__()
            self.label = label
            self.delivery = delivery

    def __init__(
        self,
        shelf: Shelf,
        *,
        settings: Settings | None = None,
        settings_file: Path | None = None,
        history: History | None = None,
        warnings: Sequence[str] = (),
    ) -> None:
        # Textual chooses its filter for colours here: without this one it would send black on black.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.settings = settings or Settings()
        self._settings_file = settings_file
        self._history = history or History(None)
        self.own_warnings = list(warnings)
        self.open_library = OpenLibrary()
        self.librarian = Librarian(shelf, self.open_library)
        self._news = ""
        self.tray = Tray()
        marks = ASCII_MARKS if self.settings.ascii or not _shows_unicode() else UNICODE_MARKS
        self.ask_screen = AskScreen(self.open_library, Conversation(), self.tray, marks)
        self.set_class(marks is ASCII_MARKS, "-ascii")
        ScrollBar.renderer = AsciiScrollBar if marks is ASCII_MARKS else ScrollBarRender
        for theme in THEMES:
            self.register_theme(theme)
        self._choose_theme()
        self._usual_theme = self.theme

    async def on_mount(self) -> None:
        """Have the question box ready before the first key is handled, so that early typing is not lost."""
        self._restore_the_terminal_when_killed()
        await self.push_screen(self.ask_screen)
        await self.ask_screen.mount(self.librarian)
        self.ask_screen.set_focus(self.ask_screen.question_box)
        self._take_keys()
        self.theme_changed_signal.subscribe(self, self._keep_theme)

    def on_ready(self) -> None:
        """Open the library once the first frame is drawn."""
        self.show_what_is_open()
        self.ask_screen.call_after_refresh(self._begin)
        # `qa` starts it without: nothing that is made on the way here is garbage.
        self.set_timer(_SECONDS_OF_START, gc.enable)

    def _begin(self) -> None:
        self.librarian.open()
        self._read_history()

    # Workers: each runs in a thread and only posts messages. Its exceptions reach `on_worker_state_changed`.

    @work(thread=True, name="read the history", group="history", exit_on_error=False)
    def _read_history(self) -> None:
        self.post_message(self.HistoryRead(self._history.questions()))

    @work(thread=True, name="remember a question", group="history", exit_on_error=False)
    def _remember(self, question: str) -> None:
        self._history.add(question)

    @work(thread=True, name="copy", group="copy", exit_on_error=False)
    def _deliver(self, text: str, label: str) -> None:
        self.post_message(self.Copied(label, deliver(text, os.environ, in_browser=self.is_web)))

    @work(thread=True, name="keep a setting", group="settings", exit_on_error=False)
    def _keep_setting(self, path: Path, name: str, value: str) -> None:
        change_setting(path, name, value)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Say what went wrong in a worker and go on; a history that fails is warned of as long as it may."""
        if event.state is not WorkerState.ERROR or event.worker.error is None:
            return
        problem = error_in_words(event.worker.error)
        if event.worker.group != "history":
            self.say(f"Error: {problem}")
        elif problem not in self.own_warnings:
            self.own_warnings.append(problem)
            self.show_what_is_open()

    # What becomes of the library.

    def on_librarian_progressed(self, event: Librarian.Progressed) -> None:
        """Say how far the index is."""
        if self._reports_screen is not None:
            self._reports_screen.show_progress(event.progress)
        self.ask_screen.wait()
        self.ask_screen.header.show_index("building the index")
        self.say(f"Building the index: {progress_in_words(event.progress)}. x in Reports (F3) stops it.")

    def on_librarian_opened(self, event: Librarian.Opened) -> None:
        """Say what is open, and ask it from now on."""
        self.ask_screen.thread.show_notice(WELCOME)
        self.ask_screen.header.show_model("loading the model")
        scope = self.scope_of_what_there_is(self.ask_screen.scope)
        dropped = scope != self.ask_screen.scope
        self.ask_screen.scope = scope
        self._news = "".join(f"{sentence}. " for sentence in event.failed)
        if dropped:
            self._news += f"{SCOPE_LOST} {scope.in_words(event.reports)}. "
        self.say(f"{self._news}{LOADING}")
        self.show_what_is_open()
        self.tell_outcome([*event.failed, "The reports are indexed."])
        self.ask_screen.opened()

    def on_librarian_prepared(self, _event: Librarian.Prepared) -> None:
        """Let what was asked meanwhile be searched by meaning."""
        self.ask_screen.header.show_model(MODEL_READY)
        self.show_what_is_open()
        if not self.librarian.building:
            self.say(f"{self._news}Ready.")
        self.ask_screen.ready()

    def on_librarian_model_failed(self, event: Librarian.ModelFailed) -> None:
        """Say so; the library may still answer, or say for each question why it cannot."""
        self.say(f"Error: {event.problem}")
        self.ask_screen.header.show_model("model did not load")
        self.ask_screen.ready()

    def on_librarian_no_reports(self, event: Librarian.NoReports) -> None:
        """Ask for reports."""
        self.tell_outcome([event.problem])
        screen = self.ask_screen
        screen.header.show_index("no reports yet")
        screen.want_reports()
        self.tell_reports_screen()
        screen.thread.show_notice(FIRST_RUN)
        self.say("There are no reports yet: type where they are.")

    def on_librarian_stopped(self, _event: Librarian.Stopped) -> None:
        """Say that everything is as it was."""
        self.show_what_is_open()
        self.say(STOPPED)
        self.tell_outcome([STOPPED])
        self._refuse_if_nothing_is_open()

    def on_librarian_refused(self, event: Librarian.Refused) -> None:
        """Say why nothing was done."""
        self.say(event.reason)
        self.tell_reports_screen()
        self.tell_outcome([event.reason])

    def on_librarian_failed(self, event: Librarian.Failed) -> None:
        """Say why; where nothing is open, nothing can be asked."""
        self.say(f"Error: {event.problem}")
        self.show_what_is_open()
        self.tell_outcome([event.problem])
        self._refuse_if_nothing_is_open()

    # What the Ask screen and its workers report.

    def on_qa_app_history_read(self, event: HistoryRead) -> None:
        """Let the up key bring back what was asked in earlier runs."""
        self.ask_screen.question_box.remember(event.questions)

    def on_ask_screen_asked(self, event: AskScreen.Asked) -> None:
        """Remember a question."""
        self._remember(event.question)

    def on_ask_screen_paths_entered(self, event: AskScreen.PathsEntered) -> None:
        """Add the first reports."""
        from qa.tui.dialogs.paths import split_paths

        self.say(f"Adding {event.path}...")
        self.librarian.add(split_paths(event.path, base=Path()))

    def on_ask_screen_copy_requested(self, event: AskScreen.CopyRequested) -> None:
        """Copy a citation or quotation."""
        self.copy(event.text, event.label)

    def on_qa_app_copied(self, event: Copied) -> None:
        """Say where the text went; no terminal says whether it arrived."""
        self.say(f"Copied: {event.label} ({event.delivery.in_words()})")

    # Actions and what Textual calls.

    async def on_event(self, event: events.Event) -> None:
        """Make pasted text fit for a box before any box, also one of Textual's own, gets it."""
        if isinstance(event, events.Paste):
            event.text = _for_a_box(event.text)
        await super().on_event(event)

    @property
    def clipboard(self) -> str:
        """What ctrl+v puts into a box: what was copied last, fit for it."""
        return _for_a_box(super().clipboard)

    def copy_to_clipboard(self, text: str) -> None:
        """Copy text selected with the mouse or in the question box, by every way to a clipboard."""
        self.copy(text, shortened(text, _LONGEST_LABEL))

    def get_key_display(self, binding: Binding) -> str:
        """Return a key as it is printed on it; one from the settings may be any text."""
        names = {**_KEY_NAMES, **_ARROW_NAMES} if self.has_class("-ascii") else _KEY_NAMES
        if binding.key in names:
            return names[binding.key]
        shown = one_line(super().get_key_display(binding))
        return shown.upper() if shown[:1] == "f" and shown[1:].isdigit() else shown

    def action_rebuild(self) -> None:
        """Index the reports: all of them if the index cannot be used, else what has changed."""
        self.say("Reading the reports...")
        self.librarian.build(anew=self.librarian.problem is not None)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to index anew where the index needs it only, and dialogs where none is open.

        Behind a modal screen the keys stay as they are: they do nothing there, and a footer shows through.
        """
        if action in _OVER_THE_ASK_SCREEN and self.screen is not self.ask_screen and not self.screen.is_modal:
            return False
        if action == "rebuild":
            librarian = self.librarian
            needed = librarian.problem is not None or librarian.is_stale
            return needed and not librarian.building and not self.is_web
        return super().check_action(action, parameters)

    def action_help_quit(self) -> None:
        """Say how to quit, since ctrl+c copies."""
        self.say("Press ctrl+q to quit.")

    def action_help(self) -> None:
        """Show the keys of every part of the Ask screen."""
        from qa.tui.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.ask_screen.places()))

    def action_plain_text(self) -> None:
        """Show the marked passages, else the chosen one, on the plain screen, where any terminal can copy."""
        chosen = self.ask_screen.chosen
        passages = self.tray.passages or ((chosen,) if chosen is not None else ())
        if not passages:
            self.say("There is no passage to show: ask a question first.")
            return
        try:
            with self.suspend():
                show_plainly("\n\n".join(map(quotation, passages)))
        except SuspendNotSupported:
            self.say("This cannot be done here; select the words with the mouse and press ctrl+c.")

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer everything that has a key here, grouped by name, and the themes."""
        if screen is self.ask_screen:
            yield from commands_of(self.ask_screen.places())
        yield SystemCommand("view: Theme", "Choose colours", self.action_change_theme)

    # Helpers.

    def copy(self, text: str, label: str) -> None:
        """Copy `text` by every way to a clipboard; `label` says what it is."""
        text = whole_characters(text)
        super().copy_to_clipboard(text)
        self._deliver(text, label)

    def show_what_is_open(self) -> None:
        """Show in the header what is open and asked, and beside the status what is wrong with it."""
        librarian = self.librarian
        passages = sum(report.ranked for report in librarian.reports)
        contents = f"{plural(len(librarian.reports), 'report')}, {plural(passages, 'passage')}"
        if self.ask_screen.scope != Scope():
            contents = f"Scope: {self.ask_screen.scope.in_words(librarian.reports)}"
        if librarian.library is None:
            contents = "no index open"
        if librarian.building:
            contents = "building the index"
        self.ask_screen.header.show_index(contents)
        found = librarian.library.warnings if librarian.library is not None else ()
        self.ask_screen.status.warn([*self.own_warnings, *found])
        self.tell_reports_screen()
        self.refresh_bindings()

    def _refuse_if_nothing_is_open(self) -> None:
        problem, screen = self.librarian.problem, self.ask_screen
        if problem is not None and not screen.wants_reports:
            way_out = "" if self.is_web else f" {REBUILD}"
            screen.thread.show_notice(f"The reports could not be opened. {problem}{way_out}")
            screen.refuse(problem)

    def _choose_theme(self) -> None:
        if self.no_color:
            # Any other theme would still send its greys.
            self.theme = "ansi-dark"
        elif self.settings.theme in self.available_themes:
            self.theme = self.settings.theme
        else:
            self.theme = DEFAULT_THEME
            names = ", ".join(sorted(self.available_themes))
            self.own_warnings.append(f'There is no theme "{self.settings.theme}"; there are {names}.')

    def _keep_theme(self, theme: Theme) -> None:
        # By the time this is told, the theme of a presentation may have come and gone.
        here = theme.name == self.theme and not (self.no_color or self.presenting or self.is_web)
        if self._settings_file is not None and here and theme.name != self._usual_theme:
            self._usual_theme = theme.name
            self.settings = replace(self.settings, theme=theme.name)
            self._keep_setting(self._settings_file, "theme", theme.name)

    def _take_keys(self) -> None:
        """Let the user's keys go before those that come with the app."""
        if not self.settings.keys:
            return
        places = self.ask_screen.places()
        known = all_ids(places)
        bound = [node._bindings for _, nodes in places for node in nodes]
        unknown = sorted(set(self.settings.keys) - known)
        if unknown:
            # Only now, for the dialogs are not needed for the first paint.
            from qa.tui.dialogs import KEY_IDS, KEY_OWNERS

            known |= KEY_IDS
            unknown = sorted(set(unknown) - known)
            bound += [BindingsMap(owner.BINDINGS) for owner in KEY_OWNERS]
        if unknown:
            self.own_warnings.append(f"There is no key named {', '.join(unknown)}; F1 lists those there are.")
        chosen = {name: keys for name, keys in self.settings.keys.items() if name in known}
        keymap, problems = keymap_of(chosen)
        self.own_warnings += [*problems, *clashes(bound, keymap)]
        self.set_keymap(keymap)

    def _restore_the_terminal_when_killed(self) -> None:
        """Leave in good order when the connection drops or the process is told to end."""
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is None:
                continue
            try:
                loop.add_signal_handler(number, self.exit, None, 128 + number)
            except (NotImplementedError, RuntimeError, ValueError):
                return  # Windows, or not the main thread: the system's own way stays.


def _for_a_box(text: str) -> str:
    """Return text on one line without anything that a terminal would act on."""
    return one_line(" ".join(text.split()))


def _shows_unicode() -> bool:
    encoding = getattr(sys.__stdout__, "encoding", None) or "utf-8"
    return encoding.lower().replace("-", "") in {"utf8", "utf16", "utf32"}
