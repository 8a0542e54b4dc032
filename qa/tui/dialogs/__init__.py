"""What lies over the screen to choose in: older questions, the scope, an export, the tray, the reports.

Each gets plain data and hands back a plain result; none knows the application.
"""

from __future__ import annotations

from textual.binding import Binding

from qa.tui.dialogs.export import ExportRequest, ExportScreen
from qa.tui.dialogs.field import Field
from qa.tui.dialogs.history import HistoryScreen
from qa.tui.dialogs.reports import PathField, ReportsScreen
from qa.tui.dialogs.rows import Choices, Lines
from qa.tui.dialogs.scope import ReportChoices, ScopeScreen
from qa.tui.dialogs.tray import ExportTray, GoToPassage, TrayAction, TrayScreen
from qa.tui.help import HelpScreen
from qa.tui.line_prompt import LinePrompt
from qa.tui.present import PresentScreen

KEY_OWNERS = (
    *(HistoryScreen, ScopeScreen, ExportScreen, TrayScreen, ReportsScreen),
    *(ReportChoices, PathField, Field, Choices, Lines),
    *(PresentScreen, LinePrompt, HelpScreen),
)
"""What lies over the Ask screen and has keys."""

KEY_IDS = frozenset(
    binding.id
    for owner in KEY_OWNERS
    for binding in owner.BINDINGS
    if isinstance(binding, Binding) and binding.id is not None
)
"""The ids by which the keys of what lies over the Ask screen can be changed."""

__all__ = [
    "KEY_IDS",
    "KEY_OWNERS",
    "ExportRequest",
    "ExportScreen",
    "ExportTray",
    "GoToPassage",
    "HistoryScreen",
    "ReportsScreen",
    "ScopeScreen",
    "TrayAction",
    "TrayScreen",
]
