"""`blindspot audit`: queue a random sample of held-out rows for people to label; and what their labels say."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from engine.audit.audit_files import find_audit
from engine.audit.audit_status import AuditFigures, AuditStatus, status_of
from engine.audit.draw import LEAST
from engine.audit.estimate import AuditEstimate
from engine.operations.job_records import AuditOptions
from tui.commands.opening import opened
from tui.commands.queue_job import run_queue_job
from tui.commands.shared import SubParsers, add_json, add_project, add_waiting, new_parser, whole_number
from tui.hints import with_project
from tui.terminal.printing import print_json, print_line


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "audit",
        "queue a random sample of held-out rows for people to label, to estimate how often the model is wrong",
        "  blindspot audit work --labels 100; blindspot label work --queue audit\n"
        "  blindspot audit work --status\n  blindspot audit work --status --queue audit-1 --json\n\n"
        "Rows are drawn before anybody looks. Where an LLM has labelled held-out rows, those on which it differs from\n"
        "a confident model are drawn more often and count less, which makes the intervals narrower. Figures are shown\n"
        "at five looks, after each fifth of the labels. What an audit finds never trains.",
    )
    add_project(parser)
    parser.add_argument(
        "--labels",
        metavar="N",
        type=whole_number(LEAST),
        default=100,
        help=f"rows that people label, {LEAST} or more; default: 100",
    )
    parser.add_argument("--status", action="store_true", help="draw no audit; show what the latest one has found")
    parser.add_argument("--queue", metavar="NAME", help="with --status: another audit than the latest")
    add_waiting(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Draw an audit, or say what one has found."""
    work = opened(options)
    if options.status:
        status = status_of(work.project, find_audit(work.project, options.queue))
        if options.json:
            print_json(status.as_json() | {"sentence": status.sentence})
        else:
            print_status(status, options.project)
        return 0
    return run_queue_job(options, work, AuditOptions(labels=options.labels))


def print_status(status: AuditStatus, folder: Path) -> None:
    """A heading, the figures of the latest look, and what comes next."""
    flagged = f", {status.flagged:,} of these flagged by an LLM" if status.flagged else ""
    print_line(
        f"{status.queue}: {status.answered} of {status.drawn} labels; {status.rows:,} held-out rows, the model is "
        f"confident (tau {status.tau:g}) on {status.confident:,}{flagged}"
    )
    if status.figures:
        _print_figures(status, status.figures, folder)
    print_line(status.sentence)
    if status.answered < status.drawn:
        print_line(f"next: blindspot label {shlex.quote(str(folder))} --queue {status.queue}")


def _print_figures(status: AuditStatus, figures: AuditFigures, folder: Path) -> None:
    why = "people are unsure or differ (`blindspot label DIR --queue proof-conflict` decides)"
    left_out = f"; {figures.left_out} left out, as {why}" if figures.left_out else ""
    print_line(with_project(f"look {figures.look} of {status.looks}: {figures.labels} labels count{left_out}", folder))
    if found := figures.uus:
        print_line(f"  confident rows that are wrong  {_share(found)}: {_number(found)} UUs{_more(found.more)}")
    if found := figures.wrong:
        print_line(f"  accuracy                       {_right(found)}{_more(found.more)}")
    for one in figures.llms:
        share = one.share
        if share.value is not None and share.low is not None and share.high is not None:
            told = f"{share.value:.0%} ({share.low:.0%} to {share.high:.0%}), {share.rows} rows{_more(one.more)}"
            print_line(f"  {one.author} agrees with people  {told}")
    print_line("  confident rows that are wrong, by the model's label:")
    for label, found in figures.by_label.items():
        print_line(f"    {label}  {_share(found)}: {_number(found)} of {found.rows:,}{_more(found.more)}")
    if len(figures.batches) > 1:
        print_line("  UUs among 1,000 rows of the stream, by batch:")
        for batch, found in figures.batches.items():
            middle = "?" if found.value is None else f"{1000 * found.value:.0f}"
            told = f"{middle} ({1000 * found.low:.0f} to {1000 * found.high:.0f})"
            print_line(f"    {batch}  {told}; {_number(found)} of its {found.rows:,} held-out rows{_more(found.more)}")
    print_line(
        f"  Each interval is one of {status.looks} looks at {status.coverage:.0%}: together they hold in 95 of 100."
    )


def _share(found: AuditEstimate) -> str:
    middle = "too few labels" if found.value is None else f"{found.value:.1%}"
    return f"{middle} ({found.low:.1%} to {found.high:.1%})"


def _right(found: AuditEstimate) -> str:
    middle = "too few labels" if found.value is None else f"{1 - found.value:.1%}"
    return f"{middle} ({1 - found.high:.1%} to {1 - found.low:.1%})"


def _number(found: AuditEstimate) -> str:
    return f"{'?' if found.number is None else f'{found.number:,}'} ({found.fewest:,} to {found.most:,})"


def _more(labels: int | None) -> str:
    return f"; about {labels:,} more labels halve it" if labels else ""
