from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path
from threading import Barrier

import orjson
import pytest

from engine.errors import StoreError
from engine.project import Project
from engine.review.answers import answers
from engine.review.blind_review import ItemView, Review
from engine.review.blinding import to_judge
from engine.review.items import Items
from engine.schema import Judgement, SampleJudgement
from engine.teaching.records import Records, Teaching
from tests.engine.review.world import (
    HUMAN,
    LLM,
    annotator,
    judgement,
    make_reviewed_project,
    reviewer,
    write_answer,
)
from tests.engine.teaching.world import PROOF, make_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_reviewed_project(tmp_path / "work")


@pytest.fixture
def review(project: Project) -> Review:
    return reviewer(project, "rev")


def first(review: Review, kind: str = "abstraction") -> ItemView:
    return review.item(next(entry.id for entry in review.queue() if entry.kind == kind))


def test_items_pair_equal_work_of_a_person_and_an_llm(review: Review) -> None:
    queue = review.queue()
    assert Counter((entry.blind_spot, entry.kind) for entry in queue) == {
        (spot, kind): 1 for spot in ("B1", "B2") for kind in ("abstraction", "extrapolation", "anchors")
    }
    for item in (review.item(entry.id) for entry in queue):
        left, right = (Counter(sample.role for sample in side.samples) for side in (item.left, item.right))
        expected = {
            "abstraction": {"target": 2, "counter": 1},
            "extrapolation": {"target": 1},
            "anchors": {"anchor": 1},
        }
        assert left == right == expected[item.kind]
        assert (item.left.pattern is None) == (item.kind == "anchors")
        assert [row.id for row in item.evidence] == list(
            {"B1": "n1 n2 n3 n4", "B2": "p1 p2 p3"}[item.blind_spot].split()
        )


def test_a_person_who_has_not_committed_is_not_judged(tmp_path: Path) -> None:
    project = make_project(tmp_path / "work")
    for author, teacher in (("ann", HUMAN), ("llm-gpt", LLM)):
        write_answer(project, author, teacher, "B1", {"abstraction": ("A pattern.", {"target": 1})})
    assert reviewer(project, "rev").queue() == []
    annotator(project, "ann").decline("B1", "no time")
    assert reviewer(project, "rew").queue() == []


def test_an_llm_that_has_no_samples_yet_is_not_judged(tmp_path: Path) -> None:
    project = make_project(tmp_path / "work")
    write_answer(project, "ann", HUMAN, "B1", {"abstraction": ("A pattern.", {"target": 1})})
    annotator(project, "ann").commit("B1")
    write_answer(project, "llm-gpt", LLM, "B1", {"abstraction": ("Another.", {})})
    review = reviewer(project, "rev")
    assert review.queue() == []
    write_answer(project, "llm-gpt", LLM, "B1", {"extrapolation": ("More.", {"target": 1})})
    review.refresh()
    assert [entry.kind for entry in review.queue()] == ["abstraction"]


def test_what_is_written_after_an_item_was_made_does_not_change_it(project: Project, review: Review) -> None:
    before = {entry.id: review.item(entry.id) for entry in review.queue()}
    ann = annotator(project, "ann")
    ann.describe("B1", "abstraction", "All different now")
    annotator(project, "llm-gpt").describe("B1", "abstraction", "Another one of mine", replaces="P1@llm-gpt")
    annotator(project, "llm-gpt").delete("P2@llm-gpt")
    write_answer(project, "llm-gpt", LLM, "B1", {"abstraction": ("Yet another.", {"target": 3})}, anchors=3)
    review.refresh()
    assert {entry.id: review.item(entry.id) for entry in review.queue()} == before


def test_undo_takes_back_neither_a_judgement_nor_what_was_judged(project: Project, review: Review) -> None:
    entry = next(entry for entry in review.queue() if entry.state == "open")
    before, made = review.item(entry.id), review.judge(judgement(review, entry.id))
    for author in ("rev", "ann", "llm-gpt"):
        store = Teaching(project.teaching_dir, author).store
        while store.undo():
            pass
    review.refresh()
    assert (review.item(entry.id), review.judgement(entry.id)) == (before, made)
    store = Teaching(project.teaching_dir, "rev").store
    with pytest.raises(StoreError, match="the judgement is final"), store.edit("judge again") as edit:
        edit.put("judgement", entry.id, replace(made, preference="left" if made.preference != "left" else "right"))
    with pytest.raises(StoreError, match="the judgement is final"), store.edit("forget") as edit:
        edit.delete("judgement", entry.id)


