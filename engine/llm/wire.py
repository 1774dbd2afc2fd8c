"""One HTTP exchange with a chat completions server: it ends in time, stops when asked to, and never tells the key."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from engine.data.text import visible
from engine.errors import SettingsError
from engine.llm.asking import ServerRefused
from engine.settings import LlmSettings

Trouble = Literal["", "status", "unreachable", "late", "cut off", "stopped"]
"""Why there is no answer: there is one, the server says why, not connected, not in time, broken off, stopped."""

CONNECT_SECONDS = 5.0
LONGEST_BODY = 8_000_000
_PATIENCE_SECONDS = 0.05
_LONGEST_ERROR = 300
# Shorter values are placeholders such as "none", of which cutting every occurrence would spoil answers.
_SHORTEST_SECRET = 8
_OFFICIAL = "api.openai.com"
_NO_KEY = "no-key"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LIMITS = ("max_completion_tokens", "max_tokens")


@dataclass(frozen=True)
class Reply:
    """What came of one request.

    Attributes:
        seconds: how long it took.
        trouble: why there is no answer; empty: ``body`` is one.
        status: of HTTP; None if none came.
        body: of the response, cut at `LONGEST_BODY`; of an error nothing.
        error, code: what the server said was wrong, on one line, and its name for it.
        retry_after: seconds that the server asks to wait; None: it does not say.
        is_renamed: it turned down how the answer's limit was named; the next request names it the other way.
    """

    seconds: float
    trouble: Trouble = ""
    status: int | None = None
    body: bytes = b""
    error: str = ""
    code: str = ""
    retry_after: float | None = None
    is_renamed: bool = False


class Wire:
    """The way to one server with one key; safe for threads.

    Args:
        settings: of the project; the key is read from the environment now.

    Raises:
        SettingsError: the address is none.
        ServerRefused: the server needs a key and there is none, or what is there is none; or the proxy is unusable.
    """

    def __init__(self, settings: LlmSettings) -> None:
        import openai

        host, port = _host(settings.base_url)
        self.server = f"{host}:{port}" if port else host
        self._timeout = settings.timeout
        self._key = _key(settings.key_env, needed=host == _OFFICIAL)
        # Newer models of the one take only the new name, most other servers only the old one.
        self._limit = _LIMITS[0] if host == _OFFICIAL else _LIMITS[1]
        try:
            self._client = openai.OpenAI(
                api_key=self._key or _NO_KEY,
                base_url=settings.base_url,
                timeout=openai.Timeout(settings.timeout, connect=min(CONNECT_SECONDS, settings.timeout)),
                max_retries=0,
            )
        except (ImportError, ValueError) as error:  # all that is read here and was not looked at above
            raise ServerRefused(
                "the proxy that the environment names is of a kind that is not known here",
                where="http_proxy, https_proxy, all_proxy",
                mend="name an http proxy, or unset them",
            ) from error

    def send(self, request: Mapping[str, Any], *, max_tokens: int, stop: threading.Event) -> Reply:
        """Make one request and wait for all of the answer.

        Args:
            request: the body of the request.
            max_tokens: of the answer.
            stop: ends the wait within a tenth of a second.
        """
        began = time.monotonic()
        exchange = _Exchange(self, {**request, self._limit: max_tokens})
        exchange.start()
        while not exchange.done.wait(_PATIENCE_SECONDS):
            waited = time.monotonic() - began
            if stop.is_set():
                exchange.is_left = True
                return Reply(waited, "stopped", error="stopped before the answer was there")
            if waited > self._timeout + CONNECT_SECONDS:  # a server that sends a byte now and then is late as well
                exchange.is_left = True
                break
        if exchange.failure is not None:
            raise exchange.failure
        late = f"no answer within {self._timeout:g} s"
        return exchange.reply or Reply(time.monotonic() - began, "late", error=late)

    def redact(self, text: str) -> str:
        """The text without the key."""
        if len(self._key) < _SHORTEST_SECRET:
            return text
        for written in (self._key, quote(self._key, safe=""), self._key.replace("/", "\\/")):
            text = text.replace(written, "[key]")
        return text

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def exchange(self, request: Mapping[str, Any], left: _Exchange) -> Reply:
        """The request itself, in its own thread; given up between two pieces of the body if nobody waits any more."""
        import httpx2
        import openai

        began = time.monotonic()
        create: Any = self._client.chat.completions.with_streaming_response.create  # takes any field of the protocol
        body = bytearray()
        try:
            with create(**request) as response:
                for piece in response.iter_bytes():
                    body += piece
                    if left.is_left or len(body) > LONGEST_BODY:
                        break
                status = response.status_code
            return Reply(time.monotonic() - began, status=status, body=bytes(body))
        except openai.APIStatusError as error:
            words = self._words(error)
            return Reply(
                seconds=time.monotonic() - began,
                trouble="status",
                status=error.status_code,
                error=words,
                code=self._one_line(error.code or ""),
                retry_after=_seconds_to_wait(error.response.headers.get("retry-after")),
                is_renamed=error.status_code in (400, 422) and self._rename_limit(request, words),
            )
        except (openai.APITimeoutError, httpx2.TimeoutException) as error:
            if isinstance(error.__cause__, httpx2.ConnectTimeout):
                return Reply(time.monotonic() - began, "unreachable", error="cannot connect in time")
            return Reply(time.monotonic() - began, "late", error=f"no answer within {self._timeout:g} s")
        except (openai.APIConnectionError, httpx2.TransportError, httpx2.DecodingError) as error:
            cause = error.__cause__ or error
            if isinstance(cause, (httpx2.ConnectError, httpx2.UnsupportedProtocol, httpx2.ProxyError)):
                return Reply(time.monotonic() - began, "unreachable", error=self._one_line(f"cannot connect: {cause}"))
            return Reply(time.monotonic() - began, "cut off", error="the connection broke before the answer was whole")

    def _rename_limit(self, request: Mapping[str, Any], error: str) -> bool:
        used, other = _LIMITS if _LIMITS[0] in request else _LIMITS[::-1]
        if used not in error:
            return False
        self._limit = other
        return True

    def _words(self, error: Any) -> str:
        """What a server says is wrong: its own sentence where it follows the protocol, else all that it sent."""
        said = error.body.get("message") if isinstance(error.body, dict) else None
        param = error.body.get("param") if isinstance(error.body, dict) else None
        words = said if isinstance(said, str) and said else error.response.text
        return self._one_line(f"{words} ({param})" if isinstance(param, str) and param not in words else words)

    def _one_line(self, text: str) -> str:
        words = visible(" ".join(self.redact(text[:100_000]).split())).rstrip(".")
        return words if len(words) <= _LONGEST_ERROR else words[: _LONGEST_ERROR - 1] + "…"


class _Exchange(threading.Thread):
    """A request in a thread of its own, so that whoever waits for it can leave; it does not keep the process alive."""

    def __init__(self, wire: Wire, request: Mapping[str, Any]) -> None:
        super().__init__(daemon=True, name="llm-request")
        self._wire = wire
        self._request = request
        self.done = threading.Event()
        self.is_left = False
        self.reply: Reply | None = None
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            self.reply = self._wire.exchange(self._request, self)
        except Exception as error:  # not ours to judge: whoever waits gets it
            self.failure = error
        finally:
            self.done.set()


def _host(url: str) -> tuple[str, int | None]:
    """Host and port of an address.

    Raises:
        SettingsError: it is none.
    """
    import httpx2

    try:
        address = httpx2.URL(url)
        if address.scheme in ("http", "https") and address.host:
            address.raw_host.decode("ascii").encode("idna")  # as it is looked up: an empty or too long part fails
            return address.host, urlsplit(url).port  # which fails out of range
    except (ValueError, httpx2.InvalidURL):
        pass
    raise SettingsError(
        f"`llm.base_url` is {url!r}",
        where="blindspot.toml",
        mend="it must be an address such as https://api.openai.com/v1",
    )


def _key(name: str, *, needed: bool) -> str:
    if name and not _VARIABLE.fullmatch(name):  # not shown: it may be the key itself
        raise ServerRefused(
            "this is not the name of an environment variable",
            where="llm.key_env",
            mend="write the name, such as OPENAI_API_KEY, and never the key itself, and export the key under that name",
        )
    key = os.environ.get(name, "").strip()
    if needed and not key:
        variable = name or "that llm.key_env names"
        raise ServerRefused(
            f"{_OFFICIAL} needs a key and the environment variable {variable} is not set",
            where="llm.key_env",
            mend=f"export {name or 'one and name it'}, or set llm.base_url to a server of your own",
        )
    if not (key.isascii() and key.isprintable()):
        raise ServerRefused(
            f"the environment variable {name} holds characters that are in no key",
            where="llm.key_env",
            mend="export it again, from the place where the key was given",
        )
    return key


def _seconds_to_wait(header: str | None) -> float | None:
    """Of a Retry-After header: a number of seconds, or a date."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=timezone.utc)
    return max(0.0, (until - datetime.now(timezone.utc)).total_seconds())
