"""The library: a project, what is in it, and the work that is done on it. The commands use it too. Light.

`open_project` is where it begins. Reading gives what is on the disk at that moment. Discovering, retraining and
checking are background jobs, as from the command line; the call returns when the job has ended. Imports that one call
alone needs are inside it: every command goes through this module, and most make one call.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine import jobs, problems
from engine.data.pool_rows import pool_rows
from engine.errors import BlindspotError
from engine.files import read_record
from engine.ids import inside
from engine.jobs import JobView
from engine.jobs.kind import JobOptions
from engine.project import Project
from engine.record_table import RecordTable
from engine.review.blinding import to_judge
from engine.schema import Discovery, Example, SplitName
from engine.teaching.authors import default_author
from engine.teaching.labels import Labels
from engine.teaching.records import Teaching
from engine.teaching.views import Board, EvidenceRow, SpotView
from engine.trust import OutsideUse, agree, require

if TYPE_CHECKING:
    from engine.exchange.export_tables import Kind, Table
    from engine.proof.budget_matching import Equal
    from engine.proof.report_rows import FigureRow, SpotRow, VerdictRow
    from engine.proof.report_types import Report
    from engine.regression.check_outcome import CheckOutcome

Ask = Callable[[Path, Iterable[OutsideUse]], None]
Follow = Callable[[Path, str], JobView]
Tell = Callable[[str], None]


def open_project(
    folder: Path | str,
    *,
    annotator: str | None = None,
    for_llm: bool = False,
    ask: Ask = require,
    follow: Follow = jobs.follow_to_end,
    tell: Tell | None = None,
) -> OpenedProject:
    """Open a project, and make sure that its splits are the ones it was made with.

    Args:
        folder: of the project.
        annotator: who looks: what others wrote is shown once they have decided, as on the screens. Default: the login
            name.
        for_llm: the annotator may be an LLM whose records are written or taken back; show a person nothing of them.
        ask: is given what a job would use outside the project, and raises NotTrusted if that may not be. Default: what
            somebody has agreed to on this machine, with `blindspot trust`.
        follow: waits for a job. Default: in silence.
        tell: is given sentences about files that are damaged or left out. Default: `warnings.warn`.

    Raises:
        ProjectError: no project there, its manifest is damaged, or a split has changed.
        SettingsError: blindspot.toml has a mistake.
    """
    project = Project.open(Path(folder))
    name = annotator or default_author()
    return OpenedProject(project, name, for_llm=for_llm, ask=ask, follow=follow, tell=tell or _warn)


def _warn(sentence: str) -> None:
    warnings.warn(sentence, stacklevel=2)


class OpenedProject:
    """A project, as one annotator sees it; made by `open_project`.

    Attributes:
        project: its folder, with settings and manifest. Opened anew after each job.
        annotator: who looks.
    """

    def __init__(
        self, project: Project, annotator: str, *, for_llm: bool, ask: Ask, follow: Follow, tell: Tell
    ) -> None:
        self.project = project
        self.annotator = annotator
        self._open_records = Teaching.of if for_llm else Teaching.of_person
        self._ask = ask
        self._follow = follow
        self._tell = tell
        self._told: set[str] = set()
        self._teaching: Teaching | None = None

    @property
    def teaching(self) -> Teaching:
        """The records of all, with what was written since.

        Raises:
            StoreError: the annotator's name is empty or an LLM's, or a file may not be read.
        """
        if self._teaching is None:
            self._teaching = self._open_records(self.project, self.annotator)
        self._teaching.refresh()
        for sentence in (*self._teaching.repairs, *problems.take()):
            if sentence not in self._told:
                self._told.add(sentence)
                self._tell(sentence)
        return self._teaching

    @property
    def discovery(self) -> Discovery:
        """What was discovered in the current round.

        Raises:
            ProjectError: nothing yet, or the file is damaged.
            SettingsError: the settings have another tau than it was made with.
        """
        return self.project.discovered()

    @property
    def board(self) -> Board:
        """The current round as the annotator sees it.

        Raises:
            ProjectError, SettingsError, StoreError: as `discovery` and `teaching`.
        """
        return Board(self.project, self.discovery, self.teaching, to_judge=to_judge)

    def rows(self, split: SplitName = "pool") -> RecordTable[Example]:
        """The rows of a split, in file order; in the pool the label on which people agree stands above the split's.

        Raises:
            ProjectError: the project has no such split, or it is ``proof``, which is for proofs alone.
            StoreError: as `teaching`.
        """
        if split == "pool":
            return RecordTable(Example, pool_rows(self.project, Labels(self.teaching).settled()))
        return RecordTable(Example, self.project.examples(split))

    def labels(self, *, proof: bool = False) -> Table:
        """Every label that people and LLMs have given to a row, and every decision of a conflict.

        Args:
            proof: labels of proof rows, and of pool rows that nearly equal one, too, with their texts. They say whether
                a model got better: one that is trained with any of them cannot be judged by them any more.

        Raises:
            ProjectError: a discovery is damaged.
            StoreError: as `teaching`.
            DataError: a guideline cannot be read.
        """
        return self._table("labels", proof=proof)

    def marks(self) -> Table:
        """Every mark of a pool row, but of rows that are held back from the annotator.

        Raises:
            ProjectError, StoreError, DataError: as `labels`.
        """
        return self._table("marks")

    def patterns(self) -> Table:
        """The patterns that the annotator may see: their own, and those of others that are not sealed any more.

        Raises:
            ProjectError, StoreError, DataError: as `labels`.
        """
        return self._table("patterns")

    def samples(self) -> Table:
        """The samples that the annotator may see, as `patterns`.

        Raises:
            ProjectError, StoreError, DataError: as `labels`.
        """
        return self._table("samples")

    def judgements(self) -> Table:
        """The judgements of the blind review that the annotator may see, as `patterns`.

        Raises:
            ProjectError, StoreError, DataError: as `labels`.
        """
        return self._table("judgements")

    def _table(self, kind: Kind, *, proof: bool = False) -> Table:
        from engine.exchange.export_tables import Table
        from engine.exchange.gather import gather

        tables = gather(self.project, self.teaching, [kind], proof=proof).tables
        return tables[0] if tables else Table(kind, ())

    def blind_spots(self) -> RecordTable[SpotView]:
        """The blind spots of the current round, in the order they were found.

        Raises:
            ProjectError, SettingsError, StoreError: as `board`.
        """
        return RecordTable(SpotView, self.board.spots())

    def evidence(self, spot_id: str) -> RecordTable[EvidenceRow]:
        """The UUs of a blind spot that the annotator may see, most typical first.

        Raises:
            StoreError: there is no such blind spot, or as `teaching`.
            ProjectError, SettingsError: as `discovery`.
        """
        return RecordTable(EvidenceRow, self.board.evidence(spot_id))

    def discover(self, tau: float | None = None) -> Discovery:
        """Find the blind spots of the current model.

        Args:
            tau: confidence from which on an error is a UU, 0..1. It is written to blindspot.toml. Default: as there.

        Raises:
            SettingsError: tau is no such number, or is frozen since the first proof.
            JobError, NotTrusted: as `start` and `wait`.
        """
        from engine.operations.job_records import DiscoverOptions

        self.wait(self.start(DiscoverOptions(tau=tau)))
        return self.discovery

    def retrain(
        self,
        arms: Sequence[str] | None = None,
        *,
        recipes: Sequence[str] | None = None,
        seeds: Sequence[int] | None = None,
        equal: Equal | None = None,
        reviewed: bool = False,
        controls: bool = False,
        labeller: str | None = None,
    ) -> Report:
        """Train the arms with every seed, and prove them on held-out rows.

        Args:
            arms: names of arms, controls among them. Default: every kind of teaching there is, else the labels.
            recipes: names. Default: the usual ones.
            seeds: a training each. Default: those of the settings.
            equal: cut the arms down to equal ``count`` or ``cost``.
            reviewed: leave out samples that reviewers reject, and take their corrections.
            controls: compare with every control too.
            labeller: the LLM whose labels are meant, where several have labelled.

        Raises:
            ProjectError: this cannot be trained, or not be proved.
            JobError, NotTrusted: as `start` and `wait`.
        """
        from engine.operations.job_records import RetrainOptions, RetrainResult

        options = RetrainOptions(
            arms=None if arms is None else tuple(arms),
            recipes=None if recipes is None else tuple(recipes),
            seeds=None if seeds is None else tuple(seeds),
            equal=equal,
            reviewed=reviewed,
            controls=controls,
            labeller=labeller,
        )
        made = RetrainResult.from_json(self.wait(self.start(options)).result)
        return self.report(Path(made.report).parent.name)

    def report(self, proof: str | None = None) -> Report:
        """A finished proof, with the labels that people have given to its rows since.

        Args:
            proof: its id. Default: the newest.

        Raises:
            ProjectError: there is none, or its report is damaged.
        """
        from engine.operations.verdict_process import look
        from engine.proof.report import read_report

        report = read_report(self.project, proof)
        if report.labels_asked is None or not report.labels_asked.goes_on or self.project.read_only:
            return report
        try:
            look(self.project, report.id)
        except BlindspotError as error:  # what was computed before is as true as it was
            self._tell(f"newer labels are left out: {error}")
        return read_report(self.project, report.id)

    def verdicts(self, proof: str | None = None) -> RecordTable[VerdictRow]:
        """The verdicts of a proof, one for each arm and recipe.

        Raises:
            ProjectError: as `report`.
        """
        from engine.proof.report_rows import VerdictRow, verdict_rows

        return RecordTable(VerdictRow, verdict_rows(self.report(proof)))

    def figures(self, proof: str | None = None) -> RecordTable[FigureRow]:
        """The figures of a proof, one for each arm, recipe, split and measure; the baseline is among the arms.

        Raises:
            ProjectError: as `report`.
        """
        from engine.proof.report_rows import FigureRow, figure_rows

        return RecordTable(FigureRow, figure_rows(self.report(proof)))

    def closed(self, proof: str | None = None) -> RecordTable[SpotRow]:
        """What became of the blind spots in a proof, one for each of them, arm and recipe, the baseline among them.

        Raises:
            ProjectError: as `report`.
        """
        from engine.proof.report_rows import SpotRow, spot_rows

        return RecordTable(SpotRow, spot_rows(self.report(proof)))

    def suite(self) -> tuple[str, ...]:
        """Ids of the blind spots in the regression suite; empty before a promotion has closed one.

        Raises:
            ProjectError: a file of the suite is damaged.
        """
        from engine.regression.frozen_spots import suite

        return tuple(spot.id for spot in suite(self.project))

    def check(self, model: Path | str | None = None) -> CheckOutcome:
        """Run the regression suite against a model; without a closed blind spot no job is started.

        Args:
            model: folder or hub name of a classifier. Naming it agrees to its use. Default: the current one.

        Raises:
            ModelError: it cannot be found, is no classifier, or the project has predictions alone.
            ProjectError: a file of the suite is damaged or has changed.
            JobError, NotTrusted: as `start` and `wait`.
        """
        from engine.model.cleaned_models import refuse_cleaned
        from engine.model.predictions_record import refuse_without_classifier
        from engine.model.text_classifier import classifier_of
        from engine.operations.job_records import CheckOptions, CheckResult
        from engine.regression.check_outcome import NOTHING, CheckOutcome

        if model is None:
            refuse_without_classifier(self.project, "`check`")
        if not self.suite():
            return NOTHING
        name = None if model is None else str(model)
        if name is not None:
            name = str(Path(name).resolve()) if Path(name).exists() else name
            classifier = classifier_of(self.project)
            refuse_cleaned(self.project, name)
            classifier.refuse_named(name)
            agree(self.project.root, [use for use in classifier.uses(name) if use and use.kind == "weights"])
        made = CheckResult.from_json(self.wait(self.start(CheckOptions(name))).result)
        return read_record(inside(self.project.root, made.check), CheckOutcome.from_json)

    def start(self, options: JobOptions) -> str:
        """Start a job and return its id at once.

        Args:
            options: one of `engine.operations.job_records`, which says what kind of job it is.

        Raises:
            JobError: another job is running in this project.
            NotTrusted: nobody has agreed to what it needs outside the project.
            ProjectError, SettingsError: what a discovery or a retrain was asked for cannot be done.
            GuestRefused: a guest asks for it.
        """
        from engine.operations.job_kinds import job_uses

        self._refuse(options)
        self._ask(self.project.root, job_uses(self.project, options))
        return jobs.start(self.project.root, options)

    def wait(self, job_id: str) -> JobView:
        """Wait until a job is done; an interrupt asks it to stop, and what it finished is kept.

        Raises:
            JobError: it failed, was stopped or was killed; the sentence says how to go on.
        """
        view = self._follow(self.project.root, job_id)
        self.project = Project.open(self.project.root)  # a job may write settings
        return view

    def _refuse(self, options: JobOptions) -> None:
        """Refuse what cannot be done before a job is made of it."""
        from engine.operations.job_records import DiscoverOptions, RetrainOptions
        from engine.proof.request import refuse_quick, refuse_retrain
        from engine.tau import checked_tau, refuse_new_tau

        if isinstance(options, DiscoverOptions):
            refuse_new_tau(self.project, None if options.tau is None else checked_tau(options.tau))
        elif isinstance(options, RetrainOptions) and options.quick:
            refuse_quick(self.project, options.arms)
        elif isinstance(options, RetrainOptions):
            from engine.costs.cost_book import costs_of_kinds

            costs = costs_of_kinds(self.project) if options.equal == "cost" else None
            refuse_retrain(self.project, options, costs=costs)
