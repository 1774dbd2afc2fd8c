"""Builders of projects whose held-out rows have no labels, with a very small model or none, and who labels them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.audit.audit_files import ROWS, Audit, AuditRows, audit_of, keep_rows
from engine.audit.draw import StratumName, draw
from engine.label_queue.queue_files import new_queue
from engine.operations.outside_uses import outside_uses
from engine.project import Project
from engine.schema import UNLABELLED, RowLabel
from engine.trust import agree
from tests.builders.labels import ANN, GPT, by_llm, write_labels
from tests.builders.project import lay_out
from tests.builders.rows import rows
from tests.builders.stream import LABELS, stream_project
from tests.builders.tiny_bert import untrained

HELD = 40


def project_to_audit(folder: Path) -> Project:
    """A project of `HELD` proof rows h0, h1 ... without a label, on each of which a very small model is confident."""
    made = [row.as_json() for row in rows(HELD + 8)]
    pool = [row | {"label": UNLABELLED} for row in made[:8]]
    held = [row | {"id": f"h{place}", "label": UNLABELLED} for place, row in enumerate(made[8:])]
    project = lay_out(folder / "work", {"train": made[:8], "pool": pool, "proof": held}, untrained(folder / "weights"))
    agree(project.root, outside_uses(project))
    return project


def drawn_audit(root: Path, strata: Mapping[StratumName, int], labels: int, *, batches: int = 1) -> Audit:
    """An audit of a project without a model: of row h5 the model says the sixth label, and so on in turn."""
    kinds = tuple(name for name, count in strata.items() for _ in range(count))
    project = stream_project(root, proof=len(kinds))
    audited = AuditRows(
        key="0" * 16,
        model="m",
        round=1,
        tau=0.9,
        labels=LABELS,
        ids=tuple(f"h{place}" for place in range(len(kinds))),
        predicted=tuple(LABELS[place % 2] for place in range(len(kinds))),
        strata=kinds,
        batches=tuple(f"week{1 + place % batches}" for place in range(len(kinds))),
    )
    keep_rows(root, audited)
    file = new_queue(project, "audit", split="proof", budget=labels, seed=13, facts={ROWS: audited.key})
    file.append(draw(audited.strata, audited.ids, labels, 13))
    return audit_of(project, file)


def answer(project: Project, audit: Audit, said: Mapping[str, str]) -> None:
    """Let one person answer rows; an empty label: unsure."""
    chance = {choice.row: choice.chance for choice in audit.file.choices}
    write_labels(
        project,
        ANN,
        [RowLabel(row, label, 3 if label else 0, ANN, "audit", "proof", chance[row]) for row, label in said.items()],
    )


def llm_labels(project: Project, said: Mapping[str, str]) -> None:
    """Let an LLM label held-out rows."""
    write_labels(project, GPT, [by_llm(row, label, split="proof") for row, label in said.items()])
