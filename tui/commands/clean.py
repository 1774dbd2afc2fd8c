"""`blindspot clean`: list the trained models that could go and what each frees, and remove them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.errors import ProjectError
from engine.model.cleaned_models import KEEPABLE, KEEPS
from engine.project import Project
from tui.commands.shared import SubParsers, add_json, add_project, new_parser
from tui.reporting.durations import duration
from tui.terminal.printing import print_json, print_line, print_on_stderr

if TYPE_CHECKING:
    from engine.operations.clean_project import Part

_NOTHING = "nothing was removed"


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "clean",
        "list the trained models that could go and what each frees, and remove them",
        "  blindspot clean work                          lists and asks\n"
        "  blindspot clean work --dry-run                lists\n"
        "  blindspot clean work --keep promoted,proven   what is not proven goes, baselines too\n"
        "  blindspot clean work --keep last,baseline     all models of the latest proof stay\n"
        "  blindspot clean work --cache --yes            scores and embeddings too, without being asked\n\n"
        "Reports, lists and verdicts stay as they are: they need no model. The same retrain as then trains a model\n"
        "again. Never removed: the model that the project works with, promoted ones, those that blindspot.toml\n"
        "names, and folders with anything that no training wrote. Nothing is removed while a job runs.",
    )
    add_project(parser)
    parser.add_argument(
        "--keep",
        type=_keeps,
        default=KEEPS,
        metavar="NAMES",
        help="promoted (kept whatever is named), proven: of arms judged so, baseline: of proofs, which later retrains "
        "need, unfinished: what a job, or a proof that asks for labels, goes on with, last: all of the latest proof; "
        f"default: {','.join(KEEPS)}",
    )
    parser.add_argument("--cache", action="store_true", help="scores and embeddings too, which are computed again")
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--dry-run", action="store_true", help="only list")
    action.add_argument("--yes", action="store_true", help="remove without being asked")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """List, ask and remove; with --json nobody is asked, and only --yes removes."""
    from engine.operations.clean_project import clean, list_parts

    project = Project.open(options.project)
    if options.json:
        removed = clean(project, options.keep, cache=options.cache) if options.yes else []
        parts = [*removed, *list_parts(project, options.keep, cache=options.cache)]
        print_json(
            {
                "removed": [part.path for part in removed],
                "bytes": sum(part.bytes for part in parts if part.goes),
                "parts": [part.as_json() for part in parts],
            }
        )
        return 0
    parts = list_parts(project, options.keep, cache=options.cache)
    going = [part for part in parts if part.goes]
    for part in parts:
        again = f"  {duration(part.seconds)} to train again" if part.goes and part.seconds is not None else ""
        print_line(f"{'goes' if part.goes else 'stays':<5} {_size(part.bytes):>10}  {part.path}{again}")
        print_line(f"{'':6}{part.why}")
    if not going:
        print_line("nothing can go" if parts else "there are no trained models")
        return 0
    print_line(f"{_total(going)} could go, of {len(parts)} listed")
    if options.dry_run:
        return 0
    if not options.yes:
        _ask(project)
    removed = clean(project, options.keep, cache=options.cache, only=[part.path for part in going])
    print_line(f"removed: {_total(removed)}")
    return 0


def _ask(project: Project) -> None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ProjectError(_NOTHING, where=str(project.root), hint="--yes removes without asking")
    print_on_stderr("Remove it? [y/N] ", end="")
    if sys.stdin.readline().strip().casefold() not in ("y", "yes"):
        raise ProjectError(f"you did not agree, so {_NOTHING}", where=str(project.root))


def _keeps(text: str) -> tuple[str, ...]:
    names = tuple(filter(None, (name.strip() for name in text.split(","))))
    if odd := [name for name in names if name not in KEEPABLE]:
        raise argparse.ArgumentTypeError(f"there is no {odd[0]} to keep; use {', '.join(KEEPABLE)}, joined by commas")
    return names


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def _total(parts: Sequence[Part]) -> str:
    return f"{len(parts)} ({_size(sum(part.bytes for part in parts))})"
