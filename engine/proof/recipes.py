"""Training recipes: how an arm's rows become a model, each with its source. Light.

Every arm of a recipe is trained for the same number of steps, so that none gains by being trained longer; how long a
program trains is its own business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from engine.model.text_classifier import TextClassifier


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way of training.

    Attributes:
        summary: what it does, for people.
        source: where it comes from.
        start: ``base``: where the first model began, with all train rows; ``current``: the round's model, with a draw.
        weight: how often each sample counts in a pass.
        passes: times as many passes as the setting `training.continue_epochs` says, of a recipe that goes on.
        keep: pool rows that the round's model is sure of and right about are trained towards what it says of them.
        smoothing, average: as in `engine.model.training_plan.TrainingPlan`.
        head_only: the body stays as it is.
    """

    summary: str
    source: str
    start: Literal["base", "current"]
    weight: int = 1
    passes: int = 1
    keep: bool = False
    smoothing: float = 0.0
    average: float = 1.0
    head_only: bool = False

    @property
    def needs_weights(self) -> bool:
        """Whether it does something with weights that a program cannot be asked for."""
        return self.keep or self.head_only or self.smoothing > 0 or self.average < 1 or self.passes > 1


RECIPES: dict[str, Recipe] = {
    "scratch": Recipe(
        "the base model learns train and the samples",
        "Lippmann et al. 2024, arXiv 2403.17860, section 4",
        "base",
    ),
    "continue": Recipe(
        "the current model learns samples, part of train",
        "experience replay: Rolnick et al. 2019, arXiv 1811.11682",
        "current",
    ),
    "keep": Recipe(
        "as average, and answers surely right are kept",
        "learning without forgetting: Li & Hoiem 2016, arXiv 1606.09282",
        "current",
        keep=True,
        average=0.5,
    ),
    "average": Recipe(
        "as continue, weights halfway back to the current",
        "WiSE-FT: Wortsman et al. 2022, arXiv 2109.01903",
        "current",
        average=0.5,
    ),
    "three-quarters": Recipe(
        "as continue, weights a quarter of the way back",
        "WiSE-FT: Wortsman et al. 2022, arXiv 2109.01903",
        "current",
        average=0.75,
    ),
    "longer": Recipe(
        "as three-quarters, with four times the passes",
        "WiSE-FT: Wortsman et al. 2022, arXiv 2109.01903",
        "current",
        passes=4,
        average=0.75,
    ),
    "weighted": Recipe(
        "as scratch, each sample three times",
        "upweighting errors: Liu et al. 2021, arXiv 2107.09044",
        "base",
        weight=3,
    ),
    "smooth": Recipe(
        "as scratch, labels smoothed by a tenth",
        "label smoothing: Szegedy et al. 2016, arXiv 1512.00567, section 7",
        "base",
        smoothing=0.1,
    ),
    "head": Recipe(
        "as continue, but only the head learns",
        "last layer retraining: Kirichenko et al. 2022, arXiv 2204.02937",
        "current",
        head_only=True,
    ),
}
"""By name, as in commands and reports."""

AUTO = "auto"
"""Not a recipe: whichever is chosen by cross-validation inside the pool (`engine.proof.recipe_selection`)."""

LABEL_RECIPES = ("continue", "three-quarters", "average", "longer")
"""What `auto` chooses among for arms of labels of real rows: parts of the way of two trainings. From scratch came out
as all the way did (UUs -36 and -24 % on two halves of sentiment, against -34 and -27 %), and takes two to five times as
long."""

ALL_ROWS, UNLEARNED_ROWS, MERGED_ROWS = "all", "unlearned", "merged"
"""Which rows of an arm with an LLM's labels are trained with: unlearned are those whose label is a person's, or
one that an LLM is sure of, and that the model does not surely give already: it is sure of another label, or of none.
Merged: two trainings, on all rows and on the unlearned ones, whose ways are added."""

MERGED_ALL, MERGED_UNLEARNED = 0.5, 0.25
"""How much of the way of each: of ten pairs the one from which most could be expected on the pool of paraphrases,
and more than from `longer` alone on those of inference and sentiment (tests/bench/README.md)."""

USUAL = ("scratch", "keep")
"""What is trained where nothing else is asked for: the published recipe, and the one that won most on public tasks."""


def why_not(name: str, classifier: TextClassifier) -> str:
    """Why a recipe makes no sense for a classifier, as a sentence without its full stop; empty if it does."""
    if RECIPES[name].needs_weights and not classifier.has_weights:
        return f"recipe `{name}` works on weights, and this classifier is a program"
    if RECIPES[name].start == "current" and not classifier.continues:
        return f"recipe `{name}` goes on from a model, and `classifier.continues` does not say that the program can"
    return ""


def possible_recipes(classifier: TextClassifier) -> list[str]:
    """The recipes that make sense for a classifier."""
    return [name for name in RECIPES if not why_not(name, classifier)]


def usual_recipes(classifier: TextClassifier) -> tuple[str, ...]:
    """What is trained where nothing else is asked for; of a program ``scratch``, and ``continue`` if it can."""
    possible = possible_recipes(classifier)
    wanted = USUAL if classifier.has_weights else ("scratch", "continue")
    return tuple(name for name in wanted if name in possible)


def label_recipes(classifier: TextClassifier) -> tuple[str, ...]:
    """What `auto` chooses among for arms of labels: `LABEL_RECIPES`, and where none makes sense ``scratch``."""
    possible = possible_recipes(classifier)
    return tuple(name for name in LABEL_RECIPES if name in possible) or ("scratch",)


def rows_to_try(recipe: str, kinds: Sequence[str]) -> list[str]:
    """The choices of rows with which a recipe is tried.

    Unlearned rows are few, and are not passed over four times; merged is what passes over all rows so often.
    """
    return [kind for kind in kinds if kind == ALL_ROWS or (RECIPES[recipe].passes > 1) == (kind == MERGED_ROWS)]
