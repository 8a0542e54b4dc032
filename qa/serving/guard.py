"""Which requests are taken, and what the page may fetch.

Nothing asks for a password, so a request must at least come from a page of ours. Another page that is open in
the same browser could otherwise reach a server on ``localhost``: straight, which its `Origin` tells, or under
a name of its own that it lets stand for this computer, which its `Host` tells.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

_HOST = re.compile(r"(\[(?P<numbers>[0-9A-Fa-f:.]+)\]|(?P<name>[\w.-]+))(:[0-9]+)?")

_HEADERS = {
    "Cache-Control": "no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
    "img-src 'self' data:; connect-src {sockets}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Only what this server gives may be fetched. The terminal sets styles in elements."""


def only_pages_of_ours(host: str) -> Middleware:
    """Return what refuses requests that are not from the app's page; `host` is one name of this computer."""
    names = _names_of_this_computer(host)

    @web.middleware
    async def guard(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        asked = request.headers.get("Host", "")
        origin = request.headers.get("Origin")
        if not _is_ours(asked, names):
            raise web.HTTPForbidden(
                text="The app does not answer under this name. Open it by the number of the computer "
                "(its IP address), or as localhost on the computer itself."
            )
        # Browsers name the origin of every websocket, and of a page that is opened never.
        is_from_elsewhere = origin is not None and origin.partition("://")[2].casefold() != asked.casefold()
        if is_from_elsewhere or (origin is None and request.path == "/ws"):
            raise web.HTTPForbidden(text="This request comes from another page than the app's own.")
        return await handler(request)

    return guard


async def guard_response(request: web.Request, response: web.StreamResponse) -> None:
    """Tell the browser to fetch and to show nothing but what is this server's own."""
    response.headers.update(_HEADERS)
    sockets = "'self'"
    if response.status != web.HTTPForbidden.status_code:  # so the host is one of ours
        host = request.headers.get("Host", "")
        # Not every browser counts a websocket of the same server as 'self'.
        sockets += f" ws://{host} wss://{host}"
    response.headers["Content-Security-Policy"] = _POLICY.format(sockets=sockets)


def _is_ours(host: str, names: frozenset[str]) -> bool:
    """Return whether a `Host` header is an address in numbers or a name of this computer.

    Whoever owns a name can let it stand for any address; numbers stand for themselves.
    """
    parts = _HOST.fullmatch(host)
    if parts is None:
        return False
    if parts["numbers"]:
        return True
    name = parts["name"].casefold().rstrip(".")
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return name in names
    return True


def _names_of_this_computer(host: str) -> frozenset[str]:
    name = socket.gethostname().casefold()
    short = name.partition(".")[0]
    return frozenset({"localhost", host.casefold().rstrip("."), name, short, f"{short}.local"} - {""})