def test_the_review_has_ones_answer_as_it_was_committed_whatever_is_tried_afterwards(tmp_path: Path) -> None:
    project = make_reviewed_project(tmp_path / "late")
    ann = annotator(project, "ann")
    ann.describe("B1", "abstraction", "A second thought")
    store = ann.teaching.store
    while store.undo():
        pass
    mine = [answer for answer in answers(Records(project.teaching_dir), ["B1"]) if answer.author == "ann"]
    assert [len(found) for answer in mine for found in (answer.patterns, answer.samples)] == [2, 6]
    assert {entry.kind for entry in reviewer(project, "rev").queue() if entry.blind_spot == "B1"} == {
        "abstraction",
        "extrapolation",
        "anchors",
    }


def test_reviewers_that_start_at_once_make_the_same_items(project: Project) -> None:
    names = [f"rev{number}" for number in range(4)]
    for name in names:
        annotator(project, name).decline("B1", "reviewer")
    together = Barrier(len(names))

    def start(name: str) -> set[str]:
        teaching = Teaching(project.teaching_dir, name)
        together.wait()
        return {entry.id for entry in Review(project, teaching).queue()}

    with ThreadPoolExecutor(len(names)) as threads:
        found = list(threads.map(start, names))
    assert len(found[0]) == 6
    assert all(ids == found[0] for ids in found)
    assert len((project.review_dir / "items.jsonl").read_bytes().splitlines()) == 6


# what may not be seen


def test_an_item_is_sealed_until_its_reviewer_has_decided(project: Project) -> None:
    review = reviewer(project, "rev", spots=["B1"])
    states = {entry.blind_spot: entry.state for entry in review.queue()}
    assert states == {"B1": "open", "B2": "sealed"}
    sealed = next(entry.id for entry in review.queue() if entry.state == "sealed")
    for act in (review.item, review.skip):
        with pytest.raises(StoreError, match=r"B2: item \w+ is sealed; commit your answer .* or decline"):
            act(sealed)
    other = next(entry.id for entry in review.queue() if entry.state == "open")
    with pytest.raises(StoreError, match="sealed"):
        review.judge(replace(judgement(review, other), item=sealed))


def test_sources_are_told_after_the_judgement_only(review: Review) -> None:
    item = first(review)
    with pytest.raises(StoreError, match="after the judgement"):
        review.reveal(item.id)
    review.judge(judgement(review, item.id))
    sources = review.reveal(item.id)
    assert {sources.left, sources.right} == {HUMAN, LLM}
    assert sources.same_evidence
    human = item.left if sources.left == HUMAN else item.right
    assert human.pattern == "People are named where a thing is meant"
    for other in review.queue():
        if other.state != "judged":
            with pytest.raises(StoreError, match="after the judgement"):
                review.reveal(other.id)


def test_no_view_holds_a_name_an_id_or_the_evidence_hash_of_a_side(project: Project, review: Review) -> None:
    records = Records(project.teaching_dir)
    secret = {"ann", "gpt", "llm", "human", *(found.id for found in (*records.patterns(), *records.samples()))}
    secret |= {found.evidence for found in records.patterns() if found.evidence}
    text = orjson.dumps([review.item(entry.id).as_json() for entry in review.queue()]).decode()
    text += orjson.dumps([entry.as_json() for entry in review.queue()]).decode()
    words = set(text.replace('"', " ").replace(",", " ").replace(":", " ").split())
    assert not words & secret
    assert "@" not in text


def test_texts_lose_what_a_keyboard_or_a_model_leaves_in_them(project: Project, review: Review) -> None:
    item = first(review)
    assert {item.left.pattern, item.right.pattern} == {
        "People are named where a thing is meant",
        'The staff are praised... "in vain"',
    }


def many(tmp_path: Path, count: int) -> Project:
    """A project with many items on one blind spot: patterns of a person and an LLM, one after the other."""
    project = make_project(tmp_path / "many")
    for author, teacher in (("ann", HUMAN), ("llm-gpt", LLM)):
        for number in range(count):
            answer = {"abstraction": (f"Pattern {number} of {author}", {"target": 1, "counter": 1})}
            write_answer(project, author, teacher, "B1", answer)  # type: ignore[arg-type]
    annotator(project, "ann").commit("B1")
    return project


def shares(sides: list[bool]) -> float:
    return sum(sides) / len(sides)


