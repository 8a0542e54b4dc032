"""A command run from beginning to end: arguments in, an exit code out, one sentence for what goes wrong."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from qa.cli.codes import ExitCode, exit_code
from qa.cli.parser import build_parser
from qa.cli.streams import discard, make_ready, say
from qa.errors import QaError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    make_ready()
    try:
        options = build_parser().parse_args(arguments)
        code = int(options.run(options))
        sys.stdout.flush()
        return code
    except QaError as error:
        say(str(error))
        return exit_code(error)
    except KeyboardInterrupt:
        say("Interrupted; the index is as it was before")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has closed it; nothing more can be written, not even at exit.
        discard(sys.stdout)
        return ExitCode.ANSWERED
    except OSError as error:
        discard(sys.stdout)
        say(f"The output cannot be written ({error.strerror}); check where it goes to")
        return ExitCode.CORPUS_OR_INDEX
