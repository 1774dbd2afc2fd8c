from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.costs.account import Account
from engine.costs.cost_book import ProjectCosts, project_costs
from engine.project import Project
from engine.review.outcome import reviewed_samples
from engine.schema import Teacher
from engine.teaching.records import Records
from tests.builders.labels import by_llm, by_person, write_labels
from tests.engine.costs.world import ANN, GPT, PRICES, ask, make_ledger_project, set_cost, teach, work
from tests.engine.review.world import judgement, make_reviewed_project, reviewer
from tests.tui.app.proofs import write_proof


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_ledger_project(tmp_path / "work")


@pytest.fixture
def taught(project: Project) -> Project:
    """Ann: two patterns, eight samples, 150 s of teaching (1.50 EUR). The LLM: as much, six calls (0.012 EUR)."""
    for spot in ("B1", "B2"):
        for teacher in (ANN, GPT):
            teach(project, teacher, spot, "abstraction")
        for step in ("abstraction", "extrapolation", "samples"):
            ask(project, step, spot)
    work(project, "read", "B1", 50)
    work(project, "teach", "B1", 70)
    work(project, "teach", "B2", 30)
    return project


def account(book: ProjectCosts, name: str) -> Account:
    return next(one for one in book.teachers if one.name == name)


def costs(parts: Any) -> list[float | None]:
    return [pytest.approx(part.cost.value) if part.cost.value is not None else None for part in parts]


def test_a_person_is_paid_by_active_time_and_reviewing_stands_apart(taught: Project) -> None:
    work(taught, "review", "", 100)
    ann = account(project_costs(taught), "ann")
    assert (ann.patterns, ann.samples) == (2, 8)
    assert ann.seconds == {"read": 50, "teach": 100, "review": 100}
    assert ann.cost.value == pytest.approx(1.5)
    assert ann.checking is not None
    assert ann.checking.value == pytest.approx(1.0)
    assert ann.per_pattern.value == pytest.approx(0.75)
    assert ann.per_sample.value == pytest.approx(1.5 / 8)
    assert [part.blind_spot for part in ann.by_spot] == ["B1", "B2"]
    assert costs(ann.by_spot) == [1.2, 0.3]
    assert costs(ann.by_pattern) == [1.2, 0.3]


def test_an_llm_is_paid_by_tokens_cached_ones_at_their_price_and_failed_calls_too(taught: Project) -> None:
    ask(taught, "samples", "B1", status="invalid", tokens_in=1000, tokens_cached=900, tokens_out=50)
    gpt = account(project_costs(taught), "gpt")
    assert gpt.calls is not None
    assert (gpt.calls.calls, gpt.calls.failed, gpt.calls.estimated) == (7, 1, 0)
    assert (gpt.calls.tokens_in, gpt.calls.tokens_cached, gpt.calls.tokens_out) == (7000, 900, 650)
    failed = (100 * 1.0 + 900 * 0.1 + 50 * 10.0) / 1e6
    assert gpt.cost.value == pytest.approx(0.012 + failed)
    assert costs(gpt.by_spot) == [0.006 + failed, 0.006]


def test_what_a_call_costs_goes_to_the_patterns_it_was_for(project: Project) -> None:
    first = teach(project, GPT, "B1", "abstraction")
    teach(project, GPT, "B1", "abstraction")
    teach(project, GPT, "B1", "extrapolation")
    ask(project, "abstraction", "B1")  # for the first two
    ask(project, "extrapolation", "B1", status="truncated")  # for the third
    ask(project, "samples", "B1", tokens_in=3000, tokens_out=300)  # for all
    ask(project, "refine", "B1", pattern=first)
    gpt = account(project_costs(project), "gpt")
    assert costs(gpt.by_pattern) == [0.005, 0.003, 0.004]
    assert gpt.cost.value == pytest.approx(sum(part.cost.value or 0 for part in gpt.by_pattern))


def test_tests_of_patterns_by_the_llm_are_no_teaching(taught: Project) -> None:
    ask(taught, "judge", "B1", pattern="P1@ann")
    gpt = account(project_costs(taught), "gpt")
    assert gpt.cost.value == pytest.approx(0.012)
    assert gpt.checking is not None
    assert gpt.checking.value == pytest.approx(0.002)


