"""`blindspot serve`: the workbench, or labelling alone, in browsers of people without an account on this machine."""

from __future__ import annotations

import argparse
import asyncio
import shlex
import signal
from typing import TYPE_CHECKING

from engine.errors import BlindspotError
from engine.project import Project
from engine.teaching.authors import file_stem
from tui.commands.shared import SubParsers, add_project, new_parser, whole_number
from tui.terminal.printing import print_line, print_on_stderr

if TYPE_CHECKING:
    from tui.web.gate import Gate
    from tui.web.server import Served

_LOCAL = "127.0.0.1"
_ALL = ("0.0.0.0", "::")  # every address of this machine, and so none that a link could have


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "serve",
        "let people without an account here work in a browser, each by a link",
        "  blindspot serve work\n"
        "  blindspot serve work --annotator ada --annotator ben     a link for each\n"
        "  blindspot serve work --label --queue audit-1             labelling alone\n"
        "  blindspot serve work --port 8000 --url https://labels.example.org     behind a proxy that encrypts\n\n"
        "A link gives access, so send it as you would a password. A link without --annotator asks for the name.\n"
        "Guests label, mark, describe, judge and commit. They start no jobs, promote nothing, ask no LLM, and agree\n"
        "to nothing that reaches outside the project. Their process ends when the tab is closed; all is saved.\n"
        "It listens on 127.0.0.1 alone: others reach it by `ssh -L 8000:127.0.0.1:PORT`, or by a proxy with TLS.",
    )
    add_project(parser)
    parser.add_argument("--annotator", metavar="NAME", action="append", default=[], help="who gets a link; repeatable")
    parser.add_argument("--label", action="store_true", help="labelling alone, in place of the workbench")
    parser.add_argument("--queue", metavar="NAME", help="which rows, with --label; default: as `blindspot label`")
    parser.add_argument(
        "--guests", metavar="N", type=whole_number(1, 100), default=8, help="at most so many at once (default: 8)"
    )
    parser.add_argument("--port", metavar="N", type=whole_number(0, 65_535), default=0, help="default: a free one")
    parser.add_argument("--host", metavar="ADDRESS", default=_LOCAL, help=f"listen there (default: {_LOCAL})")
    parser.add_argument("--allow-remote", action="store_true", help="listen where other machines reach it, unencrypted")
    parser.add_argument("--url", metavar="URL", default="", help="address of the page where a proxy stands before it")
    parser.set_defaults(run=run, refuse=parser.error)


def run(options: argparse.Namespace) -> int:
    """Serve until ctrl-c."""
    if options.queue and not options.label:
        options.refuse("--queue needs --label")
    project = Project.open(options.project)
    from tui.web.gate import Gate, is_loopback
    from tui.web.server import Served, checked_name

    names = [checked_name(name) for name in options.annotator]
    if len({*map(file_stem, names)}) < len(names):
        options.refuse("--annotator names somebody twice")
    if not is_loopback(options.host):
        if not options.allow_remote:
            hint = f"leave --host out and use `ssh -L 8000:{_LOCAL}:PORT` or a proxy with TLS, or add --allow-remote"
            what = "other machines could reach that, and nothing is encrypted"
            raise BlindspotError(what, where=options.host, hint=hint)
        print_on_stderr(
            "warning: other machines can reach this, and nothing is encrypted: whoever can read the network reads"
            f" links, rows and labels. Safe ways are `ssh -L 8000:{_LOCAL}:PORT`, or a proxy with TLS (--url)."
        )
        if options.host in _ALL and not options.url:
            print_on_stderr(
                f"In the links, put the address by which others reach this machine in place of {options.host}."
            )
    gate = Gate(names, host=options.host, public=options.url)
    words = ["label" if options.label else "open", str(project.root.resolve())]
    if options.queue:
        words.append(f"--queue={options.queue}")
    served = Served(project.root.resolve().name, words, options.guests)
    asyncio.run(_serve(gate, served, options))
    return 0


async def _serve(gate: Gate, served: Served, options: argparse.Namespace) -> None:
    from tui.web.server import Server

    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stopped.set)
    port, end = await Server(gate, served).listen(options.host, options.port)
    try:
        host = f"[{options.host}]" if ":" in options.host else options.host
        address = options.url.rstrip("/") or f"http://{host}:{port}"
        for link in gate.links:
            who = f"{link.annotator}: " if link.annotator else ""
            print_line(f"{who}{address}/?token={link.token}")
        print_on_stderr(f"{shlex.quote(str(options.project))} is served until ctrl-c.")
        await stopped.wait()
    finally:
        await end()
