"""What a report says of blind spots that closed and of rows that an arm made worse, in words. Light."""

from __future__ import annotations

from collections.abc import Sequence

from engine.counted import counted
from engine.proof.closed import WORDS
from engine.proof.figures import count, interval, share
from engine.proof.report_types import Loss, Report, ReportArm, RightRows

_NOT_KEPT = "made before evidence was kept, so nothing is said to be closed"


def closed_spots(report: Report, arm: str, recipe: str, seed: int) -> tuple[str, ...]:
    """Ids of the blind spots that an arm closed and that its model of that seed closes by itself.

    Empty for a proof made before evidence was kept.
    """
    found = []
    for spot in report.spots:
        entry = next((one for one in spot.arms if one.group == (arm, recipe)), None)
        if entry is not None and entry.word == "closed" and seed in entry.closed_by:
            found.append(spot.id)
    return tuple(found)


def closed_sentence(arm: ReportArm) -> str:
    """``0 of 9 blind spots closed (1 smaller, 8 open)``; a sentence without its end mark."""
    found = arm.closed
    if found is None:
        return _NOT_KEPT
    if not found["of"]:
        return "there was no blind spot to close"
    told = {word: f"with {word}" if word == "too few proof rows" else word for word in WORDS if word != "closed"}
    others = ", ".join(f"{found[word]} {shown}" for word, shown in told.items() if found.get(word))
    return f"{found['closed']} of {counted(found['of'], 'blind spot')} closed" + (f" ({others})" if others else "")


def worse_sentences(losses: Sequence[Loss]) -> list[str]:
    """A sentence for each loss of an arm (its ``worse``), with the interval of the change."""
    told = []
    for one in losses:
        show = share if one.what == "label" else count
        moved = f"{one.word} {show(one.before)} -> {show(one.after)}"
        bounds = f"{show(one.change.mean, sign=True)}, interval {interval(show, one.change.low, one.change.high)}"
        if one.what == "label":
            told.append(f"accuracy on {one.name} ({one.split}, {one.rows} rows): {moved} ({bounds})")
        else:
            told.append(f"right proof rows near {one.name}: {moved} of {one.rows} ({bounds})")
    return told


def right_of(part: RightRows) -> str:
    """Rows that are right with Wilson's interval of their share: ``2.5 of 20 (4 to 32 %)``."""
    bounds = ""
    if part.low is not None and part.high is not None:
        bounds = f" ({100 * part.low:.0f} to {100 * part.high:.0f} %)"
    return f"{count(part.right)} of {part.of}{bounds}"
