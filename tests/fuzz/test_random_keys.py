"""A short run of the random keys; `make fuzz` runs the long one."""

from __future__ import annotations

import pytest

from tests.fuzz.random_keys import main

TRIALS, SEED = 6, 13


@pytest.mark.usefixtures("forked_processes")
def test_random_keys_never_end_the_app_in_another_way_than_it_says() -> None:
    survived, tried, failures = main(TRIALS, SEED)
    assert survived == tried, "\n".join(failures)
