"""The data card of an export: what it holds, where that comes from, and what it must not be used for. Light."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from engine.counted import counted
from engine.exchange.export_tables import Table
from engine.exchange.gather import Gathered
from engine.text import visible

_SPECIAL = re.compile(r"[\\`*_\[\]<>|#&$~@]|:(?=//)|(?<=\bwww)\.", re.IGNORECASE)  # what means something to Markdown
_BY = {
    "labels": ("labeller", "labeller_kind"),
    "marks": ("annotator", None),
    "samples": ("teacher", "teacher_kind"),
    "patterns": ("teacher", "teacher_kind"),
    "judgements": ("reviewer", None),
}
"""Columns of who wrote a record, and of what kind they are."""


def data_card(out: Gathered, name: str, created: str, version: str, told: Sequence[str]) -> str:
    """The card as Markdown.

    Args:
        out: what was exported.
        name: of the format.
        created: when (UTC, ISO 8601).
        version: of this program.
        told: what else there is to say, a sentence each.
    """
    parts = [
        f"# Records of {escaped(out.name)}",
        f"Exported as {name} by Blindspot {version}, {created[:16].replace('T', ' ')} UTC. Labels of the task: "
        f"{', '.join(escaped(label) for label in out.labels)}.",
        "The texts are those of the project's data: what licence and care for persons these ask, they ask here.",
    ]
    warnings = []
    if out.proof:
        warnings.append(
            f"**{counted(out.proof, 'label')} of proof rows, or of rows that nearly equal one, are among the labels. "
            "Proof rows say whether a model got better: one that was trained with any of them cannot be judged by them "
            "any more, and whoever has read them should write no more patterns or samples.** Their split is `proof`, "
            "or `withheld` is true."
        )
    if any(table.kind == "labels" for table in out.tables):
        warnings.append(
            "`queue` says why a row was asked for: those of a hunt, a flag or a pattern looked wrong, so that "
            "shares of labels say nothing of other rows. An LLM's label is never a row's label: `settled` is."
        )
    parts += [*warnings, *(f"{escaped(sentence[0].upper() + sentence[1:])}." for sentence in told)]
    parts += [part for table in out.tables for part in _table(table)]
    if out.guideline.text:
        number = out.guideline.number
        quoted = "\n".join(f"> {escaped(line)}" for line in out.guideline.text.splitlines())
        parts += [f"## Guideline {number}, as it stood then", quoted]
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> list[str]:
    who, kind = _BY[table.kind]
    counts = Counter((str(row[who]), str(row[kind]) if kind else "") for row in table.rows)
    by = "; ".join(
        f"{escaped(name)}{f' ({of_kind})' if of_kind else ''}: {count:,}"
        for (name, of_kind), count in sorted(counts.items())
    )
    head = f"{counted(len(table.rows), 'line')}. By {who}: {by}."
    if table.kind == "labels":
        splits = Counter("withheld" if row["withheld"] else str(row["split"]) for row in table.rows)
        head += f" By split: {'; '.join(f'{split}: {count:,}' for split, count in sorted(splits.items()))}."
    columns = [f"| `{column.name}` | {escaped(column.meaning)} |" for column in table.columns]
    return [f"## {table.kind}", head, "\n".join(["| column | meaning |", "| --- | --- |", *columns])]


def escaped(text: str) -> str:
    """A text in Markdown, as what it is."""
    return _SPECIAL.sub(r"\\\g<0>", visible(text))
