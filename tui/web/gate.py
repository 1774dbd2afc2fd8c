"""Who may come in: links with a token, the cookie that follows, and which names and pages a request may come from.

A link's token is seen once, in the first request; the answer sets a cookie and sends the browser on to an address
without it. Other pages that the guest has open can reach a server on 127.0.0.1 as well, so a request counts only if it

- names this server as its host: a page of another name that was made to point here (DNS rebinding) names itself;
- for the terminal, says that it comes from this server's own page, as browsers do of every WebSocket.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from engine.errors import BlindspotError

_BYTES = 32  # of a token: nobody guesses 256 bits


@dataclass(frozen=True, slots=True)
class Link:
    """One way in.

    Attributes:
        annotator: who works by it; empty: the page asks.
        token: part of the address. ticket: value of the cookie.
    """

    annotator: str
    token: str = field(default_factory=lambda: secrets.token_urlsafe(_BYTES), repr=False)
    ticket: str = field(default_factory=lambda: secrets.token_urlsafe(_BYTES), repr=False)


class Gate:
    """Knows the links, and what requests must look like.

    Args:
        annotators: one link each; none: one link, whose page asks who it is.
        host: that the server listens on.
        public: the address that people use, where a proxy stands before the server; empty: none does.

    Raises:
        BlindspotError: ``public`` is no address.
    """

    def __init__(self, annotators: Sequence[str], *, host: str, public: str = "") -> None:
        self.links = [Link(name) for name in annotators] or [Link("")]
        address = urlsplit(public)
        if public and (address.scheme not in ("http", "https") or not address.hostname or address.query):
            raise BlindspotError(f"--url {public} is no address", hint="give one such as https://labels.example.org")
        self._names = {"localhost", host.casefold(), (address.hostname or "").casefold()}
        self._origin = f"{address.scheme}://{address.netloc}".casefold() if public else ""
        self.path = f"{address.path.rstrip('/')}/"
        """Path of the page as browsers see it."""
        self.secure = address.scheme == "https"
        """Whether the cookie is for encrypted connections only."""

    def knows_host(self, host: str) -> bool:
        """Whether a request may name this host: an address, or a name of this server; its port may be a tunnel's."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name in self._names - {""} or _is_address(name)

    def knows_origin(self, origin: str, host: str) -> bool:
        """Whether a request comes from this server's own page, which it reached under the name ``host``."""
        said = origin.casefold()
        return said in (f"http://{host.casefold()}", f"https://{host.casefold()}") or said == (self._origin or None)

    def by_token(self, token: str) -> Link | None:
        """The link with that token."""
        return _the_same(token, ((link.token, link) for link in self.links))

    def by_ticket(self, ticket: str) -> Link | None:
        """The link whose cookie this is."""
        return _the_same(ticket, ((link.ticket, link) for link in self.links))


def _the_same(given: str, known: Iterable[tuple[str, Link]]) -> Link | None:
    """The link with that secret, in a time that tells nothing of how far it agrees, nor with which."""
    found = None
    for secret, link in known:
        if hmac.compare_digest(secret.encode(), given.encode(errors="surrogateescape")):
            found = link
    return found


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
