"""`blindspot report`: before and after side by side, with the verdict on each arm; in the terminal or as a file."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

from engine.errors import BlindspotError, FileError, ProjectError
from engine.files import read_bytes, write_atomic
from engine.operations.history import history
from engine.paths import projects_around
from engine.preview.record import checked, sentence
from engine.problems import leave_out
from engine.project import Project
from engine.proof.report import read_report, stored_report
from engine.proof.report_types import Report
from engine.review.blinding import to_judge
from engine.teaching.authors import default_author
from engine.teaching.records import Teaching
from engine.teaching.views import Board
from tui.commands.opening import opened
from tui.commands.shared import SubParsers, add_json, add_project, new_parser
from tui.reporting.spots_about import spots_about
from tui.terminal.printing import console, print_json, print_line

_REPORT = re.compile(rb"<title>Blindspot: |\A# [^\n]*, round \d+: ")  # how both sorts of file begin
_HEAD = 1_000  # bytes that are looked at


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "report",
        "show a finished proof: before, after and the verdict on each arm",
        "  blindspot report work\n  blindspot report work --id 3f9c21ab\n"
        "  blindspot report work --html proof.html --markdown proof.md\n"
        "  blindspot report work --json | jq '.arms[] | {arm, recipe, verdict}'",
    )
    add_project(parser)
    parser.add_argument("--id", metavar="ID", help="which proof; default: the newest")
    parser.add_argument("--html", metavar="FILE", type=Path, help="write it as one page with plots that loads nothing")
    parser.add_argument("--markdown", metavar="FILE", type=Path, help="write it as Markdown")
    parser.add_argument("--explain", action="store_true", help="with a line on what each measure means")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the files that were asked for; without any, print the report."""
    work = opened(options)
    project, report = work.project, work.report(options.id)
    about = spots_about(report, _board(project, report)) if options.html or options.markdown else {}
    if options.html:
        from tui.reporting.html_page import page

        _write(options.html, page(report, history(project), options.project, about))
    if options.markdown:
        from tui.reporting.markdown import markdown

        _write(options.markdown, markdown(report, history(project), options.project, about))
    if not (options.html or options.markdown):
        print_report(project, report, as_json=options.json, explain=options.explain, folder=options.project)
    return 0


def print_report(
    project: Project,
    report: Report | None = None,
    *,
    as_json: bool = False,
    explain: bool = False,
    folder: Path | None = None,
) -> None:
    """Print a report (default: the newest), what became of the estimates made before it, and what comes next.

    ``folder``: the project as the user named it.

    Raises:
        ProjectError: there is no finished proof.
    """
    report = report or read_report(project)
    estimates = checked(project, report)
    if as_json:
        print_json(stored_report(project, report) | {"estimates": [one.as_json() for one in estimates]})
        return
    from tui.reporting.terminal import show

    out = console()
    show(report, out, about=spots_about(report, _board(project, report)), explain=explain)
    if estimates:
        out.print(sentence(estimates))
    if following := _following(project, report, folder or project.root):
        print_line(f"next: {following}")


def _following(project: Project, report: Report, root: Path) -> str:
    """What comes after a proof; empty where a model was promoted since."""
    if report.round != project.round:
        return ""
    folder, asked = shlex.quote(str(root)), report.labels_asked
    if asked is not None and asked.rows and asked.goes_on:
        return f"blindspot label {folder} --queue {asked.queue}"
    proven = next((arm.arm for arm in report.arms if arm.verdict == "proven"), None)
    if proven is not None:
        return f"blindspot promote {folder} --arm {shlex.quote(proven)}"
    return f"more labels (blindspot hunt {folder}) or samples (blindspot open {folder}): no arm is proven"


def _board(project: Project, report: Report) -> Board | None:
    """The round of a report as the user sees it; None where it, or the user's records, cannot be read."""
    try:
        found = project.discovery(report.round)
        return Board(project, found, Teaching.of(project, default_author()), to_judge=to_judge) if found else None
    except BlindspotError as error:
        leave_out(error)
        return None


def _write(path: Path, text: str) -> None:
    try:
        if projects_around(path.absolute()) and path.exists() and not _REPORT.search(read_bytes(path)[:_HEAD]):
            hint = "name another file"
            raise ProjectError("this file of a project is no report, and is kept", where=str(path), hint=hint)
        write_atomic(path, text.encode())
    except FileError as error:
        raise ProjectError(
            f"the report cannot be written ({error.reason})", where=str(path), hint="name another file"
        ) from error
    print_line(str(path))
