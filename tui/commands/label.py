"""`blindspot label`: label texts by single keys, or line by line over stdin."""

from __future__ import annotations

import argparse
import io
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import DataError, FileError, StoreError
from engine.files import read_given
from engine.labelling.answers import GUESS, LIKELY, SURE
from engine.labelling.guidelines import LONGEST
from engine.labelling.label_file import LabelFile
from engine.labelling.session import LabelSession
from engine.labelling.texts import TextRow, read_texts
from engine.teaching.authors import default_author
from engine.text import SURROGATE, visible
from tui.commands.shared import SubParsers, add_asking, add_json, add_waiting, new_parser
from tui.hints import with_project
from tui.terminal.printing import print_line
from tui.view_models.scattered import SCATTERED, flagged_of

if TYPE_CHECKING:
    from engine.label_queue.project_session import ProjectSession
    from engine.label_queue.row_chooser import RowChooser
    from engine.project import Project
    from engine.teaching.records import Teaching

EVERY = "all"
_LOOKS_EVERY = 0.1  # seconds
_MARKS = {"": SURE, "?": LIKELY, "??": GUESS}


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "label",
        "label texts by single keys: rows of a project, or any file, offline and without a model",
        "  blindspot label work\n"
        "  blindspot label work --queue conflict\n"
        "  blindspot label work --flagged B2\n"
        "  blindspot label work --by llm --rows confident --estimate\n"
        "  blindspot label work --by llm --rows 500 --max-cost 0.50\n"
        "  blindspot label work --by llm --split proof --rows all\n"
        "  blindspot label texts.csv --labels positive,negative --out labelled.csv\n"
        "  blindspot label pairs.jsonl --text premise --pair hypothesis --labels yes,no,unclear --out labelled.jsonl\n"
        "  blindspot label texts.txt --labels spam,ham --out labelled.csv --guideline guideline.md --plain\n\n"
        "Every key is saved at once; the same command goes on where it was.\n\n"
        "Of a project: rows of the latest audit, verdict or hunt that has some left, else rows drawn at random;\n"
        "--queue takes the name of another queue, random, conflict (rows on which people differ: without names, with\n"
        "a reason), proof-conflict (held-out ones) or stale (your own labels that an edit of the guideline may have\n"
        "made wrong).\n"
        "Several people may be at work at once. What the labels mean stands in guidelines.md of the project.\n\n"
        "By an LLM (its model, server and key as for `blindspot teach`): its labels stand beside people's and are\n"
        "never taken for right. Rows that it has labelled under the guideline as it stands are not asked about again;\n"
        "the same command goes on where it stopped. --split proof: held-out rows; such labels are\n"
        "for audits and verdicts alone, and nothing trains on them.\n\n"
        "Of a file: labelled.csv has the columns id, text, text_pair, label, certainty (3 sure, 2 likely, 1 a guess,\n"
        "0 unsure), note, seconds, labeller, time.\n\n"
        "With --plain each row is printed and answered by a line: a label or its number, with ? behind it if it is\n"
        "likely and ?? if it is a guess; x unsure, s skip, u undo, m NOTE, q leave.",
    )
    parser.add_argument(
        "source",
        type=Path,
        metavar="DIR_OR_FILE",
        help="project folder; or CSV, TSV, JSONL, Parquet, or TXT with a text a line",
    )
    parser.add_argument("--labeller", "--annotator", metavar="NAME", help="default: the login name")
    parser.add_argument("--plain", action="store_true", help="line by line over stdin, e.g. for screen readers")
    parser.add_argument("--ascii", action="store_true", help="no characters beyond ASCII")
    project = parser.add_argument_group("of a project")
    project.add_argument("--queue", metavar="NAME", help="which rows; default: see below")
    project.add_argument(
        "--flagged",
        metavar="ID",
        help=f"the rows flagged near this blind spot, `{SCATTERED}` (near none) or `{EVERY}`, to check the flags",
    )
    llm = parser.add_argument_group("by an LLM, in a background job")
    llm.add_argument("--by", choices=("llm",), help="who labels; default: you")
    llm.add_argument("--rows", metavar="WHICH", help="confident (the model is: default), all, or a number at random")
    llm.add_argument("--split", choices=("pool", "proof"), help="pool (default), or proof: held-out rows")
    add_asking(llm)
    llm.add_argument("--replay", nargs="?", const="", metavar="FILE", help="recorded answers, such as llm/calls.jsonl")
    add_waiting(llm)
    add_json(llm)
    file = parser.add_argument_group("of a file")
    for option, values in _OF_FILES.items():
        file.add_argument(option, **values)
    parser.set_defaults(run=run, refuse=parser.error)


def _labels(text: str) -> list[str]:
    labels = [word.strip() for word in text.split(",") if word.strip()]
    if len(labels) < 2 or len(set(labels)) < len(labels):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of two or more labels such as positive,negative")
    return labels