def test_neither_side_nor_order_nor_id_tells_who_wrote_what(tmp_path: Path) -> None:
    project = many(tmp_path, 120)
    one, other = reviewer(project, "rev"), reviewer(project, "rew")
    where = {}
    for review in (one, other):
        views = [review.item(entry.id) for entry in review.queue()]
        where[review] = {view.id: "ann" in (view.left.pattern or "") for view in views}
        # 120 throws of a coin: outside of 0.25 to 0.75 once in 20 million times
        assert 0.25 < shares(list(where[review].values())) < 0.75
        in_order = [where[review][view.id] for view in views]
        assert 0.25 < shares([a == b for a, b in pairwise(in_order)]) < 0.75
        assert 0.25 < shares([where[review][view.id] == (int(view.id, 16) & 1) for view in views]) < 0.75
    assert 0.25 < shares([where[one][item] == where[other][item] for item in where[one]]) < 0.75
    assert [entry.id for entry in one.queue()] != [entry.id for entry in other.queue()]
    # the file: its lines, and the two sides of each, are in no order that goes with authors or with their numbers
    lines = [orjson.loads(line) for line in (project.review_dir / "items.jsonl").read_bytes().splitlines()]
    assert 0.25 < shares([line["a"]["author"] == "ann" for line in lines]) < 0.75
    numbers = [int(line["a"]["pattern"]["text"].split()[1]) for line in lines]
    assert 0.3 < shares([a < b for a, b in combinations(numbers, 2)]) < 0.7


def test_the_key_is_the_project_s_own(tmp_path: Path) -> None:
    ids = [{item.id for item in reviewed_items(tmp_path / name)} for name in ("one", "two")]
    assert not ids[0] & ids[1]


def reviewed_items(root: Path) -> tuple[ItemView, ...]:
    project = make_reviewed_project(root)
    review = reviewer(project, "rev")
    return tuple(review.item(entry.id) for entry in review.queue())


def test_what_a_judge_writes_does_not_say_who_wrote_what(project: Project, review: Review) -> None:
    item = first(review)
    review.judge(judgement(review, item.id))
    written = (project.teaching_dir / "rev.json").read_text()
    line = next(line for line in written.splitlines() if '"kind":"judgement"' in line)
    assert not {"ann", "gpt", "llm", "human"} & set(line.replace('"', " ").replace(",", " ").split())


# judging


def test_a_judgement_is_final(project: Project, review: Review) -> None:
    item = first(review)
    made = review.judge(judgement(review, item.id, "left"))
    with pytest.raises(StoreError, match="has been judged; a judgement is final"):
        review.judge(judgement(review, item.id, "right"))
    undone = Teaching(project.teaching_dir, "rev").store.undo()
    assert undone is None
    again = Review(project, Teaching(project.teaching_dir, "rev"))
    assert again.judgement(item.id) == made
    assert {entry.state for entry in again.queue() if entry.id == item.id} == {"judged"}
    with pytest.raises(StoreError, match="has been judged"):
        again.skip(item.id)


FIX = SampleJudgement("fix", True, True, True)


@pytest.mark.parametrize(
    ("sample", "sentence"),
    [
        (replace(FIX, verdict="maybe"), "left, sample 1: the verdict is missing"),  # type: ignore[arg-type]
        (replace(FIX, verdict="accept", natural="yes"), "sample 1: the answer to `natural` is neither yes nor no"),  # type: ignore[arg-type]
        (replace(FIX, verdict="accept", text="Another"), "`accept` mends nothing"),
        (FIX, "`fix` needs a text or a label"),
        (replace(FIX, label="lukewarm"), "there is no label `lukewarm`; give one of negative, positive"),
        (replace(FIX, text=" \n"), "the mended text is empty"),
        (replace(FIX, text_pair="Second"), "there is no second text to mend"),
        (replace(FIX, text=PROOF["x1"][0].upper()), "the mended text nearly equals a held-out row"),
    ],
)
def test_an_incomplete_answer_about_a_sample_is_refused(review: Review, sample: SampleJudgement, sentence: str) -> None:
    item = first(review)
    made = judgement(review, item.id)
    left = replace(made.left, samples=(sample, *made.left.samples[1:]))
    with pytest.raises(StoreError, match=sentence) as refused:
        review.judge(replace(made, left=left))
    assert "warm welcome" not in str(refused.value)
    assert review.judgement(item.id) is None


def test_an_incomplete_judgement_is_refused(review: Review) -> None:
    item, anchors = first(review), first(review, "anchors")
    made, about_anchors = judgement(review, item.id), judgement(review, anchors.id)
    wrong: list[tuple[Judgement, str]] = [
        (replace(made, preference="both"), "the preference is missing; give one of left, right, tie, neither"),  # type: ignore[arg-type]
        (replace(made, right=replace(made.right, useful=None)), "right: the pattern lacks an answer to `useful`"),
        (replace(made, right=replace(made.right, samples=made.right.samples[1:])), "right: 2 of 3 samples are judged"),
        (replace(about_anchors, left=replace(about_anchors.left, fits=True)), "left: there is no pattern for `fits`"),
        (replace(made, item="0123456789abcdef"), "there is no item `0123456789abcdef`"),
    ]
    for bad, sentence in wrong:
        with pytest.raises(StoreError, match=sentence):
            review.judge(bad)
    review.judge(about_anchors)


