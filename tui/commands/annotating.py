"""What the commands over records do alike: who annotates, opening the records, and how records read on one line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import StoreError
from engine.files import read_given
from engine.schema import TEACHER_KINDS, Pattern, Sample, Teacher, TeacherKind
from engine.teaching.writer import Annotator
from tui.commands.opening import opened
from tui.commands.shared import add_json, add_project
from tui.terminal.printing import print_json, print_line


class Session:
    """The records of a project as one annotator sees and writes them.

    Attributes:
        work: the library, which starts jobs.
        project: the folder. discovery: of its current round. teaching: the records.
        board: what they add up to. annotator: takes what is written.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        kind: TeacherKind = getattr(options, "teacher_kind", "human")
        self.work = opened(options, for_llm=kind == "llm")
        self.board = self.work.board
        self.project, self.discovery, self.teaching = self.work.project, self.board.discovery, self.board.teaching
        self.annotator = Annotator(self.project, self.discovery, self.teaching, Teacher(self.teaching.author, kind))


def add_common(parser: argparse.ArgumentParser) -> None:
    """The argument DIR and the options --annotator and --json."""
    add_project(parser)
    parser.add_argument("--annotator", metavar="NAME", help="whose records (default: the login name)")
    add_json(parser)


def add_teacher_kind(parser: argparse.ArgumentParser) -> None:
    """The option --teacher-kind of the commands that write patterns and samples."""
    parser.add_argument("--teacher-kind", choices=TEACHER_KINDS, default="human", help="who wrote it (default: human)")


def read_answers(file: str) -> Any:
    """The JSON values of a file of answers, or of stdin for ``-``.

    Raises:
        FileError: it cannot be read. StoreError: it is not JSON.
    """
    import orjson

    try:
        return orjson.loads(sys.stdin.buffer.read() if file == "-" else read_given(Path(file)))
    except orjson.JSONDecodeError as error:
        hint = "correct it: the command's --help has an example"
        raise StoreError(f"this is not valid JSON ({error})", where=file, hint=hint) from error


def show_done(options: argparse.Namespace, result: Mapping[str, Any], sentence: str) -> None:
    """Print what was written or deleted, in the form asked for."""
    if options.json:
        print_json(result)
    else:
        print_line(sentence)


def sample_line(sample: Sample) -> str:
    """A sample on one line: id, role, label, text."""
    pair = f" | {sample.text_pair}" if sample.text_pair is not None else ""
    return f"{sample.id}  {sample.role}, {sample.label}: {sample.text}{pair}"


def pattern_line(pattern: Pattern) -> str:
    """A pattern on one line: id, kind, teacher, text."""
    return f"{pattern.id}  {pattern.kind} by {pattern.teacher.name} ({pattern.teacher.title}): {pattern.text}"
