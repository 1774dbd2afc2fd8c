from __future__ import annotations

from typing import Any

from engine.proof.aggregate_progress import AggregateProgress


class Seen:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, int, int, dict[str, Any]]] = []
        self.notes: list[str] = []

    def step(self, stage: str, done: int, total: int, **facts: float | int | str) -> None:
        self.steps.append((stage, done, total, facts))

    def note(self, message: str) -> None:
        self.notes.append(message)


def test_steps_of_all_pieces_add_up_to_one_whole() -> None:
    seen = Seen()
    overall = AggregateProgress(seen, 100)
    overall.begin("train (1 of 2)", 60)
    overall.step("train", 5, 10, loss=0.5)
    overall.step("train", 10, 10)
    overall.begin("score (2 of 2)", 40)
    overall.step("score", 0, 0)
    assert seen.steps == [
        ("train (1 of 2)", 0, 100, {}),
        ("train (1 of 2)", 30, 100, {"loss": 0.5}),
        ("train (1 of 2)", 60, 100, {}),
        ("score (2 of 2)", 60, 100, {}),
        ("score (2 of 2)", 100, 100, {}),
    ]


def test_a_piece_found_finished_counts_as_done_when_the_next_begins() -> None:
    seen = Seen()
    overall = AggregateProgress(seen, 10)
    overall.begin("cached", 4)
    overall.begin("next", 6)
    assert seen.steps[-1] == ("next", 4, 10, {})


def test_notes_pass_through() -> None:
    seen = Seen()
    AggregateProgress(seen, 1).note("on cpu")
    assert seen.notes == ["on cpu"]
