"""`blindspot verdict`: what the current model says of texts, and whether an edit of a row flips what it said."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from engine.data.differences import words_changed
from engine.errors import DataError
from tui.commands.annotating import Session, add_common
from tui.commands.shared import SubParsers, new_parser
from tui.terminal.printing import print_json, print_json_line, print_line, reader_left

if TYPE_CHECKING:
    from engine.scorer.protocol import ModelAnswer

Texts = tuple[str, "str | None"]


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "verdict",
        "what the current model says of a text, or of an edited row",
        '  blindspot verdict work "Thanks for the two hours on hold."\n'
        '  blindspot verdict work "A dog runs." --text-pair "A dog sits." --json\n'
        '  blindspot verdict work --row pool-17 "Thanks for the quick help."\n'
        "  blindspot verdict work < texts.txt\n"
        "  blindspot verdict work --json < rows.jsonl\n\n"
        "Without TEXT, lines are read: each a text, or a JSON object with text and text_pair; each is answered at\n"
        "once, with --json by one JSON object a line. Nothing is trained and nothing fetched.",
    )
    add_common(parser)
    parser.add_argument("words", metavar="TEXT", nargs="?", help="the text")
    parser.add_argument("--text", help="the same, also for a text that begins with a dash: --text=-5")
    parser.add_argument("--text-pair", metavar="TEXT", help="the second text, where rows are pairs")
    parser.add_argument("--row", metavar="ROW", help="a row of a blind spot, of which the text is an edit")
    parser.set_defaults(run=run, refuse=parser.error)


def run(options: argparse.Namespace) -> int:
    """Load the model and print its verdicts."""
    if options.words is not None and options.text is not None:
        options.refuse("give the text once, as TEXT or with --text")
    options.text = options.words if options.text is None else options.text
    if options.text is None and (options.row or options.text_pair is not None):
        options.refuse("TEXT is needed with --row and --text-pair")
    from engine.scorer.resident import Resident

    with closing(Resident(options.project.expanduser().resolve())) as resident:
        resident.follow()
        _print_verdicts(resident, options)
    return 0


def _print_verdicts(resident: Any, options: argparse.Namespace) -> None:
    if options.row:
        _print_edit(resident, options)
    elif options.text is not None:
        verdict = resident.verdict(options.text, options.text_pair)
        print_json(verdict.as_json()) if options.json else print_line(_said(verdict))
    else:
        for text, second in _lines():
            verdict = resident.verdict(text, second)
            _print_line(text, second, verdict, as_json=options.json)
            if reader_left():
                break


def _print_edit(resident: Any, options: argparse.Namespace) -> None:
    from engine.teaching.perturbations import shown_row

    row = shown_row(Session(options).annotator, options.row)
    second = row.text_pair if options.text_pair is None else options.text_pair
    before, after = resident.verdict(row.text, row.text_pair), resident.verdict(options.text, second)
    words = words_changed(row.text, options.text) + words_changed(row.text_pair or "", second or "")
    flipped = before.label != after.label
    if options.json:
        found = {"row": before.as_json(), "edit": after.as_json(), "flipped": flipped, "words_changed": words}
        print_json(found)
    else:
        print_line(f"row {row.id}: {_said(before)}, gold {row.label}")
        print_line(f"edit: {_said(after)}, {'flipped' if flipped else 'not flipped'} by {words} changed words")


def _lines() -> Iterator[Texts]:
    """The texts on standard input."""
    import orjson

    for number, raw in enumerate(sys.stdin.buffer, start=1):  # bytes: the locale has no say in what a file means
        try:
            line = raw.decode().rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise DataError(
                "this line is not UTF-8", where=f"line {number} of the input", hint="convert it, e.g. with iconv"
            ) from error
        if not line.lstrip().startswith("{"):
            yield line, None
            continue
        try:
            row = orjson.loads(line)
            texts = row["text"], row.get("text_pair")
        except (orjson.JSONDecodeError, KeyError) as error:
            raise DataError(
                "this is no JSON object with a text",
                where=f"line {number} of the input",
                hint='write {"text": "..."}, or the text alone',
            ) from error
        if not isinstance(texts[0], str) or not isinstance(texts[1], str | None):
            raise DataError("text and text_pair must be texts", where=f"line {number} of the input")
        yield texts


def _print_line(text: str, second: str | None, verdict: ModelAnswer, *, as_json: bool) -> None:
    if as_json:
        row = {"text": text} | ({"text_pair": second} if second is not None else {}) | verdict.as_json()
        print_json_line(row)
    else:
        print_line(f"{_said(verdict)}  {text}" + (f" | {second}" if second is not None else ""))


def _said(verdict: ModelAnswer) -> str:
    return f"{verdict.label} {verdict.confidence:.3f}"
