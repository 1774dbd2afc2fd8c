"""Windows of 8 rows, so that a few rows make several shards; nothing in the environment says where to compute."""

from __future__ import annotations

import pytest

from engine.model import batched_inference
from engine.shards.where import ON, WORKERS


@pytest.fixture(autouse=True)
def _small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(batched_inference.WINDOW_ROWS, "cpu", 8)
    for name in (ON, WORKERS):
        monkeypatch.setenv(name, "")  # what a command sets is taken back
