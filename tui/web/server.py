"""The server of `blindspot serve`: one page, its files, and a WebSocket for each guest's terminal.

Over the WebSocket, binary messages are bytes of the terminal, in both directions; a text message from the page is its
new size, ``[columns, lines]``. How it ended is told by the code with which the server closes it (`Closed`).

Why not `textual-serve` (1.1.3): its page loads a font from fonts.googleapis.com, whoever finds the port is in, and it
starts the app by a shell with a driver that lacks what ours mends (`tui.terminal.driver`). The terminal in the page is
xterm.js, as there; nothing is fetched from elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import html
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from http import HTTPStatus
from pathlib import Path
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web
from aiohttp.http_exceptions import HttpProcessingError

from engine.errors import BlindspotError
from engine.teaching.authors import composed, file_stem
from tui.terminal.printing import print_on_stderr
from tui.web.gate import Gate, Link
from tui.web.terminal_process import TerminalProcess

LONGEST_MESSAGE = 65_536  # bytes; the page cuts a larger paste into pieces
_LONGEST_NAME = 60
_MOST_CELLS = 1000  # columns, or lines: a terminal as large as no screen takes memory and time for nothing
_LONGEST_TOLD, _MOST_TOLD = 100, 20  # characters, and number, of unknown names of hosts that are told
_HEARTBEAT = 20.0  # seconds: a guest whose network has gone is noticed after one and a half of these
_FAREWELL = 2.0  # seconds that a page has to answer that it is closed
# What the system has no more of for this process, or for any: asyncio tries again every second.
_SHORTAGES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_TELL_AGAIN = 60.0  # seconds after which a shortage that lasts is told of again
_ASSETS = Path(__file__).parent / "assets"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".mjs": "text/javascript"}
_FILES = {path.name: _TYPES[path.suffix] for path in _ASSETS.iterdir() if path.suffix in _TYPES}
_HEADERS = {
    # style: xterm.js writes the sheet of its colours into the page.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_NO_LINK = (
    "This needs a link that is valid. Open the whole of the one that you were given; if the server was started anew "
    "since, ask whoever gave it to you for a new one.\n"
)
# The cookie is for requests from this server's pages only, and a redirect from a link in a mail would not be one.
_ENTER = """<!doctype html>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0;url={path}">
<title>Blindspot</title>
"""


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether a fault is one of this program: what strangers send that is no request is answered 400, and no fault."""
    return record.exc_info is None or not isinstance(record.exc_info[1], HttpProcessingError)


_LOG = logging.getLogger(__name__)
_LOG.addFilter(_is_ours)


class Closed(IntEnum):
    """Why the server has closed a terminal. The page tells each in a sentence."""

    LEFT = 4000
    FULL = 4001
    ELSEWHERE = 4002
    NAME = 4003
    FAILED = 4004


@dataclass(frozen=True, slots=True)
class Served:
    """What is served.

    Attributes:
        title: shown by the page.
        words: of the command that a guest gets, without who they are.
        most: guests at once.
    """

    title: str
    words: Sequence[str]
    most: int


def checked_name(name: str) -> str:
    """The name of an annotator as it is kept.

    Raises:
        BlindspotError: it is empty, too long, or has signs that cannot be printed.
    """
    name = composed(name.strip())
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        raise BlindspotError(f"an annotator cannot be called {name!r}", hint=f"give 1 to {_LONGEST_NAME} characters")
    return name


