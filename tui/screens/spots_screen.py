"""The first screen: all blind spots of the round, what is known of them, and where the annotator stands with each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from engine.errors import BlindspotError
from tui.flows.ask_llm import ask_for_teaching, why_not_asked
from tui.flows.commit_answer import decide, why_not
from tui.hints import with_project
from tui.keys import keys
from tui.reporting.confidence_text import none_found
from tui.reporting.measures import SPOTS
from tui.screens.filtered_screen import NOTHING_MATCHES, FilteredScreen
from tui.screens.work_screen import Place
from tui.shell import shell
from tui.terminal.wrapping import wrapped
from tui.view_models.scattered import SCATTERED
from tui.widgets.filter_bar import FilterBar
from tui.widgets.line_list import LineList
from tui.widgets.list_heading import ListHeading
from tui.widgets.message_line import MessageLine
from tui.widgets.notice import discovery_notice, notice
from tui.widgets.scroll_mark import with_mark
from tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from engine.teaching.revisions import Action
    from engine.teaching.views import SortKey, SpotView

_NO_LIST_KEYS = ("spots.hunt", "spots.discover", "screen.label", "app.stop", "screen.back", "app.help")
_STATUS_WORDS = {"untouched": "untouched", "progress": "in progress", "done": "done", "skipped": "skipped"}


@dataclass(frozen=True, slots=True)
class SpotsPlace(Place):
    """The blind spot under the cursor, filter and order."""

    spot: str | None = None
    filter: str = ""
    sort: str = ""


class SpotsScreen(FilteredScreen[SpotsPlace]):
    """The list of blind spots."""

    NAME = "spots"
    PLACE = SpotsPlace
    HELP_TEXT = (
        "Each line is a blind spot: rows that read alike, and that the model gets wrong in the same direction and is "
        "sure about. Read one, describe it, then retrain."
    )
    MEASURES = SPOTS
    BINDINGS = [*keys("spots")]

    def __init__(self) -> None:
        super().__init__()
        self._sort: SortKey = "size"
        self._spots: list[SpotView] = []
        self._error = ""

    def body(self) -> ComposeResult:
        """Heading, list and preview; or a notice where there is nothing to list."""
        yield TextPane(self._notice, id="notice")
        with Container(id="panes"):
            with Vertical(id="master"):
                yield ListHeading()
                yield LineList()
            with Vertical(id="side"):
                yield from with_mark(TextPane(id="preview"), indent=0)
        yield FilterBar("words, labels, or untouched / progress / done / skipped")

    @property
    def rows(self) -> LineList:
        """The list."""
        return self.query_one(LineList)

    @property
    def spot(self) -> SpotView | None:
        """The blind spot under the cursor; None on the scattered rows, or if there is none."""
        return self._spots[self.rows.cursor] if self.rows.cursor < len(self._spots) else None

    @property
    def spot_id(self) -> str | None:
        """Id of what is under the cursor, `SCATTERED` for the scattered rows; None if there is nothing."""
        spot = self.spot
        return spot.id if spot else SCATTERED if len(self.rows.rows) else None

    def step(self, spot_id: str, step: int) -> str | None:
        """The id ``step`` lines after that blind spot, moving the cursor there; None where the list ends."""
        ids = [spot.id for spot in self._spots] + [SCATTERED] * (len(self.rows.rows) - len(self._spots))
        place = ids.index(spot_id) + step if spot_id in ids else 0
        if not 0 <= place < len(ids):
            return None
        self.rows.move_to(place)
        return ids[place]

    def show(self) -> None:
        """Fill the list, sorted and filtered; the cursor stays on its blind spot."""
        board = self.workbench.board
        found = board.discovery if board else None
        self.set_class(found is not None and bool(found.uus or found.flagged), "-listing")
        if not self.has_class("-listing"):
            self.query_one("#notice", TextPane).show(self._notice, keep_scroll=True)
            self.query_one("#notice").focus()
            return
        assert board is not None
        self._fill(self.spot_id)
        if self.focused is None or self.focused.id == "notice":
            self.rows.focus()

    def refill(self) -> None:
        """Show the blind spots that are asked for."""
        self._fill(self.spot_id)

    def _fill(self, keep: str | None) -> None:
        from engine.teaching.views import filter_spots, sort_spots
        from tui.widgets.spot_rows import SpotRows

        board = self.workbench.board
        assert board is not None
        words = self.filter.text.split()
        status: Any = next((_STATUS_WORDS[word] for word in words if word in _STATUS_WORDS), None)
        text = " ".join(word for word in words if word not in _STATUS_WORDS)
        every = board.spots()
        self._spots = spots = sort_spots(filter_spots(every, text=text, status=status), self._sort)
        app = shell(self)
        beside = {} if words else {"scattered": len(board.scattered()), "flagged": len(board.flagged_elsewhere())}
        rows = SpotRows(spots, app.ink, app.glyphs, **beside)
        ids = [spot.id for spot in spots] + [SCATTERED]
        self.rows.show(rows, cursor=ids.index(keep) if keep in ids else None)
        shown = f"{len(spots)} of {len(every)}" if words else f"{len(every)}"
        found = board.discovery
        some = f"   {found.n_labelled:,} of {found.n_pool:,} rows have a label" if found.accuracy is None else ""
        flagged = board.totals().flagged
        next_key = f"   {flagged:,} flagged: #" if flagged else ""
        next_key = f"   {board.labels_since:,} new: D" if board.labels_since else next_key
        heading = self.query_one(ListHeading)
        heading.show(f"Blind spots {shown}, by {self._sort}", rows.heading, spare=some, last=next_key)

    def _notice(self, width: int) -> list[Text]:
        app = shell(self)
        ink = app.ink
        if self._error:
            return notice(width, ink, title="This project cannot be opened", paragraphs=[self._error, "Q leaves."])
        if not self.ready:
            return notice(width, ink, title=f"Opening {app.root.name}", paragraphs=["Reading its blind spots."])
        return discovery_notice(width, ink, app.glyphs, self.workbench)

    def refuse(self, error: str) -> None:
        """The project cannot be opened."""
        self._error = error
        self.query_one("#notice", TextPane).show(self._notice)

    def footer(self) -> Sequence[str]:
        """Without a list, the keys that lead to one."""
        return () if self.has_class("-listing") else _NO_LIST_KEYS

    def show_job(self) -> None:
        """Header, and the notice if it is what one sees."""
        super().show_job()
        if not self.has_class("-listing"):
            self.query_one("#notice", TextPane).show(self._notice, keep_scroll=True)

    # where the user is

    def place(self) -> SpotsPlace:
        """The blind spot under the cursor, filter and order."""
        return SpotsPlace(self.spot_id, self.filter.text, self._sort)

    def restore(self, place: SpotsPlace) -> None:
        """Return to that blind spot, filter and order."""
        from engine.teaching.views import SORT_KEYS

        self._sort = next((key for key in SORT_KEYS if key == place.sort), self._sort)
        self.filter.set_text(place.filter)
        if self.has_class("-listing"):
            self._fill(place.spot)

    def covers(self, action: Action) -> bool:
        """Done, skipped and open again."""
        return all(kind == "state" for kind, _ in action.places)

    def unavailable(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Why an action cannot be used now."""
        if not self.ready and action not in ("back", "escape"):
            return "The project is not open." if self._error else "The project is still being opened."
        running = self.workbench.running if self.ready else None
        listed = action in ("open", "filter", "sort", "next", "describe", "done", "skip", "commit", "teach")
        if listed or (action == "go" and "map" in parameters):
            if not self.has_class("-listing"):
                return "There are no blind spots yet: D finds them."
            if action in ("open", "describe", "done", "skip", "commit") and self.spot_id is None:
                return NOTHING_MATCHES
            if action in ("describe", "done", "skip") and self.spot is None:
                return "These rows belong to no blind spot."
            if action in ("done", "skip") and self.spot is not None and self.spot.decision is not None:
                return f"You have {self.spot.decision} for {self.spot.id}: that is final."
            if action == "commit":
                return why_not(self.workbench, self.spot_id)
            if action == "teach":
                return why_not_asked(self.workbench)
        if action == "hunt" and not self.workbench.project.manifest.splits["pool"].unlabelled:
            return "Every row of the pool came with a label: a hunt is for rows without."
        if action in ("discover", "hunt") and running is not None:
            return f"{running.id} is running: X stops it."
        return None

    # what happens in the list

    @on(LineList.Moved)
    def _moved(self) -> None:
        self.query_one("#preview", TextPane).show(self._preview)
        shell(self).autosave()
        self.refresh_bindings()

    def _preview(self, width: int) -> list[Text]:
        from tui.widgets.spot_preview import ROWS, spot_preview

        app, board = shell(self), self.workbench.board
        spot_id = self.spot_id
        if board is None:
            return []
        if spot_id is None:
            return wrapped(Text(NOTHING_MATCHES, style=app.ink.muted), width)
        if spot_id != SCATTERED:
            return spot_preview(width, self.spot, board.evidence(spot_id, first=ROWS), app.ink, app.glyphs)
        loose, flagged = board.scattered(first=ROWS), board.flagged_elsewhere()
        lines = spot_preview(width, None, [*loose, *flagged], app.ink, app.glyphs, flagged=len(flagged))
        if board.discovery.n_labelled:
            return lines
        return [*wrapped(Text(with_project(none_found(board.discovery), app.root.name)), width), *lines]

    @on(LineList.Chosen)
    async def _chosen(self) -> None:
        await self.run_action("open")

    async def action_open(self) -> None:
        """Read the evidence."""
        await shell(self).go("evidence", spot=self.spot_id)

    async def action_describe(self) -> None:
        """Write patterns and samples."""
        await shell(self).go("describe", spot=self.spot_id)

    def action_sort(self) -> None:
        """Take the next order."""
        from engine.teaching.views import SORT_KEYS

        self._sort = SORT_KEYS[(SORT_KEYS.index(self._sort) + 1) % len(SORT_KEYS)]
        self.refill()
        self.say(f"Sorted by {self._sort}.")

    def action_next(self) -> None:
        """Go to the next blind spot that is open."""
        start, count = self.rows.cursor, len(self._spots)
        later = [(start + step) % count for step in range(1, count + 1)] if count else []
        found = next((index for index in later if self._spots[index].status in ("untouched", "in progress")), None)
        if found is None:
            self.say("Every blind spot is done or skipped.")
        else:
            self.rows.move_to(found)

    def action_done(self) -> None:
        """Mark as done, or open again."""
        spot = self.spot
        if spot is not None:
            self._set_status(spot.id, "in progress" if spot.status == "done" else "done")

    def action_skip(self) -> None:
        """Ask for the reason and skip, or take up again."""
        from tui.dialogs.text_dialog import TextDialog

        spot = self.spot
        if spot is None:
            return
        if spot.status == "skipped":
            self._set_status(spot.id, "in progress")
            return

        def skip(reason: str | None) -> None:
            if reason is not None:
                self._set_status(spot.id, "skipped", reason)

        question = TextDialog(f"Skip {spot.id}", "Why is it set aside? A few words.")
        self.app.push_screen(question, skip)

    def _set_status(self, spot_id: str, status: Any, reason: str = "") -> None:
        annotator = self.workbench.annotator
        assert annotator is not None
        try:
            annotator.set_status(spot_id, status, reason)
        except BlindspotError as error:
            shell(self).refuse(error)
            return
        shell(self).changed()
        said = {"done": f"{spot_id} is done.", "skipped": f"{spot_id} is skipped: {reason}."}
        self.say(said.get(status, f"{spot_id} is open again."))

    def action_commit(self) -> None:
        """Commit to one's answer, or decline to give one."""
        if self.spot is not None:
            decide(self, self.spot.id)

    def action_teach(self) -> None:
        """Let the LLM explain blind spots, or replay recorded answers."""
        ask_for_teaching(self, self.spot.id if self.spot else None)

    def action_discover(self) -> None:
        """Start the job that finds blind spots, or go on with the one that did not end."""
        from engine.operations.job_records import DiscoverOptions

        last = self.workbench.last_job("discover")
        watch = shell(self).job_watch
        started = watch.resume(last.id) if last is not None and last.resumable else watch.start(DiscoverOptions())
        if started:
            self.say("Looking for blind spots in the background.")

    def action_hunt(self) -> None:
        """Start the job that chooses rows on which the model may well be wrong."""
        from engine.operations.job_records import HuntOptions

        if shell(self).job_watch.start(HuntOptions()):
            self.say("Choosing rows in the background on which the model may well be wrong.")

    def action_back(self) -> None:
        """Leave the app; while a job runs, only when asked twice."""
        running = self.workbench.running if self.ready else None
        if running is not None:
            goes_on = "goes on in the background: q again leaves, X stops it."
            warning = f"{running.id} {'is stopping: q again leaves.' if running.stopping else goes_on}"
            if self.query_one(MessageLine).message != warning:
                self.say(warning, warning=True)
                return
        shell(self).leave()

    def action_escape(self) -> None:
        """Clear the filter."""
        if self.filter.text:
            self.filter.set_text("")
        else:
            self.say(f"q leaves the app; {self.workbench.kept}." if self.ready else "q leaves the app.")
