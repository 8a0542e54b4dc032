"""A question understood to ranked passages: by words alone, or with the model."""

from qa.retrieve.ranking import MODES, Retriever, fuse
from qa.retrieve.words import WORDS, by_words, let_each_report_be_heard, without_names

__all__ = ["MODES", "WORDS", "Retriever", "by_words", "fuse", "let_each_report_be_heard", "without_names"]