class _Sitting:
    """One guest at one terminal."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        """Set to have it end before one of its ends is gone."""
        self.over = asyncio.Event()
        """Set once nothing of it is left."""

    async def end(self) -> None:
        """Have it end, and wait until it has."""
        self.stop.set()
        await self.over.wait()


class Server:
    """Lets guests in and gives each a terminal.

    Args:
        gate: who may come in.
        served: what they get.
    """

    def __init__(self, gate: Gate, served: Served) -> None:
        self._gate = gate
        self._served = served
        self._cookie = "blindspot"
        self._places = asyncio.Semaphore(served.most)
        self._here: dict[str, _Sitting] = {}
        """Who is at work, by the file of their records: one terminal each."""
        self._unknown: set[str] = set()
        self._told_of_shortage = -_TELL_AGAIN
        """When, by the clock of the loop."""
        self._stopped: int = Closed.ELSEWHERE
        """Code with which a terminal is closed that was made to end."""

    async def listen(self, host: str, port: int) -> tuple[int, Callable[[], Awaitable[None]]]:
        """Begin; the port, which the system chooses where it was 0, and how to end, with all terminals.

        Raises:
            BlindspotError: the address cannot be listened on.
        """
        asyncio.get_running_loop().set_exception_handler(self._tell_of_fault)
        app = web.Application(middlewares=[self._guard], client_max_size=LONGEST_MESSAGE)
        app.on_response_prepare.append(_add_headers)
        app.add_routes([web.get("/", self._page), web.get("/terminal", self._terminal), web.get("/{name}", _file)])
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=_FAREWELL, logger=_LOG)
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            await runner.cleanup()
            what = f"nothing can be served there ({error.strerror})"
            raise BlindspotError(what, where=f"{host}:{port}", hint="give another --port, or --host") from None
        port = runner.addresses[0][1]
        self._cookie = f"blindspot-{port}"  # cookies know no ports, and another project may be served on another one

        async def end() -> None:
            self._stopped = WSCloseCode.GOING_AWAY
            await asyncio.gather(*(sitting.end() for sitting in self._here.values()))
            await runner.cleanup()

        return port, end

    # coming in

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Answer 403 to a request that no guest's browser makes, with one sentence for all that come without a link."""
        host = request.headers.get("Host", "")
        if not self._gate.knows_host(host):
            self._tell_of_host(host[:_LONGEST_TOLD])
            return web.Response(status=HTTPStatus.FORBIDDEN)
        if request.path == "/" and (token := request.query.get("token")) is not None:
            link = self._gate.by_token(token)
            return web.Response(status=HTTPStatus.FORBIDDEN, text=_NO_LINK) if link is None else self._enter(link)
        if self._link(request) is None:
            return web.Response(status=HTTPStatus.FORBIDDEN, text=_NO_LINK)
        try:
            return await handler(request)
        except OSError as error:
            if not self._tell_of_shortage(error):
                raise
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE)

    def _tell_of_fault(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Tell of an error that nobody waits for: of a shortage, as for one more connection, in a sentence."""
        if not self._tell_of_shortage(context.get("exception")):
            loop.default_exception_handler(context)

    def _tell_of_shortage(self, error: object) -> bool:
        """Tell that the system has no more to give, once while it lasts; whether the error is of that kind."""
        if not isinstance(error, OSError) or error.errno not in _SHORTAGES:
            return False
        now = asyncio.get_running_loop().time()
        if now - self._told_of_shortage >= _TELL_AGAIN:
            self._told_of_shortage = now
            print_on_stderr(
                f"no more guests can come in for now ({error.strerror}): let some leave, or serve with a higher "
                "limit of open files (`ulimit -n`)"
            )
        return True

    def _link(self, request: web.Request) -> Link | None:
        """The link by which a request's browser came in."""
        return self._gate.by_ticket(request.cookies.get(self._cookie, ""))

    def _tell_of_host(self, host: str) -> None:
        """Tell of a name that is not known here, once: it may be a proxy's."""
        if host not in self._unknown and len(self._unknown) < _MOST_TOLD:
            self._unknown.add(host)
            print_on_stderr(f"refused: a request to {host or 'no host'}; --url makes the name of a proxy known")

    def _enter(self, link: Link) -> web.Response:
        response = web.Response(text=_ENTER.format(path=html.escape(self._gate.path)), content_type="text/html")
        response.set_cookie(
            self._cookie,
            link.ticket,
            path=self._gate.path,
            httponly=True,
            samesite="Strict",
            secure=self._gate.secure,
        )
        return response

    async def _page(self, request: web.Request) -> web.Response:
        page = (_ASSETS / "page.html").read_text(encoding="utf-8")
        link = self._link(request)
        for name, value in (("TITLE", self._served.title), ("ANNOTATOR", link.annotator if link else "")):
            page = page.replace(f"{{{name}}}", html.escape(value))
        return web.Response(text=page, content_type="text/html")

    # a terminal

    async def _terminal(self, request: web.Request) -> web.StreamResponse:
        """Run a guest's terminal as long as both ends are there."""
        link = self._link(request)
        origin, host = request.headers.get("Origin", ""), request.headers.get("Host", "")
        if link is None or not self._gate.knows_origin(origin, host):
            return web.Response(status=HTTPStatus.FORBIDDEN)
        asked = link.annotator or request.query.get("annotator", "")
        size = _size([request.query.get("columns", ""), request.query.get("lines", "")])
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT, max_msg_size=LONGEST_MESSAGE, timeout=_FAREWELL)
        if size is None or not socket.can_prepare(request):
            return web.Response(status=HTTPStatus.BAD_REQUEST)
        await socket.prepare(request)
        try:
            name = checked_name(asked)
        except BlindspotError:
            await socket.close(code=Closed.NAME)
            return socket
        who = file_stem(name)
        while (before := self._here.get(who)) is not None:  # in another tab
            await before.end()
        if self._places.locked():
            await socket.close(code=Closed.FULL)
            return socket
        async with self._places:
            sitting = self._here[who] = _Sitting()
            try:
                code = await self._run(socket, name, size, sitting.stop)
            finally:
                del self._here[who]
                sitting.over.set()
        await socket.close(code=code)
        return socket

    async def _run(self, socket: web.WebSocketResponse, name: str, size: tuple[int, int], stop: asyncio.Event) -> int:
        """Run a terminal until one of its ends is gone, or it is to stop; the code to close with."""
        words = [*self._served.words, f"--annotator={name}"]
        try:
            terminal = await TerminalProcess.start(words, columns=size[0], lines=size[1])
        except OSError as error:
            print_on_stderr(f"{name}: no terminal can be opened ({error.strerror})")
            return Closed.FAILED
        print_on_stderr(f"{name} has come")
        ends = [asyncio.create_task(one) for one in (_show(terminal, socket), _type(terminal, socket), stop.wait())]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
            await asyncio.wait(ends)
            await terminal.hang_up()
            print_on_stderr(f"{name} has gone")
        return self._stopped if stop.is_set() else Closed.LEFT


