"""The opened project behind the screens: discovery, records, drafts and figures. Knows nothing of the terminal.

Every method is quick (files of a few MB at most) but `open` and `load`, which belong into a thread.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import jobs
from engine.counted import counted
from engine.errors import BlindspotError, SettingsError
from engine.jobs import JobView
from engine.model.predictions_record import why_not_run
from engine.project import READ_ONLY, Project
from engine.review.blinding import to_judge
from engine.schema import Discovery, Drafts, Teacher
from engine.tau import tau_of
from engine.teaching.drafts import OpenDrafts
from engine.teaching.records import Teaching
from engine.teaching.store import Reverted
from engine.teaching.views import Board
from engine.teaching.writer import Annotator
from tui.view_models.header_status import HeaderStatus
from tui.view_models.undo_steps import UndoSteps, UndoWay

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.teaching.revisions import Action

_PATIENCE = 0.5  # seconds a key may wait for another process that writes the same annotator's file


class Workbench:
    """One annotator's view of one project.

    Attributes:
        project, teaching: the project folder and its records.
        board: what the round looks like with the records; None before the first discovery.
        annotator: writes marks, patterns, samples; None before the first discovery.
        jobs: all jobs, newest first, as they were when last read.
        steps: what was done on the screens and is not in the records yet.
    """

    def __init__(self, project: Project, author: str) -> None:
        self.project = project
        self.teaching = Teaching.of_person(project, author, patience=_PATIENCE)
        self.board: Board | None = None
        self.annotator: Annotator | None = None
        self.jobs: list[JobView] = []
        self.steps = UndoSteps()
        self._drafts = OpenDrafts(project.teaching_dir, self.teaching.author)
        self._fields = dict(self._drafts.drafts.fields)
        self._saved = self._drafts.drafts

    @classmethod
    def open(cls, root: Path, author: str) -> Workbench:
        """Open a project and read all that the screens show.

        Raises:
            BlindspotError: there is no project there, or it cannot be used.
        """
        workbench = cls(Project.open(root), author)
        workbench.load(workbench.project.discovery())
        workbench.jobs = jobs.jobs(workbench.project.root)
        return workbench

    def load(self, discovery: Discovery | None) -> None:
        """Take in what a discovery has found and what was written meanwhile; None: nothing yet in this round."""
        self.teaching.refresh()  # the job that discovered may have imported teaching too
        if discovery is None:
            self.begin_round()
            return
        if _at_odds(self.project, discovery):  # `blindspot discover --tau` elsewhere: it has written the settings too
            with suppress(BlindspotError):  # a mistake in them is told by what is done next
                self.project = Project.open(self.project.root, verify=False)
        teacher = Teacher(self.teaching.author, "human")
        self.board = Board(self.project, discovery, self.teaching, to_judge=to_judge)
        self.annotator = Annotator(self.project, discovery, self.teaching, teacher)

    def lacks_classifier(self, purpose: str) -> str | None:
        """Why there is nothing that could be run for a purpose, as a sentence; None if there is."""
        return why_not_run(self.project, purpose)

    @cached_property
    def lacks_verdicts(self) -> str | None:
        """Why nothing can say what the model makes of a text, as a sentence; None if something can."""
        return self.lacks_classifier("verdicts on texts")

    def begin_round(self) -> None:
        """Forget the blind spots of the round before: another model has been promoted."""
        self.board = self.annotator = None

    @property
    def kept(self) -> str:
        """What becomes of what is typed and done here, as a clause."""
        return (
            "nothing is kept, as the project is read-only"
            if self.project.read_only
            else "everything is saved as you go"
        )

    @property
    def repairs(self) -> list[str]:
        """What is to be told at opening, a sentence each: nothing may be kept, tau was edited, records, drafts."""
        joined = self._drafts.joined
        both = f"Two windows had typed into {counted(joined, 'field')}: both texts stand there now."
        met = [both] if joined else []
        read_only = [f"{READ_ONLY}."] * self.project.read_only
        found = self.board.discovery if self.board else None
        return [*read_only, *_at_odds(self.project, found), *self.teaching.repairs, *met]

    @property
    def running(self) -> JobView | None:
        """The job that runs, if one does."""
        return next((job for job in self.jobs if job.state == "running"), None)

    def last_job(self, kind: str) -> JobView | None:
        """The newest job of a kind."""
        return next((job for job in self.jobs if job.kind == kind), None)

    def status(self, *, job: str = "") -> HeaderStatus:
        """The figures of the header."""
        name, settings = self.project.root.name, self.project.settings
        if self.board is None:
            return HeaderStatus(name, self.project.round, tau=settings.discovery.tau, job=job)
        found, totals = self.board.discovery, self.board.totals()
        model = Path(found.model).name
        return HeaderStatus(
            name, found.round, model, found.tau, totals.uus_after_marks, totals.done, totals.blind_spots, job
        )

    def next_action(self, way: UndoWay, within: Callable[[Action], bool] = lambda _: True) -> Action | None:
        """What `revert` would undo or do again; None if there is nothing."""
        store = self.teaching.store
        return store.next_undo(within) if way == "undo" else store.next_redo(within)

    def revert(self, way: UndoWay, within: Callable[[Action], bool]) -> Reverted | None:
        """Undo, or do again, the last action that is ``within`` what is asked for."""
        store = self.teaching.store
        return store.undo(within) if way == "undo" else store.redo(within)

    @property
    def place(self) -> dict[str, Any]:
        """Where the annotator was when the app was left."""
        return self._drafts.drafts.place

    def draft(self, name: str) -> str:
        """What was typed into a field and not committed; empty if nothing."""
        return self._fields.get(name, "")

    def drafted(self, beginning: str) -> list[str]:
        """How the names of fields go on that begin so, and into which something was typed and not committed."""
        return [name.removeprefix(beginning) for name in self._fields if name.startswith(beginning)]

    def keep_draft(self, name: str, text: str) -> None:
        """Remember what is being typed; empty text forgets it. `save` writes it to the disk."""
        if text:
            self._fields[name] = text
        else:
            self._fields.pop(name, None)

    def drafts(self, place: dict[str, Any]) -> Drafts:
        """What there is to save now."""
        return Drafts(dict(self._fields), place)

    def save(self, drafts: Drafts) -> None:
        """Write drafts and place to the disk, if they differ from what is there, and may be written.

        Raises:
            StoreError: they cannot be written.
        """
        if drafts != self._saved and not self.project.read_only:
            self._drafts.save(drafts)
            self._saved = drafts

    def close(self) -> None:
        """The app ends: another one may take over its drafts."""
        self._drafts.close()


def _at_odds(project: Project, found: Discovery | None) -> list[str]:
    """That the settings say another tau than the blind spots were found at, as one sentence; else nothing."""
    try:
        tau_of(project, found)
    except SettingsError as error:
        return [str(error)]
    return []
