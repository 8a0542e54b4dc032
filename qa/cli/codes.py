"""What the exit codes mean, and which one an error has."""

from __future__ import annotations

from enum import IntEnum

from qa.errors import EvaluationError, ModelError, QaError, QuestionError, ServingError, SettingsError


class ExitCode(IntEnum):
    """What the exit codes mean."""

    ANSWERED = 0
    NOTHING_FOUND = 1
    USAGE = 2
    CORPUS_OR_INDEX = 3
    MODEL = 4
    INTERRUPTED = 130


def exit_code(error: QaError) -> ExitCode:
    """Return the exit code of a command that an error ended."""
    if isinstance(error, QuestionError | EvaluationError | SettingsError | ServingError):
        return ExitCode.USAGE
    return ExitCode.MODEL if isinstance(error, ModelError) else ExitCode.CORPUS_OR_INDEX
