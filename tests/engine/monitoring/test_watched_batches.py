"""The file of watched batches: it only grows, and no line is lost or counted twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine import problems
from engine.errors import DataError
from engine.monitoring.watched_batches import WatchedBatch, keep_watched, watched_batches, watched_file
from engine.project import Project
from tests.builders.stream import stream_project
from tests.builders.watched import near, watched


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return stream_project(tmp_path / "work")


def keep(project: Project, batch: WatchedBatch) -> WatchedBatch:
    return keep_watched(project, batch, lambda there: ("worse", (f"{len(there)} batches",)))


def test_what_was_kept_is_read_with_what_it_was_judged_to_be(project: Project) -> None:
    keep(project, watched("week1", 10, 1))
    kept = keep(project, watched("week2", 20, 2, near("B1", 4, 1)))
    assert watched_batches(project)[1] == kept
    assert kept.reasons == ("2 batches",)
    assert kept.sentence == "week2: 2,000 rows, 20 with a label; worse (2 batches)"


def test_many_who_watch_at_once_lose_nothing(project: Project) -> None:
    with ThreadPoolExecutor(8) as several:
        list(several.map(lambda week: keep(project, watched(f"week{week}")), range(24)))
    found = watched_batches(project)
    assert {one.name for one in found} == {f"week{week}" for week in range(24)}
    assert [one.reasons for one in found] == [(f"{place} batches",) for place in range(1, 25)]


@pytest.mark.parametrize(
    ("name", "rows_key", "said"),
    [
        ("week1", "other rows", "a batch of this name was watched with other rows"),
        ("week9", "rows of week1", "the same rows were watched as week1"),
    ],
)
def test_a_name_has_one_set_of_rows(project: Project, name: str, rows_key: str, said: str) -> None:
    keep(project, watched("week1"))
    with pytest.raises(DataError, match=said):
        keep(project, watched(name, rows_key=rows_key))
    assert len(watched_batches(project)) == 1


@pytest.mark.parametrize(
    "damaged",
    [
        b"{",
        b"\xff\xfe",
        b"[1]",
        pytest.param(b"[" * (1 << 21), id="a very long line"),
        b'{"name": "week9"}',
        b'"labelled":10,"wrong":11',
        b'"labelled":-1,"wrong":-2',
    ],
)
def test_a_damaged_line_is_told_once_and_the_others_count(project: Project, damaged: bytes) -> None:
    keep(project, watched("week1", 10, 1))
    path = watched_file(project)
    good = path.read_bytes()
    bad = good.replace(b'"labelled":10,"wrong":1', damaged) if damaged.startswith(b'"') else damaged + b"\n"
    path.write_bytes(bad + good + bad)
    assert [one.name for one in watched_batches(project)] == ["week1"]
    watched_batches(project)
    (told,) = problems.take()
    assert f"{path}:1: 2 of 3 watched batches are damaged and do not count" in told


def test_after_a_line_that_was_cut_off_the_next_one_is_whole(project: Project) -> None:
    keep(project, watched("week1"))
    path = watched_file(project)
    path.write_bytes(path.read_bytes() + b'{"name": "wee')
    keep(project, watched("week2"))
    assert [one.name for one in watched_batches(project)] == ["week1", "week2"]
