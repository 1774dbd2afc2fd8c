from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from engine.errors import FileError, ProjectError
from engine.files import read_json, write_json
from engine.project import Project
from engine.proof.evaluate import evaluate
from engine.proof.report import before_and_after, find_arm, read_report, reports, stored_report
from tests.engine.proof.synthetic import gold_labels, model, write_proof

GOLD = gold_labels()
BASELINE = [model(GOLD, seed=seed, noise=2.5, skill=2.0) for seed in (1, 2, 3)]
ARMS = {
    ("human", "scratch"): [logits / 2 for logits in BASELINE],
    ("human", "continue"): [model(GOLD, seed=seed, noise=2.5, skill=3.5) for seed in (1, 2, 3)],
}


def test_without_a_finished_proof_the_error_names_the_command(project: Project) -> None:
    (project.proofs_dir / "half").mkdir(parents=True)
    (project.proofs_dir / "half" / "spec.json").write_text("{}")
    with pytest.raises(ProjectError, match="blindspot retrain"):
        read_report(project)


def test_the_newest_proof_is_read_unless_another_is_named(project: Project) -> None:
    for proof_id, day in (("old", "01"), ("new", "03"), ("mid", "02")):
        write_proof(project, baseline=BASELINE[:1], arms={}, gold=GOLD, proof_id=proof_id, created=f"2026-01-{day}")
    assert [report.id for report in reports(project)] == ["new", "mid", "old"]
    assert read_report(project).id == "new"
    assert read_report(project, "old").id == "old"
    with pytest.raises(ProjectError, match="no finished proof nix; use one of new, mid, old"):
        read_report(project, "nix")


def test_a_report_has_the_keys_that_scripts_rely_on(project: Project) -> None:
    folder = write_proof(project, baseline=BASELINE, arms=ARMS, gold=GOLD)
    report = read_report(project)
    assert (report.tau, report.seeds, report.notes) == (0.9, (13, 14, 15), ())
    assert [(arm.arm, arm.recipe, arm.n_added, arm.verdict) for arm in report.arms] == [
        ("human", "scratch", 5, "less confident only"),
        ("human", "continue", 5, "proven"),
    ]
    stored = stored_report(project, report)
    metrics = {"accuracy", "macro_f1", "uu_at_tau", "coverage", "uu_at_matched_coverage", "ece", "aurc", "excess_aurc"}
    details = {"by_label", "reliability", "risk_coverage"}
    for split in ("proof", "test"):
        assert set(stored["baseline"][split]) == metrics | details
        for arm in stored["arms"]:
            assert set(arm[split]) == metrics | details | {"difference"}
            for figure in (*(arm[split][name] for name in metrics), *arm[split]["difference"].values()):
                assert set(figure) == {"mean", "low", "high", "per_seed"}
                assert figure["low"] <= figure["high"]
                assert len(figure["per_seed"]) == 3
    assert all(arm.reason and arm.meaning for arm in report.arms)
    assert read_json(folder / "report.json") == stored


def test_the_types_name_all_that_a_report_holds(project: Project) -> None:
    write_proof(project, baseline=BASELINE, arms=ARMS, gold=GOLD)
    report = read_report(project)
    stored = stored_report(project, report)
    assert report.baseline.as_json() == stored["baseline"]
    assert [arm.as_json() for arm in report.arms] == stored["arms"]
    assert [spot.as_json() for spot in report.spots] == stored["blind_spots"]
    assert report.pool is not None
    assert report.near is not None
    assert (report.pool.as_json(), report.near.as_json()) == (stored["pool"], stored["near"])


