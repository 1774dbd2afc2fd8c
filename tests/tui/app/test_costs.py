"""The costs by keys, and the clock that it is paid by: real keys, a clock that is moved by hand."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from textual.events import AppBlur, AppFocus

from engine.costs.active_time import read_spells
from engine.schema import Teacher
from tests.engine.costs.world import teach
from tests.terminals import Terminal
from tests.tui.app.opening import Driver, opened
from tests.tui.app.projects import write_project
from tui.screens.costs_screen import CostsScreen
from tui.screens.describe_screen import DescribeScreen
from tui.screens.evidence_screen import EvidenceScreen


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_project(tmp_path / "work")


class Hands:
    """Somebody at the keys, who takes their time between them."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.seconds = 0.0
        driver.app.active_time.now = lambda: self.seconds

    async def press(self, *keys: str, after: float = 0) -> None:
        self.seconds += after
        await self.driver.press(*keys)

    async def leave(self) -> None:
        """Leave the app."""
        await self.driver.press("Q")


def spells(root: Path) -> list[tuple[str, str, float]]:
    return [(spell.task, spell.blind_spot, spell.seconds) for spell in read_spells(root / "time")]


async def test_reading_and_writing_are_timed_by_blind_spot_and_lists_are_not(root: Path) -> None:
    async with opened(root) as driver:
        hands = Hands(driver)
        await hands.press("j", after=30)  # in the list of blind spots
        await hands.press("enter", after=30)
        await driver.until(lambda: isinstance(driver.screen, EvidenceScreen))
        await hands.press("j", after=4)
        await hands.press("d", after=500)  # away for a while: the cut-off is a minute
        await driver.until(lambda: isinstance(driver.screen, DescribeScreen))
        await hands.press("o", "k", after=7)
        assert spells(root) == [("read", "B2", 64)]
        await hands.press("escape")
        await hands.leave()
    assert spells(root) == [("read", "B2", 64), ("teach", "B2", 7)]
    assert {spell.author for spell in read_spells(root / "time")} == {"ann"}


async def test_dialogs_belong_to_their_screen(root: Path) -> None:
    async with opened(root) as driver:
        hands = Hands(driver)
        await hands.press("enter")
        await driver.until(lambda: isinstance(driver.screen, EvidenceScreen))
        await hands.press("w", after=2)
        await hands.press("escape", after=3)
        await hands.leave()
    assert spells(root) == [("read", "B1", 5)]


async def test_time_elsewhere_does_not_count(root: Path) -> None:
    async with opened(root) as driver:
        hands = Hands(driver)
        await hands.press("enter")
        await driver.until(lambda: isinstance(driver.screen, EvidenceScreen))
        hands.seconds += 3
        driver.app.post_message(AppBlur())
        await driver.pilot.pause()
        hands.seconds += 50
        driver.app.post_message(AppFocus())
        await driver.pilot.pause()
        await hands.press("j", after=4)
        await hands.leave()
    assert spells(root) == [("read", "B1", 7)]


@pytest.mark.usefixtures("forked_processes")
def test_a_lost_line_keeps_the_time_that_had_come_together(root: Path) -> None:
    terminal = Terminal(root)
    try:
        terminal.sees("15 UUs")
        terminal.send(b"\r")
        terminal.sees("model says")
        terminal.send(b"a")
        terminal.sees("ambiguous.")
        terminal.hang_up()
        assert terminal.status() == 128 + signal.SIGHUP
    finally:
        terminal.close()
    (spell,) = read_spells(root / "time")
    assert (spell.task, spell.blind_spot) == ("read", "B1")
    assert spell.seconds > 0


async def test_time_that_cannot_be_written_is_told_and_work_goes_on(root: Path) -> None:
    (root / "time").write_text("in the way")
    async with opened(root) as driver:
        hands = Hands(driver)
        await hands.press("enter")
        await driver.until(lambda: isinstance(driver.screen, EvidenceScreen))
        await hands.press("j", after=20)
        assert "your active time cannot be written" in driver.words
        await hands.press("k")
        assert driver.screen.row.prediction.id == "pool-10"


async def test_an_untouched_project_says_what_will_be_here(root: Path) -> None:
    async with opened(root) as driver:
        await driver.press("dollar_sign")
        await driver.sees("Nothing to pay for yet", "nobody was asked: d on a blind")
        await driver.press("q")
        assert not isinstance(driver.screen, CostsScreen)


async def test_the_ledger_shows_time_until_now_and_what_is_unknown_with_its_reason(root: Path) -> None:
    async with opened(root) as driver:
        teach(driver.app.workbench.project, Teacher("ann", "human"), "B1", "abstraction")  # type: ignore[union-attr]
        hands = Hands(driver)
        await hands.press("enter")
        await driver.until(lambda: isinstance(driver.screen, EvidenceScreen))
        await hands.press("dollar_sign", after=9)
        await driver.sees("Costs in USD; no wage set", "People and LLMs", "Teachers", "cost per pattern")
        assert "unknown (b)" in driver.text
        assert max(map(len, driver.text.splitlines())) <= 80
        await driver.press("G")
        await driver.sees("(b) no wage: set cost.wage in blindspot.toml")
        await driver.press("g", "pagedown")
        await driver.sees("Active time of people", "9 s")


async def test_the_place_in_the_ledger_is_kept_and_ascii_stays_ascii(root: Path) -> None:
    async with opened(root, ascii=True) as driver:
        teach(driver.app.workbench.project, Teacher("ann", "human"), "B1", "abstraction")  # type: ignore[union-attr]
        await driver.press("dollar_sign")
        await driver.sees("Costs in USD")
        assert driver.text.isascii()
        driver.app.save()
    async with opened(root) as driver:
        await driver.until(lambda: isinstance(driver.screen, CostsScreen))
        await driver.sees("Costs in USD")
