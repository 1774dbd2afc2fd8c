"""Before and after with the verdict, and the promotion of a model."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import jobs
from engine.files import read_json
from engine.jobs import launch
from engine.project import Project
from tests.engine.jobs.slow_worker import WORKER
from tests.engine.proof import synthetic
from tests.tui.app.opening import Driver, opened
from tests.tui.app.projects import write_project
from tests.tui.app.proofs import ARMS, VERDICTS, write_proof
from tests.waiting import until
from tui.reporting.measures import PROOF
from tui.screens.proof_screen import ProofScreen
from tui.screens.spots_screen import SpotsScreen
from tui.widgets.text_pane import TextPane

pytestmark = pytest.mark.usefixtures("forked_processes")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = write_project(tmp_path / "work")
    write_proof(root)
    return root


async def proof(driver: Driver) -> None:
    await driver.press("p")
    await driver.until(lambda: isinstance(driver.screen, ProofScreen) and driver.screen.focused is not None)


def figures(driver: Driver) -> str:
    return str(driver.screen.query_one("#figures").text)


def test_the_fixture_has_the_verdicts_that_the_tests_need(root: Path) -> None:
    (folder,) = (root / "proofs").iterdir()
    judged = {(arm["arm"], arm["recipe"]): arm["verdict"] for arm in read_json(folder / "report.json")["arms"]}
    assert judged == VERDICTS


async def test_without_a_proof_it_says_how_to_get_one(tmp_path: Path) -> None:
    async with opened(write_project(tmp_path / "work")) as driver:
        await proof(driver)
        assert "No finished proof yet" in driver.words
        await driver.press("P")
        assert "! There is no finished proof yet: r retrains." in driver.words


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_the_verdict_comes_first_with_a_word_a_sign_and_its_reason(root: Path, size: tuple[int, int]) -> None:
    async with opened(root, size=size) as driver:
        await proof(driver)
        assert "✓ proven" in driver.words
        assert "~ less confident only" in driver.words
        assert "x worse" in driver.words
        lines = figures(driver).splitlines()
        assert lines[0].startswith("✓ proven; ")
        told = (
            "The model trained with what people wrote makes 7.5 confident errors on proof where the baseline makes 29.5"
        )
        assert told in " ".join(lines[1:5])
        assert "texts labelled negative or positive; judged on 400 proof rows and 400 test rows" in " ".join(lines)
        assert "At equal coverage it makes fewer confident errors" in " ".join(lines)
        row = next(line for line in lines if line.startswith("UUs at matched coverage  "))
        assert row.split()[4:6] == ["29.5", "7.5"]
        assert sum(line.startswith("accuracy  ") for line in lines) == 2  # proof and test
        await driver.press("n")
        assert figures(driver).startswith("x worse")
        await driver.press("n", "n")
        assert figures(driver).startswith("✓ proven")


async def test_the_keys_scroll_what_one_reads_at_once(root: Path) -> None:
    async with opened(root, size=(80, 24)) as driver:
        await proof(driver)
        pane = driver.screen.query_one("#figures", TextPane)
        await driver.press("j", "j")
        assert pane.scroll_offset.y == 2
        await driver.press("space")
        assert pane.scroll_offset.y > 4
        await driver.press("n")
        assert pane.scroll_offset.y == 0


async def test_in_ascii_every_sign_is_ascii(root: Path) -> None:
    async with opened(root, ascii=True) as driver:
        await proof(driver)
        assert "+ proven" in driver.words
        assert driver.text.isascii()


async def test_older_proofs_can_be_chosen(root: Path) -> None:
    weak = {("llm", "scratch"): ARMS["llm", "scratch"]}
    write_proof(root, "bbbb2222", created="2026-11-20T12:00:00+00:00", arms=weak)
    async with opened(root) as driver:
        await proof(driver)
        assert "Proof bbbb2222" in driver.words
        assert "1 of 2" in driver.words
        assert figures(driver).startswith("x worse")
        await driver.press("h")
        assert "Proof aaaa1111" in driver.words
        assert "✓ proven" in driver.words
        await driver.press("h")
        assert "! There is no older proof." in driver.words
        await driver.press("l")
        assert "Proof bbbb2222" in driver.words


async def test_the_place_is_found_again_after_a_restart(root: Path) -> None:
    async with opened(root) as driver:
        await proof(driver)
        await driver.press("n", "n")
        driver.app.save()
    async with opened(root) as driver:
        await driver.until(lambda: isinstance(driver.screen, ProofScreen))
        await driver.sees("~ less confident only", "To prove one: more labels")
        assert driver.screen.arm.arm == "example"


async def test_promoting_a_proven_arm_starts_the_next_round(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "WORKER", WORKER)
    async with opened(root) as driver:
        await proof(driver)
        await driver.press("P")
        assert "Promote human scratch?" in driver.words
        assert "It was not proven" not in driver.words
        await driver.press("enter")
        await driver.until(lambda: isinstance(driver.screen, SpotsScreen))
        await driver.sees("Round 2 begins with human scratch", "Looking for blind spots")
        promoted = read_json(root / "rounds" / "002" / "model.json")
        assert (promoted["arm"], promoted["seed"], promoted["verdict"]) == ("human", 13, "proven")
        assert jobs.jobs(root)[0].kind == "discover"
        assert Project.open(root).round == 2
        await driver.press("p")
        await driver.until(lambda: isinstance(driver.screen, ProofScreen))
        await driver.press("P")
        assert "! discover-1 is running with the current model" in driver.words
    jobs.stop(root, "discover-1")
    until(lambda: jobs.active_job(root) is None)


async def test_promoting_what_was_not_proven_warns_and_esc_leaves_everything(root: Path) -> None:
    async with opened(root) as driver:
        await proof(driver)
        await driver.press("n", "P")
        assert "! It was not proven to be better. It is a worse model" in " ".join(
            driver.words.replace("│", " ").split()
        )
        await driver.press("escape")
        assert isinstance(driver.screen, ProofScreen)
    assert not (root / "rounds" / "002").exists()
    assert jobs.jobs(root) == []


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_the_first_lines_say_how_many_blind_spots_closed_and_for_whom_it_got_worse(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    root = write_project(tmp_path / "work")
    gold = synthetic.gold_labels()
    baseline = [synthetic.model(gold, seed=seed, noise=2.5, skill=2.0) for seed in (1, 2)]
    arms = {
        ("human", "scratch"): [synthetic.model(gold, seed=seed, noise=2.5, skill=4.0) for seed in (1, 2)],
        ("llm", "scratch"): [synthetic.model(gold, seed=seed, noise=2.5, skill=0.5) for seed in (1, 2)],
    }
    synthetic.write_proof(Project.open(root), baseline=baseline, arms=arms, gold=gold)
    async with opened(root, size=size) as driver:
        await proof(driver)
        lines = " ".join(figures(driver).split())
        assert "✓ proven; 0 of 1 closed" in driver.words
        assert lines.startswith("✓ proven; 0 of 1 blind spot closed (1 open). The model trained with what people wrote")
        assert "no label and no blind spot got worse." in lines
        assert "B1 pos -> neg: open pool " in lines
        assert "closed (of a blind spot): At least 4 in 5 of its pool rows" in lines
        await driver.press("n")
        told = " ".join(figures(driver).split())
        assert "0 of 1 blind spot closed (1 open)." in told
        assert "accuracy on neg (proof, 300 rows): fell 0.6" in told
        assert "right proof rows near B1: may have fallen 65 -> " in told


async def test_the_help_says_what_each_measure_means(root: Path) -> None:
    async with opened(root) as driver:
        await proof(driver)
        await driver.press("question_mark")
        text = str(driver.screen.query_one(TextPane).text)
        assert "What the words mean" in text
        for name in PROOF:
            assert f"{name}: " in " ".join(text.split())
