"""One base error and a few leaves.

Each carries a sentence for the person who meets it: what is wrong, and what to do.
"""

from __future__ import annotations


class QaError(Exception):
    """Anything this package refuses to do; ``str(error)`` is one sentence that says what to do about it."""


class QuestionError(QaError, ValueError):
    """A question, id, filter or option that cannot be used as it was given."""


class NotFoundError(QuestionError):
    """An id, report or section that does not exist; the sentence lists what does."""


class CorpusError(QaError):
    """Reports, or what is kept beside them, cannot be read or written."""


class NoReportsError(CorpusError):
    """There is no report to index."""


class UnreadableReportError(CorpusError):
    """One report cannot be read, whatever becomes of others; `reason` follows the path in the sentence."""

    def __init__(self, path: object, reason: str) -> None:
        super().__init__(f"{path} {reason}")
        self.reason = reason


class IndexStateError(QaError):
    """The index is missing, damaged, of another version, locked or cannot be written."""


class ModelError(QaError):
    """An embedding model cannot be found, is not what it should be, or does not load."""


class IndexMissingError(IndexStateError):
    """There is no index yet."""


class EvaluationError(QaError):
    """Questions, judgements or a run that cannot be measured."""


class SettingsError(QaError):
    """The user's settings cannot be read or written, or say what cannot be."""


class HistoryError(QaError):
    """The questions asked before cannot be read or written."""


class ExportError(QaError):
    """What was found cannot be written to a file."""


class FileExistsAlreadyError(ExportError):
    """There is a file of that name already; it is replaced only if that is said."""


class ServingError(QaError):
    """The app cannot be served at an address."""
