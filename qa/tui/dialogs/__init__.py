"""What lies over the screen to choose in: older questions, the scope, an export, the tray, the reports.

Each gets plain data and hands back a plain result; none knows the application.
"""

from __future__ import annotations

from qa.tui.dialogs.export import ExportRequest, ExportScreen
from qa.tui.dialogs.history import HistoryScreen
from qa.tui.dialogs.reports import ReportsScreen
from qa.tui.dialogs.scope import ScopeScreen
from qa.tui.dialogs.tray import ExportTray, GoToPassage, TrayAction, TrayScreen

__all__ = [
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
