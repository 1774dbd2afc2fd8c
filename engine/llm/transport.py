"""One HTTP exchange with a chat server, with limits on time and size, stoppable.

OpenAI's client speaks to it. Left to itself it sends further variables of the environment to any server, follows
redirects with the prompts and reads the bodies of errors whole; so its HTTP client is made here: of the headers only
those named here leave, no redirect is followed, and a body that is no answer ends at `LONGEST_ERROR_BODY`.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from engine import __version__
from engine.llm.address import OPENAI, Address, checked_variable
from engine.llm.chat_backend import ServerRefused
from engine.llm.chat_protocol import ChatProtocol
from engine.llm.replies import as_text
from engine.settings import LlmSettings
from engine.text import visible

if TYPE_CHECKING:
    import ssl

    import httpx2

Trouble = Literal["", "status", "unreachable", "late", "cut off", "stopped"]
"""Why there is no answer: there is one, the server says why, not connected, not in time, broken off, stopped."""

TEMPERATURE = "temperature"
"""The field of that name in all protocols; models that reason often take none but their own."""
CONNECT_SECONDS = 5.0
LONGEST_BODY = 8_000_000
LONGEST_ERROR_BODY = 100_000
_PATIENCE_SECONDS = 0.05
_LONGEST_ERROR = 300
# Shorter values are placeholders such as "none", of which cutting every occurrence would spoil answers.
_SHORTEST_SECRET = 8
_NO_KEY = "no-key"  # the client wants one; it is not sent
# Of the headers that the client makes: what HTTP needs, and what tells itself to hand over the body as it comes.
_TRANSPORT = ("host", "connection", "content-length", "transfer-encoding", "x-stainless-raw-response")
_ACCOUNT = {"OpenAI-Organization": "OPENAI_ORG_ID", "OpenAI-Project": "OPENAI_PROJECT_ID"}


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
        adapted: what of the request it turned down that the next request has otherwise: the name of the answer's limit,
            or the temperature, which is left out. Empty: nothing.
        sent_on_to: where the server would have the request go instead; empty: nowhere. It does not go there.
    """

    seconds: float
    trouble: Trouble = ""
    status: int | None = None
    body: bytes = b""
    error: str = ""
    code: str = ""
    retry_after: float | None = None
    adapted: str = ""
    sent_on_to: str = ""


