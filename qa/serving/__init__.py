"""The terminal app in a browser: `serve` listens, and every visitor gets a process of their own.

`server` is the web server and who may use it, `visitor` the process behind one open page, and `page/` what
a browser shows. textual-serve gives the terminal that runs in the browser and the protocol between the two.
"""

from __future__ import annotations

import asyncio
import os
import sys
import sysconfig
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

DEFAULT_HOST = "localhost"
DEFAULT_PORT = 8000


def serve(
    arguments: Sequence[str],
    *,
    host: str = DEFAULT_HOST,
    port: int = DEFAULT_PORT,
    say: Callable[[str], None],
) -> None:
    """Serve the app as a web page until the process is told to end, by ctrl+c for one.

    Parameters
    ----------
    arguments
        What follows ``qa`` on the command line of each visitor's app, such as ``["--library", folder]``. They
        reach it as they are: no shell reads them.
    host
        The name or address to listen on. Any that other computers can reach is warned of before it is used.
    port
        The port to listen on; 0 takes a free one.
    say
        Told the warnings, the address to open, and what goes wrong later, a sentence or two at a time.

    Raises
    ------
    ServingError
        The address cannot be listened on.
    """
    from qa.serving.server import run

    with suppress(KeyboardInterrupt):  # where signals cannot be handled, on Windows
        asyncio.run(run(app_command(arguments), environment=app_environment(), host=host, port=port, say=say))


def app_command(arguments: Sequence[str]) -> list[str]:
    """Return the command line of the app; ``-P`` keeps modules in the current folder from being imported."""
    return [sys.executable, "-P", "-m", "qa", *arguments]


def app_environment() -> dict[str, str]:
    """Return the environment variables of the app, which let it import this very package."""
    environment = dict(os.environ)
    root = str(Path(__file__).resolve().parents[2])
    if root not in {sysconfig.get_path(kind) for kind in ("purelib", "platlib")}:
        # A path given twice does no harm; site-packages in front of the standard library might.
        environment["PYTHONPATH"] = os.pathsep.join(
            filter(None, [root, os.environ.get("PYTHONPATH")]),
        )
    return environment
