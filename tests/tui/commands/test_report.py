from __future__ import annotations

import html
import json
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.discovery.calibration import UNKNOWN
from engine.files import read_json, write_json
from engine.project import Project
from engine.proof.evaluate import REFERENCE
from engine.proof.figures import FIGURES
from engine.proof.proof_looks import ask_for_labels
from engine.proof.report import find_arm, read_report
from engine.verify.proof_checks import check_proofs
from tests.builders.proof import lay_out_proof
from tests.builders.stream import stream_project
from tests.engine.proof.synthetic import gold_labels, model, write_proof
from tui.cli import main, parser_for
from tui.reporting.measures import PROOF

GOLD = gold_labels()
BASELINE = [model(GOLD, seed=seed, noise=2.5, skill=2.0) for seed in (1, 2, 3)]
ARMS = {
    ("human", "scratch"): [logits / 2 for logits in BASELINE],
    ("human", "continue"): [model(GOLD, seed=seed, noise=2.5, skill=3.5) for seed in (1, 2, 3)],
    ("llm", "scratch"): [model(GOLD, seed=seed, noise=2.5, skill=0.5) for seed in (1, 2, 3)],
}


def by_recipe(report: dict[str, Any]) -> dict[tuple[str, str], Any]:
    """The arms of a report by arm and recipe."""
    return {(arm["arm"], arm["recipe"]): arm for arm in report["arms"]}


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


def test_a_report_is_shown_where_newer_labels_cannot_be_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = stream_project(tmp_path / "work", proof=60)
    gold = gold_labels(60)
    folder = lay_out_proof(
        project.root,
        {REFERENCE: [model(gold, seed=1)], ("labels", "continue"): [model(gold, seed=2)]},
        {"proof": np.full(60, UNKNOWN)},
        labels=list(project.labels),
        label_budget=20,
        before_report=lambda folder: ask_for_labels(project, folder, [f"h{place}" for place in range(60)]),
    )
    (folder / "labels.json").write_text("{")
    assert main(["report", str(project.root)]) == 0
    out, err = capsys.readouterr()
    assert "labels, continue: not judged yet; " in out
    assert "labels, continue, 24 rows added: NOT JUDGED YET" in out
    assert "has not been judged yet" in out
    assert err.count("\n") == 1
    assert "labels.json" in err
    assert "retrain" in err