class Transport:
    """The way to one server with one key; safe for threads.

    Args:
        settings: of the project; the key is read from the environment now.
        protocol: what the fields of a request are, and where they go.

    Raises:
        SettingsError: the address or the name of the variable is none.
        ServerRefused: the server needs a key and there is none, or what is there is none; or the proxy is unusable.
    """

    def __init__(self, settings: LlmSettings, protocol: ChatProtocol) -> None:
        import httpx2
        import openai

        address = Address.of(settings.base_url)
        self.server = address.server
        self._timeout = settings.timeout
        self._key = _key(settings.key_env, needed=address.is_openai)
        self._protocol = protocol
        self._limit = protocol.limits[0 if address.is_openai else -1]
        self._takes_temperature = True
        self._headers = self._own_headers(address)
        timeout = httpx2.Timeout(settings.timeout, connect=min(CONNECT_SECONDS, settings.timeout))
        hooks: dict[str, list[Any]] = {"request": [self._keep_own_headers], "response": [_refuse_errors]}
        try:
            http = httpx2.Client(verify=_authorities(), timeout=timeout, follow_redirects=False, event_hooks=hooks)
        except (ImportError, ValueError) as error:  # all that is read here and was not looked at above
            raise ServerRefused(
                "the proxy that the environment names is of a kind that is not known here",
                where="http_proxy, https_proxy, all_proxy",
                hint="name an http proxy, or unset them",
            ) from error
        self._client = openai.OpenAI(
            api_key=self._key or _NO_KEY,
            base_url=settings.base_url,
            timeout=timeout,
            max_retries=0,
            http_client=http,
        )

    def _own_headers(self, address: Address) -> dict[str, str]:
        headers = {
            "User-Agent": f"blindspot/{__version__}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
        }
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        if address.is_openai:
            headers |= {name: _printable(variable) for name, variable in _ACCOUNT.items() if os.environ.get(variable)}
        return headers

    def _keep_own_headers(self, request: httpx2.Request) -> None:
        """Before a request leaves: what its transport needs and `_own_headers`, nothing else."""
        needed = {name: value for name, value in request.headers.items() if name in _TRANSPORT}
        request.headers.clear()
        request.headers.update(needed | self._headers)

    def send(self, request: Mapping[str, Any], *, max_tokens: int, stop: threading.Event) -> Reply:
        """Make one request and wait for all of the answer.

        Args:
            request: the body of the request.
            max_tokens: of the answer.
            stop: ends the wait within a tenth of a second.
        """
        began = time.monotonic()
        exchange = _Exchange(self, {**self._taken(request), self._limit: max_tokens})
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

    def exchange(self, request: Mapping[str, Any]) -> Reply:
        """The request itself, in its own thread; given up between two pieces of the body if nobody waits any more."""
        import httpx2
        import openai

        began = time.monotonic()
        create = self._protocol.endpoint(self._client)
        try:
            with create(**request) as response:
                body = _bounded(response.http_response, LONGEST_BODY)
            return Reply(time.monotonic() - began, status=response.status_code, body=body)
        except _NoAnswer as refused:
            seconds = time.monotonic() - began
            if refused.response.is_redirect:
                return self._redirected(refused.response, seconds)
            return self._refused(request, refused.response, refused.body, seconds)
        except (openai.APITimeoutError, httpx2.TimeoutException) as error:
            if isinstance(error.__cause__ or error, httpx2.ConnectTimeout):
                return Reply(time.monotonic() - began, "unreachable", error="cannot connect in time")
            return Reply(time.monotonic() - began, "late", error=f"no answer within {self._timeout:g} s")
        except (openai.APIConnectionError, httpx2.TransportError, httpx2.DecodingError, httpx2.StreamError) as error:
            cause = error.__cause__ or error
            if isinstance(cause, (httpx2.ConnectError, httpx2.UnsupportedProtocol, httpx2.ProxyError)):
                return Reply(time.monotonic() - began, "unreachable", error=self._one_line(f"cannot connect: {cause}"))
            return Reply(time.monotonic() - began, "cut off", error="the connection broke before the answer was whole")

    def _redirected(self, response: httpx2.Response, seconds: float) -> Reply:
        target = self._one_line(response.headers.get("location", "")) or "nowhere"
        return Reply(seconds, "status", response.status_code, error=f"redirected to {target}", sent_on_to=target)

    def _refused(self, request: Mapping[str, Any], response: httpx2.Response, body: bytes, seconds: float) -> Reply:
        """What a server says is wrong: its own sentence where it follows the protocol, else all that it sent."""
        text = body.decode("utf-8", "replace")
        try:
            values = json.loads(text)
        except (ValueError, RecursionError):
            values = None
        values = values if isinstance(values, dict) else {}
        problem = values.get("error", values)
        problem = problem if isinstance(problem, dict) else {"message": problem}
        words, param, code = problem.get("message", problem.get("detail")), problem.get("param"), problem.get("code")
        words = words if isinstance(words, str) and words else text
        words = self._one_line(f"{words} ({param})" if isinstance(param, str) and param not in words else words)
        return Reply(
            seconds=seconds,
            trouble="status",
            status=response.status_code,
            error=words,
            code=self._one_line(code if isinstance(code, str) else as_text(problem.get("type"))),
            retry_after=_seconds_to_wait(response.headers.get("retry-after")),
            adapted=self._adapt(request, words) if response.status_code in (400, 422) else "",
        )

    def _taken(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The fields that the server has not turned down so far."""
        return {name: value for name, value in request.items() if name != TEMPERATURE or self._takes_temperature}

    def _adapt(self, request: Mapping[str, Any], error: str) -> str:
        """Do otherwise from now on what an error is about; the name of the field, empty if there is none to change."""
        if TEMPERATURE in request and TEMPERATURE in error:
            self._takes_temperature = False
            return TEMPERATURE
        used = next(name for name in self._protocol.limits if name in request)
        others = [name for name in self._protocol.limits if name != used]
        if used not in error or not others:
            return ""
        self._limit = others[0]
        return used

    def _one_line(self, text: str) -> str:
        words = visible(" ".join(self.redact(text).split())).rstrip(".")
        return words if len(words) <= _LONGEST_ERROR else words[: _LONGEST_ERROR - 1] + "…"


class _Exchange(threading.Thread):
    """A request in a thread of its own, so that whoever waits for it can leave; it does not keep the process alive."""

    def __init__(self, wire: Transport, request: Mapping[str, Any]) -> None:
        super().__init__(daemon=True, name="llm-request")
        self._wire = wire
        self._request = request
        self.done = threading.Event()
        self.is_left = False
        self.reply: Reply | None = None
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            self.reply = self._wire.exchange(self._request)
        except Exception as error:  # not ours to judge: whoever waits gets it
            self.failure = error
        finally:
            self.done.set()


class _NoAnswer(Exception):
    """The server answered with an error or a redirect; ``body`` is bounded."""

    def __init__(self, response: httpx2.Response, body: bytes) -> None:
        super().__init__(response.status_code)
        self.response = response
        self.body = body


def _refuse_errors(response: httpx2.Response) -> None:
    """Before anything else reads the body of an error, whole."""
    if not response.is_success:
        raise _NoAnswer(response, _bounded(response, LONGEST_ERROR_BODY))


def _bounded(response: httpx2.Response, limit: int) -> bytes:
    """The body, unpacked, to a little beyond the limit: what a few kilobytes unpack to can be gigabytes.

    It is given up between two pieces if nobody waits for it any more.

    Raises:
        httpx2.DecodingError: it is packed more than once, which no server has a reason for.
    """
    import httpx2

    if "," in response.headers.get("content-encoding", ""):
        raise httpx2.DecodingError("packed more than once")
    thread = threading.current_thread()
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) > limit or (isinstance(thread, _Exchange) and thread.is_left):
            break
    return bytes(body[: limit + 1])


@lru_cache(maxsize=1)
def _authorities() -> ssl.SSLContext:
    """Whose certificates are believed, as the HTTP client finds them. Read once a process: it takes 40 ms."""
    import httpx2

    return httpx2.create_ssl_context()


def _key(name: str, *, needed: bool) -> str:
    key = _printable(checked_variable(name))
    if needed and not key:
        variable = name or "that llm.key_env names"
        raise ServerRefused(
            f"{OPENAI} needs a key and the environment variable {variable} is not set",
            where="llm.key_env",
            hint=f"export {name or 'one and name it'}, or set llm.base_url to a server of your own",
        )
    return key


def _printable(variable: str) -> str:
    """The value of an environment variable as it may stand in a header; empty if it is not set.

    Raises:
        ServerRefused: it holds what may not.
    """
    value = os.environ.get(variable, "").strip()
    if not (value.isascii() and value.isprintable()):
        raise ServerRefused(
            f"the environment variable {variable} holds characters that are in no key",
            hint="export it again, from the place where the key was given",
        )
    return value


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
