"""Which pool rows each arm of labels has; nothing is trained."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from engine.errors import ProjectError
from engine.files import read_json, write_json
from engine.project import Project
from engine.proof.arms import Arm, kinds_of
from engine.proof.label_arms import TrainableLabels, label_arms
from engine.proof.request import RetrainRequest, arms_asked
from engine.schema import (
    UNLABELLED,
    QueueKind,
    RowLabel,
    RowMark,
    Sample,
    SplitName,
    Teacher,
    TeacherKind,
)
from engine.settings import LabellingSettings, Settings, TaskSettings
from engine.teaching.labels import Labels
from engine.teaching.records import Records, Teaching
from engine.text import row_hash
from tests.builders.project import lay_out

BAD, GOOD = LABELS = ("bad", "good")


@dataclass
class Given:
    """A project of twelve pool rows r0 .. r11, the first four with a label of the split, and who labels them."""

    project: Project
    named: dict[str, Teaching] = field(default_factory=dict)

    def say(
        self,
        who: str,
        row: str,
        label: str,
        *,
        certainty: int = 3,
        kind: TeacherKind = "human",
        queue: QueueKind = "hunt",
        split: SplitName = "pool",
        guideline: int = 0,
        chance: float | None = None,
    ) -> None:
        teaching = self._as(who)
        said = RowLabel(row, label, certainty, Teacher(who, kind), queue, split, chance, guideline)
        with teaching.store.edit("label") as edit:
            edit.put("label", said.key, said)

    def _as(self, who: str) -> Teaching:
        return self.named.setdefault(who, Teaching(self.project.teaching_dir, who))

    def decide(self, who: str, row: str, label: str, guideline: int = 0) -> None:
        said = RowLabel(row, label, 3, Teacher(who, "human"), "conflict", guideline=guideline, reason="as agreed")
        with self._as(who).store.edit("decide") as edit:
            edit.put("adjudication", said.key, said)

    def mark(self, who: str, row: str) -> None:
        with self._as(who).store.edit("mark") as edit:
            edit.put("mark", row, RowMark(row, "ambiguous"))

    @property
    def records(self) -> Records:
        return Records(self.project.teaching_dir)

    def asked(self, *names: str, samples: tuple[Sample, ...] = (), labeller: str | None = None) -> dict[str, Arm]:
        records = self.records
        request = RetrainRequest(arms=names or None, labeller=labeller)
        arms = arms_asked(self.project, samples, records.doubtful_rows(), request, given=Labels(records))
        return {arm.name: arm for arm in arms}

    def rows(self, name: str, *, labeller: str | None = None) -> dict[str, str]:
        return {row.id: row.label for row in self.asked(name, labeller=labeller)[name].samples}


@pytest.fixture
def given(tmp_path: Path) -> Given:
    train = [{"id": f"t{n}", "text": f"a train text {n}", "label": LABELS[n % 2]} for n in range(4)]
    pool = [
        {"id": f"r{n}", "text": f"text number {n} of the stream", "label": LABELS[n % 2] if n < 4 else UNLABELLED}
        for n in range(12)
    ]
    proof = [{"id": f"h{n}", "text": f"held out words {n}, never taught", "label": GOOD} for n in range(3)]
    settings = Settings(task=TaskSettings(labels=LABELS), labelling=LabellingSettings(llm_floor=0.0))
    return Given(lay_out(tmp_path / "work", {"train": train, "pool": pool, "proof": proof}, settings))


def sample(text: str, kind: TeacherKind) -> Sample:
    return Sample(f"S-{text}", "B1", text, GOOD, "target", Teacher("w", kind))


def test_people_train_with_what_they_agree_on_or_have_decided(given: Given) -> None:
    given.say("ann", "r4", GOOD)
    given.say("ben", "r4", GOOD)
    given.say("ann", "r5", GOOD)
    given.say("ben", "r5", BAD)
    given.say("ann", "r6", UNLABELLED, certainty=0)
    given.say("ann", "r7", GOOD)
    given.say("ben", "r7", BAD)
    given.decide("cy", "r7", BAD)
    given.say("ann", "r0", GOOD)  # the split says bad
    assert given.rows("labels") == {"r0": GOOD, "r4": GOOD, "r7": BAD}


def test_what_an_audit_found_is_in_no_arm(given: Given) -> None:
    given.say("ann", "r4", GOOD)
    given.say("gpt", "r5", GOOD, kind="llm")
    given.say("ann", "r8", BAD, queue="random", chance=0.5)
    before = {name: given.rows(name) for name in ("labels", "llm-labels", "random-n")}
    for row in ("h0", "h1", "r6"):  # a pool row may have the id of a held-out one
        given.say("ann", row, BAD, queue="audit", split="proof", chance=0.5)
        given.say("ben", row, BAD, queue="audit", split="proof", chance=0.5)
        given.say("gpt", row, BAD, kind="llm", split="proof")
    assert {name: given.rows(name) for name in before} == before
    assert before["labels"] == {"r4": GOOD, "r8": BAD}


def test_an_llm_trains_once_people_agree_surely_enough_with_it_on_rows_drawn_at_random(given: Given) -> None:
    settings = replace(given.project.settings, labelling=LabellingSettings(llm_floor=0.5))
    given.project = Project(given.project.root, settings, given.project.manifest)
    for number in range(12):
        given.say("gpt", f"r{number}", GOOD, kind="llm")
    with pytest.raises(ProjectError, match="gpt: nobody has checked it: label about") as refused:
        given.asked("llm-labels")
    assert "look at `blindspot labels`" in str(refused.value)
    for number in range(6):
        given.say("ann", f"r{number}", GOOD, queue="hunt")
    with pytest.raises(ProjectError, match="nobody has checked it"):
        given.asked("llm-labels")
    for number in range(6):
        given.say("ann", f"r{number}", GOOD, queue="random", chance=0.5)
    assert len(given.rows("llm-labels")) == 12
    for number in range(6):
        given.say("ann", f"r{number}", BAD if number < 5 else GOOD, queue="random", chance=0.5)
    with pytest.raises(ProjectError, match="nothing trains on it; read the disagreements"):
        given.asked("llm-labels")


def test_the_llm_trains_where_it_is_certain_and_no_person_has_looked(given: Given) -> None:
    for number, certainty in enumerate((3, 3, 3, 2, 1, 3), start=4):
        given.say("gpt", f"r{number}", GOOD, certainty=certainty, kind="llm")
    given.say("gpt", "r11", UNLABELLED, certainty=0, kind="llm")
    given.say("gpt", "h0", BAD, kind="llm", split="proof")
    given.say("ann", "r4", BAD)
    given.say("ann", "r5", UNLABELLED, certainty=0)
    given.say("ann", "r6", GOOD)
    given.say("ben", "r6", BAD)
    given.say("ben", "r10", BAD)
    given.say("ben", "h1", BAD, split="proof")
    assert given.rows("llm-labels") == {"r4": BAD, "r7": GOOD, "r9": GOOD, "r10": BAD}
    assert given.rows("labels") == {"r4": BAD, "r10": BAD}


def test_doubtful_rows_and_those_that_nearly_equal_a_proof_row_never_train(given: Given) -> None:
    for row in ("r0", "r5", "r6", "r7"):
        given.say("ann", row, GOOD)
        given.say("gpt", row, GOOD, kind="llm")
    given.mark("ann", "r5")
    path = given.project.root / "manifest.json"
    write_json(path, read_json(path) | {"withheld": [row_hash("text number 6 of the stream", None)]})
    given.project = Project.open(given.project.root)
    for name in ("labels", "llm-labels"):
        assert set(given.rows(name)) == {"r0", "r7"}


def test_as_many_random_labels_come_from_the_split_or_from_peoples_random_queue(given: Given) -> None:
    for row in ("r4", "r5", "r6", "r1"):
        given.say("ann", row, GOOD)
    given.say("ann", "r7", BAD, queue="random")
    found = given.rows("random-n")
    assert len(found) == len(given.rows("labels")) == 5
    assert set(found) <= {"r0", "r1", "r2", "r3", "r7"}
    assert found["r1"] == GOOD, "a person's label stands above the split's"
    assert found == given.rows("random-n")
    given.say("ben", "r8", GOOD, queue="random")
    given.say("ann", "r8", GOOD)  # from a hunt: it was not drawn at random for everybody
    with pytest.raises(ProjectError, match=r"`random-n` needs 6 rows .* there are 5; leave it out"):
        given.asked("random-n")


def test_no_control_is_a_second_name_for_what_people_labelled(given: Given) -> None:
    for row in ("r0", "r1", "r2", "r3"):
        given.say("ann", row, GOOD, queue="random")
    with pytest.raises(ProjectError, match="`random-n` would be arm `labels`"):
        given.asked("random-n")


def test_samples_stand_beside_the_labels(given: Given) -> None:
    given.say("ann", "r4", GOOD)
    given.say("gpt", "r5", BAD, kind="llm")
    samples = (sample("one", "human"), sample("two", "llm"))
    arms = given.asked("labels+llm", "llm-labels+both", "human", samples=samples)
    assert list(arms) == ["human", "labels+llm", "llm-labels+both"]
    assert [row.text for row in arms["labels+llm"].samples] == ["text number 4 of the stream", "two"]
    assert [row.id for row in arms["llm-labels+both"].samples][:2] == ["r4", "r5"]
    assert len(arms["llm-labels+both"].samples) == 4
    assert (kinds_of("labels+llm"), kinds_of("llm-labels"), kinds_of("labels")) == (("llm",), (), ())
    with pytest.raises(ProjectError, match="there is no arm `labels\\+example`; use one of human, llm, both, labels, "):
        given.asked("labels+example", samples=samples)


def test_without_samples_the_labels_are_what_is_trained(given: Given) -> None:
    with pytest.raises(ProjectError, match=r"there are no samples to train with.*blindspot label"):
        given.asked()
    given.say("ann", "r4", GOOD)
    assert list(given.asked()) == ["labels"]
    assert list(given.asked(samples=(sample("one", "human"),))) == ["human"]


def test_an_arm_without_a_label_says_what_to_do(given: Given) -> None:
    with pytest.raises(ProjectError, match=r"arm `labels` would have no row: nobody has labelled.*blindspot label"):
        given.asked("labels")
    with pytest.raises(ProjectError, match=r"no LLM has labelled a pool row yet.*import-labels"):
        given.asked("llm-labels")


def test_of_several_llms_one_is_named(given: Given) -> None:
    given.say("gpt", "r4", GOOD, kind="llm")
    given.say("import-qwen", "r4", BAD, kind="llm")
    given.say("import-qwen", "r5", BAD, kind="llm")
    with pytest.raises(ProjectError, match=r"several LLMs have labelled.*--labeller: gpt, import-qwen"):
        given.asked("llm-labels")
    with pytest.raises(ProjectError, match=r"no LLM called `claude`.*gpt, import-qwen"):
        given.asked("llm-labels", labeller="claude")
    assert given.rows("llm-labels", labeller="gpt") == {"r4": GOOD}
    assert given.rows("llm-labels", labeller="import-qwen") == {"r4": BAD, "r5": BAD}


def test_an_arm_says_where_its_labels_come_from(given: Given) -> None:
    given.say("ann", "r4", GOOD, guideline=1)
    given.say("ann", "r5", GOOD, guideline=2)
    given.say("ben", "r5", BAD, guideline=2)
    given.decide("cy", "r5", BAD, guideline=3)
    given.say("gpt", "r6", GOOD, kind="llm", guideline=3)
    given.say("gpt", "r7", GOOD, kind="llm", guideline=3)
    sources = given.asked("llm-labels")["llm-labels"].sources
    assert sources is not None
    assert (sources.people, sources.llm, sources.split, sources.labeller) == (2, 2, 0, "gpt")
    assert sources.guidelines == {"people": (1, 3), "llm": (3,)}
    assert sources.sentence == "2 labels by people (guidelines 1, 3) and 2 labels by gpt (guideline 3)"
    again = label_arms(TrainableLabels(given.project, Labels(given.records)), ["llm-labels"], [])[0]
    assert again.sources == sources
    changed = replace(again, labels=again.labels[1:]).sources
    assert changed is not None
    assert changed.key != sources.key


def test_labels_that_came_with_the_package_are_not_said_to_be_by_people(given: Given) -> None:
    given.say("import-bundled-examples", "r4", GOOD, kind="example")
    given.say("import-bundled-examples", "r5", GOOD, kind="example")
    given.say("ann", "r5", GOOD)
    given.say("import-bundled-examples", "r6", GOOD, kind="example")
    given.decide("cy", "r6", BAD)
    sources = given.asked("labels")["labels"].sources
    assert sources is not None
    assert (sources.people, sources.examples) == (2, 1)
    assert sources.sentence == "2 labels by people and 1 label of the bundled examples"
