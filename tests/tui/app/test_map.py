"""The map: every blind spot can be reached and told from the others without colours, and it draws fast enough."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.tui.app.opening import opened
from tests.tui.app.projects import write_project
from tui.screens.evidence import EvidenceScreen
from tui.widgets.map_view import MapView
from tui.widgets.scatter import Grid, centre, fit, labels, nearest_towards


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_project(tmp_path / "work")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_map_names_every_blind_spot_and_shows_the_current_one(root: Path, size: tuple[int, int]) -> None:
    async with opened(root, size=size) as driver:
        await driver.press("m")
        await driver.sees("Map of 15 UUs", "B1", "B2", "B3", "●", "negative taken for positive")
        await driver.press("n")
        await driver.sees("B2  positive taken for negative")
        await driver.press("left_square_bracket", "left_square_bracket")
        await driver.sees("B3  neutral taken for positive")


async def test_keys_go_where_one_looks(root: Path) -> None:
    async with opened(root) as driver:
        await driver.press("m")
        view = driver.screen.query_one(MapView)
        await driver.press("l")
        assert view.current == "B2"
        await driver.press("k")
        assert view.current == "B3"
        await driver.press("up")
        assert view.current == "B3"  # nothing is above it
        await driver.press("g")
        assert view.current == "B1"


async def test_enter_reads_the_current_blind_spot_and_q_comes_back_to_the_map(root: Path) -> None:
    async with opened(root) as driver:
        await driver.press("m", "n", "enter")
        await driver.until(lambda: isinstance(driver.screen, EvidenceScreen))
        assert driver.screen.spot == "B2"
        await driver.press("q")
        await driver.sees("Map of 15 UUs", "B2  positive taken for negative")


async def test_in_ascii_each_blind_spot_has_its_letter(root: Path) -> None:
    async with opened(root, ascii=True) as driver:
        await driver.press("m")
        await driver.sees("a:B1", "b:B2", "c:B3", "#")
        assert driver.text.isascii()


async def test_a_move_repaints_only_lines_that_change(root: Path) -> None:
    async with opened(root, size=(120, 40)) as driver:
        await driver.press("m")
        view = driver.screen.query_one(MapView)
        before = list(view._strips)
        await driver.press("n")
        changed = [y for y, (old, new) in enumerate(zip(before, view._strips, strict=True)) if old != new]
        assert 0 < len(changed) < view.size.height / 2


def test_all_points_are_drawn_inside_the_grid() -> None:
    chance = random.Random(5)
    points = [(chance.random(), chance.random()) for _ in range(500)]
    grid = Grid(points, 60, 20)
    dots = grid.braille(points)
    assert all(0 <= x < 60 and 0 <= y < 20 for x, y in dots)
    raised = sum(bin(ord(dot) - 0x2800).count("1") for dot in dots.values())
    assert 450 < raised <= 500  # a few share a dot
    assert grid.cells([(min(p[0] for p in points), max(p[1] for p in points))]) == {(0, 0)}


def test_one_point_and_points_in_line_have_a_place() -> None:
    assert fit([(0.3, 0.3)]) == ((0.3, 0.3), (1.0, 1.0))
    grid = Grid([(0.3, 0.1), (0.3, 0.9)], 10, 10)
    assert set(grid.braille([(0.3, 0.1), (0.3, 0.9)])) == {(0, 9), (0, 0)}


def test_letters_show_the_blind_spot_with_most_points_in_a_cell() -> None:
    grid = Grid([(0.0, 0.0), (1.0, 1.0)], 2, 2)
    assert grid.letters([("a", [(0.0, 0.0)]), ("b", [(0.0, 0.0), (0.1, 0.0), (1.0, 1.0)])]) == {
        (0, 1): "b",
        (1, 0): "b",
    }


def test_names_do_not_cover_each_other() -> None:
    placed = labels({"B1": (5, 5), "B2": (5, 5), "B3": (6, 5)}, 20, 10)
    cells = [(x + step, y) for name, (x, y) in placed.items() for step in range(len(name))]
    assert len(placed) == 3
    assert len(cells) == len(set(cells))


def test_a_place_straight_ahead_wins_over_a_nearer_one_aside() -> None:
    places = {"here": (0.0, 0.0), "aside": (0.1, 0.2), "ahead": (0.4, 0.0)}
    assert nearest_towards(places, "here", (1, 0)) == "ahead"
    assert nearest_towards(places, "ahead", (1, 0)) is None


def test_centre_is_the_mean() -> None:
    assert centre([(0.0, 0.0), (1.0, 0.5)]) == (0.5, 0.25)
