from __future__ import annotations

from pathlib import Path

import pytest

from engine.model import batched_inference
from engine.shards.where import ON, WORKERS
from tests.engine.shards.world import make_project
from tui.cli import main


def test_shards_are_planned_computed_listed_and_gathered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], in_process_jobs: None
) -> None:
    monkeypatch.setitem(batched_inference.WINDOW_ROWS, "cpu", 8)
    monkeypatch.setenv(ON, "")
    monkeypatch.setenv(WORKERS, "")
    root = str(make_project(tmp_path / "work").root)

    def run(*words: str) -> tuple[int, list[str], str]:
        status = main([words[0], root, *words[1:]])
        out, err = capsys.readouterr()
        return status, out.splitlines(), err

    assert run("shard")[0] == 1
    status, out, _ = run("shard", "--plan", "--rows", "16")
    assert (status, out[0]) == (0, "4 shards of 56 rows and texts in all; 0 whole")
    status, out, _ = run("shard", "--index", "1", "--of", "2")
    assert (status, [line.partition(" (")[0] for line in out]) == (0, ["shard 1 of 4", "shard 3 of 4"])
    status, out, _ = run("shard")
    assert [line[:5] for line in out] == ["to do", "whole", "to do", "whole", "2 of "]
    status, out, _ = run("discover", "--on", "local")
    assert status == 0
    assert out[0].startswith("40 pool rows")
    status, _, err = run("shard", "--index", "0")
    assert (status, "no shards are planned" in err) == (1, True)
    with pytest.raises(SystemExit):
        run("shard", "--of", "2")
    assert run("discover", "--on", "elsewhere")[0] == 1
