"""What several commands do alike: describing themselves and naming the project.

The way to the workbench leads through here, so nothing is imported that it does not need at once.
"""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from engine.paths import SETTINGS_FILE

SubParsers = Any  # argparse names no public type for what add_subparsers returns


class Parser(argparse.ArgumentParser):
    """Tells of what cannot be parsed the nearest that can be."""

    def error(self, message: str) -> NoReturn:
        """Print the usage of this command and the message, and leave with 2."""
        found = re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message)
        if found and message.startswith("argument COMMAND"):
            near = _meant(found[1], _choices(found[2]))
            opens = f"; `{self.prog} open {found[1]}` opens that project" if _is_project(found[1]) else ""
            message = f"there is no command {found[1]}{near}{opens}; `{self.prog} --help` lists all"
        elif found:
            message += _meant(found[1], _choices(found[2]))
        elif re.search(r"required: DIR\b", message) and _is_project("."):
            message += "; `.` is the project in this folder"
        super().error(message)

    @property
    def options(self) -> list[str]:
        """Every option that it knows."""
        return list(self._option_string_actions)

    def refuse_words(self, words: Sequence[str]) -> NoReturn:
        """Refuse words that this command does not know."""
        said = ", ".join(f"{word}{_meant(word.partition('=')[0], self.options)}" for word in words)
        self.error(f"unknown option or one argument too many: {said}; `{self.prog} --help` lists all")


def _is_project(name: str) -> bool:
    try:
        return (Path(name) / SETTINGS_FILE).is_file()
    except (OSError, ValueError):  # no file can have such a name
        return False


def _choices(text: str) -> list[str]:
    """The choices of which argparse tells; some of its versions quote them."""
    return [choice.strip("'") for choice in text.split(", ")]


def _meant(word: str, known: Sequence[str]) -> str:
    near = get_close_matches(word, known, n=1)
    return f" (did you mean {near[0]}?)" if near else ""


class CommandParser(Parser):
    """A command's parser; options may stand before and after an argument that can be left out.

    argparse itself, before Python 3.13, gives up such an argument at the first option: `commit work --json B1`.
    """

    _intermixed = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse options first, then arguments, which argparse does in two calls of this method."""
        if self._intermixed:
            return super().parse_known_args(args, namespace)
        self._intermixed = True
        try:
            parsed, unknown = self.parse_known_intermixed_args(args, namespace)
        finally:
            self._intermixed = False
        if unknown:
            self.refuse_words(unknown)
        return parsed, []


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


def add_json(parser: argparse._ActionsContainer) -> None:
    """The option --json."""
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")


def add_waiting(parser: argparse._ActionsContainer) -> None:
    """The option --detach of the commands that start a job."""
    parser.add_argument("--detach", action="store_true", help="start the job, print its id and return at once")


def whole_number(low: int, high: int | None = None) -> Callable[[str], int]:
    """The type of an option that takes a whole number from ``low`` on, or up to ``high``."""

    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < low or (high is not None and int(text) > high):
            bounds = f"{low} on" if high is None else f"{low} to {high}"
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {bounds}")
        return int(text)

    return number


def undo_command(project: Path, author: str) -> str:
    """The command that takes back what came last into an author's records."""
    return f"blindspot undo {shlex.quote(str(project))} --annotator {shlex.quote(author)}"


def add_on(parser: argparse._ActionsContainer) -> None:
    """The options --on and --workers of the commands whose work can be done elsewhere."""
    parser.add_argument(
        "--on",
        metavar="WHERE",
        help="local: in shards; ray: by workers on a Ray cluster of this machine alone; ray:HOST:PORT or "
        "ray://HOST:PORT: on that cluster; default: BLINDSPOT_ON, else by the job itself",
    )
    parser.add_argument(
        "--workers", metavar="N", help="workers on Ray at most; default: BLINDSPOT_WORKERS, else what there is room for"
    )


def add_limits(parser: argparse._ActionsContainer) -> None:
    """The options of all that may ask an LLM: an estimate, and limits."""
    parser.add_argument("--estimate", action="store_true", help="print what asking the LLM would take, and ask nobody")
    parser.add_argument("--max-cost", type=float, metavar="X", help="stop before it costs more; needs a price")
    parser.add_argument("--max-tokens", type=int, metavar="N", help="stop before it takes more tokens, in and out")


def add_asking(parser: argparse._ActionsContainer) -> None:
    """The options of a run of an LLM: as `add_limits`, and which model of which server."""
    add_limits(parser)
    parser.add_argument("--model", metavar="NAME", help="default: llm.model of blindspot.toml")
    parser.add_argument("--base-url", metavar="URL", help="default: llm.base_url of blindspot.toml")
