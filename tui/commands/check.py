"""`blindspot check`: has a model reopened a blind spot that was closed? For CI: exit statuses and a JUnit file."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from engine.errors import ProjectError
from engine.regression.check_outcome import CHECKED_ROWS, CheckOutcome, CheckStatus, PartCheck
from engine.text import visible
from tui.commands.opening import opened
from tui.commands.shared import SubParsers, add_json, add_project, new_parser
from tui.terminal.printing import print_error, print_json, print_line

STATUSES: dict[CheckStatus, int] = {
    "holds": 0,
    "open again": 1,
    "nothing to check": 3,
}  # 2 is wrong usage, as everywhere
_NOTHING = "nothing to check: no blind spot has been closed yet (a promotion freezes what its arm and its model closed)"
_SHOWN = 5  # wrong cases shown of each blind spot; the JUnit file and --json have all


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "check",
        "run the regression suite of closed blind spots against a model",
        "  blindspot check work\n  blindspot check work --model runs/2027-01/checkpoint --junit blindspot.xml\n"
        "exit status:\n  0  every blind spot that was closed still is (status: holds)\n"
        "  1  one is open again (status: open again), or the check could not be made\n"
        "  2  wrong usage\n  3  no blind spot has been closed yet (status: nothing to check)\n"
        "130  stopped by ctrl-c",
    )
    add_project(parser)
    parser.add_argument("--model", metavar="PATH", help="folder or hub name of a classifier; default: the current one")
    parser.add_argument("--junit", metavar="FILE", type=Path, help="write the outcome as JUnit XML, for CI")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the suite as a job, show what does not hold, and say so in the exit status."""
    found = opened(options).check(options.model)
    if options.junit:
        _write_junit(found, options.junit)
    if options.json:
        print_json(found.as_json())
    else:
        _show(found)
    return STATUSES[found.status]


def _show(found: CheckOutcome) -> None:
    if not found.checked:
        print_line(_NOTHING)
        return
    print_line(f"model: {found.model}")
    for spot, several in groupby(found.checked, key=lambda one: one.blind_spot):
        parts = list(several)
        print_line(f"{spot:<4} {_word(parts)}")
        for one in parts:
            print_line(f"       {one.sentence}")
            for wrong in () if one.holds else one.wrong[:_SHOWN]:
                print_line(f"         {wrong.sentence}")


def _word(parts: Sequence[PartCheck]) -> str:
    """What is said of a blind spot: closed it is by proof rows alone (`engine.proof.closed`)."""
    if not all(one.holds for one in parts):
        return "OPEN AGAIN"
    if any(one.origin.startswith("proof row") for one in parts):
        return "still closed"
    return "its rows hold (frozen before proof rows were counted, so not shown to be closed: promote again)"


def _write_junit(found: CheckOutcome, path: Path) -> None:
    """One test case for each sort of rows of each blind spot; a failure lists the wrong cases, but of proof rows none.

    Where there was nothing to check, one case that was skipped.
    """
    from junitparser import Failure, JUnitXml, Skipped, TestCase, TestSuite

    group = TestSuite("blindspot")
    if not found.checked:
        case = TestCase("closed blind spots", classname="blindspot.suite")
        case.result = [Skipped(_NOTHING)]
        group.add_testcase(case)
    for one in found.checked:
        name = visible(f"{one.blind_spot} {CHECKED_ROWS[one.origin]}")
        case = TestCase(name, classname="blindspot.suite")
        if not one.holds:
            failure = Failure(f"{one.right} of {one.cases} right, at least {100 * one.floor:.0f} % must be")
            failure.text = "\n".join(visible(wrong.sentence) for wrong in one.wrong)
            case.result = [failure]
        group.add_testcase(case)
    xml = JUnitXml()
    xml.add_testsuite(group)
    try:
        xml.write(str(path), pretty=True)
    except OSError as error:
        raise ProjectError(
            f"the JUnit file cannot be written ({error.strerror})", where=str(path), hint="name another with --junit"
        ) from error
    print_error(f"outcome written to {path}")
