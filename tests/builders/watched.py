"""One builder for batches that were watched, as they are kept, without a model or rows."""

from __future__ import annotations

from typing import Any

from engine.monitoring.watched_batches import LabelCounts, NearSpot, Predicted, WatchedBatch

NONE = LabelCounts(0, 0)


def near(
    name: str, labelled: int = 0, wrong: int = 0, *, closed: bool = True, found_by: str = "aaaa1111", rows: int = 0
) -> NearSpot:
    """The rows of a batch near a blind spot."""
    return NearSpot(name, closed, found_by, max(rows, labelled), 10, LabelCounts(labelled, wrong))


def watched(name: str, labelled: int = 0, wrong: int = 0, *spots: NearSpot, **more: Any) -> WatchedBatch:
    """A batch of 2,000 rows; model ``m`` is confident on each of its labelled rows. ``more`` are other fields."""
    counts = LabelCounts(labelled, wrong)
    given: dict[str, Any] = {
        "watched": "2027-01-04T06:00:00+00:00",
        "rows_key": f"rows of {name}",
        "model": "m",
        "round": 1,
        "tau": 0.9,
        "calibrated": False,
        "predicted": Predicted(2_000, 1_600, {"negative": 1_000, "positive": 1_000}),
        "pool": Predicted(400, 320, {"negative": 200, "positive": 200}),
        "known": 0,
        "left_out": 0,
        "all_rows": counts,
        "confident": counts,
        "spots": spots,
        "elsewhere": NONE,
    }
    return WatchedBatch(name=name, **given | more)
