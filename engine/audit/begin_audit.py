"""Beginning an audit: held-out rows are scored and drawn, before anybody looks."""

from __future__ import annotations

from engine.audit.audit_files import ROWS, Audit, AuditRows, keep_rows
from engine.audit.draw import StratumName, draw
from engine.data.batches import batches
from engine.data.proof_rows import proof_rows_on_disk
from engine.discovery.pool_scoring import score_held_out
from engine.files import content_key
from engine.label_queue.queue_files import new_queue, queues
from engine.model.model_registry import current_model
from engine.progress import Monitor
from engine.project import Project
from engine.tau import refuse_new_tau
from engine.teaching.labels import Labels
from engine.teaching.records import Records


def begin_audit(project: Project, labels: int, *, monitor: Monitor) -> Audit:
    """Score the proof rows, and queue a random sample of them.

    An unfinished audit of the same rows, model and flags is continued: whoever could draw again could go on drawing
    until the result suits them.

    Args:
        project: gives proof rows, model and settings.
        labels: that people are asked for, at least `engine.audit.draw.LEAST`; lowered to the rows that there are.
        monitor: told of the stages.

    Raises:
        ProjectError: there is no proof split.
        ModelError: the model cannot be used.
        SettingsError: tau is not that of the first proof.
        StoreError: the queue cannot be written.
        Stopped: from the monitor.
    """
    refuse_new_tau(project)
    rows = audited_rows(project, monitor=monitor)
    said = Labels(Records(project.teaching_dir), "proof").people
    earlier = queues(project, "audit")
    for file in earlier:
        is_open = len(file.choices) < file.spec.budget or any(choice.row not in said for choice in file.choices)
        if file.spec.facts.get(ROWS) == rows.key and is_open:
            break
    else:
        keep_rows(project.root, rows)
        file = new_queue(
            project,
            "audit",
            split="proof",
            budget=min(labels, len(rows.ids)),
            seed=project.settings.discovery.seed + len(earlier),
            facts={ROWS: rows.key},
        )
    known = {choice.row for choice in file.choices}  # not all, where the job was stopped
    drawn = draw(rows.strata, rows.ids, file.spec.budget, file.spec.seed)
    file.append(choice for choice in drawn if choice.row not in known)
    return Audit(file, rows)


def audited_rows(project: Project, *, monitor: Monitor) -> AuditRows:
    """What the model says of each proof row, and its stratum.

    Raises:
        ProjectError, ModelError, Stopped: as `begin_audit`.
    """
    settings = project.settings.discovery
    rows = proof_rows_on_disk(project)
    model = current_model(project, monitor=monitor)
    scores = score_held_out(project, model, rows, monitor=monitor)
    predicted = tuple(project.labels[place] for place in scores.predicted)
    sure = scores.confidence >= settings.tau
    del scores  # of each row a probability for each label
    suspected = Labels(Records(project.teaching_dir), "proof").suspected()

    def stratum(row: str, label: str, is_sure: bool) -> StratumName:
        if not is_sure:
            return "not confident"
        return "flagged" if suspected.get(row, (label, 0))[0] != label else "confident"

    strata = tuple(map(stratum, rows.ids, predicted, sure))
    first = batches(project)[0].name
    came_with = tuple(project.manifest.batch_of("proof", place) or first for place in range(len(rows)))
    parts = map(iter, (rows.ids, predicted, strata, came_with))
    key = content_key("audited", model.key, project.labels, settings.tau, *parts)
    return AuditRows(
        key=key,
        model=model.key,
        round=project.round,
        tau=settings.tau,
        labels=project.labels,
        ids=rows.ids,
        predicted=predicted,
        strata=strata,
        batches=came_with,
    )
