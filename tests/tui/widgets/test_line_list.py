"""The list: only what is visible is painted, a move paints two rows, and tall rows can be read to their end."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.text import Text
from textual.geometry import Region

from tests.tui.app.opening import Driver, opened
from tests.tui.app.projects import write_project
from tui.widgets.line_list import LineList


class Numbers:
    """Rows that count how often they are painted; every tenth takes ``tall`` lines."""

    def __init__(self, count: int, tall: int = 1) -> None:
        self.count, self.tall = count, tall
        self.painted: list[int] = []

    def __len__(self) -> int:
        return self.count

    def height(self, index: int, width: int) -> int:
        return self.tall if index % 10 == 9 else 1

    def lines(self, index: int, width: int) -> list[Text]:
        self.painted.append(index)
        return [Text(f"row {index} line {line}") for line in range(self.height(index, width))]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_project(tmp_path / "work")


async def listing(driver: Driver, rows: Numbers) -> LineList:
    found: LineList = driver.screen.rows
    found.show(rows, cursor=0)
    await driver.pilot.pause()
    return found


async def test_ten_thousand_rows_paint_only_what_is_visible(root: Path) -> None:
    async with opened(root) as driver:
        rows = Numbers(10_000)
        found = await listing(driver, rows)
        assert set(rows.painted) <= set(range(found.size.height))
        await driver.press("G")
        assert "row 9999 line 0" in driver.text
        assert len(set(rows.painted)) <= 2 * found.size.height


async def test_a_move_refreshes_the_two_rows_alone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(root) as driver:
        rows = Numbers(100)
        found = await listing(driver, rows)
        rows.painted.clear()
        refreshed: list[Region] = []
        real = LineList.refresh

        def refresh(self: LineList, *regions: Region, **options: bool) -> LineList:
            refreshed.extend(regions)
            assert regions or not options or options.get("repaint") is False
            return real(self, *regions, **options)

        monkeypatch.setattr(LineList, "refresh", refresh)
        found.move_to(1)
        await driver.pilot.pause()
        assert [(region.y, region.height) for region in refreshed] == [(0, 1), (1, 1)]
        assert sorted(set(rows.painted)) == [0, 1]
        found.move_to(0)
        await driver.pilot.pause()
        assert sorted(rows.painted) == [0, 1]  # both looks of both rows are kept


async def test_a_row_taller_than_the_window_is_scrolled_before_the_cursor_moves_on(root: Path) -> None:
    async with opened(root) as driver:
        rows = Numbers(20, tall=40)
        found = await listing(driver, rows)
        seen = set()
        await driver.press(*"jjjjjjjjj")
        assert found.cursor == 9
        for _ in range(10):
            seen |= {
                line.split("row 9 line ")[1].split()[0] for line in driver.text.splitlines() if "row 9 line" in line
            }
            if found.cursor != 9:
                break
            await driver.press("j")
        assert seen == {str(number) for number in range(40)}
        assert found.cursor == 10
        await driver.press("k")
        assert "row 9 line 0" in driver.text


async def test_pages_and_ends(root: Path) -> None:
    async with opened(root) as driver:
        found = await listing(driver, Numbers(100))
        await driver.press("ctrl+d")
        assert found.cursor == found.size.height - 1
        await driver.press("ctrl+u")
        assert found.cursor == 0
        await driver.press("end")
        assert found.cursor == 99
        await driver.press("home")
        assert found.cursor == 0


async def test_a_list_with_fewer_rows_than_before_keeps_its_cursor_inside(root: Path) -> None:
    async with opened(root) as driver:
        found = await listing(driver, Numbers(50))
        await driver.press("G")
        found.show(Numbers(3))
        await driver.pilot.pause()
        assert found.cursor == 2
        found.show(Numbers(0))
        await driver.press("j", "k", "g", "G", "ctrl+d")
        assert found.cursor == 0


async def test_a_click_moves_and_a_double_click_opens(root: Path) -> None:
    async with opened(root) as driver:
        await driver.pilot.click(LineList, offset=(10, 1))
        assert driver.screen.spot.id == "B2"
        await driver.pilot.click(LineList, offset=(10, 1), times=2)
        await driver.sees("B2  positive → negative   4 rows")


async def test_a_last_row_that_grows_out_of_the_window_is_brought_into_sight_at_once(root: Path) -> None:
    async with opened(root) as driver:
        found = await listing(driver, Numbers(100))
        count = found.size.height // 10 * 10
        assert count, "the last row is one that can be tall"
        filler = found.size.height - count
        await listing(driver, Numbers(count, tall=1 + filler))
        await driver.press("G")
        assert found.scroll_offset.y == 0, "all rows fit exactly"
        found.show(Numbers(count, tall=3 + filler))
        assert found.scroll_offset.y == 2
