"""Every key that help and footer name does what they say: it is pressed, and its own action runs or says why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.binding import Binding

from tests.tui.app.opening import Driver, opened
from tests.tui.app.projects import write_project
from tests.tui.app.proofs import write_proof
from tests.tui.app.reviews import answer, decline
from tui.keys import in_order, label_of
from tui.screens import SCREENS
from tui.widgets.key_bar import KeyBar

ARGUMENTS: dict[str, dict[str, Any]] = {
    "evidence": {"spot": "B1"},
    "describe": {"spot": "B1"},
    "pattern_test": {"pattern": "P1@ann"},
    "found": {"record": "P1@ann"},
    "flips": {"proof": "aaaa1111", "arm": "human", "recipe": "scratch"},
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project in which every screen has something to show."""
    root = write_project(tmp_path / "work")
    answer(root, "B1", "ann")
    answer(root, "B1", "m1")
    decline(root, "rev", "B1")
    write_proof(root)
    (root / "proofs" / "aaaa1111" / "flips.json").write_text("[]")
    return root


def key_of(binding: Binding, label: str) -> str:
    """What is pressed where this label is shown."""
    return binding.key.partition(",")[0] if label == label_of(binding) else label


async def untrue(driver: Driver, seen: set[tuple[str, str, str]]) -> list[str]:
    """The keys of the screen in front that do something else than they say, with what they did."""
    found, done = [], []

    async def note(action: Any, *_: Any, **__: Any) -> bool:
        done.append(action)
        return True

    driver.app.run_action = note  # type: ignore[method-assign]
    screen, focus = driver.screen, driver.app.focused
    for one in in_order(screen):
        kind = (str(one.binding.id), one.label, type(focus).__name__)
        if not one.label or kind in seen:
            continue
        seen.add(kind)
        done.clear()
        await driver.press(key_of(one.binding, one.label))
        if done != [one.binding.action]:
            found.append(f"{screen.NAME}, {focus}: {one.label} is to {one.binding.action}, but did {done}")
    del driver.app.run_action
    return found


async def go(driver: Driver, name: str) -> None:
    await driver.app.go(name, **ARGUMENTS.get(name, {}))
    await driver.until(lambda: name == driver.screen.NAME and driver.screen.built)


async def test_keys_do_what_help_and_footer_say(root: Path) -> None:
    seen: set[tuple[str, str, str]] = set()
    for annotator in ("ann", "rev"):  # what only who reviews can do comes with the second
        async with opened(root, annotator=annotator) as driver:
            for name in SCREENS:
                if name in ("pattern_test", "found") and annotator == "rev":
                    continue
                await go(driver, name)
                for widget in [one for one in driver.screen.focus_chain if one.display]:
                    widget.focus()
                    await driver.until(lambda widget=widget: driver.app.focused is widget)  # type: ignore[misc]
                    assert await untrue(driver, seen) == []
    assert len({name for name, _, _ in seen}) > 60


async def test_the_key_that_explains_the_others_is_the_last_to_go_from_a_narrow_footer(root: Path) -> None:
    async with opened(root, size=(24, 20)) as driver:
        for name in SCREENS:
            await go(driver, name)
            bar = driver.screen.query_one(KeyBar)
            await driver.until(lambda bar=bar: bar.line(22).plain.endswith(" keys"), seconds=10)  # type: ignore[misc]
            assert all(bar.line(width - 2).plain.endswith(" keys") for width in (40, 60, 80))
            assert name == "spots" or " back" in bar.line(58).plain, name


async def test_in_a_field_help_names_no_key_that_would_be_typed(root: Path) -> None:
    async with opened(root, annotator="ann", size=(80, 90)) as driver:
        await driver.app.go("describe", spot="B1")
        await driver.until(lambda: driver.app.focused is not None and driver.app.focused.id == "text")
        await driver.press("f1")
        await driver.sees("Keys", "letters go into the field", "ctrl+p    Find a command", "f7        Paint")
        assert "│  :  " not in driver.text


async def test_esc_in_the_filter_clears_it_and_is_not_taken_for_a_key_of_the_screen(root: Path) -> None:
    async with opened(root) as driver:
        await driver.app.go("evidence", spot="B1")
        await driver.until(lambda: driver.screen.NAME == "evidence")
        await driver.press("slash")
        await driver.type("quiet")
        await driver.until(lambda: len(driver.screen.rows.rows) == 1)
        await driver.press("escape")
        await driver.until(lambda: len(driver.screen.rows.rows) > 1)
        assert "no mark" not in driver.words


async def test_ctrl_c_in_a_field_says_how_to_leave(root: Path) -> None:
    async with opened(root) as driver:
        await driver.app.go("describe", spot="B2")
        await driver.until(lambda: driver.app.focused is not None and driver.app.focused.id == "text")
        await driver.press("ctrl+c")
        await driver.sees("esc leaves the field; then Q leaves the app, q goes back")


async def test_describing_begins_at_the_row_that_was_read(root: Path) -> None:
    async with opened(root) as driver:
        await driver.press("enter")
        await driver.until(lambda: driver.screen.NAME == "evidence")
        await driver.press("j", "j", "j", "d")
        await driver.until(lambda: driver.screen.NAME == "describe")
        row = driver.screen.evidence.cursor
        assert driver.screen.evidence.rows.rows[row].prediction.id == "pool-13"
