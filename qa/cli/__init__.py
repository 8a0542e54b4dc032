"""The command line: arguments in, results to stdout, everything else to stderr, an exit code out.

Computes nothing: what it prints is what the library answers.
"""

from qa.cli.codes import ExitCode
from qa.cli.running import main

__all__ = ["ExitCode", "main"]
