"""Words people type and words reports use: abbreviations, everyday words, spelling.

Abbreviations come from the reports themselves (`harvest`) and from the librarian's `glossary.toml`
(`read_glossary`). A `Vocabulary` knows both and every word of the reports; it says what else to search for
(`expand`), what a misspelt word was meant to be (`correct`) and which words stand in no report (`unknown`).
"""

from qa.vocabulary.abbreviations import Definition, harvest
from qa.vocabulary.glossary import GLOSSARY, GLOSSARY_FILE, Entry, EntryKind, read_glossary
from qa.vocabulary.vocabulary import MOST_EXPANSIONS, Vocabulary, VocabularyBuilder

__all__ = [
    "GLOSSARY",
    "GLOSSARY_FILE",
    "MOST_EXPANSIONS",
    "Definition",
    "Entry",
    "EntryKind",
    "Vocabulary",
    "VocabularyBuilder",
    "harvest",
    "read_glossary",
]
