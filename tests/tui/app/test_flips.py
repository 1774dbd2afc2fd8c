"""Rows that an arm flipped, on screen and as a command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.files import write_json
from tests.tui.app.opening import Driver, opened
from tests.tui.app.projects import write_project
from tests.tui.app.proofs import write_proof
from tui.cli import main
from tui.screens.flips_screen import FlipsScreen
from tui.screens.proof_screen import ProofScreen


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A proof with three flips of the first arm: two pool rows and a row that is no longer there."""
    root = write_project(tmp_path / "work")
    write_proof(root)
    shared = {"arm": "human", "recipe": "scratch", "gold": "negative", "before": "positive", "after": "negative"}
    flips = [
        shared
        | {
            "split": "pool",
            "id": "pool-14",
            "fixed": True,
            "seeds": 2,
            "before_confidence": 0.97,
            "after_confidence": 0.61,
        },
        shared
        | {
            "split": "pool",
            "id": "pool-10",
            "fixed": False,
            "seeds": 2,
            "before_confidence": 0.52,
            "after_confidence": 0.93,
        },
        shared
        | {"split": "pool", "id": "gone", "fixed": True, "seeds": 2, "before_confidence": 0.9, "after_confidence": 0.9},
    ]
    write_json(root / "proofs" / "aaaa1111" / "flips.json", flips)
    return root


async def flips(driver: Driver) -> None:
    await driver.press("p")
    await driver.until(lambda: isinstance(driver.screen, ProofScreen) and driver.screen.focused is not None)
    await driver.press("F")
    await driver.until(lambda: isinstance(driver.screen, FlipsScreen) and driver.screen.focused is not None)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_fixed_and_broken_rows_stand_with_their_confidence_before_and_after(
    root: Path, size: tuple[int, int]
) -> None:
    async with opened(root, size=size) as driver:
        await flips(driver)
        assert "Flips of human, scratch 1 fixed, 1 newly broken all shown" in driver.words
        assert "fixed pool 0.97 → 0.61 I have nothing bad to say" in driver.words
        assert "fixed in 2 of 2 seeds" in driver.words
        await driver.press("j")
        assert "newly broken in 2 of 2 seeds" in driver.words


async def test_flips_are_filtered_by_kind_and_by_words(root: Path) -> None:
    async with opened(root) as driver:
        await flips(driver)
        await driver.press("o", "o")
        assert "newly broken only" in driver.words
        assert "nothing bad" not in driver.text
        await driver.press("o", "slash")
        await driver.paste("parking")
        await driver.press("enter")
        assert "experience" not in driver.text
        await driver.press("escape")
        assert "experience" in driver.text
        await driver.press("escape")
        assert isinstance(driver.screen, ProofScreen)


async def test_one_comes_back_to_the_row_after_a_restart(root: Path) -> None:
    async with opened(root) as driver:
        await flips(driver)
        await driver.press("j")
        driver.app.save()
    async with opened(root) as driver:
        await driver.until(lambda: isinstance(driver.screen, FlipsScreen))
        await driver.sees("newly broken in 2 of 2 seeds")


async def test_a_proof_without_flips_says_how_to_get_them(root: Path) -> None:
    (root / "proofs" / "aaaa1111" / "flips.json").unlink()
    async with opened(root) as driver:
        await driver.press("p")
        await driver.until(lambda: isinstance(driver.screen, ProofScreen) and driver.screen.focused is not None)
        await driver.press("F")
        await driver.sees("was made before flips were kept")
        assert isinstance(driver.screen, ProofScreen)


def test_the_command_tells_the_same(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["flips", str(root), "--arm", "human"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "1 fixed, 1 newly broken, in more than half of 2 seeds"
    assert out[1].startswith("fixed  pool positive 0.97 -> negative 0.61: I have nothing bad")
    assert main(["flips", str(root), "--arm", "human", "--broken", "--json"]) == 0
    (only,) = json.loads(capsys.readouterr().out)
    assert (only["id"], only["fixed"]) == ("pool-10", False)
    assert main(["flips", str(root), "--arm", "nobody"]) == 1
    assert "its arms are human (scratch)" in capsys.readouterr().err
