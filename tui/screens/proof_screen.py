"""Before and after of every arm, with the verdict first and in words. Reads finished reports; computes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from engine.errors import BlindspotError
from engine.text import visible
from tui.keys import keys
from tui.reporting.measures import PROOF
from tui.screens.work_screen import Place, WorkScreen
from tui.shell import shell
from tui.terminal.wrapping import fitted
from tui.widgets.arm_rows import ArmRows
from tui.widgets.line import Line
from tui.widgets.line_list import LineList
from tui.widgets.notice import notice
from tui.widgets.proof_text import proof_text
from tui.widgets.scroll_mark import ScrollMark
from tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from engine.proof.report_types import Report, ReportArm
    from tui.reporting.spots_about import About


class ProofLine(Line):
    """Which proof is shown."""

    DEFAULT_CSS = """
    ProofLine { padding: 0 1; }
    """
    report: Report | None = None
    number = 0
    total = 0

    def line(self, width: int) -> Text:
        """Id, time, seeds, tau, and which of how many it is."""
        app, report = shell(self), self.report
        if report is None:
            return Text("")
        seeds = " ".join(str(seed) for seed in report.seeds)
        made = report.created[:16].replace("T", " ")
        rest = f"   {made} UTC   round {report.round}   seeds {seeds}   {app.glyphs.tau} {report.tau:g}"
        which = f"   {self.number} of {self.total}, h older, l newer" if self.total > 1 else ""
        head = f"Proof {visible(report.id)}"
        rest = fitted(rest, max(0, width - len(head) - len(which)), ellipsis=app.glyphs.ellipsis).rstrip()
        return Text.assemble((head, app.ink.strong), (rest, app.ink.muted), which, no_wrap=True, end="")


class _Arms(LineList):
    """The list of arms; it is short, so pages are turned in the figures."""

    def action_page(self, direction: int) -> None:
        self.screen.query_one("#figures", TextPane).action_page(direction)


@dataclass(frozen=True, slots=True)
class ProofPlace(Place):
    """The proof, arm and recipe, the focus."""

    proof: str | None = None
    arm: tuple[str, str] | None = None
    focus: str | None = None


class ProofScreen(WorkScreen[ProofPlace]):
    """Arms above or on the left, the one under the cursor beneath or on the right."""

    NAME = "proof"
    PLACE = ProofPlace
    HELP_TEXT = (
        "Each arm against a baseline trained with the same seeds, on rows nobody has seen. The verdict looks at the "
        "errors among as many of the most confident rows as the baseline is sure of: fewer UUs at a fixed threshold "
        "may only mean a model that is less sure of itself. n shows the next arm; tab goes to the list of arms and "
        "back."
    )
    MEASURES = PROOF
    CSS_PATH = "proof.tcss"
    BINDINGS = [*keys("proof")]

    def __init__(self) -> None:
        super().__init__()
        self._reports: list[Report] = []
        self._estimates = ""
        self._about: About = {}
        self._shown = 0
        self._looked_at: tuple[str, int] | None = None

    def body(self) -> ComposeResult:
        """Notice, or heading, arms and figures."""
        app = shell(self)
        yield TextPane(self._notice, id="notice")
        figures = TextPane(id="figures")
        with Vertical(id="judged"):
            yield ProofLine()
            with Container(id="panes"):
                yield _Arms(ArmRows((), (), app.ink, app.glyphs), id="arms")
                yield figures
            yield ScrollMark(figures)

    def footer(self) -> Sequence[str]:
        """Its own keys, and the way to a new proof."""
        several = ("proof.next",) if len(self.arms.rows) > 1 else ()
        own = (*several, "proof.flips", "proof.promote", "proof.left", "proof.right")
        return (*own, "screen.retrain", "screen.back", "app.help")

    @property
    def arms(self) -> LineList:
        """The list of arms."""
        return self.query_one("#arms", LineList)

    @property
    def report(self) -> Report | None:
        """The proof that is shown."""
        return self._reports[self._shown] if self._reports else None

    @property
    def arm(self) -> ReportArm | None:
        """The arm under the cursor."""
        arms = self.report.arms if self.report else ()
        return arms[self.arms.cursor] if self.arms.cursor < len(arms) else None

    def show(self) -> None:
        """Show the finished proofs; a new one comes first, the one that is looked at stays."""
        from engine import problems
        from engine.proof.report import reports

        keep = self.report.id if self.report else None
        self._reports = reports(self.workbench.project)
        if told := problems.take():
            self.say(" ".join(told), warning=True)
        ids = [report.id for report in self._reports]
        self._shown = ids.index(keep) if keep in ids else 0
        self.set_class(bool(self._reports), "-judged")
        if not self._reports:
            self.query_one("#notice", TextPane).show(self._notice)
            self.query_one("#notice").focus()
            return
        self._show_report(self.arms.cursor)
        if self.focused is None or self.focused.id == "notice":
            self.query_one("#figures").focus()

    def _show_report(self, cursor: int) -> None:
        app, report = shell(self), self.report
        assert report is not None
        line = self.query_one(ProofLine)
        line.report, line.number, line.total = report, self._shown + 1, len(self._reports)
        line.update()
        from engine.preview.record import checked, sentence
        from tui.reporting.spots_about import spots_about

        words = [report.verdict_of(arm) for arm in report.arms]
        self._about = spots_about(report, self.workbench.board)
        self._estimates = sentence(checked(self.workbench.project, report))
        self.arms.show(ArmRows(report.arms, words, app.ink, app.glyphs), cursor=cursor)
        self.refresh_bindings()

    def _notice(self, width: int) -> list[Text]:
        job = self.workbench.running if self.ready else None
        now = f"{job.id} is running: r shows how far it is." if job is not None and job.kind == "retrain" else ""
        paragraphs = [
            now
            or "r goes to the retrain screen: it trains with samples or labels and proves the result on held-out rows.",
            "Then this screen shows before and after side by side, with a verdict.",
        ]
        return notice(width, shell(self).ink, title="No finished proof yet", paragraphs=paragraphs)

    def show_job(self) -> None:
        """A job that has ended may have left a proof."""
        super().show_job()
        if self.workbench.running is None:
            self.show()

    def _figures(self, width: int) -> list[Text]:
        app, report, arm = shell(self), self.report, self.arm
        if report is None or arm is None:
            return []
        return proof_text(width, report, arm, app.ink, app.glyphs, about=self._about, estimates=self._estimates)

    # where the user is

    def place(self) -> ProofPlace:
        """The proof, the arm, the focus."""
        arm, focus = self.arm, self.focused.id if self.focused is not None else None
        return ProofPlace(self.report.id if self.report else None, arm.group if arm else None, focus)

    def restore(self, place: ProofPlace) -> None:
        """Return to that arm."""
        ids = [report.id for report in self._reports]
        if place.proof not in ids:
            return
        self._shown = ids.index(place.proof)
        names = [arm.group for arm in self._reports[self._shown].arms]
        self._show_report(names.index(place.arm) if place.arm in names else 0)
        if place.focus in ("arms", "figures"):
            self.query_one(f"#{place.focus}").focus()

    def unavailable(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Why an action cannot be used now."""
        if not self.ready:
            return None if action in ("back", "escape") else "The project is not open."
        if action in ("promote", "proof", "flips", "next") and self.arm is None:
            return "There is no finished proof yet: r retrains."
        if action == "proof":
            older = parameters == (1,)
            if not 0 <= self._shown + (1 if older else -1) < len(self._reports):
                return f"There is no {'older' if older else 'newer'} proof."
        running = self.workbench.running
        if action == "promote" and running is not None:
            return f"{running.id} is running with the current model: wait for it, or stop it with X."
        return None

    # what happens

    @on(LineList.Moved)
    def _moved(self) -> None:
        looked_at = (self.report.id, self.arms.cursor) if self.report else None
        self.query_one("#figures", TextPane).show(self._figures, keep_scroll=looked_at == self._looked_at)
        self._looked_at = looked_at
        shell(self).autosave()
        self.refresh_bindings()

    def action_proof(self, step: int) -> None:
        """Show an older or newer proof."""
        self._shown += step
        self._show_report(0)

    def action_next(self) -> None:
        """Show the figures of the next arm."""
        self.arms.move_to((self.arms.cursor + 1) % len(self.arms.rows))

    async def action_flips(self) -> None:
        """Browse the rows that the arm under the cursor flipped."""
        report, arm = self.report, self.arm
        assert report is not None, "unavailable without a proof"
        assert arm is not None, "unavailable without a proof"
        await shell(self).go("flips", proof=report.id, arm=arm.arm, recipe=arm.recipe)

    def action_promote(self) -> None:
        """Ask, promote, and look for the blind spots of the new model."""
        from tui.dialogs.promote_dialog import PromoteDialog

        report, arm = self.report, self.arm
        assert report is not None, "unavailable without a proof"
        assert arm is not None, "unavailable without a proof"

        def answered(yes: bool | None) -> None:
            if yes:
                self.say("The proof and the model are checked before the model is promoted.")
                promoting = partial(self._promote, report, arm)
                self.app.run_worker(promoting, thread=True, group="promote", exit_on_error=False)

        self.app.push_screen(PromoteDialog(arm, report.verdict_of(arm), report.seeds[0]), answered)

    def _promote(self, report: Report, arm: ReportArm) -> None:
        """Promote, in a thread: the report is computed again and the model hashed, which takes seconds."""
        from engine.regression.promotion import frozen_sentences, promote

        app, project = shell(self), self.workbench.project
        try:
            promoted = promote(project, arm=arm.arm, recipe=arm.recipe, proof_id=report.id, force=True)
            begins = f"Round {promoted.round} begins with {arm.arm} {arm.recipe}: looking for its blind spots."
            said = " ".join([begins, *frozen_sentences(project, promoted)])
        except BlindspotError as error:
            app.call_later(app.refuse, error)
        else:
            app.call_later(self._begin_round, said)

    async def _begin_round(self, said: str) -> None:
        from engine.operations.job_records import DiscoverOptions

        app = shell(self)
        self.workbench.begin_round()
        started = app.job_watch.start(DiscoverOptions())
        await app.go("spots")
        app.changed()
        if started:
            app.say(said)
