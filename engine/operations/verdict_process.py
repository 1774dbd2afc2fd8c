"""Looks at labels while people give them: `python -m engine.operations.verdict_process ROOT QUEUE`.

Once all rows of a look have an answer it computes the proof's report and asks for the next rows; it ends when none are
asked for any more (`engine.label_queue.choosing_process`).
"""

from __future__ import annotations

import time
from pathlib import Path

from engine.extras import missing_told
from engine.label_queue.choosing_process import choose_while_labelled, wait_for_turn
from engine.project import Project
from engine.proof.proof_labels import asked_by, asks, standing
from engine.teaching.records import Records

_LOOKS_EVERY = 0.2  # seconds; a look is a stat of each author's file


def look(project: Project, proof_id: str) -> bool:
    """`engine.proof.proof_looks.take_looks`, and the new report is sealed."""
    with missing_told():
        from engine.proof.proof_looks import take_looks
        from engine.verify.seal import keep_seal

        changed = take_looks(project, proof_id)
    if changed:
        keep_seal(project)
    return changed


def look_and_tell(project: Project, queue: str) -> str:
    """Look for the proof that a queue asks for; its verdicts, and where its labels stand.

    Raises:
        BlindspotError: as `asked_by`, `engine.proof.proof_looks.take_looks` and `standing`.
    """
    proof_id = asked_by(project, queue)
    look(project, proof_id)
    return standing(project, proof_id)


def main(root: Path, name: str) -> None:
    """Look until the verdicts are certain, or the last look is taken.

    Raises:
        BlindspotError: it cannot go on.
    """
    project = Project.open(root, verify=False)
    records, proof_id = Records(project.teaching_dir), asked_by(project, name)
    wait_for_turn(project.root, name)
    while True:
        records.refresh()
        look(project, proof_id)
        if not asks(project, proof_id):
            return
        while not records.refresh():
            time.sleep(_LOOKS_EVERY)


if __name__ == "__main__":
    choose_while_labelled(main)
