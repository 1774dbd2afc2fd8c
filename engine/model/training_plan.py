"""The inputs of a training run and the content hash that names its result. No torch here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from typing_extensions import TypedDict

from engine.files import content_key
from engine.schema import Example, Record

ALL_BUT_HEAD = -1  # frozen layers
# Raised whenever `engine.model.training` learns something else from the same plan, and not for other random numbers: a
# project's models are found by it, and with another one its blind spots would have to be found anew.
RECIPE = 3


@dataclass(frozen=True, slots=True)
class DistillationTarget:
    """A row that is to stay as a model says of it, with a probability for each label; its own label is not read."""

    row: Example
    probabilities: tuple[float, ...]


AFTER_TRAINING = ("average", "merged", "merged_key", "merged_share", "output_bias")
"""Fields of a `TrainingPlan` that say what is done to the weights once they are trained."""


class PlanChanges(TypedDict, total=False):
    """Fields of a `TrainingPlan` in which a run may differ from the settings."""

    epochs: int
    frozen_layers: int
    stop: int
    steps: int
    smoothing: float
    average: float
    merged: str
    merged_key: str
    merged_share: float
    output_bias: str


@dataclass(frozen=True, slots=True)
class TrainingPlan(Record):
    """One training run.

    Attributes:
        start: folder of the weights it starts from, with ``start_key`` naming their content.
        labels: the project's labels. classifier_labels: see `engine.model.label_mapping.match_outputs`.
        seed: of a new head, the order of batches and dropout.
        epochs: passes over the rows. batch_size: rows per step.
        learning_rate: peak. weight_decay: of AdamW.
        max_length: tokens per row.
        frozen_layers: lowest layers that stay as they are (`engine.model.layer_freezing`).
        stop: passes after which training ends, its rate falling as if it went on; 0: after all.
        steps: in all, in place of ``epochs``; 0: as ``epochs`` says.
        smoothing: share of a row's label that is spread over all labels (Szegedy et al. 2016, arXiv 1512.00567,
            section 7).
        average: how far the weights go from where they started to where training led, 0..1 (WiSE-FT: Wortsman et al.
            2022, arXiv 2109.01903, section 3); 1: all the way.
        merged: folder of another training from the same start, with ``merged_key`` naming what it was trained on, whose
            way is added to that of this one (task arithmetic: Ilharco et al. 2023, arXiv 2212.04089, section 2); empty:
            none is. merged_share: how much of its way, 0..1.
        output_bias: sha256 of the dev split if the biases of the output are fitted to it in the end
            (`engine.model.output_bias`); empty: they are not.
    """

    start: str
    start_key: str
    labels: tuple[str, ...]
    classifier_labels: tuple[str, ...]
    seed: int
    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    max_length: int
    frozen_layers: int = 0
    stop: int = 0
    steps: int = 0
    smoothing: float = 0.0
    average: float = 1.0
    merged: str = ""
    merged_key: str = ""
    merged_share: float = 0.0
    output_bias: str = ""

    @property
    def all_the_way(self) -> TrainingPlan:
        """The same without what is done to the weights once they are trained."""
        return replace(self, average=1.0, merged="", merged_key="", merged_share=0.0, output_bias="")

    def key(self, examples: Sequence[Example], kept: Sequence[DistillationTarget] = ()) -> str:
        """Content key of the result: plan, weights and rows in their order, not where they lie or who computes."""
        parts = self.as_json()
        del parts["start"], parts["merged"]
        if not self.output_bias:  # models of before have keys without it
            del parts["output_bias"]
        if not self.merged_key:  # the same
            del parts["merged_key"], parts["merged_share"]
        rows = [[row.text, row.text_pair, row.label] for row in examples]
        soft = [[one.row.text, one.row.text_pair, one.probabilities] for one in kept]
        return content_key("training", RECIPE, parts, rows, soft)
