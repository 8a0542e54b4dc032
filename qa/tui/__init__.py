"""The full-screen terminal application. It shows what a library answers and computes nothing itself."""

from __future__ import annotations

from qa.tui.app import QaApp

__all__ = ["QaApp"]
