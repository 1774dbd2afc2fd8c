"""Prompt templates: the project's own before the package's; data are fenced and escaped.

No text of a dataset or of a teacher enters a prompt but through `fenced`: it cannot close its fence, and what it says
is never an instruction. Labels, which come from the settings, stand in the sentences as JSON texts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from string import Template
from typing import Any

from engine.errors import FileError, SettingsError
from engine.files import content_key, read_text, write_atomic
from engine.llm.chat_backend import Prompt
from engine.project import Project
from engine.schema import Perturbation, Prediction
from engine.teaching.evidence import Evidence
from engine.text import INVISIBLE

OPENING, CLOSING = "<data>", "</data>"
_ANGLE = re.compile("[<>]")
_PACKAGE = Path(__file__).with_name("prompts")
_NAMES = (
    "abstraction",
    "evidence",
    "extrapolation",
    "judge",
    "label",
    "label-system",
    "refine",
    "samples",
    "system",
    "task",
)
_LONGEST = 200_000  # bytes; the package's have up to 2,000
_FREE = "task"  # the one template that need not use what it is given: the place to say what labels mean


class Prompts:
    """The templates of a project: `prompts/NAME.txt` in its folder, where there is one, else the package's.

    All are read once: what a person was asked about is what is sent.

    Args:
        project: the folder; what its classifier does stands in every system prompt.

    Attributes:
        own: sha256 of those that are not the package's, by file name.

    Raises:
        SettingsError: a template cannot be read.
    """

    def __init__(self, project: Project) -> None:
        self._folder = project.prompts_dir
        self._texts: dict[str, tuple[Path, str]] = {}
        self.own: dict[str, str] = {}
        for name in _NAMES:
            package = _PACKAGE / f"{name}.txt"
            path, text = self._folder / package.name, package.read_text(encoding="utf-8")
            own = _own_text(path)
            self._texts[name] = (package, text) if own is None else (path, own)
            if own not in (None, text):
                self.own[path.name] = sha256(self._texts[name][1].encode()).hexdigest()
        self._labels = project.labels
        self._row = "a pair of texts" if project.settings.task.pair else "a text"

    def render(self, name: str, *, system: str = "system", **fields: Any) -> Prompt:
        """The system prompt, and the template ``name`` as what the user says.

        Args:
            name: of the template, such as ``abstraction`` or ``judge``.
            system: name of that of the system prompt.
            fields: values of its placeholders, every one of which it must use. Texts of others go through `fenced`.

        Raises:
            SettingsError: a template lacks a placeholder, has an unknown one or cannot be read, with file and line.
        """
        task = self._fill(_FREE, labels=labels_text(self._labels), row=self._row).strip()
        used = [_FREE, system, name, *(["evidence"] if "evidence" in fields else [])]
        whole = self._fill(system, task=task)
        return Prompt(whole, self._fill(name, **fields), content_key(*(self._texts[one][1] for one in used)))

    def evidence(self, evidence: Evidence) -> str:
        """The evidence of a blind spot, fenced: the field ``evidence`` of the questions that begin with it.

        It is the same text in all of them, so that servers that cache the beginning of a prompt charge it once.

        Raises:
            SettingsError: as `render`.
        """
        rows = fenced([_row(row, evidence) for row in evidence.rows])
        direction = {"gold": quoted(evidence.gold), "predicted": quoted(evidence.predicted)}
        return self._fill("evidence", count=len(evidence.rows), rows=rows, **direction)

    def _fill(self, name: str, **fields: Any) -> str:
        path, text = self._texts[name]
        used = set()
        for number, line in enumerate(text.splitlines(), start=1):
            for found in Template.pattern.finditer(line):
                placeholder = found["named"] or found["braced"]
                if found["escaped"] is None and placeholder not in fields:
                    known = ", ".join(f"${field}" for field in fields)
                    what = f"unknown placeholder `${placeholder}`" if placeholder else "a single `$`"
                    raise SettingsError(what, where=f"{path}:{number}", hint=f"use {known}, or $$ for the sign itself")
                used.add(placeholder)
        missing = [field for field in fields if field not in used]
        if missing and name != _FREE:
            lines = max(1, len(text.splitlines()))
            raise SettingsError(
                f"the placeholder `${missing[0]}` is missing",
                where=f"{path}:{lines}",
                hint="put it where its value belongs",
            )
        return Template(text).substitute(fields)


def write_prompts(project: Project) -> list[Path]:
    """Copy the templates that the project has no own one of into it, to be edited; returns the new files."""
    paths = [project.prompts_dir / f"{name}.txt" for name in _NAMES]
    new = [path for path in paths if _own_text(path) is None]
    for path in new:
        write_atomic(path, (_PACKAGE / path.name).read_bytes())
    return new


def _own_text(path: Path) -> str | None:
    """A template of the project, with line ends as everywhere; None: it has no own one."""
    try:
        return read_text(path, limit=_LONGEST)
    except FileNotFoundError:
        return None
    except FileError as error:
        hint = "put an ordinary UTF-8 file there, or delete it to have the package's again"
        raise SettingsError(f"the template cannot be read: {error.what}", where=str(path), hint=hint) from error


def fenced(value: Any) -> str:
    r"""A JSON value between two fences, one item of a list a line.

    Nothing in it can close the fence or hide: ``<`` and ``>`` are ``\u003c`` and ``\u003e``, control and invisible
    characters are escapes too. It is still JSON.
    """
    if isinstance(value, list) and value:
        body = "[\n" + ",\n".join(quoted(item) for item in value) + "\n]"
    else:
        body = quoted(value)
    return f"{OPENING}\n{body}\n{CLOSING}"


def quoted(value: Any) -> str:
    """A value as JSON on one line, escaped as in `fenced`: for labels inside a sentence."""
    text = INVISIBLE.sub(lambda found: json.dumps(found[0])[1:-1], json.dumps(value, ensure_ascii=False))
    return _ANGLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def unfenced(text: str) -> str:
    """Words of the project's owner that are to be followed: as they stand, but they can open and close no fence."""
    shown = "\n".join(INVISIBLE.sub("", line) for line in text.splitlines())
    return _ANGLE.sub(lambda found: f"\\u{ord(found[0]):04x}", shown)


def labels_text(labels: Iterable[str]) -> str:
    """Labels as they stand in a sentence."""
    return ", ".join(quoted(label) for label in labels)


def _row(row: Prediction, evidence: Evidence) -> dict[str, Any]:
    """A row as a prompt shows it: no id, and the confidence as the evidence hash has it."""
    shown = _labelled(row) | {"classifier_says": row.predicted, "confidence": round(row.confidence, 2)}
    shown["gets_right"] = [_labelled(near) for near in evidence.neighbours[row.id]]
    if edits := evidence.perturbations.get(row.id):
        shown["minimal_edits"] = [_labelled(edit) for edit in edits]
    return shown


def _labelled(row: Prediction | Perturbation) -> dict[str, Any]:
    pair = {"text_pair": row.text_pair} if row.text_pair is not None else {}
    return {"text": row.text, **pair, "right_label": row.label}
