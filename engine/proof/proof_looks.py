"""Asking people for the labels of proof rows that can change a verdict, and looking at them, five times at most."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.discovery.calibration import UNKNOWN
from engine.errors import FileError, StoreError
from engine.files import write_json
from engine.ids import checked_id
from engine.label_queue.queue_files import Choice, QueueFile, new_queue, queues
from engine.locks import holding
from engine.model.array_cache import read_array
from engine.project import Project
from engine.proof.evaluate import REFERENCE, evaluate, gold_file, proof_models
from engine.proof.imputation import RowChanges, draw_order
from engine.proof.proof_labels import HINT, LABELS, PROOF, ProofLabels, read_proof_labels
from engine.proof.proof_spec import read_spec
from engine.proof.report import read_report
from engine.teaching.labels import Labels
from engine.teaching.records import Records

_REASON = "can change a verdict"
_PATIENCE = 60.0  # seconds for another process that looks: it computes a report


def ask_for_labels(project: Project, folder: Path, ids: Sequence[str]) -> None:
    """Draw the rows that people are asked to label, and make their queue; a proof that has them keeps them.

    The chance of a row is in proportion to how much its label can change what is said of an arm: of the arm that it can
    change most (`engine.proof.imputation`).

    Args:
        project: gives labels and settings.
        folder: of the proof, with the predictions of every run.
        ids: of all proof rows.

    Raises:
        StoreError: the queue cannot be written.
    """
    with suppress(FileNotFoundError, FileError):  # a damaged one is drawn again, and so as before
        read_proof_labels(folder)
        return
    spec, models = read_spec(folder), proof_models(folder)
    arms = [runs for group, runs in models.items() if group != REFERENCE]
    sizes = (read_array(gold_file(folder, "proof")) == UNKNOWN) * np.max(
        [RowChanges.of(runs, models[REFERENCE], spec.tau).effect for runs in arms], axis=0
    )
    order = draw_order(sizes, project.settings.discovery.seed)
    llm = _llm(spec.labels, Labels(Records(project.teaching_dir), "proof"), ids)
    budget = min(spec.label_budget, len(order))
    queue = _queue(project, folder.name, budget).spec.name
    held = ProofLabels(tuple(ids), llm, order, spec.label_budget, queue)
    write_json(folder / LABELS, held.as_json())


def take_looks(project: Project, proof_id: str) -> bool:
    """Look at the labels that have come, and ask for the next ones; whether the report has changed.

    A look is due once all its rows have an answer. No further rows are asked for after the last look, and once every
    verdict is certain.

    Args:
        project: gives the labels.
        proof_id: of a finished proof; one whose rows have their labels is left as it is.

    Raises:
        StoreError: a file of the proof is gone, the queue cannot be written, or another process has been looking for a
            minute.
        FileError, ProjectError: a file of the proof is damaged.
    """
    folder = project.proofs_dir / checked_id("proof", proof_id)
    if read_report(project, proof_id).labels_asked is None:
        return False
    taken = StoreError("another process looks at the labels of this proof", where=str(folder), hint="try again")
    with holding(folder / ".labels.lock", taken, patience=_PATIENCE):
        try:
            return _take_looks(project, folder)
        except FileNotFoundError as error:
            what = f"{Path(error.filename).name} of the proof is gone"
            raise StoreError(what, where=str(folder), hint=HINT) from error


def _take_looks(project: Project, folder: Path) -> bool:
    held = read_proof_labels(folder)
    said = Labels(Records(project.teaching_dir), "proof")
    file, changed = _queue(project, folder.name, min(held.budget, len(held.order))), False
    if held.queue != file.spec.name:  # its file was lost: a new one asks for the rows of the next look
        held = replace(held, queue=file.spec.name)
        write_json(folder / LABELS, held.as_json())
    while True:
        asked = read_report(project, folder.name).labels_asked
        if asked is None:
            return changed
        if (asked.look, asked.queue) != (held.look, held.queue):  # the report is older than ``labels.json``
            write_json(folder / "report.json", evaluate(folder))
            changed = True
            continue
        if not asked.goes_on:
            return changed
        rows = held.drawn(held.look + 1)[len(held.drawn(held.look)) :]
        file.append(_choices(held, rows))
        if any(held.ids[place] not in said.people for place in rows):
            return changed
        settled, names = said.settled(), read_spec(folder).labels  # those of blindspot.toml may be in another order now
        number = {label: place for place, label in enumerate(names)}
        people = tuple(
            (place, number[settled[row]]) for place, row in enumerate(held.ids) if settled.get(row) in number
        )
        held = replace(held, look=held.look + 1, people=people, llm=_llm(names, said, held.ids))
        write_json(folder / LABELS, held.as_json())


def _llm(names: Sequence[str], labels: Labels, ids: Sequence[str]) -> tuple[int, ...]:
    """Index of the label that an LLM gave each row, or `UNKNOWN`."""
    said = labels.suspected()
    number = {label: place for place, label in enumerate(names)}
    return tuple(number.get(said[row][0], UNKNOWN) if row in said else UNKNOWN for row in ids)


def _choices(held: ProofLabels, rows: Sequence[int]) -> list[Choice]:
    return [Choice(held.ids[place], _REASON, batch=held.look + 1) for place in rows]


def _queue(project: Project, proof_id: str, budget: int) -> QueueFile:
    """The queue of a proof; a new one where it has none."""
    made = next((file for file in queues(project, "verdict") if file.spec.facts.get(PROOF) == proof_id), None)
    seed = project.settings.discovery.seed
    return made or new_queue(project, "verdict", split="proof", budget=budget, seed=seed, facts={PROOF: proof_id})
