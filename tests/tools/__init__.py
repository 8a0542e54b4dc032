"""Measurements behind the figures in `docs/retrieval.md`; each is run as a module and prints a table."""
