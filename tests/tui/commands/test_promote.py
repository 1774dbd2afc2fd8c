from __future__ import annotations

import json

import numpy as np
import pytest

from engine.project import Project
from tests.engine.proof.synthetic import BASELINE, GOLD, ONE_PROVEN, write_proof
from tui.cli import main


@pytest.fixture
def proved(project: Project) -> Project:
    """A project with a proof in which one arm is proven and another is not."""
    write_proof(project, baseline=BASELINE, arms=ONE_PROVEN, gold=GOLD)
    return project


def test_promoting_says_what_the_next_round_starts_from(proved: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["promote", str(proved.root), "--arm", "human"]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == "round 2 starts from human-scratch-13 (human, scratch, seed 13: proven)"
    assert lines[-1].startswith("next: blindspot discover ")
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


def test_where_nothing_closed_it_says_so_and_check_has_nothing_to_check(
    proved: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["promote", str(proved.root), "--arm", "human"]) == 0
    out = capsys.readouterr().out
    assert "0 of 1 blind spot closed (1 open): nothing is frozen, and `check` has nothing to check." in out
    assert main(["check", str(proved.root)]) == 3


def test_what_closed_by_the_mean_alone_is_named_and_not_frozen(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    right = np.zeros((len(GOLD), 2), dtype=np.float32)
    right[np.arange(len(GOLD)), GOLD] = 9
    weaker = right.copy()
    weaker[4:7] *= -1
    ids = [row.id for row in project.examples("pool")[:10]]
    write_proof(project, baseline=BASELINE, arms={("llm", "keep"): [right, weaker]}, gold=GOLD, ids=ids)
    words = ["promote", str(project.root), "--arm", "llm"]  # trained by one recipe, which need not be named
    assert main([*words, "--seed", "14"]) == 0
    assert "but not by this model of seed 14, and so not in the suite: B1." in capsys.readouterr().out
    assert main(words) == 0
    assert "Closed, and in the regression suite from now on: B1." in capsys.readouterr().out
