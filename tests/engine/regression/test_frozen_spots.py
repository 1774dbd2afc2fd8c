from __future__ import annotations

import numpy as np
import pytest

from engine.errors import FileError, ProjectError
from engine.files import read_json, write_json
from engine.project import Project
from engine.proof.report import content, read_report
from engine.regression.frozen_spots import suite, suite_dir, suite_of_closed
from engine.regression.promotion import promote
from engine.regression.suite_checks import check_suite
from engine.schema import Sample, Teacher
from engine.teaching.records import Teaching
from tests.builders.discovery import discovery_of, save_discovery
from tests.engine.proof.synthetic import BASELINE, GOLD, Logits, write_proof


def sample(project: Project, number: int, spot: str) -> str:
    """Write a sample and return what it is known by in a proof."""
    one = Sample(f"S{number}@ann", spot, f"Sample {number}.", "pos", "target", Teacher("ann", "human"))
    with Teaching(project.teaching_dir, "ann").store.edit("write") as edit:
        edit.put("sample", one.id, one)
    return content(one)


def proved(
    project: Project, *, right: int, name: str = "human", samples: list[str] | None = None, seeds: int = 2
) -> list[str]:
    """A proof whose arm is proven and gets the first ``right`` rows of the blind spot right; returns the rows' ids.

    Those near it in proof are mended by all of its seeds. Samples stand at the same rows.
    """
    ids = [row.id for row in project.examples("pool")[:4]]
    write_proof(
        project,
        baseline=BASELINE[:seeds],
        arms={(name, "scratch"): [arm(right) for _ in range(seeds)]},
        gold=GOLD,
        ids=ids,
        samples=samples,
    )
    return ids


def arm(right: int) -> Logits:
    """Right everywhere but on some of the first four rows."""
    logits = np.zeros((len(GOLD), 2), dtype=np.float32)
    logits[np.arange(len(GOLD)), GOLD] = 9
    logits[range(right, 4)] = logits[range(right, 4), ::-1]
    return logits


def test_a_promotion_freezes_what_the_arm_closed(project: Project) -> None:
    known = [sample(project, 1, "B1"), sample(project, 2, "B2")]
    ids = proved(project, right=4, samples=known)
    assert promote(project, arm="human").frozen == ("B1",)
    (spot,) = suite(project)
    assert (spot.id, spot.gold, spot.predicted, spot.round, spot.proof) == ("B1", "pos", "neg", 1, "aaaa1111")
    pool = {row.id: row for row in project.examples("pool")}
    assert [(case.id, case.origin, case.text, case.label) for case in spot.cases] == [
        *((row, "row", pool[row].text, pool[row].label) for row in ids),
        ("S1@ann", "sample", "Sample 1.", "pos"),
    ]


def test_all_rows_of_the_blind_spot_are_asked_of_later_models_also_those_that_are_still_wrong(
    project: Project,
) -> None:
    ids = [row.id for row in project.examples("pool")[:10]]
    logits = arm(3)
    write_proof(project, baseline=BASELINE, arms={("human", "scratch"): [logits, logits]}, gold=GOLD, ids=ids)
    promote(project, arm="human")
    (spot,) = suite(project)
    assert [case.id for case in spot.cases] == ids


def test_a_sample_that_the_model_gets_wrong_is_not_asked_of_later_ones(project: Project) -> None:
    known = [sample(project, number, "B1") for number in range(3)]
    proved(project, right=4, samples=known)
    path = project.proofs_dir / "aaaa1111" / "samples.json"
    entries = read_json(path)
    assert entries[0]["right"] == known
    entries[0]["right"] = known[:2]
    write_json(path, entries)
    promote(project, arm="human")
    (spot,) = suite(project)
    assert [case.id for case in spot.cases if case.origin == "sample"] == ["S0@ann", "S1@ann"]


def test_a_sample_that_was_written_or_rewritten_after_the_proof_is_not_frozen(project: Project) -> None:
    known = [sample(project, 1, "B1")]
    proved(project, right=4, samples=known)
    sample(project, 2, "B1")
    with Teaching(project.teaching_dir, "ann").store.edit("rewrite") as edit:
        one = Sample("S1@ann", "B1", "Another text.", "pos", "target", Teacher("ann", "human"))
        edit.put("sample", one.id, one)
    promote(project, arm="human")
    (spot,) = suite(project)
    assert [case.id for case in spot.cases if case.origin == "sample"] == []


