"""`blindspot find-rows`: the pool rows without a label that a pattern, samples or a text find; to be labelled."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from engine.errors import StoreError
from engine.operations.job_records import SearchOptions, SearchResult
from engine.schema import Pattern, Sample
from engine.teaching.found_rows import (
    FoundRows,
    found_before,
    nothing_to_find,
    search_key,
    visible_sample,
    visible_searches,
    why_stale,
)
from engine.teaching.pattern_testing import visible_pattern
from tui.commands.annotating import Session, add_common
from tui.commands.shared import SubParsers, add_limits, add_waiting, new_parser, whole_number
from tui.terminal.printing import console, print_json, print_line, say

if TYPE_CHECKING:
    from tui.terminal.console import Console


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "find-rows",
        "find pool rows without a label by a pattern, by samples or by a text, and queue them to be labelled",
        "  blindspot find-rows work P3                      the 50 nearest rows\n"
        "  blindspot find-rows work P3 --by llm --estimate  what asking the LLM would take\n"
        "  blindspot find-rows work P3 --by llm --queue     queue those to which the LLM finds that it applies\n"
        "  blindspot label work --queue pattern\n"
        "  blindspot find-rows work S4 S7 --rows 20         rows like these samples\n"
        '  blindspot find-rows work --text "Thanks for nothing, as ever."\n'
        "  blindspot find-rows work P3 --last               what was found last, without another search\n"
        "  blindspot find-rows work                         what was searched for so far\n\n"
        "A pattern is searched by the targets that its author wrote for it and by the UUs of its blind spot that\n"
        "teachers see; by its own words only where there are neither. The similarity is the mean cosine to them, less\n"
        "the mean cosine to the whole pool. What the model or an LLM labels a row is not shown. The labels train; no\n"
        "rate is estimated from them.",
    )
    add_common(parser)
    parser.add_argument(
        "names", metavar="PATTERN_OR_SAMPLE", nargs="*", help="P1 or S1 for your own, P1@NAME for another's"
    )
    parser.add_argument("--text", metavar="TEXT", default="", help="search by this text instead")
    parser.add_argument("--text-pair", metavar="TEXT", help="its second text, where rows are pairs")
    parser.add_argument("--rows", metavar="N", type=whole_number(1), default=50, help="how many rows (default: 50)")
    parser.add_argument("--by", choices=("llm",), help="ask the LLM of blindspot.toml to which rows it applies")
    parser.add_argument(
        "--queue", action="store_true", help="queue what applies, or without --by llm all that is found"
    )
    parser.add_argument("--last", action="store_true", help="what was found last, without another search")
    add_limits(parser.add_argument_group("with --by llm"))
    add_waiting(parser)
    parser.set_defaults(run=run, refuse=parser.error)


def run(options: argparse.Namespace) -> int:
    """Search, or show what was found; queue it if that is asked for."""
    if not options.by and (options.estimate or options.max_cost is not None or options.max_tokens is not None):
        options.refuse("--estimate, --max-cost and --max-tokens go with --by llm")
    if options.names and options.text:
        options.refuse("name patterns and samples, or give a --text")
    if options.text_pair is not None and not options.text:
        options.refuse("--text-pair goes with --text")
    if options.last and (options.by or options.detach):
        options.refuse("--last searches for nothing: it goes without --by and --detach")
    if options.detach and options.queue:
        options.refuse("--queue waits for the rows: queue them afterwards with --last --queue")
    session = Session(options)
    if not (options.names or options.text):
        if options.queue or options.last or options.by:
            options.refuse("name a pattern or samples, or give a --text")
        _print_searches(options, session)
        return 0
    patterns, samples = _named(options, session)
    pattern = patterns[0] if patterns else None
    if options.last:
        _print_found(options, session, _last(session, search_key(pattern, samples, options.text, options.text_pair)))
        return 0
    if reason := nothing_to_find(session.project):
        raise StoreError(reason, where=str(session.project.root), hint="add rows with `blindspot add`")
    if options.by and not _may_ask(options, session, pattern):
        return 0
    job_id = _start(options, session, pattern, samples)
    if options.detach:
        print_line(job_id)
        return 0
    _print_found(options, session, _follow(session, job_id))
    return 0


def _last(session: Session, key: str) -> FoundRows:
    found = found_before(session.project, key)
    if found is None:
        what = "this was not searched for in its present wording"
        raise StoreError(what, where=str(session.project.root), hint="leave --last out")
    return found


def _named(options: argparse.Namespace, session: Session) -> tuple[list[Pattern], list[Sample]]:
    """What is searched by, as far as this annotator may see it."""
    unjudged = session.board.unjudged
    patterns = [
        visible_pattern(session.teaching, name, unjudged=unjudged) for name in options.names if name.startswith("P")
    ]
    samples = [
        visible_sample(session.teaching, name, unjudged=unjudged) for name in options.names if not name.startswith("P")
    ]
    if len(patterns) > 1:
        options.refuse("one pattern at a time: each finds rows of its own")
    return patterns, samples


def _may_ask(options: argparse.Namespace, session: Session, pattern: Pattern | None) -> bool:
    """Whether the LLM is to be asked; with ``--estimate`` it is not, and what it would take is printed."""
    from engine.llm.judge_estimate import estimate_search
    from tui.commands.asking_llm import check_limits, print_estimate

    guess = estimate_search(session.project, pattern=pattern, text=options.text, count=options.rows)
    if options.estimate:
        print_estimate(options, guess)
        return False
    check_limits(session.project, options)
    return True


def _start(options: argparse.Namespace, session: Session, pattern: Pattern | None, samples: list[Sample]) -> str:
    asked = SearchOptions(
        pattern=pattern.id if pattern else None,
        samples=tuple(sample.id for sample in samples),
        text=options.text,
        text_pair=options.text_pair,
        rows=options.rows,
        by_llm=bool(options.by),
        author=session.teaching.author,
        max_cost=options.max_cost,
        max_tokens=options.max_tokens,
        since=time.time(),
    )
    return session.work.start(asked)


def _follow(session: Session, job_id: str) -> FoundRows:
    made = SearchResult.from_json(session.work.wait(job_id).result)
    found = found_before(session.project, made.found)
    assert found is not None, "the job has just kept it"
    session.teaching.refresh()
    return found


def _print_found(options: argparse.Namespace, session: Session, found: FoundRows) -> None:
    stale = why_stale(session.teaching, found)
    name = None
    if options.queue:
        from engine.label_queue.picked_rows import queue_found

        name = queue_found(session.project, session.teaching, found).spec.name
    if options.json:
        print_json(found.as_json() | {"stale": stale, "queue": name})
        return
    out = console()
    say(out, f"{found.sentence}{f'; out of date: {stale}' if stale else ''}")
    for number, row in enumerate(found.rows, start=1):
        said = {None: "", True: "  applies", False: "  does not apply"}[row.applies]
        say(out, f"{number}. {row.id}  {row.similarity:.3f}{said}")
        say(out, row.text, indent=3)
        if row.text_pair is not None:
            say(out, f"| {row.text_pair}", indent=3)
    if name:
        say(out, f"queued as {name}: blindspot label {options.project} --queue {name}")


def _print_searches(options: argparse.Namespace, session: Session) -> None:
    """What was searched for, as far as this annotator may see it."""
    found = visible_searches(session.project, session.teaching, unjudged=session.board.unjudged)
    stale = [why_stale(session.teaching, one) for one in found]
    if options.json:
        print_json([one.as_json() | {"stale": why} for one, why in zip(found, stale, strict=True)])
        return
    out = console()
    for one, why in zip(found, stale, strict=True):
        say(out, one.sentence)
        _print_wording(out, one)
        if why:
            say(out, f"out of date: {why}", indent=2)
    if not found:
        say(out, "Nothing was searched for yet: name a pattern, such as P1.")


def _print_wording(out: Console, found: FoundRows) -> None:
    if found.wording:
        say(out, found.wording, indent=2)
