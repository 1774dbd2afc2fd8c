"""`blindspot test-pattern`: does a pattern apply to the errors that its teacher has not seen, and to no other row?"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any

from engine.counted import counted
from engine.errors import DataError
from engine.llm.reports import JudgeReport
from engine.operations.job_records import JudgeOptions
from engine.schema import Pattern, Teacher
from engine.teaching.pattern_testing import (
    PatternCase,
    PatternResult,
    PatternTest,
    decided_patterns,
    find_pattern,
    hand_in,
    has_judged,
    open_pattern,
    pattern_test_of,
    results,
    reword,
)
from tui.commands.annotating import Session, add_common, pattern_line, read_answers
from tui.commands.shared import SubParsers, add_limits, add_waiting, new_parser
from tui.terminal.printing import console, print_json, print_line, say

if TYPE_CHECKING:
    from tui.terminal.console import Console


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "test-pattern",
        "test a pattern on rows that its teacher has not seen",
        "  blindspot test-pattern work                       what was found so far\n"
        "  blindspot test-pattern work P1                    its rows, to be judged\n"
        "  blindspot test-pattern work P1 --judge answers.json\n"
        '                                                    {"pool-17": true, "pool-4": false, ...}: does it apply?\n'
        '  blindspot test-pattern work P1 --reword "..."     once, after a test with counter-examples\n'
        "  blindspot test-pattern work --by llm --refine     the LLM judges all patterns and rewords its own",
    )
    add_common(parser)
    parser.add_argument(
        "patterns", metavar="PATTERN", nargs="*", help="P1 for your own, P1@NAME for another's; none: all"
    )
    parser.add_argument("--judge", metavar="FILE", help="your answers, as JSON; - reads them from stdin")
    parser.add_argument("--reword", metavar="TEXT", help="the new wording of your pattern")
    parser.add_argument("--by", choices=("llm",), help="let the LLM of blindspot.toml judge, as a background job")
    parser.add_argument("--refine", action="store_true", help="with --by llm: it rewords its own patterns afterwards")
    add_limits(parser.add_argument_group("with --by llm"))
    add_waiting(parser)
    parser.set_defaults(run=run, refuse=parser.error)


def run(options: argparse.Namespace) -> int:
    """Judge or reword one pattern, let the LLM judge, or show what was found."""
    if options.by and (options.judge or options.reword):
        options.refuse("--by goes with neither --judge nor --reword")
    limited = options.max_cost is not None or options.max_tokens is not None
    if not options.by and (options.refine or options.detach or options.estimate or limited):
        options.refuse("--refine, --detach, --estimate, --max-cost and --max-tokens go with --by llm")
    if (options.judge or options.reword) and len(options.patterns) != 1:
        options.refuse("name one pattern")
    session = Session(options)
    if options.by:
        return _by_llm(options, session)
    if not options.patterns:
        _print_all(options, session)
        return 0
    for name in options.patterns:
        pattern = open_pattern(session.teaching, name, unjudged=session.board.unjudged)
        if options.judge:
            answers, judge = _answers(options), Teacher(session.teaching.author, "human")
            hand_in(session.teaching, _pattern_test(session, pattern), answers, judge)
        if options.reword:
            pattern = reword(session.teaching, pattern, options.reword, _results(session, pattern))
        _print_one(options, session, pattern)
    return 0


def _pattern_test(session: Session, pattern: Pattern) -> PatternTest:
    return pattern_test_of(session.project, session.discovery, session.teaching, pattern)


def _results(session: Session, pattern: Pattern) -> list[PatternResult]:
    return results(session.project, session.discovery, session.teaching, pattern)


def _answers(options: argparse.Namespace) -> dict[str, bool]:
    values = read_answers(options.judge)
    if not isinstance(values, dict) or not all(isinstance(value, bool) for value in values.values()):
        hint = 'write {"ROW": true, "ROW": false}'
        raise DataError("an answer is neither true nor false", where=options.judge, hint=hint)
    return values


def _by_llm(options: argparse.Namespace, session: Session) -> int:
    from engine.llm.judge_estimate import estimate_pattern_tests
    from tui.commands.asking_llm import check_limits, print_estimate

    names = [find_pattern(session.teaching, session.teaching.own_id(name)).id for name in options.patterns]
    if options.estimate:
        print_estimate(options, estimate_pattern_tests(session.project, names))
        return 0
    check_limits(session.project, options)
    asked = JudgeOptions(
        patterns=tuple(names),
        refine=options.refine,
        max_cost=options.max_cost,
        max_tokens=options.max_tokens,
        since=time.time(),
    )
    job_id = session.work.start(asked)
    if options.detach:
        print_line(job_id)
        return 0
    found = JudgeReport.from_json(session.work.wait(job_id).result)
    session.teaching.refresh()
    if not options.json:
        say(console(), found.sentence)
    _print_all(options, session, report=found)
    return 0


def _print_all(options: argparse.Namespace, session: Session, *, report: JudgeReport | None = None) -> None:
    """Every pattern that this annotator may see, with its figures; of the others nothing, not even how many."""
    names = {session.teaching.own_id(name) for name in options.patterns}
    open_ones = decided_patterns(session.teaching, unjudged=session.board.unjudged)
    shown = [pattern for pattern in open_ones if not names or pattern.id in names]
    found = [(_pattern_test(session, pattern), _results(session, pattern)) for pattern in shown]
    if options.json:
        print_json(
            {"patterns": [_as_json(session, *one) for one in found], "job": report.as_json() if report else None}
        )
        return
    out = console()
    for test, tested in found:
        say(out, pattern_line(test.pattern))
        _print_figures(out, test, tested)
    if not found:
        say(out, "Patterns are shown here once you have committed or declined on their blind spot.")


def _print_figures(out: Console, test: PatternTest, tested: list[PatternResult]) -> None:
    if test.reason:
        say(out, f"no figures for this wording: {test.reason}", indent=2)
    elif all(result.text != test.pattern.text for result in tested):
        say(out, f"not judged yet: {counted(len(test.cases), 'row')}", indent=2)
    for result in tested:
        earlier = "" if result.text == test.pattern.text else f"the wording before ({result.text}), "
        say(out, f"{earlier}by {result.judge.name} ({result.judge.title}): {result.figures}", indent=2)


def _is_revealed(session: Session, test: PatternTest) -> bool:
    return not test.cases or has_judged(session.teaching, test.pattern)


def _print_one(options: argparse.Namespace, session: Session, pattern: Pattern) -> None:
    test, tested = _pattern_test(session, pattern), _results(session, pattern)
    if options.json:
        print_json(_as_json(session, test, tested))
        return
    out = console()
    say(out, pattern_line(pattern))
    _print_figures(out, test, tested)
    if not _is_revealed(session, test):
        say(out, "does it apply to these rows? answer with --judge; what they are is shown then")
        for number, case in enumerate(test.cases, start=1):
            say(out, f"{number}. {case.row.id}")
            _print_row(out, case)
        return
    for result in tested:
        for case in result.wrong:
            said = "a UU to which it does not apply" if case.is_uu else "right, and it applies"
            say(out, f"counter-example of {result.judge.name}: {case.row.id}, {said}")
            _print_row(out, case)


def _print_row(out: Console, case: PatternCase) -> None:
    say(out, case.row.text, indent=3)
    if case.row.text_pair is not None:
        say(out, f"| {case.row.text_pair}", indent=3)


def _as_json(session: Session, test: PatternTest, tested: list[PatternResult]) -> dict[str, Any]:
    revealed = _is_revealed(session, test)
    hidden = () if revealed else ("cases", "wrong")
    cases = [
        {"row": case.row.id, "text": case.row.text, "text_pair": case.row.text_pair}
        | ({"is_uu": case.is_uu} if revealed else {})
        for case in test.cases
    ]
    found = [{name: value for name, value in result.as_json().items() if name not in hidden} for result in tested]
    return {"pattern": test.pattern.as_json(), "reason": test.reason, "cases": cases, "results": found}
