"""What of a project reaches outside it, and whether the person at this machine has agreed to that.

A project folder may come from a stranger. So before a server that it names is asked, a variable of the environment that
it names is read, a prompt of its own is sent, a model that it names is fetched or a file elsewhere is read, the person
is asked: once for each content, machine and folder. Any other value is another content, and asked again. What was
agreed to is kept in the user's state folder and never in a project, so no project can bring it along. The package's own
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
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from engine.errors import BlindspotError
from engine.llm.address import Address, checked_variable
from engine.llm.prompts import Prompts
from engine.model.weights import HUB_NAME, PACKAGE_NAMES, local_folder
from engine.project import Project
from engine.schema import Record
from engine.settings import LlmSettings
from engine.state import state_folder
from engine.text import visible

_DEFAULTS = LlmSettings()
_LONGEST_SHOWN = 100  # characters of a name; a longer one would push the rest of the question off the screen


class NotTrusted(BlindspotError):
    """A project would reach outside, and the person at this machine has not agreed to it."""


@dataclass(frozen=True, slots=True)
class OutsideUse(Record):
    """One thing outside a project that the project makes us use.

    Attributes:
        kind: a server that is asked, weights that are fetched or read elsewhere, or another file that is read.
        what: what would happen, as a part of a sentence.
        cautions: what to know before one agrees, as sentences.
        key: sha256 of all values that decide what leaves, or what is read.
    """

    kind: Literal["server", "weights", "file"]
    what: str
    cautions: tuple[str, ...]
    key: str

    @property
    def sentence(self) -> str:
        """What would happen."""
        return f"{self.what[0].upper()}{self.what[1:]}."


# What a project uses


def server_use(llm: LlmSettings, prompts: Mapping[str, str]) -> OutsideUse | None:
    """The server that an LLM teacher or judge would ask; None where all is the package's default.

    Args:
        llm: of the project, as they will be used.
        prompts: sha256 of the project's own prompts, by file name.

    Raises:
        SettingsError: the address, or the name of the variable, is none.
    """
    address = Address.of(llm.base_url)
    variable = checked_variable(llm.key_env)
    if not prompts and (llm.base_url, llm.key_env, llm.model) == (_DEFAULTS.base_url, _DEFAULTS.key_env, ""):
        return None
    key = f" and the value of ${variable}" if variable else ""
    what = f"rows of this project{key} would go to {llm.base_url} (model {_named(llm.model)})"
    if prompts:
        what += "; prompts: " + ", ".join(f"{name} (sha256 {digest[:12]})" for name, digest in prompts.items())
    cautions = []
    if variable and variable != _DEFAULTS.key_env:
        cautions.append(f"${variable} is not the usual variable for such a key, which is ${_DEFAULTS.key_env}.")
    if variable and not address.is_openai and variable == _DEFAULTS.key_env:
        cautions.append(f"${variable} may hold your key for OpenAI, and {address.server} is not OpenAI.")
    if address.is_readable:
        cautions.append(f"The way to {address.server} is not encrypted: others on it can read along.")
    return _use("server", what, cautions, llm.base_url, llm.key_env, llm.model, sorted(prompts.items()))


def weights_use(root: Path, name: str) -> OutsideUse | None:
    """Weights that are fetched from the hub, or lie elsewhere; None for the package's own and for those in the project.

    Args:
        root: of the project.
        name: folder or hub name, as in blindspot.toml.
    """
    if local_folder(root, name) is None:
        if not name or name in PACKAGE_NAMES:
            return None
        if HUB_NAME.fullmatch(name):
            what = f"the model {_named(name)} would be fetched from the Hugging Face hub"
            return _use("weights", what, [], "hub", name)
    return _elsewhere("weights", root, name, "the weights in")


def file_use(root: Path, path: Path) -> OutsideUse | None:
    """A file that a job reads; None for those in the project."""
    return _elsewhere("file", root, str(path), "the file")


def outside_uses(project: Project) -> list[OutsideUse]:
    """All that the settings and prompts of a project make us use.

    Raises:
        SettingsError: the address or a prompt cannot be used.
    """
    model = project.settings.model
    names = dict.fromkeys((model.classifier or model.base, model.encoder))
    found = [server_use(project.settings.llm, Prompts(project).own), *(weights_use(project.root, one) for one in names)]
    return [use for use in found if use is not None]


def job_uses(project: Project, kind: str, options: Mapping[str, Any]) -> list[OutsideUse]:
    """All that a job would use.

    Args:
        project: the folder.
        kind: of the job.
        options: of the job, which stand in a file of the project.

    Raises:
        SettingsError: as `outside_uses`.
    """
    found: list[OutsideUse | None]
    llm, weights = project.settings.llm, project.settings.model
    if kind == "teach" and _text(options.get("replay")):
        found = [file_use(project.root, Path(options["replay"]))]
    elif kind in ("teach", "judge"):
        if kind == "teach":
            model, base_url = _text(options.get("model")), _text(options.get("base_url"))
            llm = replace(llm, model=model or llm.model, base_url=base_url or llm.base_url)
        found = [server_use(llm, Prompts(project).own)]
    else:
        start = weights.classifier or weights.base
        only = {"check": [_text(options.get("model")) or start], "compare": [weights.encoder]}
        names = dict.fromkeys(only.get(kind, [start, weights.encoder]))  # one folder is often both
        found = [weights_use(project.root, name) for name in names]
        found += [file_use(project.root, Path(_text(path))) for path in options.get("teaching") or ()]
    return [use for use in found if use is not None]


def _text(value: Any) -> str:
    """What stands in a job's file where a text is expected; whatever is none is refused where it is used."""
    return value if isinstance(value, str) else ""


