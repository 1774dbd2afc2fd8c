"""Looks at labels while people give them: `python -m engine.operations.verdict_process ROOT QUEUE`.

Once all rows of a look have an answer it computes the proof's report and asks for the next rows; it ends when none are
asked for any more (`engine.label_queue.choosing_process`).
"""

from __future__ import annotations

import time
from pathlib import Path

from engine.errors import StoreError
from engine.label_queue.choosing_process import choose_while_labelled, wait_for_turn
from engine.label_queue.queue_files import queues
from engine.project import Project
from engine.proof.proof_labels import asks, proof_of
from engine.teaching.records import Records

_LOOKS_EVERY = 0.2  # seconds; a look is a stat of each author's file


def look(project: Project, proof_id: str) -> bool:
    """`engine.proof.proof_looks.take_looks`, and the new report is sealed."""
    from engine.proof.proof_looks import take_looks
    from engine.verify.seal import keep_seal

    changed = take_looks(project, proof_id)
    if changed:
        keep_seal(project)
    return changed


def main(root: Path, name: str) -> None:
    """Look until the verdicts are certain, or the last look is taken.

    Raises:
        BlindspotError: it cannot go on.
    """
    project = Project.open(root, verify=False)
    file = next((one for one in queues(project, "verdict") if one.spec.name == name), None)
    if file is None:
        raise StoreError(f"queue {name} is gone", where=str(root), hint="restore it from a copy, or retrain")
    wait_for_turn(project.root, name)
    records, proof_id = Records(project.teaching_dir), proof_of(file)
    while True:
        records.refresh()
        look(project, proof_id)
        if not asks(project, proof_id):
            return
        while not records.refresh():
            time.sleep(_LOOKS_EVERY)


if __name__ == "__main__":
    choose_while_labelled(main)
