"""What of a project reaches outside it or runs, and whether the person at this machine has agreed to that.

A project folder may come from a stranger. The person is asked before any of this happens because a project says so:

- a server is called, with a variable of the environment as its key;
- a prompt of the project's own is sent;
- a model is fetched, or a file outside the project is read;
- a program is run.

They are asked once for each content, machine and folder; a value that changes is asked about again. What was agreed to
is kept in the user's state folder and never in a project, so that no project can bring it along. The package's own
defaults need no agreement.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shlex
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from engine.errors import BlindspotError
from engine.guest import refuse_guests
from engine.schema import Record
from engine.state import state_folder
from engine.text import visible

UseKind = Literal["server", "weights", "file", "program"]
_LONGEST_SHOWN = 100  # characters of a name; a longer one would push the rest of the question off the screen


class NotTrusted(BlindspotError):
    """A project would reach outside, and the person at this machine has not agreed to it."""


@dataclass(frozen=True, slots=True)
class OutsideUse(Record):
    """One thing outside a project that the project makes us use.

    Attributes:
        kind: a server that is asked, weights that are fetched or read elsewhere, another file that is read, or a
            program that is run.
        what: what would happen, as a part of a sentence.
        cautions: what to know before one agrees, as sentences.
        key: sha256 of all values that decide what leaves, or what is read.
        option: of `blindspot trust`, without which it does not ask about this; empty: it always does.
    """

    kind: UseKind
    what: str
    cautions: tuple[str, ...]
    key: str
    option: str = ""

    @property
    def sentence(self) -> str:
        """What would happen."""
        return f"{self.what[0].upper()}{self.what[1:]}."


# What reaches outside


def file_use(root: Path, path: Path) -> OutsideUse | None:
    """A file that a job reads; None for those in the project."""
    return use_elsewhere("file", root, str(path), "the file")


def use_elsewhere(kind: UseKind, root: Path, name: str, what: str) -> OutsideUse | None:
    """What lies outside a project and is read; None for what lies in it, and for what can be no path.

    Args:
        kind: of the use.
        root: of the project.
        name: the path, absolute or from the project's folder.
        what: what it is, before its name in a sentence.
    """
    try:
        path, root = (root / Path(name).expanduser()).resolve(), root.resolve()
    except (OSError, ValueError, RuntimeError):  # too long, with a NUL, or of a user that there is not: nothing is read
        return None
    if path.is_relative_to(root):
        return None
    return outside_use(kind, f"{what} {shown_name(str(path))} would be read", [], "path", os.fsencode(path).hex())


def outside_use(kind: UseKind, what: str, cautions: Iterable[str], *values: Any) -> OutsideUse:
    """A use whose key is the hash of ``values``: all that decides what leaves, or what is read."""
    key = hashlib.sha256(json.dumps([kind, *values]).encode()).hexdigest()
    return OutsideUse(kind, what, tuple(cautions), key)


def shown_name(name: str) -> str:
    """A name from data, harmless to print and not too long for a question."""
    shown = visible(name)
    return shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}… ({len(name):,} characters)"


# What was agreed to


def untrusted(root: Path, uses: Iterable[OutsideUse]) -> list[OutsideUse]:
    """Those of the uses that nobody at this machine has agreed to for this folder.

    Raises:
        NotTrusted: the file with the agreements cannot be used.
    """
    uses = list(uses)
    agreed = _read().get(_place(root), []) if uses else []
    return [use for use in uses if use.key not in agreed]


def require(root: Path, uses: Iterable[OutsideUse | None]) -> None:
    """Go on only if all was agreed to.

    Raises:
        NotTrusted: it was not; the sentence names what would leave or be read, and the command that asks.
    """
    missing = untrusted(root, [use for use in uses if use is not None])
    if missing:
        options = "".join(f" {option}" for option in sorted({use.option for use in missing} - {""}))
        raise NotTrusted(
            f"nobody on this machine has agreed to this: {'; '.join(use.what for use in missing)}",
            where=visible(str(root)),
            hint=f"`blindspot trust {shlex.quote(visible(str(root)))}{options}` shows it and asks",
        )


def agree(root: Path, uses: Iterable[OutsideUse]) -> None:
    """Keep that the person has agreed.

    Raises:
        NotTrusted: it cannot be kept.
        GuestRefused: the person is a guest, and not at this machine.
    """
    refuse_guests("agreeing to what reaches outside a project")
    keys = [use.key for use in uses]
    if keys:
        with _changing() as agreed:
            known = agreed.setdefault(_place(root), [])
            known += [key for key in keys if key not in known]


def revoke(root: Path) -> bool:
    """Take back all agreement for a folder; whether there was any.

    Raises:
        NotTrusted: it cannot be taken back.
        GuestRefused: the person is a guest.
    """
    refuse_guests("taking an agreement back")
    with _changing() as agreed:
        return agreed.pop(_place(root), None) is not None


def state_file() -> Path:
    """Where agreements are kept."""
    return state_folder() / "trust.json"


def _place(root: Path) -> str:
    return str(root.expanduser().resolve())


def _read() -> dict[str, list[str]]:
    path = state_file()
    try:
        with path.open("rb") as source:
            if os.fstat(source.fileno()).st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise NotTrusted("others may write this file", where=str(path), hint=f"run `chmod 600 {path}`")
            agreed = json.load(source)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise NotTrusted(f"the file cannot be read ({error.strerror})", where=str(path), hint="correct that") from error
    except (ValueError, RecursionError):
        agreed = None
    if not isinstance(agreed, dict) or not all(isinstance(keys, list) for keys in agreed.values()):
        raise NotTrusted("this file is damaged", where=str(path), hint="delete it; what you agreed to is asked again")
    return agreed


@contextmanager
def _changing() -> Iterator[dict[str, list[str]]]:
    """The agreements, to be changed by one process at a time, and kept when the block ends.

    Written here and not through `engine.files`, which gives a file outside a project the rights of the umask: this one
    is for its owner alone.
    """
    path = state_file()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            agreed = _read()
            yield agreed
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".trust.")  # 0600
            try:
                with os.fdopen(handle, "w") as out:
                    json.dump(agreed, out, indent=1)
                    out.flush()
                    os.fsync(handle)
                Path(name).replace(path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise NotTrusted(
            f"what you agree to cannot be kept ({error.strerror})",
            where=str(path),
            hint="set XDG_STATE_HOME to a folder that you may write to",
        ) from error
