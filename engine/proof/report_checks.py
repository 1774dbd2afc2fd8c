"""What a report must hold to be shown: checked when it is read, as a file may be damaged or come from a stranger.

`engine.proof.report_types` has its shape; here is what a shape cannot say: parts of a report agree with one another.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from engine.ids import checked_id, is_id
from engine.proof.report_types import JUDGED, ArmEntry, ArmFigures, Report, ReportArm, SplitFigures, SpotEntry
from engine.shapes import WrongShape, fit

_LATER = ("aurc", "excess_aurc")  # measures that came later than the first version


def checked_report(values: Any, proof_id: str) -> Report:
    """The JSON values of a report as one; keys that no type names are passed over.

    Raises:
        WrongShape: something is missing or not of its type, or it is the report of another proof.
    """
    report: Report = fit(values, Report)
    if report.id != checked_id("proof", proof_id):
        raise WrongShape(f"that of its folder, {proof_id}", ("id",))
    try:
        datetime.fromisoformat(report.created)
    except ValueError as error:
        raise WrongShape("a time", ("created",)) from error
    for place, arm in enumerate(report.arms):
        for split in JUDGED:
            _check_figures(arm.on(split), report.baseline.on(split), ("arms", str(place), split))
        _check_closed(arm, ("arms", str(place), "closed"))
    groups = [arm.group for arm in report.arms]
    for name, spot, entries in _spots(report):
        if not is_id("blind spot", spot.id):
            raise WrongShape("an id", (name, "id"))
        if [one.group for one in entries] != groups:
            raise WrongShape("one for each arm", (name, spot.id, "arms"))
    return report


def _spots(report: Report) -> Iterator[tuple[str, SpotEntry, tuple[ArmEntry, ...]]]:
    """Each place where a blind spot stands: the part of the report, the blind spot, and what is said of the arms."""
    for spot in report.spots:
        yield "blind_spots", spot, spot.arms
    for near in report.near.blind_spots if report.near else ():
        yield "near", near, near.arms
    for pool in report.pool.blind_spots if report.pool else ():
        yield "pool", pool, pool.arms


def _check_figures(arm: ArmFigures | None, baseline: SplitFigures | None, place: tuple[str, ...]) -> None:
    """Refuse an arm that has measures which the baseline, or its difference from it, lacks."""
    if (arm is None) != (baseline is None):
        raise WrongShape("on the same splits as the baseline", place)
    if arm is None or baseline is None:
        return
    for name in (*_LATER, "by_label", "reliability", "risk_coverage"):
        if getattr(arm, name) is not None and getattr(baseline, name) is None:
            raise WrongShape("with the measures of the baseline", place)
    if any(arm.named(name) and not arm.difference.named(name) for name in _LATER):
        raise WrongShape("with the measures of the baseline", place)
    if set(arm.by_label or ()) != set(baseline.by_label or ()):
        raise WrongShape("of the labels of the baseline", (*place, "by_label"))


def _check_closed(arm: ReportArm, place: tuple[str, ...]) -> None:
    for name in ("closed", "of"):
        if arm.closed is not None and name not in arm.closed:
            raise WrongShape("there", (*place, name))