_OF_FILES: dict[str, dict[str, Any]] = {
    "--labels": {"metavar": "A,B,...", "type": _labels, "help": "in the order of their keys"},
    "--out": {"metavar": "FILE", "type": Path, "help": "takes the labels: .csv or .jsonl"},
    "--text": {"metavar": "COLUMN", "help": "with the texts; default: `text`, or the only one there is"},
    "--pair": {"metavar": "COLUMN", "help": "with the second texts of pairs"},
    "--encoding": {"metavar": "NAME", "help": "of the texts; default: UTF-8, or what the file says"},
    "--shuffle": {"action": "store_true", "help": "in a random order, the same each time"},
    "--guideline": {"metavar": "FILE", "type": Path, "help": "what the labels mean: shown first, and with g"},
}


_BY_LLM = ("rows", "split", "estimate", "max-cost", "max-tokens", "model", "base-url", "replay", "detach", "json")


@dataclass
class _Work:
    """What is labelled, for both forms of answering.

    ``source``, ``out``: for the heading. ``told``: a sentence to begin with. ``end``: where the labels are.
    ``units``, ``more``: as `LabelScreen` wants them. ``then``: what to tell afterwards.
    """

    session: LabelSession
    source: str
    out: str
    guideline: str
    told: str
    end: str
    units: Callable[[], list[list[str]]] | None = None
    more: RowChooser | None = None
    then: Callable[[], str] | None = None


def run(options: argparse.Namespace) -> int:
    """Label until the person leaves, or let an LLM label."""
    if options.by:
        for name in ("queue", "flagged", "labeller", "plain", *(option[2:] for option in _OF_FILES)):
            if getattr(options, name):
                options.refuse(f"--{name} is for people")
        from tui.commands.label_by_llm import label_by_llm

        return label_by_llm(options)
    for name in _BY_LLM:
        if getattr(options, name.replace("-", "_")) not in (None, False):
            options.refuse(f"--{name} needs --by llm")
    if not options.plain and not (sys.stdout.isatty() and sys.stdin.isatty()):
        raise StoreError("labelling by keys needs a terminal", hint="use --plain to answer line by line")
    with ExitStack() as stack:
        work = (_of_project if options.source.is_dir() else _of_file)(options, stack)
        if options.plain:
            _plain(work.session, work.guideline, work.told, work.more)
            _tell_next(work)
            return 0
        from tui.label_app import LabelApp
        from tui.screens.label_screen import LabelScreen

        screen = LabelScreen(
            work.session,
            source=work.source,
            out=work.out,
            guideline=work.guideline,
            told=work.told,
            units=work.units,
            more=work.more,
        )
        app = LabelApp(screen, ascii=options.ascii)
        app.run(mouse=False)
    pace = work.session.pace
    print_line(f"{pace.done:,} of {pace.done + pace.left:,} labelled, saved in {work.end}")
    _tell_next(work)
    return app.return_code or 0


def _tell_next(work: _Work) -> None:
    if work.then is not None and (said := work.then()):
        print_line(said)


def _of_file(options: argparse.Namespace, stack: ExitStack) -> _Work:
    if options.queue or options.flagged:
        options.refuse(f"{'--queue' if options.queue else '--flagged'} is for a project")
    if options.labels is None or options.out is None:
        if not options.source.exists():
            options.refuse(f"there is no {options.source}: name a project or a file of texts")
        options.refuse("a file of texts needs --labels and --out")
    rows = read_texts(
        options.source, text=options.text, pair=options.pair, encoding=options.encoding, shuffle=options.shuffle
    )
    guideline = _read(options.guideline) if options.guideline else ""
    file = stack.enter_context(LabelFile(options.out))
    session = LabelSession.over_file(rows, options.labels, file, options.labeller or default_author())
    return _Work(session, options.source.name, options.out.name, guideline, file.repaired, str(options.out))


def _of_project(options: argparse.Namespace, stack: ExitStack) -> _Work:
    from engine.label_queue.project_session import open_session
    from engine.label_queue.row_chooser import row_chooser
    from engine.project import Project
    from engine.schema import Teacher
    from engine.teaching.records import Teaching

    if options.queue and options.flagged:
        options.refuse("--queue and --flagged each name the rows: give one of them")
    given = [name for name in _OF_FILES if getattr(options, name[2:])]
    if given:
        options.refuse(f"{given[0]} is for a file of texts; {options.source} is a folder")
    project = Project.open(options.source)
    teaching = Teaching.of_person(project, options.labeller or default_author())
    queue = _queue_flagged(project, teaching, options.flagged) if options.flagged else options.queue
    opened = open_session(project, teaching, Teacher(teaching.author, "human"), queue=queue)
    stack.callback(opened.close)
    version = opened.guideline.number
    told = f"Guideline, version {version}: g shows it." if version else ""
    name = f"{options.source.resolve().name}: {opened.name}"
    more = row_chooser(project.root, opened.name, opened.kind)
    if more is not None:
        stack.callback(more.close)
    return _Work(
        opened.session,
        name,
        opened.out,
        opened.guideline.text,
        told,
        str(options.source),
        units=opened.units,
        more=more,
        then=partial(_then, project, opened, options.source),
    )