def test_one_s_own_work_is_left_out_unless_asked_for_and_marked(project: Project) -> None:
    review = Review(project, Teaching(project.teaching_dir, "ann"))
    assert review.queue() == []
    entries = review.queue(own=True)
    assert {(entry.state, entry.own) for entry in entries} == {("own", True)}
    assert review.item(entries[0].id).own
    claimed = replace(judgement(review, entries[0].id), own=False)
    assert review.judge(claimed).own
    assert [entry.state for entry in review.queue(own=True)].count("judged") == 1


def test_skipping_is_kept_and_can_be_taken_back(project: Project, review: Review) -> None:
    order = [entry.id for entry in review.queue()]
    review.skip(order[1])
    again = Review(project, Teaching(project.teaching_dir, "rev"))
    assert [(entry.id, entry.state) for entry in again.queue()][:2] == [(order[0], "open"), (order[1], "skipped")]
    assert [entry.state for entry in reviewer(project, "rew").queue()] == ["open"] * 6
    again.unskip(order[1])
    assert [entry.state for entry in review.queue()] == ["open"] * 6
    review.skip(order[1])
    review.judge(judgement(review, order[1]))
    assert [entry.state for entry in review.queue()][1] == "judged"


def test_items_of_teachers_that_saw_something_else_are_told_apart(tmp_path: Path) -> None:
    project = make_project(tmp_path / "work")
    write_answer(project, "ann", HUMAN, "B1", {"abstraction": ("A pattern.", {"target": 1})})
    annotator(project, "ann").commit("B1")
    teaching = Teaching(project.teaching_dir, "llm-gpt")
    write_answer(project, "llm-gpt", LLM, "B1", {"abstraction": ("Another.", {"target": 1})})
    with teaching.store.edit("as an import has it") as edit:
        for found in teaching.own("pattern"):
            edit.put("pattern", found.id, replace(found, evidence="0000"))  # type: ignore[union-attr, type-var]
    review = reviewer(project, "rev")
    (entry,) = review.queue()
    review.judge(judgement(review, entry.id))
    assert not review.reveal(entry.id).same_evidence


@pytest.mark.parametrize("same", ["After", "Before"])
def test_an_llm_that_was_asked_anew_is_judged_by_its_answer_to_the_evidence_of_the_person(
    tmp_path: Path, same: str
) -> None:
    project = make_project(tmp_path / "work")
    for wording in ("Before", "After"):
        write_answer(project, "llm-gpt", LLM, "B1", {"abstraction": (wording, {"target": 2})})
    teaching = Teaching(project.teaching_dir, "llm-gpt")
    other = next(pattern for pattern in teaching.patterns() if pattern.text != same)
    with teaching.store.edit("that one was shown something else") as edit:
        edit.put("pattern", other.id, replace(other, evidence="0000"))
        for sample in teaching.samples():
            if sample.pattern == other.id:
                edit.put("sample", sample.id, replace(sample, evidence="0000"))
    write_answer(project, "ann", HUMAN, "B1", {"abstraction": ("A pattern.", {"target": 2})})
    annotator(project, "ann").commit("B1")
    review = reviewer(project, "rev")
    (entry,) = review.queue()
    item = review.item(entry.id)
    assert {item.left.pattern, item.right.pattern} == {same, "A pattern"}
    review.judge(judgement(review, entry.id))
    assert review.reveal(entry.id).same_evidence


def test_damaged_items_are_one_sentence(project: Project, review: Review) -> None:
    path = project.review_dir / "items.jsonl"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(StoreError, match="the items of the review, or their key, are damaged"):
        Items(project)


def test_what_is_still_to_be_judged_is_not_to_be_shown_by_name(project: Project) -> None:
    def blinded(author: str) -> set[str]:
        discovery = project.discovery()
        assert discovery is not None
        return set(to_judge(project, discovery, Teaching(project.teaching_dir, author)))

    assert blinded("ann") == set()
    assert blinded("rev") == {"B1", "B2"}  # before anybody has made an item
    review = reviewer(project, "rev")
    for entry in review.queue():
        assert entry.blind_spot in blinded("rev")
        if entry.blind_spot == "B1":
            review.judge(judgement(review, entry.id))
    assert blinded("rev") == {"B2"}
    for entry in review.queue():
        if entry.state == "open":
            review.judge(judgement(review, entry.id))
    assert blinded("rev") == set()
    assert blinded("rew") == {"B1", "B2"}
