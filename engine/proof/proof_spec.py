"""What a proof compares and how it is judged: ``spec.json`` of its folder. Light.

The report follows from it and the stored predictions.

A field with a default came later than the first version; see `engine.proof.report_types`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.files import read_record
from engine.proof.budget_matching import BudgetLimit
from engine.proof.recipes import MERGED_ROWS
from engine.proof.report_types import ArmEntry, JudgedModel, RowCounts, SpotEntry
from engine.proof.training_labels import LabelSources
from engine.schema import Record

SPEC = "spec.json"  # of a proof folder


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecRun(ArmEntry):
    """One model: an arm and recipe with one seed. ``temperature`` divides its logits."""

    seed: int
    n_added: int
    n_rows: int
    steps: int | None = None
    model: JudgedModel
    temperature: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecSpot(SpotEntry):
    """A blind spot; ``rows``: places of its rows among the pool rows that were asked, ``ids``: theirs."""

    rows: tuple[int, ...]
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundModel(Record):
    """The model in which the blind spots were found."""

    name: str
    key: str
    temperature: float


@dataclass(frozen=True, slots=True)
class EpochChoice(Record):
    """How many passes of training an arm gets.

    Attributes:
        passes: the first number of passes with the fewest errors. of: how many were tried.
        errors: after each pass, among as many of the most confident rows as the round's model covers at tau, over all
            folds. rows: that were looked at.
    """

    passes: int
    of: int
    errors: tuple[float, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class RecipeChoice(Record):
    """Which recipe an arm gets.

    Attributes:
        recipe: by blind spots the one with the fewest errors, of equals the one tried first; by labels
            `engine.proof.label_selection` says which.
        errors: by recipe, among as many of the most confident rows as the round's model covers at tau, over all folds.
        rows: that were looked at.
        chosen_rows: of an arm of labels, which of them train: ``all``, ``unlearned`` or ``merged``
            (`engine.proof.recipes`), or in older choices ``flagged``; ``errors`` has the recipes on each kind. Empty:
            the arm is none.
        parts: of the labels that were held out in turn; 0: it was chosen by blind spots.
        errors_before: of the round's model on the rows held out.
        accuracies: on dev, as ``errors``; empty without dev. accuracy_before: of the model the recipes go on from.
        chances: that accuracy on test will be seen to be kept within the margin, 0..1, by name as ``errors``; empty
            without dev, and in choices made before it was computed.
    """

    recipe: str
    errors: dict[str, float]
    rows: int
    chosen_rows: str = ""
    parts: int = 0
    errors_before: float | None = None
    accuracies: dict[str, float] = field(default_factory=dict)
    accuracy_before: float | None = None
    chances: dict[str, float] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """What was chosen, by what, and the figures of all that were tried."""
        errors = ", ".join(f"{name} {value:g}" for name, value in self.errors.items())
        if not self.parts:
            return f"recipe {self.recipe}, by cross-validation over the pool's blind spots (errors: {errors})."
        held = "a third of all, held out" if self.parts == 1 else "each third of them held out in turn"
        on = f"on {self.chosen_rows} rows"
        if self.chosen_rows == MERGED_ROWS:
            on = "on all rows, half the way, and a quarter of the way of a training on unlearned rows alone"
        found = f"recipe {self.recipe} {on}, chosen by {self.rows:,} labels, {held} "
        found += f"(errors: {errors}; before {self.errors_before:g})"
        if self.accuracies:
            accuracies = ", ".join(f"{name} {value:.3f}" for name, value in self.accuracies.items())
            found += f", and by accuracy on dev ({accuracies}; before {self.accuracy_before:.3f})"
            chances = ", ".join(f"{name} {value:.2f}" for name, value in self.chances.items())
            found += f". The chance that test will show accuracy to be kept: {chances}." if chances else "."
        else:
            found += ". Without a dev split no accuracy was looked at."
        if self.errors_before is not None and self.errors_before <= min(self.errors.values()):
            found += (
                " No recipe made fewer errors than the current model: these labels do not say that a retrain helps."
            )
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofSpec(Record):
    """What of a spec the report is computed from.

    Attributes:
        interval: coverage of the intervals, 0..1; ``corrected``: that of all comparisons together.
        passes, recipes: what was chosen, by arm.
        label_sources: by arm of labels, who gave them.
        marked: places of the pool rows whose label an annotator doubts. samples: by their content.
        round_model: None without blind spots, and in a proof made before evidence was kept.
        rows: that were judged.
        row_labels: labels that people had given to the pool rows that were asked, by id; they stand above the split's.
        label_budget: proof rows have too few labels, and people are asked for those of so many at most; 0: they do not.
    """

    seeds: tuple[int, ...]
    labels: tuple[str, ...]
    tau: float
    margin: float
    interval: float
    corrected: bool = False
    bootstrap: int
    equal: BudgetLimit | None = None
    reviewed: bool = False
    passes: dict[str, EpochChoice] = field(default_factory=dict)
    recipes: dict[str, RecipeChoice] = field(default_factory=dict)
    label_sources: dict[str, LabelSources] = field(default_factory=dict)
    runs: tuple[SpecRun, ...]
    blind_spots: tuple[SpecSpot, ...]
    samples: tuple[str, ...] = ()
    marked: tuple[int, ...] = ()
    round_model: RoundModel | None = None
    rows: RowCounts | None = None
    row_labels: dict[str, str] = field(default_factory=dict)
    label_budget: int = 0


def read_spec(folder: Path) -> ProofSpec:
    """The spec of a proof's folder.

    Raises:
        FileNotFoundError, FileError: it is not there, or damaged.
    """
    return read_record(folder / SPEC, ProofSpec.from_json)
