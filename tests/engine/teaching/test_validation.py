from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from engine.errors import RefusedRecord
from engine.project import Project
from engine.schema import Role, Sample, Teacher
from engine.teaching.validation import Draft, SampleChecker
from tests.engine.teaching.world import POOL, PROOF, TEST, TRAIN, make_project

TEACHER = Teacher("ann", "human")


def sample(text: str, label: str = "negative", number: int = 1, pair: str | None = None) -> Sample:
    return Sample(f"S{number}@ann", "B1", text, label, "target", TEACHER, pair)


def refusal(checker: SampleChecker, draft: Draft, *samples: Sample) -> RefusedRecord:
    with pytest.raises(RefusedRecord) as refused:
        checker.check(draft, gold="negative", predicted="positive", samples=samples)
    return refused.value


def accept(checker: SampleChecker, draft: Draft, *samples: Sample) -> None:
    checker.check(draft, gold="negative", predicted="positive", samples=samples)


@pytest.fixture
def checker(project: Project) -> SampleChecker:
    return SampleChecker(project)


@pytest.mark.parametrize("text", ["", "  \n", "\u200b"])
def test_an_empty_text_is_refused(checker: SampleChecker, text: str) -> None:
    assert refusal(checker, Draft(text, "negative", "target")).reason == "empty text"


def test_an_unknown_label_is_refused_with_those_there_are(checker: SampleChecker) -> None:
    refused = refusal(checker, Draft("Two clocks, both wrong.", "Negative", "target"))
    assert refused.reason == "unknown label"
    assert str(refused) == "there is no label `Negative`; give one of negative, positive."


@pytest.mark.parametrize(
    ("role", "label", "reason"),
    [
        ("target", "negative", None),
        ("target", "positive", "a target with the predicted label"),
        ("counter", "positive", None),
        ("counter", "negative", "a counter-sample with the gold label"),
        ("anchor", "negative", None),
        ("anchor", "positive", None),
    ],
)
def test_label_and_role_fit_together(checker: SampleChecker, role: Role, label: str, reason: str | None) -> None:
    draft = Draft("Two clocks, both wrong.", label, role)
    if reason is None:
        accept(checker, draft)
    else:
        assert refusal(checker, draft).reason == reason


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (TRAIN["t1"][0], "row 1 of train"),
        (TEST["e1"][0].upper(), "row 1 of test"),
        ("third visit   THIRD different manager", "row 1 of pool"),
    ],
)
def test_a_copy_of_a_row_is_refused_whatever_its_label(checker: SampleChecker, text: str, says: str) -> None:
    for label in ("negative", "positive"):
        refused = refusal(checker, Draft(text, label, "anchor"))
        assert refused.reason == "equals a row of the data"
        assert says in str(refused)


def test_a_near_copy_of_a_pool_row_is_refused_only_with_the_same_label(checker: SampleChecker) -> None:
    near = POOL["n2"][0].replace("desk", "disk")
    refused = refusal(checker, Draft(near, "negative", "target"))
    assert refused.reason == "nearly equals a pool row of the same label"
    assert "row n2 of the pool" in str(refused)
    accept(checker, Draft(near, "positive", "counter"))


def test_a_copy_of_a_sample_is_refused_whatever_its_label_and_a_near_copy_with_the_same(checker: SampleChecker) -> None:
    known = sample("Nobody had swept the floor since spring.")
    assert refusal(checker, Draft("nobody had swept the floor since spring", "positive", "counter"), known).reason == (
        "equals a sample"
    )
    near = "Nobody had swept the floors since spring."
    refused = refusal(checker, Draft(near, "negative", "target"), known)
    assert refused.reason == "nearly equals a sample of the same label"
    assert "S1@ann" in str(refused)
    accept(checker, Draft(near, "positive", "counter"), known)
    accept(checker, Draft(near, "negative", "target"))  # the sample was deleted
    assert refusal(checker, Draft(near, "negative", "target"), known).reason.startswith("nearly equals a sample")


@pytest.mark.parametrize("row", sorted(PROOF))
@pytest.mark.parametrize("label", ["negative", "positive"])
def test_a_proof_row_or_a_near_copy_of_one_is_refused_without_a_word_of_it(
    checker: SampleChecker, row: str, label: str
) -> None:
    text = PROOF[row][0]
    for copy in (text, text.upper(), text.replace("the", "that"), text + " Really."):
        refused = refusal(checker, Draft(copy, label, "anchor"))
        assert refused.reason == "too close to a held-out proof row"
        assert str(refused) == "the text is too close to a held-out proof row; write another one."


def test_many_samples_are_found_one_by_one_as_they_come_and_go(checker: SampleChecker) -> None:
    texts = [hashlib.sha256(bytes([number])).hexdigest() for number in range(250)]
    taken: list[Sample] = []
    for number, text in enumerate(texts):
        checker.check(Draft(text, "negative", "target"), gold="negative", predicted="positive", samples=taken)
        taken.append(sample(text, number=number))
    for known in taken[::40]:
        assert refusal(checker, Draft(known.text, "negative", "target"), *taken).reason == "equals a sample"
    del taken[120]
    accept(checker, Draft(texts[120], "negative", "target"), *taken)


def test_pairs_need_both_texts_and_equal_only_as_a_whole(tmp_path: Path) -> None:
    checker = SampleChecker(make_project(tmp_path / "pairs", pair="The guest is content."))
    text = POOL["n1"][0]
    assert refusal(checker, Draft("A new text.", "negative", "target")).reason == "no second text"
    assert refusal(checker, Draft("A new text.", "negative", "target", " ")).reason == "no second text"
    assert refusal(checker, Draft(text, "negative", "target", "The guest is content.")).reason == (
        "equals a row of the data"
    )
    accept(checker, Draft(text, "negative", "target", "Somebody works at this place."))
    known = sample(text, pair="Somebody works at this place.")
    assert refusal(checker, Draft(text, "negative", "target", "Somebody worked at this place."), known).reason == (
        "nearly equals a sample of the same label"
    )


def test_single_texts_take_no_second_text(checker: SampleChecker) -> None:
    assert refusal(checker, Draft("A new text.", "negative", "target", "Another.")).reason == "a second text"
