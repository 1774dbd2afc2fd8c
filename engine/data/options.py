"""Per-file options of the command line: ``[FILE:]KEY=VALUE``, where FILE is a split or a file's name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from typing_extensions import TypedDict

from engine.data.lines import checked_encoding
from engine.data.reading import Columns, FileNews, FileOptions
from engine.errors import DataError
from engine.schema import UNLABELLED, SplitName
from engine.text import visible

_ROLES = ("text", "pair", "label")
_SHOWN = 6  # labels named in a message

Files = Mapping[SplitName, Path]


class FileChoices(TypedDict, total=False):
    """What a user may say of how files are read, as arguments of `file_options`, which says what they mean."""

    own_columns: Sequence[str]
    label_map: Sequence[str]
    encodings: Sequence[str]
    skip_bad: bool
    drop_duplicates: bool


def file_options(
    files: Files,
    columns: Columns,
    *,
    own_columns: Sequence[str] = (),
    label_map: Sequence[str] = (),
    encodings: Sequence[str] = (),
    skip_bad: bool = False,
    drop_duplicates: bool = False,
) -> dict[SplitName, FileOptions]:
    """How each file is read.

    Args:
        files: the user's files by split.
        columns: of all files.
        own_columns: ``[FILE:]text|pair|label=COLUMN`` where a file's column has another name.
        label_map: ``[FILE:]LABEL=LABEL``: a label of the file, and that of the task.
        encodings: ``[FILE:]ENCODING`` of files that are not UTF-8.
        skip_bad: leave out rows without text or a label that is needed, with one that train lacks, and broken lines.
        drop_duplicates: leave out rows whose text or id has been seen before (`engine.data.left_out`).

    Raises:
        DataError: one of them cannot be understood, or two columns are the same.
    """
    plain = FileOptions(columns, skip_bad=skip_bad, drop_duplicates=drop_duplicates)
    options = dict.fromkeys(files, plain)
    for choice in own_columns:
        splits, rest = scope_of(choice, files)
        role, equals, column = rest.partition("=")
        if role not in _ROLES or not equals or not column or (role == "pair" and columns.pair is None):
            raise DataError(
                f"{visible(choice)!r} names no column",
                where="--column",
                hint=f"write [FILE:]ROLE=COLUMN, where ROLE is "
                f"text, label or (with --pair) pair and FILE is one of {_named(files)}",
            )
        for split in splits:
            options[split] = replace(options[split], columns=replace(options[split].columns, **{role: column}))
    for choice in label_map:
        splits, rest = scope_of(choice, files)
        old, equals, new = (part.strip() for part in rest.partition("="))
        if not old or not equals or not new:
            hint = f"write [FILE:]LABEL=LABEL, e.g. 1=positive, where FILE is one of {_named(files)}"
            raise DataError(f"{visible(choice)!r} maps no label", where="--map", hint=hint)
        for split in splits:
            options[split] = replace(options[split], labels={**options[split].labels, old: new})
    for choice in encodings:
        splits, rest = scope_of(choice, files)
        for split in splits:
            options[split] = replace(options[split], encoding=checked_encoding(rest))
    return options


def refuse_unused(asked: Iterable[str], news: Iterable[FileNews], labels: Iterable[str]) -> None:
    """Refuse a mapped label that no file has: it is misspelt, or was meant for another file.

    Args:
        asked: the labels that are mapped.
        news: of the files.
        labels: that their rows have.

    Raises:
        DataError: naming it, and the labels that there are.
    """
    unused = sorted(set(asked) - {label for one in news for label in one.mapped})
    if unused:
        there = sorted(set(labels) - {UNLABELLED})
        known = ", ".join(repr(visible(label)) for label in there[:_SHOWN]) + (", ..." if len(there) > _SHOWN else "")
        raise DataError(
            f"no row has the label {visible(unused[0])!r}",
            where="--map",
            hint=f"correct or remove it; after all maps the labels are {known}",
        )


def scope_of(choice: str, files: Files) -> tuple[Iterable[SplitName], str]:
    """The files that a choice ``[FILE:]REST`` is for, all where it names none, and its REST."""
    for split, path in files.items():
        for name in (split, str(path), path.name):
            if choice.startswith(f"{name}:"):
                same = [other for other, one in files.items() if one == path] if name != split else [split]
                return same, choice[len(name) + 1 :]
    return tuple(files), choice


def _named(files: Files) -> str:
    return ", ".join(f"{split} ({visible(path.name)})" for split, path in files.items())