def without(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda values: values.pop(name)


@pytest.mark.parametrize(
    ("place", "damage", "told"),
    [
        ((), without("arms"), "`arms` is not there"),
        ((), lambda report: report.update(id="bbbb2222"), "`id` is not that of its folder, aaaa1111"),
        ((), lambda report: report.update(created="once"), "`created` is not a time"),
        (("arms", 0), lambda arm: arm.update(test=None), "`arms.0.test` is not on the same splits as the baseline"),
        (("arms", 0), lambda arm: arm.update(verdict="good"), "`arms.0.verdict` is not one of proven, less confident"),
        (("arms", 0, "proof"), without("difference"), "`arms.0.proof.difference` is not there"),
        (("arms", 1, "closed"), without("of"), "`arms.1.closed.of` is not there"),
        (("baseline", "proof"), without("aurc"), "`arms.0.proof` is not with the measures of the baseline"),
        (("arms", 0, "proof", "difference"), without("aurc"), "`arms.0.proof` is not with the measures of the"),
        (("arms", 0, "proof", "by_label"), without("pos"), "`arms.0.proof.by_label` is not of the labels of the"),
        (("pool", "blind_spots", 0), lambda spot: spot["arms"].pop(), "`pool.B1.arms` is not one for each arm"),
        (("blind_spots", 0), lambda spot: spot.update(id="../B1"), "`blind_spots.id` is not an id"),
        (("near", "blind_spots", 0, "arms", 0), lambda one: one.update(fixed="1"), "is not a number"),
    ],
)
def test_a_damaged_report_is_refused_and_the_place_is_named(
    project: Project, place: tuple[str | int, ...], damage: Callable[[dict[str, Any]], Any], told: str
) -> None:
    path = write_proof(project, baseline=BASELINE, arms=ARMS, gold=GOLD) / "report.json"
    report = inside = read_json(path)
    for step in place:
        inside = inside[step]
    damage(inside)
    write_json(path, report)
    with pytest.raises(FileError) as refused:
        read_report(project)
    assert told in str(refused.value)


def test_a_report_follows_from_the_stored_predictions_alone(project: Project) -> None:
    folder = write_proof(project, baseline=BASELINE, arms=ARMS, gold=GOLD)
    before = read_json(folder / "report.json")
    (folder / "report.json").unlink()
    assert evaluate(folder) == before


def test_without_a_test_split_its_figures_are_null_and_the_verdict_says_so(project: Project) -> None:
    write_proof(project, baseline=BASELINE, arms=ARMS, gold=GOLD, test=False)
    report = read_report(project)
    assert report.baseline.test is None
    for arm in report.arms:
        assert arm.test is None
        assert "test was not checked" in arm.reason
        assert before_and_after(report, arm, "test") == []


def test_one_seed_is_said_to_leave_its_noise_out(project: Project) -> None:
    write_proof(project, baseline=BASELINE[:1], arms={("llm", "scratch"): BASELINE[1:2]}, gold=GOLD)
    assert read_report(project).notes == ("One seed: the noise between training runs is not in the intervals.",)


def test_a_temperature_that_was_fitted_divides_the_logits_of_its_run(project: Project) -> None:
    folder = write_proof(project, baseline=BASELINE, arms={("human", "scratch"): BASELINE}, gold=GOLD)
    spec = read_json(folder / "spec.json")
    for run in spec["runs"]:
        run["temperature"] = 2.0
    halved = write_proof(project, baseline=ARMS["human", "scratch"], arms={}, gold=GOLD, proof_id="bbbb2222")
    write_json(folder / "spec.json", spec)
    assert evaluate(folder)["baseline"]["proof"] == evaluate(halved)["baseline"]["proof"]


def test_pool_figures_are_apart_and_called_no_proof(project: Project) -> None:
    right = [logits.copy() for logits in BASELINE]
    for logits in right:
        logits[:4] = 0
        logits[range(4), GOLD[:4]] = 9
    wrong_once = [right[0], right[1], right[2].copy()]
    wrong_once[2][0] *= -1
    write_proof(project, baseline=[-logits for logits in right], arms={("llm", "scratch"): wrong_once}, gold=GOLD)
    report = read_report(project)
    assert report.pool is not None
    assert "no proof" in report.pool.note
    assert stored_report(project, report)["pool"]["blind_spots"] == [
        {
            "id": "B1",
            "gold": "pos",
            "predicted": "neg",
            "rows": 4,
            "baseline": {"arm": "baseline", "recipe": "scratch", "fixed": 0.0, "still_wrong": 4.0, "right": []},
            "arms": [
                {"arm": "llm", "recipe": "scratch", "fixed": 3.67, "still_wrong": 0.33, "right": ["p1", "p2", "p3"]}
            ],
        }
    ]


def test_before_and_after_say_what_the_figures_say(project: Project) -> None:
    write_proof(project, baseline=BASELINE, arms=ARMS, gold=GOLD)
    report = read_report(project)
    arm = find_arm(report, "human", "scratch")
    lines = {line.name: line for line in before_and_after(report, arm, "proof")}
    assert list(lines)[:2] == ["UUs at matched coverage", "UUs at tau 0.9"]
    matched, fixed = lines["UUs at matched coverage"], lines["UUs at tau 0.9"]
    assert (matched.before, matched.change, matched.interval) == (matched.after, "+0", "+0 to +0")
    assert float(fixed.after) < float(fixed.before)
    assert fixed.change.startswith("-")
    with pytest.raises(ProjectError, match=r"its arms are human \(scratch\), human \(continue\)"):
        find_arm(report, "llm", "scratch")


def test_reading_a_report_loads_nothing_heavy() -> None:
    code = (
        "import sys, engine.proof.arms, engine.proof.report, engine.regression.promotion, engine.proof.verdict_rule\n"
        "import tui.commands.report, tui.commands.promote\n"
        "print(sorted({'numpy', 'torch', 'scipy', 'sklearn', 'transformers'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
