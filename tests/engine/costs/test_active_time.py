from __future__ import annotations

from pathlib import Path

import pytest

from engine.costs.active_time import Clock, read_spells
from engine.errors import StoreError


class Watch:
    """A clock that is moved by hand, and the active time that comes of it."""

    def __init__(self, folder: Path, *, author: str = "ann") -> None:
        self.seconds = 0.0
        self.folder = folder
        self.clock = Clock(folder / f"{author}.jsonl", author, idle_after=60, now=lambda: self.seconds)

    def key_after(self, seconds: float, work: tuple[str, str] | None) -> None:
        self.seconds += seconds
        self.clock.key(work)  # type: ignore[arg-type]

    @property
    def spells(self) -> list[tuple[str, str, float]]:
        return [(spell.task, spell.blind_spot, spell.seconds) for spell in read_spells(self.folder)]


READ, TEACH = ("read", "B1"), ("teach", "B1")


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(tmp_path / "time")


def test_gaps_between_keys_add_up_and_a_long_one_counts_to_the_cut_off(watch: Watch) -> None:
    for gap in (0, 2, 2, 500, 1):
        watch.key_after(gap, READ)
    watch.clock.save()
    assert sum(seconds for _, _, seconds in watch.spells) == 2 + 2 + 60 + 1


def test_nothing_counts_before_the_first_key(watch: Watch) -> None:
    watch.key_after(30, READ)
    watch.clock.save()
    assert watch.spells == []


def test_a_gap_belongs_to_what_was_done_until_the_key_that_ends_it(watch: Watch) -> None:
    watch.key_after(0, READ)
    watch.key_after(3, READ)  # the key that opens the form
    watch.key_after(4, TEACH)
    watch.key_after(5, TEACH)
    watch.key_after(6, None)
    watch.key_after(7, READ)
    watch.clock.save()
    assert watch.spells == [("read", "B1", 3), ("teach", "B1", 9), ("read", "B1", 7)]


def test_no_time_passes_while_the_terminal_has_no_focus(watch: Watch) -> None:
    watch.key_after(0, READ)
    watch.seconds += 4
    watch.clock.pause(READ)
    watch.seconds += 50
    watch.clock.resume()
    watch.key_after(2, READ)
    watch.clock.save()
    assert watch.spells == [("read", "B1", 6)]


def test_a_terminal_that_does_not_tell_of_its_focus_starts_anew_with_a_key(watch: Watch) -> None:
    watch.key_after(0, READ)
    watch.clock.pause(READ)
    watch.key_after(50, READ)
    watch.key_after(3, READ)
    watch.clock.save()
    assert watch.spells == [("read", "B1", 3)]


def test_ten_seconds_are_written_without_being_asked_and_once(watch: Watch) -> None:
    for gap in (0, 4, 4):
        watch.key_after(gap, READ)
    assert watch.spells == []
    watch.key_after(4, READ)
    assert watch.spells == [("read", "B1", 12)]
    watch.clock.save()
    assert watch.spells == [("read", "B1", 12)]


def test_two_people_have_a_file_each_and_a_torn_line_is_passed_over(watch: Watch) -> None:
    for one in (watch, Watch(watch.folder, author="bob")):
        one.key_after(0, READ)
        one.key_after(20, READ)
    (watch.folder / "ann.jsonl").open("a").write('{"time": 1, "author": "ann", "ta\n[1]\n')
    assert [(spell.author, spell.seconds) for spell in read_spells(watch.folder)] == [("ann", 20), ("bob", 20)]


def test_a_file_that_cannot_be_written_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "time").write_text("in the way")
    watch = Watch(tmp_path / "time")
    watch.key_after(0, READ)
    with pytest.raises(StoreError, match="active time cannot be written"):
        watch.key_after(20, READ)
