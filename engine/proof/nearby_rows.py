"""The proof rows near a blind spot, as stored with its proof, for the check of a later model."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.arrays import Bools
from engine.data.proof_rows import judged_rows, read_proof
from engine.discovery.calibration import UNKNOWN, gold_of
from engine.errors import ProjectError
from engine.model.array_cache import read_array
from engine.project import Project
from engine.proof.evaluate import NEAREST, gold_file, known_gold, round_model
from engine.proof.proof_spec import read_spec
from engine.proof.spot_counts import near_parts
from engine.schema import Example


@dataclass(frozen=True)
class NearRows:
    """Rows near a blind spot, masks over them by part of the rule, and how many of them were right before."""

    rows: list[Example]
    masks: dict[str, Bools]
    before: int

    def __repr__(self) -> str:
        return f"NearRows({len(self.rows)} proof rows)"  # a message of an error never holds a proof text


def near_rows(project: Project, proof_id: str, spot_id: str) -> NearRows:
    """Read them.

    Raises:
        ProjectError: the proof is gone, or it is one of other proof rows.
    """
    folder = project.proofs_dir / proof_id
    spec = read_spec(folder) if (folder / NEAREST).is_file() else None
    if spec is None or spec.round_model is None:
        raise ProjectError(
            f"proof {proof_id}, which closed {spot_id}, is gone",
            where=str(folder),
            hint=f"put it back, or delete suite/{spot_id}.json and promote again",
        )
    rows = read_proof(project) if spec.label_budget else judged_rows(project)
    if gold_of(rows, project.labels).tolist() != read_array(gold_file(folder, "proof")).tolist():
        raise ProjectError(
            f"proof {proof_id}, which closed {spot_id}, was made with other proof rows",
            where=str(folder),
            hint=f"delete suite/{spot_id}.json and promote again",
        )
    place = [spot.id for spot in spec.blind_spots].index(spot_id)
    gold, nearest = known_gold(folder), read_array(folder / NEAREST)
    labelled = gold != UNKNOWN
    rows = [replace(rows[at], label=project.labels[gold[at]]) for at in np.flatnonzero(labelled)]
    nearest, before = nearest[labelled], round_model(folder, spec.round_model, gold).rows(labelled)
    masks, near = near_parts(nearest, place, before, spec.tau), nearest == place
    return NearRows(
        [rows[at] for at in np.flatnonzero(near)],
        {name: mask[near] for name, mask in masks.items()},
        int(masks["right_before"].sum()),
    )
