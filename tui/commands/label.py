"""`blindspot label`: label texts by single keys, or line by line over stdin."""

from __future__ import annotations

import argparse
import getpass
import sys
from contextlib import ExitStack
from pathlib import Path

from engine.errors import DataError, StoreError
from engine.labelling.answers import GUESS, LIKELY, SURE
from engine.labelling.label_file import LabelFile
from engine.labelling.session import LabelSession
from engine.labelling.texts import TextRow, read_texts
from engine.text import visible
from tui.commands.shared import SubParsers, new_parser
from tui.terminal.printing import print_line

_MARKS = {"": SURE, "?": LIKELY, "??": GUESS}


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "label",
        "label texts by single keys: offline, without a project or a model",
        "  blindspot label texts.csv --labels positive,negative --out labelled.csv\n"
        "  blindspot label pairs.jsonl --text premise --pair hypothesis --labels yes,no,unclear --out labelled.jsonl\n"
        "  blindspot label texts.txt --labels spam,ham --out labelled.csv --guideline guideline.md --plain\n\n"
        "Every key is saved at once; the same command goes on where it was. labelled.csv has the columns id, text,\n"
        "text_pair, label, certainty (3 sure, 2 likely, 1 a guess, 0 unsure), note, seconds, labeller, time.\n"
        "With --plain each row is printed and answered by a line: a label or its number, with ? behind it if it is\n"
        "likely and ?? if it is a guess; x unsure, s skip, u undo, m NOTE, q leave.",
    )
    parser.add_argument("texts", type=Path, metavar="FILE", help="CSV, TSV, JSONL, Parquet, or TXT with a text a line")
    parser.add_argument("--labels", metavar="A,B,...", required=True, type=_labels, help="in the order of their keys")
    parser.add_argument("--out", metavar="FILE", required=True, type=Path, help="takes the labels: .csv or .jsonl")
    parser.add_argument("--text", metavar="COLUMN", help="with the texts; default: `text`, or the only one there is")
    parser.add_argument("--pair", metavar="COLUMN", help="with the second texts of pairs")
    parser.add_argument("--encoding", metavar="NAME", help="of the texts; default: UTF-8, or what the file says")
    parser.add_argument("--shuffle", action="store_true", help="in a random order, the same each time")
    parser.add_argument("--guideline", metavar="FILE", type=Path, help="what the labels mean: shown first, and with g")
    parser.add_argument("--labeller", metavar="NAME", default=getpass.getuser(), help="default: the login name")
    parser.add_argument("--plain", action="store_true", help="line by line over stdin, e.g. for screen readers")
    parser.add_argument("--ascii", action="store_true", help="no characters beyond ASCII")
    parser.set_defaults(run=run)


def _labels(text: str) -> list[str]:
    labels = [word.strip() for word in text.split(",") if word.strip()]
    if len(labels) < 2 or len(set(labels)) < len(labels):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of two or more labels such as positive,negative")
    return labels


def run(options: argparse.Namespace) -> int:
    """Label until the person leaves."""
    if not options.plain and not (sys.stdout.isatty() and sys.stdin.isatty()):
        raise StoreError("labelling by keys needs a terminal", hint="use --plain to answer line by line")
    rows = read_texts(
        options.texts, text=options.text, pair=options.pair, encoding=options.encoding, shuffle=options.shuffle
    )
    guideline = _read(options.guideline) if options.guideline else ""
    with ExitStack() as stack:
        file = stack.enter_context(LabelFile(options.out))
        session = LabelSession.over_file(rows, options.labels, file, options.labeller)
        if options.plain:
            return _plain(session, guideline, file.repaired)
        from tui.label_app import LabelApp

        app = LabelApp(
            session,
            source=options.texts.name,
            out=options.out.name,
            guideline=guideline,
            told=file.repaired,
            ascii=options.ascii,
        )
        app.run(mouse=False)
    pace = session.pace
    print_line(f"{pace.done:,} of {pace.done + pace.left:,} labelled, in {options.out}")
    return app.return_code or 0


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        what = f"the guideline cannot be read ({error.strerror})"
        raise DataError(what, where=str(path), hint="name another") from None
    except UnicodeDecodeError:
        raise DataError("the guideline is not UTF-8", where=str(path), hint="save it as UTF-8") from None


def _plain(session: LabelSession, guideline: str, told: str) -> int:
    """Ask and answer line by line until the rows or the lines end."""
    for line in [*guideline.splitlines(), *([told] if told else [])]:
        print_line(visible(line))
    print_line(", ".join(f"{number} {visible(label)}" for number, label in enumerate(session.labels, start=1)))
    shown: TextRow | None = None
    while session.row is not None:
        if session.row is not shown:
            shown = session.row
            pace = session.pace
            print_line("")
            print_line(f"{pace.done + 1} of {pace.done + pace.left}: {visible(shown.text)}")
            if shown.text_pair is not None:
                print_line(f"second text: {visible(shown.text_pair)}")
        line = sys.stdin.readline()
        if not line or line.strip() == "q":
            break
        try:
            print_line(_answer(session, line.strip()))
        except StoreError as error:
            print_line(str(error))
    pace = session.pace
    print_line(f"{pace.done:,} of {pace.done + pace.left:,} labelled")
    return 0


def _answer(session: LabelSession, word: str) -> str:
    """Do what a line says; return what was done."""
    if word == "x":
        session.unsure()
        return "saved: unsure"
    if word == "s":
        return "skipped" if session.skip() else "there is no other row"
    if word == "u":
        return "taken back" if session.undo() else "there is nothing to take back"
    if word.startswith("m "):
        session.write_note(word[2:].strip())
        return "noted"
    name = word.rstrip("?").strip()
    certainty = _MARKS.get(word[len(word.rstrip("?")) :], GUESS)
    if name.isdecimal() and name not in session.labels and 1 <= int(name) <= len(session.labels):
        name = session.labels[int(name) - 1]
    session.label(name, certainty)
    return f"saved: {visible(name)}"
