"""What is said to an LLM: readable template files, a project's own before the package's, and data fenced as data.

No text of a dataset or of a teacher enters a prompt but through `fenced`: it cannot close its fence, and what it says
is never an instruction. Labels, which come from the settings, stand in the sentences as JSON texts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from string import Template
from typing import Any

from engine.data.text import INVISIBLE
from engine.errors import FileError, SettingsError
from engine.files import content_key, read_bytes, read_text, write_atomic
from engine.llm.asking import Prompt
from engine.project import Project
from engine.schema import Perturbation, Prediction
from engine.teaching.evidence import Evidence

OPENING, CLOSING = "<data>", "</data>"
_ANGLE = re.compile("[<>]")
_PACKAGE = Path(__file__).with_name("prompts")
_LONGEST = 1 << 20  # bytes of a template
_FREE = "task"  # the one template that need not use what it is given: the place to say what labels mean


class Prompts:
    """The templates of a project: `prompts/NAME.txt` in its folder, where there is one, else the package's.

    Args:
        project: the folder; what its classifier does stands in every system prompt.
    """

    def __init__(self, project: Project) -> None:
        self._folder = project.prompts_dir
        self._labels = project.labels
        self._row = "a pair of texts" if project.settings.task.pair else "a text"

    def render(self, name: str, **fields: Any) -> Prompt:
        """The system prompt, and the template ``name`` as what the user says.

        Args:
            name: of the template, such as ``abstraction`` or ``judge``.
            fields: values of its placeholders, every one of which it must use. Texts of others go through `fenced`.

        Raises:
            SettingsError: a template lacks a placeholder, has an unknown one or cannot be read, with file and line.
        """
        task = self._fill(_FREE, labels=labels_text(self._labels), row=self._row).strip()
        system = self._fill("system", task=task)
        used = [_FREE, "system", name, *(["evidence"] if "evidence" in fields else [])]
        return Prompt(system, self._fill(name, **fields), content_key(*(self._text(one)[1] for one in used)))

    def evidence(self, evidence: Evidence) -> str:
        """The evidence of a blind spot, fenced: the field ``evidence`` of the questions that begin with it.

        It is the same text in all of them, so that servers that cache the beginning of a prompt charge it once.

        Raises:
            SettingsError: as `render`.
        """
        rows = fenced([_row(row, evidence) for row in evidence.rows])
        direction = {"gold": quoted(evidence.gold), "predicted": quoted(evidence.predicted)}
        return self._fill("evidence", count=len(evidence.rows), rows=rows, **direction)

    def write(self) -> list[Path]:
        """Copy the templates that the project has no own one of into it, to be edited; returns the new files."""
        new = [path for path in sorted(_PACKAGE.glob("*.txt")) if not (self._folder / path.name).exists()]
        for path in new:
            write_atomic(self._folder / path.name, read_bytes(path))
        return [self._folder / path.name for path in new]

    def _text(self, name: str) -> tuple[Path, str]:
        own = self._folder / f"{name}.txt"
        path = own if own.exists() or own.is_symlink() else _PACKAGE / own.name
        try:
            return path, read_text(path, limit=_LONGEST)
        except (FileNotFoundError, FileError) as error:
            mend = "save it as UTF-8, or delete it to have the package's again"
            raise SettingsError(f"the template cannot be read: {error}", where=str(path), mend=mend) from error

    def _fill(self, name: str, **fields: Any) -> str:
        path, text = self._text(name)
        used = set()
        for number, line in enumerate(text.splitlines(), start=1):
            for found in Template.pattern.finditer(line):
                placeholder = found["named"] or found["braced"]
                if found["escaped"] is None and placeholder not in fields:
                    known = ", ".join(f"${field}" for field in fields)
                    what = f"unknown placeholder `${placeholder}`" if placeholder else "a single `$`"
                    raise SettingsError(what, where=f"{path}:{number}", mend=f"use {known}, or $$ for the sign itself")
                used.add(placeholder)
        missing = [field for field in fields if field not in used]
        if missing and name != _FREE:
            lines = max(1, len(text.splitlines()))
            raise SettingsError(f"the placeholder `${missing[0]}` is missing", where=f"{path}:{lines}",
                                mend="put it where its value belongs")  # fmt: skip
        return Template(text).substitute(fields)


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
