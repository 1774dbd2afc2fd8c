"""The process that chooses rows while people label: `python -m engine.hunt.hunt_process ROOT QUEUE`.

It ends by itself when there is nothing left to choose (`engine.label_queue.choosing_process`).
"""

from __future__ import annotations

import time
from pathlib import Path

from engine.errors import StoreError
from engine.hunt.hunt_files import Hunt, find_hunt
from engine.label_queue.choosing_process import choose_while_labelled, wait_for_turn
from engine.project import Project

_LOOKS_EVERY = 0.2  # seconds; a look is a stat of each author's file


def main(root: Path, name: str) -> None:
    """Choose rows until there are none left to choose.

    Raises:
        BlindspotError: it cannot go on.
    """
    project = Project.open(root, verify=False)
    hunt = find_hunt(project, name)
    wait_for_turn(project.root, hunt.file.spec.name)
    if hunt.rows.round != project.round:
        raise StoreError(
            "this hunt is for the model of an earlier round",
            where=str(hunt.file.path),
            hint="begin another with `blindspot hunt DIR`",
        )
    _choose(project, hunt)


def _choose(project: Project, hunt: Hunt) -> None:
    from engine.hunt.candidates import read_candidates  # not before the lock is there: what it imports takes memory
    from engine.hunt.hunting import BATCH, Hunting

    candidates = read_candidates(project.root, hunt.rows.key)
    if candidates is None:
        hint = "restore it from a copy, or begin another hunt with `blindspot hunt DIR`"
        raise StoreError("what this hunt chose among is damaged", where=str(hunt.file.path), hint=hint)
    hunting = Hunting(project, candidates)
    hunt.file.refresh()  # another process may have chosen before
    while hunting.left(hunt):
        if hunting.ahead(hunt) < BATCH:
            if not hunting.extend(hunt):
                return
        else:
            while not hunting.refresh():
                time.sleep(_LOOKS_EVERY)


if __name__ == "__main__":
    choose_while_labelled(main)