def test_without_wage_and_price_costs_are_unknown_with_the_reason_and_never_nothing(taught: Project) -> None:
    book = project_costs(set_cost(taught))
    ann, gpt = account(book, "ann"), account(book, "gpt")
    assert book.wage is None
    for figure in (ann.cost, ann.per_pattern, ann.per_sample, ann.by_spot[0].cost, book.sides[0].cost):
        assert (figure.value, figure.why) == (None, "no wage: set cost.wage in blindspot.toml")
    for figure in (gpt.cost, gpt.paid, gpt.per_pattern, gpt.by_pattern[0].cost, book.sides[1].cost):
        assert (figure.value, figure.why) == (None, 'no price: set [cost.prices."gpt-9"] in blindspot.toml')
    assert book.ratios[0].ratio.value is None
    assert book.ratios[0].ratio.why.startswith("human: no wage")


def test_labels_are_paid_by_their_time_and_by_their_calls_beside_teaching(taught: Project) -> None:
    write_labels(taught, ANN, [replace(by_person(f"r{n}", "negative"), seconds=8.0) for n in range(5)])
    write_labels(taught, GPT, [by_llm(f"r{n}", "negative") for n in range(4)])
    ask(taught, "label", "", rows=("r0", "r1"))
    ask(taught, "label", "", rows=("r2", "r3"), status="invalid")
    ask(taught, "label held-out", "", rows=("x1",))
    ask(taught, "judge", "B1")
    book = project_costs(taught)
    ann, gpt = book.labellers
    assert (ann.name, ann.labels, ann.seconds, gpt.name, gpt.labels, gpt.seconds) == ("ann", 5, 40.0, "gpt", 4, None)
    assert costs([ann, gpt]) == [0.4, 0.006]
    assert [one.per_label.value for one in (ann, gpt)] == pytest.approx([0.08, 0.0015])
    assert [(one.purpose, one.calls.calls, one.calls.failed, one.calls.tokens_in) for one in book.calls] == [
        ("teaching", 6, 0, 6000),
        ("judging", 1, 0, 1000),
        ("labelling", 2, 1, 2000),
        ("labelling held-out rows", 1, 0, 1000),
    ]
    assert [one.paid.value for one in book.calls] == pytest.approx([0.012, 0.002, 0.004, 0.002])
    assert (account(book, "gpt").cost.value, account(book, "ann").cost.value) == pytest.approx((0.012, 1.5))


def test_labels_without_a_time_are_told_and_weigh_on_no_figure(project: Project) -> None:
    write_labels(project, ANN, [by_person("r0", "negative"), replace(by_person("r1", "negative"), seconds=10.0)])
    (ann,) = project_costs(project).labellers
    assert (ann.labels, ann.cost.value, ann.per_label.value) == (2, pytest.approx(0.1), pytest.approx(0.1))
    assert "without labels that have no time on record" in ann.per_label.why
    write_labels(project, ANN, [by_person("r1", "negative")])
    (ann,) = project_costs(project).labellers
    assert (ann.cost.value, ann.cost.why) == (None, "these labels have no time on record: they were imported")


def test_a_price_of_nothing_is_known(taught: Project) -> None:
    book = project_costs(set_cost(taught, wage=36.0, prices={"gpt-9": type(PRICES["gpt-9"])()}))
    assert account(book, "gpt").cost.value == 0.0
    assert (book.ratios[0].ratio.value, book.ratios[0].ratio.why) == (None, "the LLM cost nothing")


def test_recorded_answers_cost_nothing_here_and_what_they_had_cost_is_unknown(project: Project) -> None:
    teach(project, Teacher("demo", "llm", recorded=True), "B1", "abstraction")
    ask(project, "abstraction", "B1", teacher="demo", model="demo-model", recorded=True)
    demo = account(project_costs(project), "demo")
    assert demo.recorded
    assert demo.paid.value == 0.0
    assert (demo.cost.value, "recording" in demo.cost.why) == (None, True)


@pytest.mark.parametrize(
    ("teacher", "why"),
    [
        (Teacher("bob", "human"), "no active time on record"),
        (Teacher("other", "llm"), "no calls on record: imported"),
        (Teacher("kit", "example"), "examples: nobody was paid"),
    ],
)
def test_what_was_written_elsewhere_has_no_known_cost(project: Project, teacher: Teacher, why: str) -> None:
    teach(project, teacher, "B1", "abstraction")
    found = account(project_costs(project), teacher.name)
    assert (found.cost.value, found.paid.value) == (None, None)
    assert why in found.cost.why


