"""What several commands do alike: describing themselves and naming the project.

The way to the workbench leads through here, so nothing is imported that it does not need at once.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

SubParsers = Any  # argparse names no public type for what add_subparsers returns


def new_parser(subparsers: SubParsers, name: str, summary: str, examples: str) -> argparse.ArgumentParser:
    """A command's parser with its summary and examples."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return parser


def add_project(parser: argparse.ArgumentParser) -> None:
    """The argument DIR."""
    parser.add_argument("project", metavar="DIR", type=Path, help="project folder")


def add_json(parser: argparse.ArgumentParser) -> None:
    """The option --json."""
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")


def add_waiting(parser: argparse.ArgumentParser) -> None:
    """The option --detach of the commands that start a job."""
    parser.add_argument("--detach", action="store_true", help="start the job, print its id and return at once")
