"""What a guest in a browser may not do, whatever a screen offers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine import jobs
from engine.guest import VARIABLE, GuestRefused
from engine.operations.clean_project import clean
from engine.operations.job_records import DiscoverOptions
from engine.project import Project
from engine.regression.promotion import promote
from engine.trust import agree, outside_use, revoke, untrusted


def test_a_guest_starts_and_stops_no_job_promotes_and_removes_nothing_and_agrees_to_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    use = outside_use("server", "texts would be sent to a server", [], "http://127.0.0.1:1")
    kept = outside_use("server", "texts would be sent to another", [], "http://127.0.0.1:2")
    agree(project.root, [kept])
    monkeypatch.setenv(VARIABLE, "1")
    refused: list[Callable[[], object]] = [
        lambda: jobs.start(project.root, DiscoverOptions()),
        lambda: jobs.resume(project.root, "discover-1"),
        lambda: jobs.stop(project.root, "discover-1"),
        lambda: promote(project, arm="human", force=True),
        lambda: clean(project),
        lambda: agree(project.root, [use]),
        lambda: revoke(project.root),
    ]
    for ask in refused:
        with pytest.raises(GuestRefused, match=r"is not for guests; ask whoever gave you the link\.$"):
            ask()
    assert jobs.jobs(project.root) == []
    assert project.round == 1
    assert untrusted(project.root, [use, kept]) == [use]
