"""Where the server listens: a host and a port made sockets, and what is said of them."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from dataclasses import dataclass
from typing import Any

from qa.errors import ServingError

_LEAVE_OUT = "leave --host out to use the app on this computer"
_ANOTHER = "choose one from 1024 to 65535 with --port"

_SocketAddress = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port, and what they stand for on this computer.

    Raises
    ------
    ServingError
        There is no such port or host (`of`), or it cannot be listened on (`listen`).
    """

    host: str
    port: int
    stands_for: tuple[tuple[int, _SocketAddress], ...]
    """Families and addresses, as sockets take them."""

    @classmethod
    def of(cls, host: str, port: int) -> Address:
        """Look up what a host stands for."""
        if not 0 <= port <= 65535:
            raise ServingError(f"There is no port {port}; {_ANOTHER}")
        try:
            # No host would stand for all addresses: too much to be had by leaving a word out.
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM) if host else []
        except (OSError, UnicodeError):
            found = []
        if not found:
            raise ServingError(f"There is no computer called {host!r}; {_LEAVE_OUT}")
        return cls(host, port, tuple(dict.fromkeys((family, there) for family, _, _, _, there in found)))

    @property
    def only_here(self) -> bool:
        """Whether nothing but this computer can reach it."""
        numbers = (str(there[0]).partition("%")[0] for _, there in self.stands_for)
        return all(ipaddress.ip_address(number).is_loopback for number in numbers)

    def listen(self) -> list[socket.socket]:
        """Listen on everything the host stands for that this computer has: it need not have IPv6."""
        sockets: list[socket.socket] = []
        for family, there in self.stands_for:
            if self.port == 0 and sockets:  # the free port that was found for the first
                there = (there[0], sockets[0].getsockname()[1], *there[2:])
            try:
                sockets.append(_listening(family, there))
            except OSError as error:
                if error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
                    continue
                for each in sockets:
                    each.close()
                raise ServingError(self._why_not(error)) from error
        if not sockets:
            raise ServingError(f"{self.host} is not an address of this computer; {_LEAVE_OUT}")
        return sockets

    def warnings(self) -> list[str]:
        """Return what to know before others are let in."""
        port = self.port or "PORT"
        return [
            f"Warning: other computers can reach {self.host}. Whoever does can read all reports and use the "
            "app in your name; there is no password and no encryption. Every visitor starts a process.",
            f"Safer: leave --host out; others then run: ssh -N -L {port}:localhost:{port} "
            f"{socket.gethostname()} and open http://localhost:{port} on their own computers.",
        ]

    def welcome(self, port: int) -> str:
        """Return where the app is, now that it listens on `port`."""
        on_all = self.host in {"0.0.0.0", "::"}
        host = socket.gethostname() if on_all else self.host
        page = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
        return f"The app is at {page} (larger letters: {page}?fontsize=24). Press ctrl+c here to end it."

    def _why_not(self, error: OSError) -> str:
        if error.errno == errno.EADDRINUSE:
            return (
                f"Port {self.port} of {self.host} is in use, perhaps by another qa serve; "
                "choose another with --port"
            )
        if error.errno == errno.EACCES:
            return f"Port {self.port} needs the rights of an administrator; {_ANOTHER}"
        return f"Port {self.port} of {self.host} cannot be listened on ({error.strerror}); {_ANOTHER}"


def _listening(family: int, there: _SocketAddress) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere it would let two programmes listen on one port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(there)
        sock.listen()
    except OSError:
        sock.close()
        raise
    return sock
