"""How jobs end, in a sentence that says what is next."""

from __future__ import annotations

import pytest

from engine.jobs import JobView
from engine.operations.job_records import DiscoverResult
from tui.reporting.job_text import ending


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (DiscoverResult(1, 7, 99, 0.9), "7 blind spots."),
        (DiscoverResult(1, 7, 99, 0.9, flagged=12), "7 blind spots, 12 rows flagged: # labels them."),
        (DiscoverResult(1, 8, 109, 0.9, new=("B8",), flagged=2), "8 blind spots, new: B8; r retrains."),
    ],
)
def test_a_discovery_says_what_is_new_and_which_key_comes_next(found: DiscoverResult, said: str) -> None:
    job = JobView("discover-1", "discover", "done", 0.0, {}, "", 0, 0, None, {}, 0.0, "", found.as_json(), False)
    assert ending(job) == f"discover-1 is done: {said}"
