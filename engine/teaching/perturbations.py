"""Perturbed pairs: a UU beside its minimal edit, taken only if the current model gets the edit right.

They are evidence for every teacher (Lippmann et al., arXiv 2403.17860), so they are checked for leaks: a proof row
cannot come in as the edit of another one.
"""

from __future__ import annotations

from rapidfuzz.distance import Indel

from engine.errors import ModelError, RefusedRecord, StoreError
from engine.progress import Silent
from engine.schema import Example, Perturbation, Prediction
from engine.teaching.evidence import evidence_for
from engine.teaching.writer import Annotator
from engine.text import normalise

LEAST_KEPT = 0.5
"""Share of the characters that an edit keeps at least: 1 - insertions and deletions / length of both texts together."""


def perturb(
    annotator: Annotator,
    row: str,
    *,
    text: str,
    label: str,
    text_pair: str | None = None,
) -> Perturbation:
    """Score an edit of a row with the current model and write it beside the row. Can be undone.

    Answers that were given before have seen other evidence from then on.

    Args:
        annotator: whose record it is.
        row: id of a UU that teachers are shown.
        text: the edited text.
        label: the right label of the edit: that of the row, or another one.
        text_pair: the second text where rows are pairs; None: that of the row.

    Raises:
        StoreError: the row is not shown, or text and label make no edit that the model gets right.
        ModelError: the model that found the blind spots cannot be used.
    """
    shown = shown_row(annotator, row)
    try:
        edit = annotator.factory.check_edit(shown, text, label, text_pair)
    except RefusedRecord as refused:
        raise StoreError(refused.what, where=f"row {row}", hint=refused.hint) from None
    _check_size(annotator, shown, edit)
    predicted, confidence = _score(annotator, edit)
    if predicted != label:
        raise StoreError(
            f"the model takes the edit for `{predicted}` ({confidence:.2f}), not for `{label}`",
            where=f"row {row}",
            hint="change it until the model gets it right",
        )
    with annotator.teaching.store.edit(f"perturb row {row}") as change:
        key = annotator.discovery.model_key
        return annotator.factory.perturbation(change, shown, edit, confidence=confidence, model_key=key)


def shown_row(annotator: Annotator, row: str) -> Prediction:
    """The row, if it is one that teachers are shown.

    Raises:
        StoreError: it is not.
    """
    project, discovery = annotator.project, annotator.discovery
    spot = next((spot for spot in discovery.blind_spots if row in spot.rows), None)
    if spot is None:
        raise StoreError(f"row `{row}` is no UU of a blind spot", hint="take one that `blindspot show` numbers")
    rows = evidence_for(project, discovery, annotator.teaching, spot.id).rows
    found = next((shown for shown in rows if shown.id == row), None)
    if found is None:
        raise StoreError(f"no teacher is shown row `{row}`", where=spot.id, hint="take another row")
    return found


def _check_size(annotator: Annotator, row: Prediction, edit: Example) -> None:
    """Refuse what is no small change of the row, or is there already."""
    where = f"row {row.id}"
    kept = min(
        Indel.normalized_similarity(normalise(before), normalise(after))
        for before, after in ((row.text, edit.text), (row.text_pair or "", edit.text_pair or ""))
    )
    if kept < LEAST_KEPT:
        raise StoreError(
            f"the edit keeps {kept:.0%} of the row's characters, and a minimal edit keeps at least {LEAST_KEPT:.0%}",
            where=where,
            hint="write the row with a small change",
        )
    known = [pair for pair in annotator.teaching.perturbations() if pair.row == row.id]
    if same := next((pair for pair in known if (pair.text, pair.text_pair) == (edit.text, edit.text_pair)), None):
        raise StoreError(f"that edit is there already ({same.id})", where=where, hint="write another one")


def _score(annotator: Annotator, edit: Example) -> tuple[str, float]:
    """What the model that found the blind spots says of the edit: label and confidence."""
    import numpy as np

    from engine.discovery.calibration import score
    from engine.model.model_registry import current_model, predictions

    project, discovery = annotator.project, annotator.discovery
    model = current_model(project, monitor=Silent())
    if model.key != discovery.model_key:
        raise ModelError(
            "the current model is not the one that these blind spots were found with",
            where=str(project.root),
            hint="run `blindspot discover` again",
        )
    logits = predictions(project, model, [edit], split_key="edit", monitor=Silent())
    found = score(logits, np.array([0]), temperature=discovery.applied_temperature)
    return project.labels[int(found.predicted[0])], round(float(found.confidence[0]), 6)
