"""The map: every blind spot can be reached and told from the others without colours, and it draws fast enough."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from textual.strip import Strip

from tests.tui.app.opening import opened
from tests.tui.app.projects import write_project
from tui.screens.evidence_screen import EvidenceScreen
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


@pytest.mark.parametrize("ascii", [False, True])
async def test_every_blind_spot_has_its_letter_and_the_current_one_a_sign(root: Path, ascii: bool) -> None:
    sign = "#" if ascii else "●"
    async with opened(root, ascii=ascii) as driver:
        await driver.press("m")
        await driver.sees(f"{sign} B1  b B2  c B3")
        view = driver.screen.query_one(MapView)
        assert {"b", "c", sign, "."} <= set(drawn(view))
        await driver.press("n")
        await driver.sees(f"a B1  {sign} B2  c B3")
        assert {"a", "c", sign, "."} <= set(drawn(view))
        assert driver.text.isascii() is ascii


def drawn(view: MapView) -> dict[str, set[str]]:
    """The colours of each sign on the map, the last line (the legend) aside."""
    colours: dict[str, set[str]] = {}
    for y in range(view.size.height - 1):
        for segment in view.render_line(y):
            for sign in segment.text.replace(" ", ""):
                colour = segment.style.color if segment.style else None
                colours.setdefault(sign, set()).add(colour.name if colour else "")
    return colours


async def test_blind_spots_differ_in_colour_too(root: Path) -> None:
    async with opened(root) as driver:
        await driver.press("m")
        colours = drawn(driver.screen.query_one(MapView))
        assert len(colours["b"] | colours["c"] | colours["●"]) == 3


async def test_the_plain_theme_paints_no_background_and_no_colour(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened(root) as driver:
        await driver.press("m")
        view = driver.screen.query_one(MapView)
        for y in range(view.size.height):
            for segment in view.render_line(y):
                assert segment.style is not None
                for colour in (segment.style.color, segment.style.bgcolor):
                    assert colour is None or colour.is_default, segment


async def test_more_blind_spots_than_letters_and_a_legend_that_says_how_many_more(root: Path) -> None:
    async with opened(root) as driver:
        await driver.press("m")
        view = driver.screen.query_one(MapView)
        groups = {f"B{n}": [(n / 70, (n * 7 % 70) / 70)] * (1 + (n <= 52)) for n in range(1, 71)}
        view.show(groups, [(0.5, 0.5)], current="B60")
        await driver.sees("● B60", "more", "+ B61")
        view.move_to("B1")
        await driver.sees("● B1", "b B2")


async def test_a_move_repaints_only_lines_that_change(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    painted: set[int] = set()
    paint = MapView.render_line

    def told(view: MapView, y: int) -> Strip:
        painted.add(y)
        return paint(view, y)

    monkeypatch.setattr(MapView, "render_line", told)
    async with opened(root, size=(120, 40)) as driver:
        await driver.press("m")
        view = driver.screen.query_one(MapView)
        before = [paint(view, y) for y in range(view.size.height)]
        painted.clear()
        await driver.press("n")
        assert 0 < len(painted) < view.size.height / 2
        assert painted == {y for y, line in enumerate(before) if line != paint(view, y)}


def test_all_points_are_drawn_inside_the_grid() -> None:
    chance = random.Random(5)
    points = [(chance.random(), chance.random()) for _ in range(500)]
    grid = Grid(points, 60, 20)
    cells = grid.cells(points)
    assert all(0 <= x < 60 and 0 <= y < 20 for x, y in cells)
    assert set(grid.most({"B1": points[:250], "B2": points[250:]})) == cells
    assert grid.cells([(min(p[0] for p in points), max(p[1] for p in points))]) == {(0, 0)}


def test_one_point_and_points_in_line_have_a_place() -> None:
    assert fit([(0.3, 0.3)]) == ((0.3, 0.3), (1.0, 1.0))
    grid = Grid([(0.3, 0.1), (0.3, 0.9)], 10, 10)
    assert grid.cells([(0.3, 0.1), (0.3, 0.9)]) == {(0, 9), (0, 0)}


def test_a_cell_is_of_the_blind_spot_with_most_points_in_it() -> None:
    grid = Grid([(0.0, 0.0), (1.0, 1.0)], 2, 2)
    assert grid.most({"B1": [(0.0, 0.0)], "B2": [(0.0, 0.0), (0.1, 0.0), (1.0, 1.0)]}) == {(0, 1): "B2", (1, 0): "B2"}


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
