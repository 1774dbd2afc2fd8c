from __future__ import annotations

import json

import pytest

from engine.project import Project
from tests.engine.proof.synthetic import gold_labels, model, write_proof
from tui.cli import main

GOLD = gold_labels()
BASELINE = [model(GOLD, seed=seed, noise=2.5, skill=2.0) for seed in (1, 2)]
ARMS = {
    ("human", "scratch"): [model(GOLD, seed=seed, noise=2.5, skill=4.0) for seed in (1, 2)],
    ("human", "continue"): [logits / 2 for logits in BASELINE],
}


@pytest.fixture
def proved(project: Project) -> Project:
    """A project with a proof in which one arm is proven and another is not."""
    write_proof(project, baseline=BASELINE, arms=ARMS, gold=GOLD)
    return project


def test_promoting_says_what_the_next_round_starts_from(proved: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["promote", str(proved.root), "--arm", "human"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(
        "round 2 starts from human-scratch-13 (human, scratch, seed 13: proven)\nnext: blindspot discover "
    )
    assert err == ""


def test_json_gives_the_promotion(proved: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["promote", str(proved.root), "--arm", "human", "--seed", "14", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["path"] == "models/human-scratch-14"


def test_what_is_not_proven_needs_force_and_is_warned_of(proved: Project, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["promote", str(proved.root), "--arm", "human", "--recipe", "continue"]
    assert main(words) == 1
    assert "`less confident only`, not `proven`; promote it all the same with --force" in capsys.readouterr().err
    assert main([*words, "--force"]) == 0
    assert "warning: this model was judged `less confident only`" in capsys.readouterr().err
    assert proved.round == 2


def test_an_arm_has_to_be_named(proved: Project, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["promote", str(proved.root)])
    assert ended.value.code == 2
    assert "--arm" in capsys.readouterr().err
