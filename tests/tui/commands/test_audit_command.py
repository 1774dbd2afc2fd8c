"""`blindspot audit`: a job that draws held-out rows, and what people's labels say of them."""

from __future__ import annotations

import io
from pathlib import Path

import orjson
import pytest

from engine.audit.audit_files import find_audit
from engine.audit.begin_audit import begin_audit
from engine.errors import ProjectError
from engine.progress import Silent
from tests.builders.audit import HELD, llm_labels, project_to_audit
from tests.builders.hunt import stream_with_model
from tui.cli import main


@pytest.mark.parametrize("labels", ["19", "-30", "many"])
def test_an_audit_has_twenty_labels_or_more(labels: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["audit", str(tmp_path), f"--labels={labels}"])
    assert left.value.code == 2
    assert "is not a whole number from 20 on" in capsys.readouterr().err


def test_a_project_without_held_out_rows_has_no_audit(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="the project has no proof split"):
        begin_audit(stream_with_model(tmp_path), 20, monitor=Silent())


@pytest.mark.usefixtures("in_process_jobs")
def test_an_audit_from_its_beginning_to_its_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = project_to_audit(tmp_path)
    llm_labels(project, {f"h{place}": "bad" for place in range(HELD)})
    root = str(project.root)
    assert main(["audit", root, "--status"]) == 1
    assert "draw one: `blindspot audit" in capsys.readouterr().err
    assert main(["audit", root, "--labels", "30"]) == 0
    told = capsys.readouterr().out
    assert f"audit-1: 30 of {HELD} held-out rows are drawn" in told
    assert f"next: blindspot label {root} --queue audit-1" in told
    audit = find_audit(project)
    flagged = {row for row, said in zip(audit.rows.ids, audit.rows.predicted, strict=True) if said != "bad"}
    assert {row for row, name in zip(audit.rows.ids, audit.rows.strata, strict=True) if name == "flagged"} == flagged
    monkeypatch.setattr("sys.stdin", io.StringIO("1\n2\n" * 7))
    assert main(["label", root, "--queue", "audit", "--plain", "--labeller", "ann"]) == 0
    shown = capsys.readouterr().out
    assert not any(word in shown for word in ("random", "flagged", "confident", "LLM", "gpt"))
    assert shown.endswith(f"next: blindspot audit {root} --status\n")
    assert main(["audit", root, "--status"]) == 0
    told = capsys.readouterr().out
    assert told.startswith(
        f"audit-1: 14 of 30 labels; {HELD} held-out rows, the model is confident (tau 0.5) on {HELD}"
    )
    assert "look 2 of 5: 12 labels count" in told
    assert told.endswith(f"next: blindspot label {root} --queue audit-1\n")
    assert "4 labels to look 3 of 5" in told
    assert "llm-gpt agrees with people" in told
    assert main(["audit", root, "--status", "--queue", "audit-1", "--json"]) == 0
    status = orjson.loads(capsys.readouterr().out)
    assert (status["answered"], status["missing"], status["figures"]["labels"]) == (14, 4, 12)
    assert main(["audit", root, "--labels", "20"]) == 0
    told = capsys.readouterr().out
    assert f"audit-1: 30 of {HELD} held-out rows are drawn before, 14 have a label; it is not ended" in told