def test_what_the_seeds_close_on_the_mean_is_not_frozen_for_a_model_that_does_not(project: Project) -> None:
    ids = [row.id for row in project.examples("pool")[:10]]
    seeds = [arm(4), arm(4)]
    seeds[1][4:7] = seeds[1][4:7, ::-1]  # 7 of 10; 8.5 on the mean
    write_proof(project, baseline=BASELINE, arms={("human", "scratch"): seeds}, gold=GOLD, ids=ids)
    closed = read_report(project).arms[0].closed
    assert closed is not None
    assert closed["closed"] == 1
    assert promote(project, arm="human", seed=14).frozen == ()
    assert promote(project, arm="human", seed=13).frozen == ("B1",)


@pytest.mark.parametrize(
    ("arm", "taken"), [("uus", []), ("uus+llm", []), ("pool+human", ["S1@ann"]), ("both", ["S1@ann"])]
)
def test_only_samples_that_the_arm_was_trained_on_are_asked_of_later_models(
    project: Project, arm: str, taken: list[str]
) -> None:
    proved(project, right=4, name=arm, samples=[sample(project, 1, "B1")])
    promote(project, arm=arm)
    (spot,) = suite(project)
    assert [case.id for case in spot.cases if case.origin == "sample"] == taken


def test_a_blind_spot_that_is_half_open_is_not_frozen(project: Project) -> None:
    proved(project, right=2)
    assert promote(project, arm="human").frozen == ()
    assert suite(project) == []


def test_an_arm_that_leaves_the_rows_wrong_closes_nothing(project: Project) -> None:
    write_proof(project, baseline=BASELINE, arms={("human", "scratch"): [one / 2 for one in BASELINE]}, gold=GOLD)
    assert promote(project, arm="human", force=True).frozen == ()


def test_a_proof_of_before_the_rows_were_counted_closes_nothing(project: Project) -> None:
    write_proof(project, baseline=BASELINE, arms={("human", "scratch"): [arm(4), arm(4)]}, gold=GOLD, near=None)
    assert promote(project, arm="human").frozen == ()


def test_what_was_frozen_without_proof_rows_is_in_the_suite_and_not_among_the_closed(project: Project) -> None:
    proved(project, right=4)
    promote(project, arm="human")
    assert suite_of_closed(project) == suite(project) != []
    path = suite_dir(project) / "B1.json"
    old = read_json(path)
    del old["counted"]
    write_json(path, old)
    assert [spot.id for spot in suite(project)] == ["B1"]
    assert suite_of_closed(project) == []


def test_a_promotion_that_is_replaced_or_cut_off_guards_nothing_and_takes_nothing_from_earlier_rounds(
    project: Project,
) -> None:
    ids = [row.id for row in project.examples("pool")[:4]]
    arms = {(name, "scratch"): [arm(right)] for name, right in (("human", 4), ("both", 4), ("labels", 2))}
    write_proof(project, baseline=BASELINE[:1], arms=arms, gold=GOLD, ids=ids)
    promote(project, arm="human")
    promote(project, arm="labels", force=True)
    assert suite(project) == []
    promote(project, arm="human")
    (first,) = suite(project)
    save_discovery(project, discovery_of(round=2, labels=project.labels))
    (project.round_dir(3) / "model.json").mkdir(parents=True)  # in its way, as a full disk would be
    with pytest.raises(FileError):
        promote(project, arm="both")
    (project.round_dir(3) / "model.json").rmdir()
    assert promote(project, arm="labels", force=True).round == 3
    assert suite(project) == [first]
    assert [finding.state for finding in check_suite(project)] == ["ok"]
    promote(project, arm="both")
    assert [spot.arm for spot in suite(project)] == ["both"]
    assert [finding.state for finding in check_suite(project)] == ["ok"]


def test_a_damaged_file_is_named(project: Project) -> None:
    suite_dir(project).mkdir()
    (suite_dir(project) / "B1.json").write_text("{")
    with pytest.raises(ProjectError, match=r"damaged.*B1.json"):
        suite(project)
