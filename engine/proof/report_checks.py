"""What a report must hold to be shown: checked when it is read, as a file may be damaged or come from a stranger.

Keys that are not required came later than the first version; a report without them is one of before. Keys that are not
named here are kept as they are.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from typing_extensions import NotRequired, TypedDict

from engine.ids import checked_id, is_id
from engine.proof.budget_matching import Equal
from engine.proof.closed import ClosedWord
from engine.proof.verdict import VerdictWord
from engine.shapes import WrongShape, fit


class Estimate(TypedDict):
    """A mean and its interval."""

    mean: float
    low: float
    high: float
    per_seed: NotRequired[list[float]]


class Difference(TypedDict):
    """Change of each measure against the baseline."""

    accuracy: Estimate
    macro_f1: Estimate
    uu_at_tau: Estimate
    coverage: Estimate
    uu_at_matched_coverage: Estimate
    ece: Estimate
    aurc: NotRequired[Estimate]
    excess_aurc: NotRequired[Estimate]


class Bin(TypedDict):
    """One bin of reliability."""

    to: float
    share: float
    confidence: float
    accuracy: float


class Figures(Difference):
    """Measures of a model on one split, and what is shown beside them."""

    difference: NotRequired[Difference]
    by_label: NotRequired[dict[str, float | None]]
    reliability: NotRequired[list[Bin]]
    risk_coverage: NotRequired[list[tuple[float, float]]]


class Model(TypedDict):
    """Which model was judged."""

    name: str
    path: str
    key: str


class Baseline(TypedDict):
    """One recipe of one training set, over its seeds."""

    arm: str
    recipe: str
    n_added: int
    n_rows: int
    steps: NotRequired[int]
    proof: Figures
    test: Figures | None
    models: dict[str, Model]
    temperatures: NotRequired[dict[str, float]]


class Tally(TypedDict):
    """How many blind spots an arm closed."""

    of: int
    closed: int


class Change(TypedDict):
    """A change without its seeds."""

    mean: float
    low: float
    high: float


class Worse(TypedDict):
    """A label or blind spot for which an arm is worse."""

    what: str
    name: str
    split: str
    word: str
    rows: int
    before: float
    after: float
    change: Change


class Arm(Baseline):
    """An arm, with its verdict."""

    verdict: VerdictWord
    reason: str
    meaning: str
    mcnemar: NotRequired[dict[str, float]]
    churn: NotRequired[float]
    closed: NotRequired[Tally]
    worse: NotRequired[list[Worse]]


class PoolEntry(TypedDict):
    """What of a blind spot's pool rows an arm gets right."""

    arm: str
    recipe: str
    fixed: float
    still_wrong: float
    right: NotRequired[list[str]]


class PoolSpot(TypedDict):
    """A blind spot in the pool."""

    id: str
    gold: str
    predicted: str
    rows: int
    baseline: PoolEntry
    arms: list[PoolEntry]


class Marked(TypedDict):
    """Rows whose label somebody doubts."""

    rows: int
    right: list[float]


class Pool(TypedDict):
    """All blind spots in the pool."""

    note: str
    blind_spots: list[PoolSpot]
    marked: NotRequired[Marked]


class Fate(TypedDict):
    """What became of some rows."""

    arm: str
    recipe: str
    fixed: float
    still_wrong: float
    newly_broken: float


class NearSpot(TypedDict):
    """Proof rows near a blind spot."""

    id: str
    gold: str
    predicted: str
    rows: int
    arms: list[Fate]


class Unseen(TypedDict):
    """UUs near no blind spot."""

    uus: float
    of: float
    arms: list[Fate]


class Near(TypedDict):
    """Proof rows by their nearest blind spot."""

    blind_spots: list[NearSpot]
    unseen: Unseen


class Part(TypedDict):
    """Rows that closing is asked of."""

    of: int
    right: float
    low: float | None
    high: float | None
    per_seed: list[int]


class NearPart(Part):
    """All proof rows near a blind spot, with how many were right before."""

    before: int
    change: Change | None


class SpotEntry(TypedDict):
    """What an arm made of a blind spot."""

    arm: str
    recipe: str
    word: ClosedWord
    pool: Part
    wrong_before: Part
    right_before: Part
    near: NearPart
    closed_by: list[int]


class Spot(TypedDict):
    """A blind spot, and what each arm made of it."""

    id: str
    gold: str
    predicted: str
    baseline: SpotEntry
    arms: list[SpotEntry]


class Limit(TypedDict):
    """To what arms were cut down."""

    by: Equal
    value: float
    why: str


class Rows(TypedDict):
    """How many rows were judged."""

    proof: int
    test: int | None


class ReportShape(TypedDict):
    """A report."""

    id: str
    created: str
    seconds: NotRequired[float]
    round: int
    seeds: list[int]
    labels: list[str]
    tau: float
    apply_temperature: NotRequired[bool]
    margin: float
    interval: float
    bootstrap: int
    rows: Rows
    notes: NotRequired[list[str]]
    seed_noise: NotRequired[float | None]
    hashes: NotRequired[dict[str, str]]
    versions: NotRequired[dict[str, str]]
    training: NotRequired[dict[str, Any]]
    equal: NotRequired[Limit | None]
    reviewed: NotRequired[bool]
    baseline: Baseline
    arms: list[Arm]
    pool: Pool | None
    near: NotRequired[Near | None]
    blind_spots: NotRequired[list[Spot]]


def checked_report(values: Any, proof_id: str) -> dict[str, Any]:
    """The values of a report, which are those of one.

    Raises:
        WrongShape: something is missing or not of its type, or it is the report of another proof.
    """
    fit(values, ReportShape)
    report: dict[str, Any] = values
    if report["id"] != checked_id("proof", proof_id):
        raise WrongShape(f"that of its folder, {proof_id}", ("id",))
    try:
        datetime.fromisoformat(report["created"])
    except ValueError as error:
        raise WrongShape("a time", ("created",)) from error
    groups = [(entry["arm"], entry["recipe"]) for entry in report["arms"]]
    for place, arm in enumerate(report["arms"]):
        for split in ("proof", "test"):
            _check_figures(arm[split], report["baseline"][split], ("arms", str(place), split))
    for name in ("blind_spots", "near", "pool"):
        inside = report.get(name) or []
        for spot in inside["blind_spots"] if isinstance(inside, dict) else inside:
            if not is_id("blind spot", spot["id"]):
                raise WrongShape("an id", (name, "id"))
            if [(one["arm"], one["recipe"]) for one in spot["arms"]] != groups:
                raise WrongShape("one for each arm", (name, spot["id"], "arms"))
    return report


def _check_figures(arm: dict[str, Any] | None, baseline: dict[str, Any] | None, place: tuple[str, ...]) -> None:
    """Refuse an arm that has measures which the baseline, or its difference from it, lacks."""
    if (arm is None) != (baseline is None):
        raise WrongShape("on the same splits as the baseline", place)
    if arm is None or baseline is None:
        return
    shown = arm.keys() & {"aurc", "excess_aurc", "by_label", "reliability", "risk_coverage"}
    if not shown <= baseline.keys() or not shown & {"aurc", "excess_aurc"} <= arm.get("difference", {}).keys():
        raise WrongShape("with the measures of the baseline", place)
    if "difference" not in arm:
        raise WrongShape("there", (*place, "difference"))
    if set(arm.get("by_label", {})) != set(baseline.get("by_label", {})):
        raise WrongShape("of the labels of the baseline", (*place, "by_label"))
