from __future__ import annotations

import pytest

from engine.errors import ProjectError
from engine.files import write_json
from engine.project import Project
from engine.proof.promote import promote
from engine.schema import BlindSpot, Discovery, Prediction, Sample, Teacher
from engine.suite.frozen import suite, suite_dir
from engine.teaching.records import Teaching
from tests.engine.proof.synthetic import gold_labels, model, write_proof

GOLD = gold_labels()
BASELINE = [model(GOLD, seed=seed, noise=2.5, skill=2.0) for seed in (1, 2)]


def discovered(project: Project) -> None:
    """A discovery whose one blind spot has the four rows of the synthetic proof."""
    rows = {f"p{n}": Prediction(f"p{n}", f"Row {n}.", "pos", "neg", 0.95, (0.95, 0.05)) for n in range(4)}
    spot = BlindSpot("B1", "pos", "neg", tuple(rows), 0.95, 0.5, ("row",))
    found = Discovery(
        key="k", round=1, model="m", model_key="k", tau=0.9, labels=("neg", "pos"), n_pool=9, accuracy=0.5,
        coverage=0.5, temperature=None, temperature_applied=False, uus_at_temperature=None, blind_spots=(spot,),
        scattered=(), predictions=rows, neighbours={}, projection={},
    )  # fmt: skip
    write_json(project.round_dir(1) / "discovery.json", found.as_json())


def sample(project: Project, number: int, spot: str) -> None:
    with Teaching(project.teaching_dir, "ann").store.edit("write") as edit:
        one = Sample(f"S{number}@ann", spot, f"Sample {number}.", "pos", "target", Teacher("ann", "human"))
        edit.put("sample", one.id, one)


def proved(project: Project, *, right: int, name: str = "human") -> None:
    """A proof whose arm is proven and gets the first ``right`` rows of the blind spot right with every seed."""
    discovered(project)
    arm = [model(GOLD, seed=seed, noise=2.5, skill=4.0) for seed in (1, 2)]
    for logits in arm:
        logits[:4] = 0
        logits[range(right), GOLD[:right]] = 9
        logits[range(right, 4), 1 - GOLD[right:4]] = 9
    write_proof(project, baseline=BASELINE, arms={(name, "scratch"): arm}, gold=GOLD)


def test_a_promotion_freezes_what_the_proven_arm_closed(project: Project) -> None:
    proved(project, right=4)
    sample(project, 1, "B1")
    sample(project, 2, "B2")
    assert promote(project, arm="human").frozen == ("B1",)
    (spot,) = suite(project)
    assert (spot.id, spot.gold, spot.predicted, spot.round, spot.proof) == ("B1", "pos", "neg", 1, "aaaa1111")
    assert [(case.id, case.origin, case.text, case.label) for case in spot.cases] == [
        *((f"p{n}", "row", f"Row {n}.", "pos") for n in range(4)),
        ("S1@ann", "sample", "Sample 1.", "pos"),
    ]


@pytest.mark.parametrize(
    ("arm", "taken"), [("uus", []), ("uus+llm", []), ("pool+human", ["S1@ann"]), ("both", ["S1@ann"])]
)
def test_only_samples_that_the_arm_was_trained_on_are_asked_of_later_models(
    project: Project, arm: str, taken: list[str]
) -> None:
    proved(project, right=4, name=arm)
    sample(project, 1, "B1")
    promote(project, arm=arm)
    (spot,) = suite(project)
    assert [case.id for case in spot.cases if case.origin == "sample"] == taken


def test_a_blind_spot_that_is_half_open_is_not_frozen(project: Project) -> None:
    proved(project, right=2)
    assert promote(project, arm="human").frozen == ()
    with pytest.raises(ProjectError, match="no blind spot has been closed yet"):
        suite(project)


def test_an_arm_that_is_not_proven_closes_nothing(project: Project) -> None:
    discovered(project)
    write_proof(project, baseline=BASELINE, arms={("human", "scratch"): [one / 2 for one in BASELINE]}, gold=GOLD)
    assert promote(project, arm="human", force=True).frozen == ()


def test_a_damaged_file_is_named(project: Project) -> None:
    suite_dir(project).mkdir()
    (suite_dir(project) / "B1.json").write_text("{")
    with pytest.raises(ProjectError, match=r"damaged.*B1.json"):
        suite(project)