def test_a_cost_that_leaves_something_out_says_so(taught: Project) -> None:
    teach(taught, ANN, "B3", "abstraction")  # by a command: no time on record
    ask(taught, "samples", "B1", status="failed", tokens_in=None, tokens_out=None, error="connection reset")
    ask(taught, "samples", "B1", status="too large", tokens_in=None, tokens_out=None, http_status=200)
    ask(taught, "samples", "B1", status="failed", tokens_in=None, tokens_out=None, http_status=429)
    book = project_costs(taught)
    ann, gpt = account(book, "ann"), account(book, "gpt")
    assert ann.cost.value == pytest.approx(1.5)
    assert "no active time is on record" in ann.per_sample.why
    assert ann.by_spot[-1].cost.value is None
    assert gpt.cost.value == pytest.approx(0.012)
    assert "answer was lost" in gpt.cost.why
    assert gpt.calls is not None
    assert (gpt.calls.failed, gpt.calls.uncounted) == (3, 2)


def test_an_answer_without_tokens_makes_the_cost_unknown(taught: Project) -> None:
    ask(taught, "samples", "B1", tokens_in=None, tokens_out=None)
    assert "how many tokens" in account(project_costs(taught), "gpt").cost.why


def test_a_teacher_who_only_cost_and_one_who_only_reviewed_are_there(project: Project) -> None:
    ask(project, "abstraction", "B1", status="refused")
    work(project, "review", "", 100, author="rita")
    book = project_costs(project)
    assert account(book, "gpt").cost.value == pytest.approx(0.002)
    assert account(book, "gpt").per_pattern.why == "no patterns"
    assert account(book, "rita").checking is not None
    assert [(side.kind, side.teachers) for side in book.sides] == [("human", 0), ("llm", 1)]
    assert book.ratios == ()


def test_a_teacher_whose_cost_is_unknown_is_left_out_of_what_each_cost_with_a_word(taught: Project) -> None:
    teach(taught, Teacher("other", "llm"), "B1", "abstraction")
    llm = project_costs(taught).sides[1]
    assert (llm.teachers, llm.patterns, llm.cost.value) == (2, 3, None)
    assert llm.per_pattern.value == pytest.approx(0.012 / 2)
    assert llm.per_pattern.why == "without other, whose cost is unknown"


def test_accepted_samples_are_those_that_reviewers_accept(tmp_path: Path) -> None:
    project = set_cost(make_reviewed_project(tmp_path / "work"), wage=36.0, prices=PRICES)
    for spot in ("B1", "B2"):
        ask(project, "samples", spot)
        work(project, "teach", spot, 100)
    review, accepted = reviewer(project, "rita"), 0
    for entry in review.queue():
        accepted += len(review.item(entry.id).left.samples) - 1
        review.judge(judgement(review, entry.id, verdicts=["reject"]))  # the first of each side
    book = project_costs(project)
    assert accepted > 0
    for name, cost in (("ann", 2.0), ("gpt", 0.004)):
        one = account(book, name)
        assert one.accepted == accepted
        assert one.per_accepted.value == pytest.approx(cost * 10 / one.samples / accepted), "10 of them were reviewed"
    (ratio,) = (ratio for ratio in book.ratios if ratio.of == "accepted sample")
    assert ratio.ratio.value == pytest.approx((2.0 / 12) / (0.004 / 30))


def test_the_ratio_sets_people_against_llms(taught: Project) -> None:
    ratios = {ratio.of: ratio for ratio in project_costs(taught).ratios}
    assert ratios["pattern"].ratio.value == pytest.approx(1.5 / 0.012)
    assert ratios["sample"].ratio.value == pytest.approx(1.5 / 0.012)
    assert ratios["UU removed"].ratio.why == "human: there is no proof of arm human yet"
    assert ratios["accepted sample"].human.why == "none of its samples has been reviewed"


def test_the_cost_of_each_uu_removed_follows_the_newest_proof_of_the_arm(taught: Project) -> None:
    skill = {("human", "scratch"): {"skill": 2.0}, ("llm", "scratch"): {"skill": 0.2}}
    write_proof(
        taught.root, "old00000", created="2026-11-01T00:00:00+00:00", arms={("human", "scratch"): {"skill": 9.0}}
    )
    report = write_proof(taught.root, arms=skill)  # type: ignore[arg-type]
    human, llm, both = project_costs(taught).removals
    removed = -report["arms"][0]["proof"]["difference"]["uu_at_matched_coverage"]["mean"]
    assert (human.arm, human.recipe, human.proof) == ("human", "scratch", "aaaa1111")
    assert human.removed.value == pytest.approx(removed)
    assert human.low is not None
    assert human.high is not None
    assert human.low < removed < human.high
    assert human.per_uu.value == pytest.approx(1.5 / removed)
    assert (llm.per_uu.value, llm.per_uu.why) == (None, "it removed none")
    assert (both.removed.value, both.per_uu.why) == (None, "there is no proof of arm both yet")
    ratios = {ratio.of: ratio.ratio for ratio in project_costs(taught).ratios}
    assert ratios["UU removed (scratch)"].why == "LLM: it removed none"


