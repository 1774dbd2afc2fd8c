"""`blindspot review`: judging what two teachers wrote about a blind spot, without knowing who wrote what."""

from __future__ import annotations

import argparse
import shlex
from typing import TYPE_CHECKING

from engine.counted import counted
from engine.errors import StoreError
from tui.commands.annotating import add_common, read_answers
from tui.commands.opening import opened
from tui.commands.shared import SubParsers, new_parser
from tui.terminal.printing import console, print_json, print_line, say

if TYPE_CHECKING:
    from engine.review.blind_review import ItemView, Review, SampleView, SideView, Sources
    from engine.schema import Teacher
    from tui.terminal.console import Console


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "review",
        "judge what two teachers wrote, without knowing who wrote what",
        "  blindspot review work                        what there is to judge\n"
        "  blindspot review work 3fa85f6457174562       read one item, with the samples that you are asked about\n"
        "  blindspot review work 3fa85f6457174562 --all\n"
        "  blindspot review work 3fa85f6457174562 --judge answers.json\n"
        "  blindspot review work 3fa85f6457174562 --skip\n\n"
        "answers.json, with an entry for each sample that is shown, in their order (no useful without a pattern):\n"
        '  {"preference": "tie",\n'
        '   "left":  {"useful": true, "samples": [{"verdict": "accept"}, {"verdict": "fix", "label": "positive"}]},\n'
        '   "right": {"useful": false, "samples": [...]}}\n'
        "preference: left, right, tie or neither; verdict: accept, reject, or fix with text, text_pair or label.\n"
        "These are twelve questions at most. You may answer more: fits and precise of a pattern; right_label,\n"
        "natural and fits of a sample (true or false); and all samples that --all shows, with null for those that you\n"
        "pass over. What is left out counts neither as yes nor as no.\n"
        "A judgement is final; after it the sources are shown.",
    )
    add_common(parser)
    parser.add_argument("item", metavar="ITEM", nargs="?", help="its id; default: list all")
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--all", action="store_true", help="read all samples of the item, and what can be answered")
    action.add_argument("--judge", metavar="FILE", help="hand in the answers of a JSON file, or - for stdin")
    action.add_argument("--skip", action="store_true", help="put the item aside")
    action.add_argument("--unskip", action="store_true", help="take it up again")
    action.add_argument("--reveal", action="store_true", help="who wrote it, once you have judged it")
    parser.add_argument("--own", action="store_true", help="list items with your own work too")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """List, show or judge."""
    from engine.review.blind_review import Review

    work = opened(options)
    work.project.discovered()
    review = Review(work.project, work.teaching)
    if options.item is None:
        if options.all or options.judge or options.skip or options.unskip or options.reveal:
            raise StoreError("no item is named", hint="give an id that `blindspot review` prints")
        return _list(review, options)
    if options.judge:
        from engine.review.judgement_checks import judgement_from

        review.judge(judgement_from(options.item, read_answers(options.judge)))
        return _reveal(review, options)
    if options.reveal:
        return _reveal(review, options)
    if options.skip or options.unskip:
        (review.skip if options.skip else review.unskip)(options.item)
        return 0
    return _show(review, options)


def _list(review: Review, options: argparse.Namespace) -> int:
    entries = review.queue(own=options.own)
    if options.json:
        print_json([entry.as_json() for entry in entries])
        return 0
    if not entries:
        from tui.reporting.comparison_tables import NOTHING_TO_JUDGE

        print_line(f"{NOTHING_TO_JUDGE}; your own work is listed with --own")
        return 0
    judged = sum(entry.state == "judged" for entry in entries)
    out = console()
    out.print(f"{counted(len(entries), 'item')}, {judged} judged")
    for entry in entries:
        own = ", your own" if entry.own and entry.state != "own" else ""
        state = "your own" if entry.state == "own" else entry.state
        out.print(f"{entry.id}  {entry.blind_spot:<4}  {entry.kind:<13}  {state}{own}")
    if any(entry.state == "sealed" for entry in entries):
        out.print("sealed: commit your answer to that blind spot with `blindspot commit`, or decline")
    if first := next((entry.id for entry in entries if entry.state == "open"), None):
        out.print(f"next: blindspot review {shlex.quote(str(options.project))} {first}")
    return 0


def _show(review: Review, options: argparse.Namespace) -> int:
    item, judgement = review.item(options.item), review.judgement(options.item)
    sources = review.reveal(options.item) if judgement else None
    if options.json:
        known = {"judgement": judgement, "sources": sources}
        print_json({"item": item.as_json(), **{name: one.as_json() if one else None for name, one in known.items()}})
        return 0
    out = console()
    own = ", your own" if item.own else ""
    say(out, f"{item.id}  {item.blind_spot}  {item.gold} -> {item.predicted}  {item.kind}{own}")
    for row in item.evidence:
        say(out, f"{row.text}{_pair(row.text_pair)}", indent=2)
    for name in ("left", "right"):
        _show_side(out, name, getattr(item, name), everything=options.all or judgement is not None)
    if sources:
        _show_sources(out, sources)
    else:
        out.print()
        _show_questions(out, item, everything=options.all)
    return 0


def _show_side(out: Console, name: str, side: SideView, *, everything: bool) -> None:
    out.print()
    shown = [sample for sample in side.samples if everything or sample.asked]
    some = f" ({len(shown)} of {len(side.samples)} samples)" if len(shown) < len(side.samples) else ""
    say(out, f"{name}: {side.pattern}{some}" if side.pattern else f"{name}{some}")
    for number, sample in enumerate(shown, start=1):
        asked = ", asked" if everything and sample.asked and not all(other.asked for other in side.samples) else ""
        say(out, f"{number}. {_sample(sample, asked)}", indent=2)


def _show_questions(out: Console, item: ItemView, *, everything: bool) -> None:
    """What is to be answered, and how many questions that are."""
    sides = (item.left, item.right)
    patterns = sum(side.pattern is not None for side in sides)
    samples = [sample for side in sides for sample in side.samples]
    asked = sum(sample.asked for sample in samples)
    about = "the preference" + (", useful of each pattern" if patterns else "")
    which = " that is asked about" if everything and asked < len(samples) else ""
    say(out, f"{counted(1 + patterns + asked, 'question')}: {about}, the verdict on each sample{which}")
    if everything:
        also = ["fits and precise of each pattern"] if patterns else []
        also += ["the verdict on the other samples, null for one that you pass over"] if asked < len(samples) else []
        say(out, f"you may also give: {'; '.join([*also, 'right_label, natural and fits of each sample'])}")


def _sample(sample: SampleView, asked: str) -> str:
    return f"{sample.role}, {sample.label}{asked}: {sample.text}{_pair(sample.text_pair)}"


def _pair(text: str | None) -> str:
    return f" | {text}" if text is not None else ""


def _reveal(review: Review, options: argparse.Namespace) -> int:
    sources = review.reveal(options.item)
    if options.json:
        print_json(sources.as_json())
    else:
        _show_sources(console(), sources)
    return 0


def _show_sources(out: Console, sources: Sources) -> None:
    def title(teacher: Teacher) -> str:
        return f"{teacher.name} ({teacher.title})"

    seen = "both saw the same" if sources.same_evidence else "they are not known to have seen the same"
    say(out, f"left: {title(sources.left)}; right: {title(sources.right)}; {seen}")
