"""Beginning a hunt: a queue with its first rows."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from engine.errors import StoreError
from engine.hunt.find_candidates import find_candidates
from engine.hunt.hunt_files import AT_RANDOM, Hunt, hunt_of
from engine.hunt.hunting import Hunting
from engine.label_queue.queue_files import new_queue, queues
from engine.label_queue.scored_rows import CANDIDATES
from engine.progress import Monitor
from engine.project import Project
from engine.tau import refuse_new_tau

FIRST = 20
"""Rows of the first batch: the process that chooses the next ones takes seconds to start."""


def begin_hunt(project: Project, budget: int, *, ended: Collection[str] = (), monitor: Monitor) -> Hunt:
    """Score and embed the pool, and make a queue with its first rows.

    A hunt of the same candidates and budget whose job was stopped or killed is taken up, unless somebody has answered
    one of its rows, or an audit asks for one.

    Args:
        project: gives pool, model and settings.
        budget: rows that people may be asked for, at least 1; it is lowered to the rows that there are.
        ended: names of the queues of hunts whose jobs have ended with a result.
        monitor: told of the stages.

    Raises:
        ProjectError: the model is confident on no row.
        ModelError: model or encoder cannot be used.
        SettingsError: tau is not that of the first proof.
        StoreError: each confident row has a label, or the queue cannot be written.
        Stopped: from the monitor.
    """
    refuse_new_tau(project)
    candidates = find_candidates(project, monitor=monitor)
    hunting = Hunting(project, candidates)
    budget = min(budget, hunting.open_rows())
    if not budget:
        what = "each row on which the model is confident has a label, or is asked for by an audit"
        raise StoreError(what, where=str(project.root), hint="add rows to the pool, or lower `discovery.tau`")
    facts: dict[str, Any] = {CANDIDATES: candidates.rows.key, AT_RANDOM: project.settings.labelling.hunt_at_random}
    earlier = queues(project, "hunt")
    for file in earlier:
        if (file.spec.facts, file.spec.budget) != (facts, budget) or file.spec.name in ended:
            continue
        if hunting.is_untouched(hunt := hunt_of(project, file)):
            break
    else:
        seed = project.settings.discovery.seed + len(earlier)
        hunt = hunt_of(project, new_queue(project, "hunt", budget=budget, seed=seed, facts=facts))
    if not hunt.file.choices:
        hunting.extend(hunt, FIRST)
    return hunt