def _elsewhere(kind: Literal["weights", "file"], root: Path, name: str, what: str) -> OutsideUse | None:
    try:
        path, root = (root / Path(name).expanduser()).resolve(), root.resolve()
    except (OSError, ValueError, RuntimeError):  # too long, with a NUL, or of a user that there is not: nothing is read
        return None
    if path.is_relative_to(root):
        return None
    return _use(kind, f"{what} {_named(str(path))} would be read", [], "path", os.fsencode(path).hex())


def _use(kind: Literal["server", "weights", "file"], what: str, cautions: Iterable[str], *values: Any) -> OutsideUse:
    key = hashlib.sha256(json.dumps([kind, *values]).encode()).hexdigest()
    return OutsideUse(kind, what, tuple(cautions), key)


def _named(name: str) -> str:
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
        raise NotTrusted(
            f"nobody on this machine has agreed to this: {'; '.join(use.what for use in missing)}",
            where=visible(str(root)),
            mend=f"`blindspot trust {shlex.quote(visible(str(root)))}` shows it and asks",
        )


def agree(root: Path, uses: Iterable[OutsideUse]) -> None:
    """Keep that the person has agreed.

    Raises:
        NotTrusted: it cannot be kept.
    """
    keys = [use.key for use in uses]
    if keys:
        with _changing() as agreed:
            known = agreed.setdefault(_place(root), [])
            known += [key for key in keys if key not in known]


def revoke(root: Path) -> bool:
    """Take back all agreement for a folder; whether there was any.

    Raises:
        NotTrusted: it cannot be taken back.
    """
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
                raise NotTrusted("others may write this file", where=str(path), mend=f"run `chmod 600 {path}`")
            agreed = json.load(source)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise NotTrusted(f"the file cannot be read ({error.strerror})", where=str(path), mend="correct that") from error
    except (ValueError, RecursionError):
        agreed = None
    if not isinstance(agreed, dict) or not all(isinstance(keys, list) for keys in agreed.values()):
        raise NotTrusted("this file is damaged", where=str(path), mend="delete it; what you agreed to is asked again")
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
            with os.fdopen(handle, "w") as out:
                json.dump(agreed, out, indent=1)
                out.flush()
                os.fsync(handle)
            Path(name).replace(path)
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise NotTrusted(f"what you agree to cannot be kept ({error.strerror})", where=str(path),
                         mend="set XDG_STATE_HOME to a folder that you may write to") from error  # fmt: skip
