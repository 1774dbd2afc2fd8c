"""Writing an export: a folder outside of the project, whole or not at all, with its data card."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from engine import __version__
from engine.errors import DataError, FileError
from engine.exchange.data_card import data_card
from engine.exchange.export_tables import Kind
from engine.exchange.format import CARD, EXPORT_FILE, WriteRequest, format_of
from engine.exchange.gather import Gathered
from engine.files import publish, read_record, write_atomic, write_json
from engine.hidden_folder import hidden_folder, left_folders
from engine.paths import in_words, projects_around
from engine.schema import Record

_NEW, _BEFORE = "new", "before"  # in the hidden folder: what is being made, and what it replaces


@dataclass(frozen=True, slots=True)
class ExportFile(Record):
    """What an export is: `export.json` in its folder.

    Attributes:
        format: its name. created: when (UTC, ISO 8601). version: of the program.
        counts: lines of each kind. labels: of the project. escaped: whether formulas were escaped.
        files: of the export, this one not among them.
    """

    format: str
    created: str
    version: str
    counts: dict[str, int]
    labels: tuple[str, ...]
    escaped: bool
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExportDone(Record):
    """What was exported. ``told``: what it does not hold, or what to look out for, a sentence each."""

    folder: str
    format: str
    counts: dict[str, int]
    proof: int
    files: tuple[str, ...]
    told: tuple[str, ...]


def read_export_file(folder: Path) -> ExportFile | None:
    """What a folder says that it is; None: it is no export.

    Raises:
        FileError: the file that says so is damaged.
    """
    try:
        return read_record(folder / EXPORT_FILE, ExportFile.from_json, hint="export again")
    except FileNotFoundError:
        return None


def export(
    out: Gathered,
    name: str,
    folder: Path,
    *,
    wanted: Sequence[Kind],
    force: bool = False,
    escape_formulas: bool = False,
) -> ExportDone:
    """Write tables in a format.

    Args:
        out: the tables.
        name: of the format.
        folder: that is made; what lies outside of it is not touched.
        wanted: the kinds that were asked for, those without records too.
        force: replace an earlier export there. It has to be one, and nothing else may lie in it.
        escape_formulas: for CSV.

    Raises:
        DataError: nothing is left to export, the format cannot hold it, or the folder may not be written to.
        FileError: it cannot be written.
    """
    made = format_of(name)
    if escape_formulas and not made.has_formulas:
        raise DataError(f"{name} has no formulas", where="--escape-formulas", hint="leave it out")
    held = [table for table in out.tables if table.kind in made.kinds]
    lost = [table.kind for table in out.tables if table.kind not in made.kinds]
    _refuse_nothing(out, name, wanted, made.kinds, held=bool(held))
    target = _target(folder)
    _put_back(target)
    before = _earlier(target, force=force)
    told = [*out.left_out]
    if lost:
        told.append(f"{name} holds {_listed(made.kinds)} alone: {_listed(lost)} are not in it")
    if none := [kind for kind in wanted if kind not in {table.kind for table in out.tables}]:
        told.append(f"there are no {_listed(none)} that you may export")
    created = datetime.now(timezone.utc).isoformat(timespec="seconds")
    with in_words(target, "written"), hidden_folder(target.parent, target.name) as hidden:
        building = hidden / _NEW
        building.mkdir()
        request = WriteRequest(_only(out, made.kinds), escape_formulas)
        written = made.write(building, request)
        told += written.told
        card = data_card(request.out, name, created, __version__, told)
        write_atomic(building / CARD, f"{written.front}{card}".encode())
        counts: dict[str, int] = {table.kind: len(table.rows) for table in held}
        files = tuple(sorted(_files(building)))
        about = ExportFile(name, created, __version__, counts, out.labels, escape_formulas, files)
        write_json(building / EXPORT_FILE, about.as_json())
        _replace(building, target, before)
    return ExportDone(str(folder), name, counts, request.out.proof, files, tuple(told))


def _only(out: Gathered, kinds: Sequence[Kind]) -> Gathered:
    tables = tuple(table for table in out.tables if table.kind in kinds)
    has_labels = any(table.kind == "labels" for table in tables)
    return Gathered(out.name, out.labels, out.pair, out.guideline, tables, out.left_out, out.proof if has_labels else 0)


def _refuse_nothing(out: Gathered, name: str, wanted: Sequence[Kind], kinds: Sequence[Kind], *, held: bool) -> None:
    if not set(wanted) & set(kinds):
        hint = f"say --what {' or '.join(kinds)}, or another --to"
        raise DataError(f"{name} cannot hold {_listed(wanted)}", hint=hint)
    if not held:
        why = f" ({'; '.join(out.left_out)})" if out.left_out else ""
        of = _listed([kind for kind in wanted if kind in kinds])
        raise DataError(f"there are no {of} to export as {name}{why}", hint="export another kind")


def _target(folder: Path) -> Path:
    """The folder that is to be made, by its whole path: no link, in no project.

    Raises:
        DataError: it cannot be that.
    """
    named = folder.expanduser()
    target = named.parent.resolve() / named.name
    if named.name in ("", ".", ".."):
        target = named.resolve()
    if target.is_symlink():
        raise DataError("this is a symbolic link", where=str(folder), hint="name a folder of its own")
    if projects_around(target / "_"):
        hint = "name a folder outside, with --out: here others could read what is sealed for them"
        raise DataError("the folder would lie in a project", where=str(folder), hint=hint)
    return target


def _earlier(target: Path, *, force: bool) -> ExportFile | None:
    """The export that is to be replaced; None: there is none, or an empty folder.

    Raises:
        DataError: something lies there that may not be replaced.
    """
    where = str(target)
    if not os.path.lexists(target):
        return None
    if not target.is_dir():
        raise DataError("a file of that name is there", where=where, hint="name another folder")
    there = set(_files(target))
    if not there and not any(target.iterdir()):
        return None
    try:
        found = read_export_file(target)
    except FileError as error:
        raise DataError(error.what, where=where, hint="name another folder") from error
    if found is None:
        raise DataError(
            "the folder is not empty, and it is not an earlier export", where=where, hint="name another one"
        )
    if not force:
        raise DataError(
            "there is an export already", where=where, hint="name another folder, or replace it with --force"
        )
    if others := sorted(there - {*found.files, EXPORT_FILE}):
        what = f"{others[0]!r} lies in it, which is not of the export"
        raise DataError(what, where=where, hint="move it away, or name another folder")
    return found


def _files(folder: Path) -> list[str]:
    """All that lies in a folder and is no folder, by its path in it; links are not followed."""
    return [
        os.path.relpath(os.path.join(place, name), folder)  # noqa: PTH118 - a path as it is
        for place, folders, names in os.walk(folder)
        for name in (*names, *(one for one in folders if os.path.islink(os.path.join(place, one))))  # noqa: PTH114, PTH118
    ]


def _replace(building: Path, target: Path, before: ExportFile | None) -> None:
    """Give the folder its name; an earlier export there goes at the same moment, or comes back."""
    taken = DataError("another export is being put there at this moment", where=str(target), hint="try again")
    aside = building.with_name(_BEFORE)
    if before is None:
        if target.is_dir() and any(target.iterdir()):
            raise taken
        publish(building, target)
        return
    try:
        target.rename(aside)
    except FileNotFoundError:
        raise taken from None
    try:
        publish(building, target)
    except BaseException:
        with suppress(OSError):
            aside.rename(target)
        raise


def _put_back(target: Path) -> None:
    """Remove what killed exports have left; an earlier one that was just making way gets its name again."""
    for left in left_folders(target.parent, target.name):
        if (left / _BEFORE).is_dir() and not os.path.lexists(target):
            (left / _BEFORE).rename(target)


def _listed(kinds: Sequence[str]) -> str:
    return ", ".join(kinds)
