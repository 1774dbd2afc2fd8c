"""The table at the end of `make bench`."""

from __future__ import annotations

from typing import Any

from tests.bench.table import table

HERE = {"cpu": "one", "cores": 2, "isa": "avx2", "bf16": False, "torch": "2.13"}


def compared(name: str, ours: float, theirs: float, *, peer: str = "Trainer", **more: Any) -> dict[str, Any]:
    told = {"machine": HERE, "name": name, "peer": peer, "unit": "s", "goal": ">= 4", "ratio": theirs / ours}
    return told | {"ours": [ours], "theirs": [theirs]} | more


def test_a_figure_stands_beside_its_peer_its_goal_and_what_it_was_on_such_a_machine() -> None:
    earlier = compared("retrain", 10.0, 40.0, machine=HERE | {"torch": "2.12"})
    elsewhere = compared("retrain", 1.0, 40.0, machine=HERE | {"cores": 64})
    head, _, row = table([earlier, elsewhere, compared("retrain", 10.0, 30.0)], since=2)
    assert head.split() == ["what", "ours", "peer", "ratio", "goal", "reached", "before", "change"]
    assert row.split() == ["retrain", "10", "s", "Trainer:", "30", "s", "3.00", ">=", "4", "no", "4", "-25", "%"]


def test_each_name_stands_once_whatever_batch_size_its_peer_was_best_at() -> None:
    before = compared("scoring", 10.0, 40.0, peer="pipeline, its best batch size 8")
    again = [compared("scoring", 10.0, value, peer="pipeline, its best batch size 16") for value in (20.0, 40.0)]
    rows = table([before, *again], since=1)[2:]
    assert len(rows) == 1
    assert rows[0].endswith("yes      4       +0 %")


def test_times_without_a_peer_are_held_to_their_goal_by_the_95th_percentile() -> None:
    keys = {"machine": HERE, "name": "cursor move", "unit": "ms", "goal": "p95 <= 30 ms", "values": [10.0] * 9 + [31.0]}
    idle = {"machine": HERE, "name": "idle traffic", "unit": "bytes", "goal": "0", "values": [0.0]}
    run = {"machine": HERE, "name": "retrain, one run", "who": "ours", "seed": 13, "seconds": 3.0}
    rows = table([run, keys, idle], since=0)[2:]
    assert rows[0].split() == [
        "cursor",
        "move",
        "10,",
        "p95",
        "31",
        "ms",
        "-",
        "-",
        "p95",
        "<=",
        "30",
        "ms",
        "no",
        *"--",
    ]
    assert "yes" in rows[1]
    assert len(rows) == 2


def test_a_run_that_finished_nothing_says_so() -> None:
    assert table([compared("retrain", 10.0, 40.0)], since=1) == ["no figure was finished"]