def test_json_is_one_object_with_what_scripts_need(proved: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(proved.root), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert {"tau", "seeds", "baseline", "arms"} <= set(report)
    arms = by_recipe(report)
    assert {name: arm["verdict"] for name, arm in arms.items()} == {
        ("human", "scratch"): "less confident only",
        ("human", "continue"): "proven",
        ("llm", "scratch"): "worse",
    }
    assert arms["llm", "scratch"]["proof"]["difference"]["accuracy"]["high"] < 0


def test_people_read_the_verdict_first_then_figures_then_what_it_means(
    proved: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(proved.root)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    places = [
        out.index(part)
        for part in (
            "human, scratch, 5 rows added: LESS CONFIDENT ONLY\n",
            "UUs at tau 0.9 ",
            "proof (600 rows)",
            "test (600 rows)",
            "It is only less sure of itself",
            "human, continue, 5 rows added: PROVEN\n",
            "At equal coverage it makes fewer",
            "llm, scratch, 5 rows added: WORSE\n",
            "It is a worse model",
            "no proof",
            f"next: blindspot promote {proved.root} --arm human\n",
        )
    ]
    assert places == sorted(places)
    assert re.search(r"^accuracy +0\.\d{3} +0\.\d{3} +[+-]0\.\d{3} +[+-]0\.\d{3} to [+-]0\.\d{3}$", out, re.MULTILINE)


def test_tables_fit_into_80_columns(proved: Project, capsys: pytest.CaptureFixture[str]) -> None:
    main(["report", str(proved.root)])
    told = (
        "UUs at",
        "UUs of",
        "It is",
        "At equal",
        "Nothing",
        "Rows of",
        "  ",
        r"[a-z ]+ \(of a",
        "Task: ",
        "seeds ",
        "next: ",
    )
    sentences = (
        *told,
        "confident errors: ",
        "the same coverage: ",
        "baseline: ",
        "blind spot: ",
        "arm: ",
        r"[a-z]+ \(a recipe",
    )
    tables = [line for line in capsys.readouterr().out.splitlines() if not re.match("|".join(sentences), line)]
    assert max(map(len, tables)) <= 80


def test_an_older_proof_is_shown_by_its_id(proved: Project, capsys: pytest.CaptureFixture[str]) -> None:
    write_proof(proved, baseline=BASELINE, arms={}, gold=GOLD, proof_id="older", created="2025-01-01T00:00:00+00:00")
    main(["report", str(proved.root), "--id", "older"])
    assert capsys.readouterr().out.startswith("Proof older, round 1, 2025-01-01 00:00 UTC\n")


def test_the_first_lines_say_how_many_blind_spots_closed_and_for_whom_it_got_worse(
    proved: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["report", str(proved.root)])
    lines = capsys.readouterr().out.splitlines()
    place = lines.index("human, continue: proven; 0 of 1 blind spot closed (1 open).")
    assert place < 8
    assert re.match(
        r"  The model trained with what people wrote makes [0-9.]+ confident errors on proof where the baseline makes "
        r"[0-9.]+, at the same coverage \(-[0-9.]+, -\d+ %; 95 % interval -[0-9.]+ to -[0-9.]+\); accuracy on test "
        r"0\.\d{3} -> 0\.\d{3}\.$",
        lines[place + 1],
    )
    assert lines[place + 2] == "  no label and no blind spot got worse."
    place += 1
    assert lines[place + 2] == "llm, scratch: worse; 0 of 1 blind spot closed (1 worse)."
    place += 1
    assert re.match(
        r"  accuracy on neg \(proof, 300 rows\): fell 0\.\d{3} -> 0\.\d{3} "
        r"\(-0\.\d{3}, interval -0\.\d{3} to -0\.\d{3}\)\.$",
        lines[place + 3],
    )
    assert any(line.startswith("  right proof rows near B1: fell 65 -> ") for line in lines[:16])


def test_proven_and_closed_are_defined_and_the_rows_behind_each_word_are_told(
    proved: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["report", str(proved.root)])
    out = capsys.readouterr().out
    assert "\nproven (of an arm): At equal coverage" in out
    assert "\nclosed (of a blind spot): At least 4 in 5 of its pool rows" in out
    assert "\nscratch (a recipe): The base model learns train and the samples." in out
    assert (
        "\nB1 pos -> neg: open\n  pool 3 of 4 (30 to 95 %); near it in proof: wrong before 3.7 of 13 (11 to 55 %), "
        in out
    )


def test_every_measure_is_explained_on_request(proved: Project, capsys: pytest.CaptureFixture[str]) -> None:
    main(["report", str(proved.root)])
    assert "harmonic mean" not in capsys.readouterr().out
    main(["report", str(proved.root), "--explain"])
    out = capsys.readouterr().out
    for name, meaning in PROOF.items():
        assert f"\n{name}: {meaning}\n" in out


def test_every_figure_of_the_report_has_a_line_that_says_what_it_means() -> None:
    assert {name.removesuffix(" at tau {tau:g}") for _, name, _ in FIGURES} - {"UUs"} <= set(PROOF)
    assert "UUs at tau" in PROOF


def test_a_figure_and_its_interval_are_written_alike_everywhere(
    proved: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["report", str(proved.root)])
    out = capsys.readouterr().out
    change = find_arm(read_report(proved), "human", "continue").proof.difference.uu_at_matched_coverage
    bounds = f"{change.low:+.1f} to {change.high:+.1f}".replace(".0", "")
    assert "." in bounds
    assert out.count(bounds) >= 3  # table of arms, reason, figures


def test_a_proof_of_before_evidence_was_kept_is_shown_without_it(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    write_proof(project, baseline=BASELINE, arms=ARMS, gold=GOLD, near=None)
    for words in ([], ["--html", str(project.root / "r.html")], ["--markdown", str(project.root / "r.md")]):
        assert main(["report", str(project.root), *words]) == 0
    out = capsys.readouterr().out
    assert "human, continue: proven; made before evidence was kept" in out
    assert "blind spot closed" not in out


def test_a_retrain_that_was_stopped_before_its_report_is_no_damage(
    proved: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    (path,) = proved.proofs_dir.glob("*/report.json")
    path.unlink()
    (finding,) = check_proofs(proved)
    assert (finding.state, finding.bad) == ("not checkable", False)
    assert "stopped before the end" in finding.what
    assert main(["report", str(proved.root)]) == 1
    assert "blindspot retrain" in capsys.readouterr().err


def test_a_report_of_the_first_version_is_shown(proved: Project, capsys: pytest.CaptureFixture[str]) -> None:
    (path,) = proved.proofs_dir.glob("*/report.json")
    report = read_json(path)
    for name in ("notes", "seed_noise", "near", "blind_spots", "seconds"):
        del report[name]
    del report["pool"]["marked"]
    for one in (report["baseline"], *report["arms"]):
        for name in ("temperatures", "mcnemar", "churn", "closed", "worse"):
            one.pop(name, None)
        for split in ("proof", "test"):
            for figures in (one[split], one[split].get("difference", {})):
                for name in ("by_label", "reliability", "risk_coverage", "aurc", "excess_aurc"):
                    figures.pop(name, None)
    write_json(path, report)
    for words in ([], ["--html", str(proved.root / "r.html")], ["--markdown", str(proved.root / "r.md")]):
        assert main(["report", str(proved.root), *words]) == 0
    assert "human, continue: proven; made before evidence was kept" in capsys.readouterr().out
    assert main(["report", str(proved.root), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == report | {"estimates": []}


@pytest.mark.parametrize("option", ["--html", "--markdown"])
def test_no_file_of_the_project_is_lost_to_a_report(
    proved: Project, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    for name in ("blindspot.toml", "guidelines.md"):
        (proved.root / "guidelines.md").write_text("# Reviews, round 1 of them\n")
        before = (proved.root / name).read_bytes()
        assert main(["report", str(proved.root), option, str(proved.root / name)]) == 1
        assert f"{name}: this file of a project is no report, and is kept; name another" in capsys.readouterr().err
        assert (proved.root / name).read_bytes() == before
    for _ in range(2):
        assert main(["report", str(proved.root), option, str(proved.root / "report.txt")]) == 0


def test_the_command_that_makes_a_proof_again_can_be_copied(proved: Project) -> None:
    (path,) = proved.proofs_dir.glob("*/report.json")
    asked = {"arms": ["human"], "recipes": ["scratch"], "controls": False}
    write_json(path, read_json(path) | {"asked": asked, "equal": None, "reviewed": False})
    root = proved.root.rename(proved.root.with_name("my work"))
    for option in ("--html", "--markdown"):
        assert main(["report", str(root), option, str(root / "report.txt")]) == 0
        written = html.unescape((root / "report.txt").read_text()).replace("\\", "")
        (command,) = re.findall(r"blindspot (retrain .*? --seeds [0-9,]+)", written)
        words = shlex.split(command)
        parsed = parser_for(words).parse_args(words)
        assert (parsed.project, parsed.arms, parsed.recipes) == (root, ["human"], ["scratch"])
