"""Refuses a prompt that contains a proof row.

What is asked of `LeakGuard` is all that is known of the proof rows here; no message repeats a word of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence

from engine.data.leak_guard import LeakGuard
from engine.errors import TeacherError
from engine.llm.chat_backend import Prompt
from engine.llm.prompts import CLOSING, OPENING
from engine.project import Project
from engine.schema import Example
from engine.text import as_utf8

_TEXT = r'"(?:[^"\\\n]|\\.)*"'  # a JSON text on one line, escapes included
_VALUE = re.compile(rf"({_TEXT})(\s*:)?")  # a name is matched too, else its last quote would begin a text
_ROW = re.compile(rf'"text"\s*:\s*({_TEXT})\s*,\s*"text_pair"\s*:\s*({_TEXT})')

_LISTED = re.compile(rf"{OPENING}\n(\[\n.*?\n\])\n{CLOSING}", re.DOTALL)  # rows, as `fenced` lists them


class LeakFound(TeacherError):
    """A prompt would have shown a held-out row, so it was not sent."""


class PromptGuard:
    """Looks through what is about to be sent. Safe to call from several threads.

    Looked at are every line and every JSON text (where rows are pairs: every ``text`` with its ``text_pair``), each for
    being equal or nearly equal to a proof row, and the whole, for a proof row of some length that stands inside it.

    Args:
        project: whose proof rows are kept out.
    """

    def __init__(self, project: Project) -> None:
        self._guard = LeakGuard(project)
        self._pair = project.settings.task.pair
        self._clean: set[tuple[str, str | None]] = {(label, None) for label in project.labels}
        """What was looked at before: the evidence comes in three prompts, labels in every row."""

    def __call__(self, prompt: str) -> None:
        """Return if the prompt may be sent.

        Raises:
            LeakFound: it may not. The sentence holds no word of the row.
        """
        if self._pair:  # one text alone is no row: pairs share their texts with one another
            rows: set[tuple[str, str | None]] = {(_decoded(f[1]), _decoded(f[2])) for f in _ROW.finditer(prompt)}
        else:
            rows = {(line.strip(), None) for line in prompt.splitlines()}
            rows |= {(_decoded(found[1]), None) for found in _VALUE.finditer(prompt) if not found[2]}
        plain = _VALUE.sub(lambda found: _decoded(found[1]), prompt)
        new = rows - self._clean
        if self._guard.is_inside(plain) or any(self._guard.is_leak(*row) for row in new if row[0]):
            raise LeakFound(
                "a text in the prompt equals or nearly equals a held-out proof row, so it was not sent",
                hint="leave this blind spot to people, or make the project anew so that such rows are kept apart",
            )
        self._clean |= new


class HeldOutGuard:
    """Lets a question pass that asks for the labels of held-out rows, and refuses all else that holds one.

    Such a question passes if it is, to the letter, what is made here of the rows that it shows. What follows it in the
    prompt (the form of the answer; a bad answer that is to be mended) is looked at as every prompt is. Safe to call
    from several threads.

    Args:
        guard: looks at all else; it has looked at what every question says beside its rows.
        rows: the held-out rows that may be asked about.
        question: makes the prompt that asks for the labels of rows.
    """

    def __init__(
        self, guard: PromptGuard, rows: Iterable[Example], question: Callable[[Sequence[Example]], Prompt]
    ) -> None:
        self._guard = guard
        self._question = question
        self._rows = {(row.text, row.text_pair): row for row in rows}

    def __call__(self, prompt: str) -> None:
        """Return if the prompt may be sent.

        Raises:
            LeakFound: it may not. The sentence holds no word of the row.
        """
        if rows := self._shown(prompt):
            asked = self._question(rows)
            prompt = prompt.removeprefix(as_utf8(f"{asked.system}\n{asked.user}"))
        self._guard(prompt)

    def _shown(self, prompt: str) -> list[Example]:
        """The rows that a prompt lists first, if all of them may be asked about; else none."""
        found = _LISTED.search(prompt)
        try:
            listed = json.loads(found[1]) if found else []
            return [self._rows[one["text"], one.get("text_pair")] for one in listed]
        except (ValueError, TypeError, KeyError):  # other rows, or no rows
            return []


def _decoded(text: str) -> str:
    """A JSON text as it reads; what is none after all stays as it stands."""
    try:
        return str(json.loads(text, strict=False))
    except ValueError:
        return text
