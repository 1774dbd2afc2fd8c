"""No proof row in the records: whatever is written, by whomever and however, is looked through before it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.data.leak_guard import LeakGuard
from engine.errors import RefusedRecord
from engine.project import Project

_FREE = ("pattern", "sample", "state", "commitment", "perturbation", "judgement")  # kinds with words of an author's own


class HoldsProofRow(RefusedRecord):
    """What was to be written would have shown a held-out row. The sentence holds no word of it."""

    def __init__(self, kind: str, where: str | None = None) -> None:
        reason = f"the {kind} holds a held-out proof row"
        super().__init__(f"{reason}, or nearly equals one", reason=reason, where=where, hint="say it in other words")


class LeakCheck:
    """Refuses records that hold a proof row: a whole one inside a longer text, or a pattern that nearly equals one.

    Samples and edits are checked for near-duplicates where they are made (`engine.teaching.record_factory`).

    Args:
        project: whose proof rows are kept out.

    Attributes:
        guard: knows them, and tells nobody.
    """

    def __init__(self, project: Project) -> None:
        self.guard = LeakGuard(project)
        self._pair = project.settings.task.pair

    def holds_row(self, text: str, *, alone: bool = False) -> bool:
        """Whether a proof row stands in a text; ``alone``: or the text, by itself, nearly equals one."""
        near = alone and not self._pair and self.guard.is_leak(text)  # one text alone is no row of pairs
        return near or self.guard.is_inside(text)

    def check(self, kind: str, body: dict[str, Any], *, where: str | None = None) -> None:
        """Return if a record may be written.

        Args:
            kind: of the record.
            body: the record as JSON values.
            where: file:line, if it comes from a file.

        Raises:
            HoldsProofRow: it may not.
        """
        if kind not in _FREE and not (kind in ("label", "adjudication") and body["note"]):
            return
        if kind == "pattern":
            self.check_pattern(str(body["text"]))
        if self.holds_row("\n".join(_texts(body))):
            raise HoldsProofRow(kind, where)

    def check_pattern(self, text: str) -> None:
        """Return if a pattern may be written.

        Raises:
            HoldsProofRow: it may not.
        """
        if self.holds_row(text, alone=True):
            raise HoldsProofRow("pattern")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)
