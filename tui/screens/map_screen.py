"""The map of all UUs: what lies close together reads alike; the cursor goes from blind spot to blind spot."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from tui.keys import keys
from tui.screens.spots_screen import SpotsScreen
from tui.screens.work_screen import Place, WorkScreen
from tui.shell import shell
from tui.terminal.wrapping import fitted
from tui.widgets.list_heading import ListHeading
from tui.widgets.map_view import MapView
from tui.widgets.scroll_mark import with_mark
from tui.widgets.spot_preview import spot_preview
from tui.widgets.text_pane import TextPane


@dataclass(frozen=True, slots=True)
class MapPlace(Place):
    """The current blind spot."""

    spot: str | None = None


class MapScreen(WorkScreen[MapPlace]):
    """Points on the left or above, the current blind spot beside or beneath."""

    NAME = "map"
    PLACE = MapPlace
    HELP_TEXT = (
        "Every letter is a UU; the lines below the map say which blind spot a letter is (+: one of many small ones). "
        "What lies close together reads alike. Axes have no unit: the map is a projection of the embeddings into the "
        "plane, good for neighbourhoods and not for distances."
    )
    CSS_PATH = "map.tcss"
    BINDINGS = [*keys("map")]

    def body(self) -> ComposeResult:
        """Heading, map and preview."""
        yield ListHeading()
        with Container(id="panes"):
            yield MapView()
            with Vertical(id="side"):
                yield from with_mark(TextPane(id="preview"), indent=0)

    @property
    def map(self) -> MapView:
        """The map."""
        return self.query_one(MapView)

    def show(self) -> None:
        """Draw all UUs; the current blind spot stays, or is the one of the list."""
        board = self.workbench.board
        if board is None:
            self.leave("There are no blind spots any more.")
            return
        places = board.discovery.projection
        groups = {
            spot.id: points
            for spot in board.discovery.blind_spots
            if (points := [places[row] for row in spot.rows if row in places])
        }
        loose = [places[row] for row in board.discovery.scattered if row in places]
        bottom = self.app.screen_stack[0]
        listed = bottom.spot_id if isinstance(bottom, SpotsScreen) else None
        wanted = self.map.current or listed
        current = wanted if wanted in groups else next(iter(groups), "")
        self.map.show(groups, loose, current=current)
        count = sum(len(points) for points in groups.values()) + len(loose)
        self.query_one(ListHeading).show(f"Map of {count} UUs", self._legend)
        self.query_one("#preview", TextPane).show(self._preview)

    def _legend(self, width: int) -> Text:
        app = shell(self)
        dots = f"letters: UUs by blind spot, {'#' if app.ascii else '●'} this one's, . in none"
        return Text(fitted(f"{dots}; near means alike", width, ellipsis=app.glyphs.ellipsis), style=app.ink.muted)

    def _preview(self, width: int) -> list[Text]:
        app, board = shell(self), self.workbench.board
        if board is None or not self.map.current:
            return []
        spot = board.spot(self.map.current)
        return spot_preview(width, spot, board.evidence(spot.id), app.ink, app.glyphs)

    def place(self) -> MapPlace:
        """The current blind spot."""
        return MapPlace(self.map.current)

    def restore(self, place: MapPlace) -> None:
        """Return to that blind spot."""
        self.map.move_to(str(place.spot))

    def unavailable(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Why an action cannot be used now."""
        if action in ("open", "describe") and not self.map.current:
            return "There are no blind spots on the map."
        return None

    def repaint(self) -> None:
        """Paint the map in other colours too."""
        super().repaint()
        self.map.repaint()

    @on(MapView.Moved)
    def _moved(self) -> None:
        self.query_one("#preview", TextPane).show(self._preview)
        shell(self).autosave()

    async def action_open(self) -> None:
        """Read the evidence."""
        await shell(self).go("evidence", spot=self.map.current)

    async def action_describe(self) -> None:
        """Write patterns and samples."""
        await shell(self).go("describe", spot=self.map.current)