def _then(project: Project, opened: ProjectSession, source: Path) -> str:
    """What is said of a proof now that labels for it have come; else the command that comes after labels."""
    if opened.kind == "verdict":
        from engine.operations.verdict_process import look_and_tell

        return with_project(look_and_tell(project, opened.name), source)
    if not opened.session.pace.done:
        return ""
    held_out = opened.kind in ("audit", "proof-conflict")
    return f"next: blindspot {'audit' if held_out else 'discover'} {shlex.quote(str(source))}{' --status' * held_out}"


def _queue_flagged(project: Project, teaching: Teaching, spot: str) -> str:
    """Queue the flagged rows of a blind spot; the queue's name."""
    from engine.label_queue.picked_rows import queue_flagged
    from engine.teaching.views import Board

    board = Board(project, project.discovered(), teaching)
    found = board.every_flagged() if spot == EVERY else flagged_of(board, spot)
    return queue_flagged(project, teaching, [row.prediction.id for row in found], spot).spec.name


def _read(path: Path) -> str:
    try:
        return read_given(path, limit=LONGEST).decode()
    except FileError as error:
        what = f"the guideline cannot be read ({error.reason})"
        raise DataError(what, where=str(path), hint="name another") from None
    except UnicodeDecodeError:
        raise DataError("the guideline is not UTF-8", where=str(path), hint="save it as UTF-8") from None


def _plain(session: LabelSession, guideline: str, told: str, more: RowChooser | None) -> None:
    """Ask and answer line by line until the rows or the lines end.

    Raises:
        DataError: a line is not UTF-8.
        StoreError: an answer cannot be saved, and nobody is there to give it again.
    """
    for line in [*guideline.splitlines(), *([told] if told else [])]:
        print_line(visible(line))
    print_line(_numbered(session.labels))
    if session.reasons:
        print_line(f"a label and, behind it, the number of the reason, such as 2 3: {_numbered(session.reasons)}")
    if isinstance(sys.stdin, io.TextIOWrapper):  # bytes that are no text then fail no line but their own
        sys.stdin.reconfigure(errors="surrogateescape")
    shown: TextRow | None = None
    while (row := _next(session, more)) is not None:
        if row is not shown:
            shown = row
            pace = session.pace
            print_line("")
            print_line(f"{pace.done + 1} of {pace.done + pace.left}: {visible(shown.text)}")
            if shown.text_pair is not None:
                print_line(f"second text: {visible(shown.text_pair)}")
            for said in session.context:
                print_line(visible(said))
        line = _read_line()
        if not line or line.strip() == "q":
            break
        try:
            print_line(_answer(session, line.strip()))
        except StoreError as error:
            if isinstance(error.__cause__, FileError) and not sys.stdin.isatty():
                raise  # lines of a file go on to the next row, which this answer would be given to
            print_line(str(error))
        if more is not None and (problem := more.take_problem()):
            print_line(problem)
    pace = session.pace
    print_line(f"{pace.done:,} of {pace.done + pace.left:,} labelled")


def _read_line() -> str:
    """The next line of the answers; empty at their end."""
    line = sys.stdin.readline()
    if SURROGATE.search(line):
        raise DataError("an answer is not UTF-8", where="the input", hint="convert it; the answers before it are saved")
    return line


def _next(session: LabelSession, more: RowChooser | None) -> TextRow | None:
    """The row in front; where all are labelled and the next ones are being chosen, it waits for them."""
    while session.row is None and more is not None and more.is_choosing:
        time.sleep(_LOOKS_EVERY)
        session.skip()
    return session.row


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
    reason = ""
    if session.reasons:
        head, _, number = word.rpartition(" ")
        if head and number.isdecimal():
            word, at = head, int(number)
            reason = session.reasons[at - 1] if 1 <= at <= len(session.reasons) else ""
    name = word.rstrip("?").strip()
    certainty = _MARKS.get(word[len(word.rstrip("?")) :], GUESS)
    if name.isdecimal() and name not in session.labels and 1 <= int(name) <= len(session.labels):
        name = session.labels[int(name) - 1]
    session.label(name, certainty, reason=reason)
    return f"saved: {visible(name)}"


def _numbered(words: Sequence[str]) -> str:
    return ", ".join(f"{number} {visible(word)}" for number, word in enumerate(words, start=1))