async def _show(terminal: TerminalProcess, socket: web.WebSocketResponse) -> None:
    """Send what the terminal shows, no faster than it is taken, until it ends."""
    with contextlib.suppress(ConnectionError):
        while data := await terminal.read():
            await socket.send_bytes(data)


async def _type(terminal: TerminalProcess, socket: web.WebSocketResponse) -> None:
    """Hand on keys and sizes until the page is closed; what is neither is passed over."""
    async for message in socket:
        if message.type == WSMsgType.BINARY:
            await terminal.write(message.data)
        elif message.type == WSMsgType.TEXT:
            with contextlib.suppress(ValueError, RecursionError):
                if size := _size(json.loads(message.data)):
                    terminal.resize(*size)


def _size(values: object) -> tuple[int, int] | None:
    """Columns and lines; None if they are none, or such as no window has."""
    if not isinstance(values, list) or len(values) != 2:
        return None
    try:
        columns, lines = (int(value) for value in values)
    except (ValueError, TypeError, OverflowError):
        return None
    return (columns, lines) if 0 < columns <= _MOST_CELLS and 0 < lines <= _MOST_CELLS else None


async def _file(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name not in _FILES:
        return web.Response(status=HTTPStatus.NOT_FOUND)
    return web.Response(body=(_ASSETS / name).read_bytes(), content_type=_FILES[name], charset="utf-8")


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)
    response.headers["Server"] = "blindspot"
