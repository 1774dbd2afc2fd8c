"""`blindspot serve` as it is typed: its links, its end, and what it refuses."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import ClientSession, CookieJar

from tests import leftovers
from tests.builders.stream import stream_project
from tests.tui.web.test_server import leases, shows
from tests.waiting import until
from tui.cli import main


async def test_links_work_until_the_command_ends_and_then_nothing_is_left(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=2)
    command = [sys.executable, "-m", "tui", "serve", str(project.root), "--label", "--annotator", "ada"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout
        assert server.stderr
        who, address = server.stdout.readline().split()
        assert (who, len(parse_qs(urlsplit(address).query)["token"][0])) == ("ada:", 43)
        page, origin = address.partition("?")[0], f"http://{urlsplit(address).netloc}"
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
            await session.get(address)
            where = f"{page}terminal?columns=80&lines=24"
            async with session.ws_connect(where, headers={"Origin": origin}) as terminal:
                await shows(terminal, "0 of 2 labelled")
                server.send_signal(signal.SIGTERM)
                while not terminal.closed:
                    await terminal.receive()
        assert server.wait(60) == 0
        assert server.stderr.read().splitlines()[1:] == ["ada has come", "ada has gone"]
    assert not leases(project)
    until(lambda: not leftovers.bearers())


async def test_connections_beyond_the_limit_of_open_files_are_told_of_in_one_sentence(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work", rows=2)
    limited = ["sh", "-c", 'ulimit -n 40; exec "$@"', "sh", sys.executable, "-m", "tui"]
    command = [*limited, "serve", str(project.root)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server,
        ExitStack() as at_the_end,
    ):
        at_the_end.callback(server.kill)  # else a test that fails would wait for it
        assert server.stdout
        assert server.stderr
        address = server.stdout.readline().strip()
        server.stderr.readline()
        with ExitStack() as crowd:
            for _ in range(60):
                crowd.enter_context(socket.create_connection((urlsplit(address).hostname, urlsplit(address).port)))
            assert server.stderr.readline() == (
                "no more guests can come in for now (Too many open files): let some leave, or serve with a higher "
                "limit of open files (`ulimit -n`)\n"
            )
        async with ClientSession() as session, session.get(address) as answer:
            assert answer.status == 200
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
        assert server.stderr.read() == ""


def test_where_all_addresses_are_listened_on_one_is_asked_for_in_the_links(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = str(stream_project(tmp_path / "work").root)
    with socket.create_server(("127.0.0.1", 0)) as taken:  # so nothing is opened to others here
        port = taken.getsockname()[1]
        assert main(["serve", root, "--host", "0.0.0.0", "--allow-remote", "--port", str(port)]) == 1
    told = capsys.readouterr().err
    assert "In the links, put the address by which others reach this machine in place of 0.0.0.0." in told
    assert f"0.0.0.0:{port}: nothing can be served there (" in told


def test_what_cannot_be_served_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = str(stream_project(tmp_path / "work").root)
    for words, told in (
        (["--host", "0.0.0.0"], "0.0.0.0: other machines could reach that, and nothing is encrypted; leave --host out"),
        (["--host", "192.0.2.1", "--allow-remote"], "192.0.2.1:0: nothing can be served there"),
        (["--url", "here"], "--url here is no address"),
        (["--annotator", " "], "an annotator cannot be called ''"),
    ):
        assert main(["serve", root, *words]) == 1
        errors = capsys.readouterr().err
        assert f"blindspot: {told}" in errors
        assert ("warning: other machines can reach this" in errors) == ("--allow-remote" in words)
    for words, told in (
        (["--queue", "audit-1"], "--queue needs --label"),
        (["--annotator", "Ada", "--annotator", "Ada"], "--annotator names somebody twice"),
        (["--annotator", "Zo\u00eb", "--annotator", "Zoe\u0308"], "--annotator names somebody twice"),
        (["--port", "65536"], "'65536' is not a whole number from 0 to 65535"),
        (["--guests", "0"], "'0' is not a whole number from 1 to 100"),
    ):
        with pytest.raises(SystemExit) as left:
            main(["serve", root, *words])
        assert left.value.code == 2
        assert told in capsys.readouterr().err
