"""`blindspot open`: the workbench over a project."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path

from engine.errors import ProjectError
from tui.commands.shared import SubParsers, add_project, new_parser


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "open",
        "open the workbench over a project",
        "  blindspot open work\n  blindspot open work --annotator ada\n  NO_COLOR=1 blindspot open work --ascii",
    )
    add_project(parser)
    add_terminal(parser)
    parser.set_defaults(run=run)


def add_terminal(parser: argparse.ArgumentParser) -> None:
    """Who works, and what their terminal can show."""
    parser.add_argument("--annotator", metavar="NAME", default=getpass.getuser(), help="default: the login name")
    parser.add_argument("--ascii", action="store_true", help="no characters beyond ASCII in bars, maps and borders")


def run(options: argparse.Namespace) -> int:
    """Open the app."""
    if not sys.stdout.isatty() or not sys.stdin.isatty():
        raise ProjectError(
            "the workbench needs a terminal",
            hint="use the plain commands here: `blindspot list DIR`, `blindspot show DIR B1` and the others",
        )
    return open_app(options.project, options)


def open_app(root: Path, options: argparse.Namespace) -> int:
    """Run the app until the user leaves it."""
    from tui.app import BlindspotApp

    app = BlindspotApp(root=root, annotator=options.annotator, ascii=options.ascii)
    app.run(mouse=True)
    return app.return_code or 0
