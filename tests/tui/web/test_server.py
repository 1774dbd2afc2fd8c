"""The server of guests: real requests, real WebSockets, real terminals with the real app."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, CookieJar, WSCloseCode, WSMsgType, WSServerHandshakeError

import tui.web
from engine.project import Project
from engine.schema import Teacher
from engine.teaching.labels import Labels
from engine.teaching.records import Records
from tests import leftovers
from tests.builders.stream import stream_project
from tests.terminals import Picture
from tests.waiting import until
from tui.web.gate import Gate
from tui.web.server import LONGEST_MESSAGE, Closed, Served, Server

ASSETS = Path(tui.web.__file__).parent / "assets"
SIZE = {"columns": "80", "lines": "24"}


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str


class Guest:
    """A browser: keeps the cookie, and says where its requests come from."""

    def __init__(self, address: str, session: ClientSession) -> None:
        self.address = address
        self._session = session

    async def enter(self, token: str) -> Answer:
        """Follow a link."""
        return await self.get("/", token=token)

    async def get(self, path: str, headers: dict[str, str] | None = None, **query: str) -> Answer:
        """Ask for a page."""
        async with self._session.get(self.address + path, params=query, headers=headers) as answer:
            return Answer(answer.status, answer.headers, await answer.text())

    async def terminal(self, *, headers: dict[str, str] | None = None, **query: str) -> ClientWebSocketResponse:
        """Open a terminal."""
        headers = {"Origin": self.address} | (headers or {})
        return await self._session.ws_connect(f"{self.address}/terminal", params=SIZE | query, headers=headers)


@asynccontextmanager
async def serving(project: Path, *annotators: str, public: str = "", most: int = 8) -> AsyncIterator[tuple[Gate, str]]:
    """A server that lets people label; its gate and its address."""
    gate = Gate(annotators, host="127.0.0.1", public=public)
    served = Served(project.name, ["label", str(project)], most)
    port, end = await Server(gate, served).listen("127.0.0.1", 0)
    try:
        yield gate, f"http://127.0.0.1:{port}"
    finally:
        await end()


@asynccontextmanager
async def browser(address: str) -> AsyncIterator[Guest]:
    """A browser without cookies."""
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:  # unsafe: takes them from an address too
        yield Guest(address, session)


async def shows(terminal: ClientWebSocketResponse, *texts: str) -> str:
    """Wait until a terminal shows these texts; the screen."""
    picture = Picture()
    async for message in terminal:
        assert message.type == WSMsgType.BINARY
        picture.feed(message.data.decode())
        screen = "\n".join(picture.lines)
        if all(text in screen for text in texts):
            return screen
    raise AssertionError(f"closed with {terminal.close_code}: {picture.lines}")


async def until_closed(terminal: ClientWebSocketResponse) -> None:
    """Read until the server has closed it."""
    while not terminal.closed:
        await terminal.receive()


def leases(project: Project) -> list[Path]:
    return [*project.root.rglob("queues/leases*/*.json")]


async def test_without_a_link_all_is_answered_alike(tmp_path: Path) -> None:
    async with serving(tmp_path, "ada") as (gate, address), browser(address) as guest, browser(address) as other:
        assert (await guest.enter(gate.links[0].token)).status == 200
        stolen = {"Cookie": "; ".join(f"blindspot-{port}=x" for port in (1, address.rpartition(":")[2]))}
        answers = [
            await other.get(path, headers=headers, **query)
            for path in ("/", "/page.js", "/terminal", "/no-such-page")
            for query in ({}, {"token": ""}, {"token": gate.links[0].ticket}, {"token": "é"})
            for headers in ({}, stolen)
        ]
        assert {answer.text.partition(".")[0] for answer in answers} == {"This needs a link that is valid"}
        assert len({answer.text for answer in answers}) == 1
        named = await guest.get("/", headers={"Host": "evil.example"})  # a name that was made to point here
        assert named.text == ""
        for answer in (*answers, named):
            assert answer.status == 403
            assert "Set-Cookie" not in answer.headers
            assert answer.headers["Server"] == "blindspot"


async def test_what_is_no_request_is_answered_and_fills_nobodys_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with serving(tmp_path, "ada") as (_, address):
        for sent in (b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
            writer.write(sent)
            assert b" 400 " in await reader.readline()
            writer.close()
            await writer.wait_closed()
    assert capsys.readouterr().err == ""


async def test_a_link_becomes_a_cookie_and_all_comes_from_here(tmp_path: Path) -> None:
    async with serving(tmp_path / "a <b>", "Ada & Co") as (gate, address), browser(address) as guest:
        [link] = gate.links
        entered = await guest.enter(link.token)
        cookie = entered.headers["Set-Cookie"]
        assert re.fullmatch(r"blindspot-\d+=[\w-]+; HttpOnly; Path=/; SameSite=Strict", cookie)
        assert link.token not in cookie + entered.text + str(entered.headers)
        assert 'content="0;url=/"' in entered.text
        page = (await guest.get("/")).text
        assert 'data-annotator="Ada &amp; Co"' in page
        assert "<title>a &lt;b&gt; – Blindspot</title>" in page
        files = {*re.findall(r'(?:src|href)="([^"]+)"', page)} - {"data:,"}
        script = (await guest.get("/page.js")).text
        files |= {name.removeprefix("./") for name in re.findall(r'from "([^"]+)"', script)}
        assert len(files) == 6
        for name in files:
            answer = await guest.get(f"/{name}")
            assert answer.status == 200
            assert answer.headers["Content-Type"].startswith("text/css" if name.endswith("css") else "text/javascript")
            told = re.sub(r"/\*.*?\*/", "", answer.text, flags=re.DOTALL)
            assert not re.search(r"@import|url\(|import\(|https?://(?!www\.w3\.org/)", told)
            assert "default-src 'none'; script-src 'self'" in answer.headers["Content-Security-Policy"]
        for name in ("/LICENSE.xterm", "/page.html", "/../server.py", "/%2e%2e/server.py"):
            assert (await guest.get(name)).status == 404


def test_the_files_of_others_are_as_they_were_published() -> None:
    told = (ASSETS / "LICENSE.xterm").read_text()
    sums = dict(line.split()[::-1] for line in told.partition("sha256 of the files:")[2].strip().splitlines())
    assert sums == {name: hashlib.sha256((ASSETS / name).read_bytes()).hexdigest() for name in sums}
    assert {*sums} == {path.name for path in ASSETS.iterdir()} - {"LICENSE.xterm", "page.html", "page.css", "page.js"}


async def test_another_page_cannot_open_a_terminal(tmp_path: Path) -> None:
    served = serving(tmp_path, "ada", public="https://labels.example.org/blindspot")
    async with served as (gate, address), browser(address) as guest:
        cookie = (await guest.enter(gate.links[0].token)).headers["Set-Cookie"]
        assert "Path=/blindspot/; SameSite=Strict; Secure" in cookie
        carried = {"Cookie": cookie.partition(";")[0]}
        for origin in ("https://evil.example", "null", "", "http://127.0.0.1:1"):
            with pytest.raises(WSServerHandshakeError) as refused:
                await guest.terminal(headers=carried | {"Origin": origin})
            assert refused.value.status == 403
        terminal = await guest.terminal(headers=carried | {"Origin": "https://labels.example.org"})
        await shows(terminal, "Blindspot project in this folder")
        assert (await terminal.receive()).data == Closed.LEFT


async def test_a_guest_labels_and_leaves_nothing_behind(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=3)
    async with serving(project.root) as (gate, address), browser(address) as guest:
        await guest.enter(gate.links[0].token)
        for name in ("", " ", "a" * 61, "a\nb", "a\x1b[2Jb"):
            terminal = await guest.terminal(annotator=name)
            assert (await terminal.receive()).data == Closed.NAME
        terminal = await guest.terminal(annotator="Ada Lovelace")
        await shows(terminal, "0 of 3 labelled", "1 negative")
        assert len(leases(project)) == 1
        await terminal.send_str("[60, 20]")
        for nonsense in ("", "[", "[1]", "{}", '["a", null]', "[1e999, 3]", "[-1, 3]", "[100000, 3]", "[" * 20_000):
            await terminal.send_str(nonsense)
        await terminal.send_bytes(b"1\x1a\x1c\x03")  # neither ctrl-z nor ctrl-\ nor ctrl-c ends or stops it
        await shows(terminal, "1 of 3 labelled")
        await terminal.close()
        await asyncio.to_thread(until, lambda: not leftovers.bearers())
        assert not leases(project)
    [[label]] = Labels(Records(project.teaching_dir)).people.values()
    assert (label.given.label, label.given.teacher) == ("negative", Teacher("Ada Lovelace", "human"))


async def test_places_tabs_and_messages_are_bounded(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=3)
    served = serving(project.root, "ada", "ben", most=1)
    async with served as (gate, address), browser(address) as guest, browser(address) as other:
        await guest.enter(gate.links[0].token)
        await other.enter(gate.links[1].token)
        first = await guest.terminal(annotator="ben")  # it is the link that says who one is
        await shows(first, "-> labels of ada")
        assert (await (await other.terminal()).receive()).data == Closed.FULL
        closing = asyncio.create_task(until_closed(first))
        second = await guest.terminal()  # another tab of the same person takes the place over
        await shows(second, "0 of 3 labelled")
        await closing
        assert first.close_code == Closed.ELSEWHERE
        await second.send_bytes(b"x" * (LONGEST_MESSAGE + 1))
        await until_closed(second)
        assert second.close_code == WSCloseCode.MESSAGE_TOO_BIG
        third = await guest.terminal()
        await shows(third, "0 of 3 labelled")
    await asyncio.to_thread(until, lambda: not leftovers.bearers())
    assert not leases(project)
