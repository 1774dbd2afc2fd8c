"""A short form of the fuzzing with every run of the tests; `make fuzz` has the long one."""

from __future__ import annotations

import pytest

from tests.fuzz import hostile_rows, killed_writer


def test_hostile_rows_never_steer_a_terminal() -> None:
    survived, tried, failures = hostile_rows.main(60, 13)
    assert failures == []
    assert (survived, tried) == (60, 60)


@pytest.mark.usefixtures("forked_processes")
def test_a_killed_writer_loses_nothing_that_was_stored() -> None:
    survived, tried, failures = killed_writer.main(6, 13)
    assert failures == []
    assert (survived, tried) == (6, 6)
