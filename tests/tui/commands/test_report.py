from __future__ import annotations

import json
import re

import pytest

from engine.project import Project
from tests.engine.proof.synthetic import gold_labels, model, write_proof
from tui.cli import main

GOLD = gold_labels()
BASELINE = [model(GOLD, seed=seed, noise=2.5, skill=2.0) for seed in (1, 2, 3)]
ARMS = {
    ("human", "scratch"): [logits / 2 for logits in BASELINE],
    ("human", "continue"): [model(GOLD, seed=seed, noise=2.5, skill=3.5) for seed in (1, 2, 3)],
    ("llm", "scratch"): [model(GOLD, seed=seed, noise=2.5, skill=0.5) for seed in (1, 2, 3)],
}


@pytest.fixture
def proved(project: Project) -> Project:
    """A project with a finished proof."""
    write_proof(project, baseline=BASELINE, arms=ARMS, gold=GOLD)
    return project


def test_without_a_proof_it_fails_with_one_sentence(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(project.root)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "blindspot retrain" in err


def test_json_is_one_object_with_what_scripts_need(proved: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(proved.root), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert {"tau", "seeds", "baseline", "arms"} <= set(report)
    assert [arm["verdict"] for arm in report["arms"]] == ["less confident only", "proven", "worse"]
    assert report["arms"][2]["proof"]["difference"]["accuracy"]["high"] < 0


def test_people_read_the_verdict_first_then_figures_then_what_it_means(
    proved: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(proved.root)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    places = [out.index(part) for part in (
        "human, scratch, 5 samples: LESS CONFIDENT ONLY\n", "UUs at tau 0.9 ", "proof (600 rows)", "test (600 rows)",
        "It is only less sure of itself", "human, continue, 5 samples: PROVEN\n", "At equal coverage it makes fewer",
        "llm, scratch, 5 samples: WORSE\n", "It is a worse model", "no proof",
    )]  # fmt: skip
    assert places == sorted(places)
    assert re.search(r"^accuracy +0\.\d{3} +0\.\d{3} +[+-]0\.\d{3} +[+-]0\.\d{3} to [+-]0\.\d{3}$", out, re.MULTILINE)


def test_tables_fit_into_80_columns(proved: Project, capsys: pytest.CaptureFixture[str]) -> None:
    main(["report", str(proved.root)])
    sentences = ("UUs at", "It is", "At equal", "Nothing", "Rows of")
    tables = [line for line in capsys.readouterr().out.splitlines() if not re.match("|".join(sentences), line)]
    assert max(map(len, tables)) <= 80


def test_an_older_proof_is_shown_by_its_id(proved: Project, capsys: pytest.CaptureFixture[str]) -> None:
    write_proof(proved, baseline=BASELINE, arms={}, gold=GOLD, proof_id="older", created="2025-01-01T00:00:00+00:00")
    main(["report", str(proved.root), "--id", "older"])
    assert capsys.readouterr().out.startswith("Proof older, round 1, 2025-01-01 00:00 UTC\n")