def test_an_arm_that_was_cut_down_cost_its_share(taught: Project) -> None:
    for number in range(4):
        teach(taught, ANN, "B3", "abstraction", samples=10)  # 48 samples; the proof says 24
        work(taught, "teach", "B3", number)
    write_proof(taught.root, arms={("human", "scratch"): {"skill": 2.0}})
    human = project_costs(taught).removals[0]
    assert human.cost.value == pytest.approx((150 + 6) / 100 / 2)


def test_the_ledger_of_an_untouched_project_is_empty(project: Project) -> None:
    book = project_costs(project)
    assert (book.teachers, book.sides, book.removals, book.ratios) == ((), (), (), ())
    assert (book.currency, book.wage, book.prices_of) == ("EUR", 36.0, "2026-11-01")


def test_where_a_part_was_reviewed_only_that_part_is_paid_by_what_was_accepted(tmp_path: Path) -> None:
    project = set_cost(make_reviewed_project(tmp_path / "work"), wage=36.0, prices=PRICES)
    work(project, "teach", "B1", 100)
    work(project, "teach", "B2", 100)
    review = reviewer(project, "rita")
    entry = next(entry for entry in review.queue() if entry.kind == "abstraction")
    review.judge(judgement(review, entry.id, verdicts=["reject"]))
    ann = account(project_costs(project), "ann")
    assert ann.reviewed is not None
    assert ann.accepted
    assert ann.reviewed < ann.samples
    assert ann.per_accepted.value == pytest.approx(2.0 * ann.reviewed / ann.samples / ann.accepted)
    side = project_costs(project).sides[0]
    assert (side.reviewed, side.accepted, side.per_accepted) == (ann.reviewed, ann.accepted, ann.per_accepted)


def test_an_llm_of_a_persons_name_does_not_get_their_reviews(tmp_path: Path) -> None:
    project = make_reviewed_project(tmp_path / "work")
    teach(project, Teacher("ann", "llm"), "B3", "abstraction")
    review = reviewer(project, "rita")
    review.judge(judgement(review, review.queue()[0].id))
    accepted = {(one.name, one.kind): one.accepted for one in project_costs(project).teachers}
    assert accepted["ann", "human"]
    assert accepted["ann", "llm"] is None


def finished(project: Project, name: str, added: dict[str, int], **spec: Any) -> None:
    """A proof whose arms removed UUs, with this many samples each."""
    write_proof(project.root, name, arms={(arm, "scratch"): {"skill": 2.0} for arm in added})
    path = project.proofs_dir / name / "report.json"
    report = orjson.loads(path.read_bytes()) | spec
    for entry in report["arms"]:
        entry["n_added"] = added[entry["arm"]]
    path.write_bytes(orjson.dumps(report))


def test_arms_cut_down_to_the_same_cost_what_was_drawn_from_each_kind(taught: Project) -> None:
    teach(taught, GPT, "B3", "abstraction", samples=32)  # ann has 8 samples, for 1.50; gpt 40, for 0.012
    equal = {"by": "count", "value": 8, "currency": "", "why": ""}
    finished(taught, "count000", {"human": 8, "llm": 8, "both": 8}, equal=equal)
    cost = {one.arm: one.cost.value for one in project_costs(taught).removals}
    assert cost == pytest.approx({"human": 1.5, "llm": 0.012 / 5, "both": 0.75 + 0.0012})
    equal = {"by": "cost", "value": 0.01, "currency": "EUR", "why": "without what is lost"}
    finished(taught, "cost0000", {"llm": 33}, equal=equal, created="2026-11-21T10:00:00+00:00")
    (llm,) = (one for one in project_costs(taught).removals if one.arm == "llm")
    assert (llm.cost.value, llm.cost.why) == (0.01, "without what is lost")


def test_an_arm_of_reviewed_samples_bears_what_the_rejected_ones_cost(tmp_path: Path) -> None:
    project = set_cost(make_reviewed_project(tmp_path / "work"), wage=36.0, prices=PRICES)
    work(project, "teach", "B1", 100)
    work(project, "teach", "B2", 100)
    review = reviewer(project, "rita")
    for entry in review.queue():
        review.judge(judgement(review, entry.id, verdicts=["reject"]))
    records = Records(project.teaching_dir)
    kept = reviewed_samples(project, records, records.samples())
    count = sum(sample.teacher.kind == "human" for sample in kept)
    assert 0 < count < sum(sample.teacher.kind == "human" for sample in records.samples())
    finished(project, "reviewed", {"human": count}, reviewed=True)
    assert project_costs(project).removals[0].cost.value == pytest.approx(2.0)
