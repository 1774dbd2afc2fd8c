"""What each kind of job does: the process is `python -m engine.operations.job_kinds ROOT JOB LOCK_FD ALIVE_FD`.

Heavy modules are imported here only when the work begins.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from engine.errors import JobError
from engine.files import read_record
from engine.jobs import JobView, jobs
from engine.jobs.job_process import main
from engine.jobs.kind import JobKind, JobKinds, JobOptions, read_options
from engine.llm.label_rows import CONFIDENT
from engine.llm.questions import asking
from engine.llm.reports import JudgeReport, LabelReport, TeachReport
from engine.model.text_classifier import classifier_of
from engine.model.weights import weights_use
from engine.monitoring.read_batch import read_batch
from engine.operations.job_records import (
    AskingOptions,
    AuditOptions,
    AuditResult,
    CheckOptions,
    CheckResult,
    CompareOptions,
    CompareResult,
    DiscoverOptions,
    DiscoverResult,
    HuntOptions,
    HuntResult,
    JudgeOptions,
    LabelOptions,
    QuickResult,
    RetrainOptions,
    RetrainResult,
    SearchOptions,
    SearchResult,
    ShardOptions,
    ShardResult,
    TeachOptions,
    WatchOptions,
    WatchResult,
)
from engine.operations.outside_uses import llm_use, models_uses
from engine.progress import Monitor
from engine.project import Project
from engine.proof.quick_report import QuickReport
from engine.tau import with_tau
from engine.teaching.evidence import seen_flags
from engine.teaching.found_rows import find_sample, keep_found
from engine.teaching.labels import Labels
from engine.teaching.pattern_testing import find_pattern
from engine.teaching.records import Records, lost_spots
from engine.trust import OutsideUse, file_use, require
from engine.verify.seal import keep_seal

Uses = list[OutsideUse | None]


def discover(project: Project, options: DiscoverOptions, monitor: Monitor) -> DiscoverResult:
    """Find blind spots, with another tau if the options name one; then import the teaching files named, if any."""
    from engine.discovery.pipeline import discover as find

    if options.teaching and options.teacher is None:
        raise JobError("the job names teaching to import, and no teacher", hint="start a new one")
    if options.tau is not None:
        project = with_tau(project, options.tau)
    teaching = [Path(file) for file in options.teaching]
    require(project.root, [file_use(project.root, file) for file in teaching])
    labels, before = Labels(Records(project.teaching_dir)), project.discovery()
    found = find(
        project,
        labels=labels.settled(),
        llm_labels=labels.suspected(),
        looked_wrong=labels.looked_wrong(),
        monitor=monitor,
    )
    keep_seal(project)
    if gone := lost_spots(project, found):
        monitor.note(gone)
    if teaching and options.teacher is not None:
        from engine.teaching.import_records import import_teaching

        import_teaching(project, teaching, options.teacher, monitor=monitor)
    return DiscoverResult(
        round=found.round,
        blind_spots=len(found.blind_spots),
        uus=len(found.uus),
        tau=found.tau,
        cut_rows=len(found.cut),
        lower_taus=found.taus,
        new=tuple(spot.id for spot in found.blind_spots if before and before.spot(spot.id) is None),
        flagged=len(seen_flags(found, project.manifest.withheld)),
    )


def discover_uses(project: Project, options: DiscoverOptions) -> Uses:
    """The models, and the files of teaching."""
    return [*models_uses(project), *(file_use(project.root, Path(file)) for file in options.teaching)]


def shard(project: Project, options: ShardOptions, monitor: Monitor) -> ShardResult:
    """Train the baseline if need be, and plan the shards of the pool."""
    from engine.discovery.pool_scoring import plan_pool
    from engine.model.model_registry import current_model

    plan = plan_pool(project, current_model(project, monitor=monitor), options.rows, monitor=monitor)
    shards = plan.manifest.shards
    return ShardResult(len(shards), sum(one.rows for one in shards), len(shards) - len(plan.missing()))


def hunt(project: Project, options: HuntOptions, monitor: Monitor) -> HuntResult:
    """Score and embed the pool, and queue the first rows of a hunt."""
    from engine.hunt.begin_hunt import begin_hunt

    made = [view.made(HuntResult) for view in jobs(project.root) if view.kind == options.kind]
    ended = {result.queue for result in made if result}
    begun = begin_hunt(project, options.budget, ended=ended, monitor=monitor)
    keep_seal(project)
    spec = begun.file.spec
    return HuntResult(spec.name, spec.budget, len(begun.rows.ids), len(begun.file.choices))


def audit(project: Project, options: AuditOptions, monitor: Monitor) -> AuditResult:
    """Score the held-out rows, and queue a random sample of them."""
    from engine.audit.audit_status import status_of
    from engine.audit.begin_audit import begin_audit

    status = status_of(project, begin_audit(project, options.labels, monitor=monitor))
    keep_seal(project)
    drawn = f"{status.queue}: {status.drawn} of {status.rows:,} held-out rows are drawn"
    if status.answered:
        drawn = f"{drawn} before, {status.answered} have a label; it is not ended and goes on"
    return AuditResult(status.queue, status.rows, status.drawn, status.answered, drawn)


def watch(project: Project, options: WatchOptions, monitor: Monitor) -> WatchResult:
    """Score a batch of rows, count what is wrong, and compare that with the audit and with closed blind spots."""
    from engine.monitoring.watch_batch import watch_batch

    require(project.root, watch_uses(project, options))
    predictions = Path(options.predictions) if options.predictions else None
    batch = read_batch(
        project, Path(options.file), name=options.name, predictions=predictions, monitor=monitor, **options.choices
    )
    watched = watch_batch(project, batch, monitor=monitor)
    return WatchResult(watched.name, watched.word, watched.sentence)


def watch_uses(project: Project, options: WatchOptions) -> Uses:
    """The models, and the files."""
    files = [options.file, *([options.predictions] if options.predictions else [])]
    return [*models_uses(project), *(file_use(project.root, Path(file)) for file in files)]


def teach(project: Project, options: TeachOptions, monitor: Monitor) -> TeachReport:
    """Let an LLM, or a recording of one, explain blind spots and write samples."""
    from engine.llm.teacher import teach as ask

    project, replay = _asked(project, options)
    report = ask(project, spots=options.spots, replay=replay, monitor=monitor, **options.limits)
    monitor.note(report.sentence)
    return report


def retrain(project: Project, options: RetrainOptions, monitor: Monitor) -> RetrainResult | QuickResult:
    """Train the arms with every seed and judge them on proof and test; ``quick``: a first look, no proof."""
    from engine.costs.cost_book import costs_of_kinds
    from engine.proof.run import look_quickly
    from engine.proof.run import retrain as prove

    if options.quick:
        path = look_quickly(project, arms=options.arms, monitor=monitor)
        sentence = read_record(path, QuickReport.from_json).sentence
        monitor.note(sentence)
        return QuickResult(str(path.relative_to(project.root)), sentence)
    report = prove(
        project,
        options,
        costs=costs_of_kinds(project) if options.equal == "cost" else None,
        monitor=monitor,
    )
    keep_seal(project)
    return RetrainResult(str(report.relative_to(project.root)))


def judge(project: Project, options: JudgeOptions, monitor: Monitor) -> JudgeReport:
    """Let the LLM judge patterns on rows that their teachers have not seen, and reword its own."""
    from engine.llm.pattern_judge import judge as test

    return test(project, patterns=options.patterns, refine=options.refine, monitor=monitor, **options.limits)


def label(project: Project, options: LabelOptions, monitor: Monitor) -> LabelReport:
    """Let an LLM, or a recording of one, label rows."""
    from engine.llm.labeller import label as ask

    project, replay = _asked(project, options)
    report = ask(project, rows=options.rows, split=options.split, replay=replay, monitor=monitor, **options.limits)
    monitor.note(report.sentence)
    return report


def label_uses(project: Project, options: LabelOptions) -> Uses:
    """The recording, or the server that would be asked; and the model, where its confidence chooses the rows."""
    models = models_uses(project) if options.rows == CONFIDENT else []
    return [*models, _asked_use(project, options, held_out=options.split == "proof")]


def search(project: Project, options: SearchOptions, monitor: Monitor) -> SearchResult:
    """Find the pool rows that a pattern, samples or a text describe; ``by_llm``: and ask to which it applies."""
    from engine.teaching.row_search import find_rows

    records = Records(project.teaching_dir)
    found = find_rows(
        project,
        project.discovered(),
        records,
        author=options.author,
        pattern=find_pattern(records, options.pattern) if options.pattern else None,
        samples=[find_sample(records, name) for name in options.samples],
        text=options.text,
        text_pair=options.text_pair,
        count=options.rows,
        monitor=monitor,
    )
    if options.by_llm:
        from engine.llm.pattern_judge import judge_found

        keep_found(project, found)
        found = judge_found(project, found, monitor=monitor, **options.limits)
    found = keep_found(project, found)
    return SearchResult(found.key, found.sentence)


def search_uses(project: Project, options: SearchOptions) -> Uses:
    """The weights of the encoder, and the server that would be asked."""
    encoder = weights_use(project.root, project.settings.model.encoder)
    return [encoder, llm_use(project) if options.by_llm else None]


def compare(project: Project, options: CompareOptions, monitor: Monitor) -> CompareResult:
    """Compare people and LLMs; ``own``: judgements of one's own work count too."""
    from engine.review.draw_comparison import compare as draw_up

    found = draw_up(project, own=options.own, monitor=monitor)
    return CompareResult(found.judgements, found.items)


def check(project: Project, options: CheckOptions, monitor: Monitor) -> CheckResult:
    """Run the regression suite against a model."""
    from engine.regression.run_suite import check as run_suite

    return CheckResult(str(run_suite(project, options.model, monitor=monitor).relative_to(project.root)))


def check_uses(project: Project, options: CheckOptions) -> Uses:
    """The model that is checked."""
    return classifier_of(project).uses(options.model)


def _asked(project: Project, options: AskingOptions) -> tuple[Project, Path | None]:
    """The project with the model and the server that were chosen, and the recording to replay instead, if there is one.

    Raises:
        NotTrusted: nobody at this machine has agreed to the recording.
    """
    project = asking(project, model=options.model, base_url=options.base_url)
    replay = Path(options.replay) if options.replay else None
    if replay is not None:
        require(project.root, [file_use(project.root, replay)])
    return project, replay


def _asked_use(project: Project, options: AskingOptions, *, held_out: bool = False) -> OutsideUse | None:
    """The recording, or the server that would be asked; ``held_out``: about held-out rows."""
    if options.replay:
        return file_use(project.root, Path(options.replay))
    return llm_use(asking(project, model=options.model, base_url=options.base_url), held_out=held_out)


_KINDS: tuple[JobKind[Any], ...] = (
    JobKind(DiscoverOptions, discover, discover_uses),
    JobKind(TeachOptions, teach, lambda project, options: [_asked_use(project, options)]),
    JobKind(RetrainOptions, retrain, lambda project, options: models_uses(project)),
    JobKind(SearchOptions, search, search_uses),
    JobKind(JudgeOptions, judge, lambda project, options: [llm_use(project)]),
    JobKind(ShardOptions, shard, lambda project, options: models_uses(project)),
    JobKind(HuntOptions, hunt, lambda project, options: models_uses(project)),
    JobKind(AuditOptions, audit, lambda project, options: models_uses(project)),
    JobKind(WatchOptions, watch, watch_uses),
    JobKind(LabelOptions, label, label_uses),
    JobKind(
        CompareOptions, compare, lambda project, options: [weights_use(project.root, project.settings.model.encoder)]
    ),
    JobKind(CheckOptions, check, check_uses),
)
KINDS: JobKinds = {kind.options.kind: kind for kind in _KINDS}


def asked_of(job: JobView) -> JobOptions:
    """What a job was asked for.

    Raises:
        JobError: this version has no such kind of job, or an option is not of its type.
    """
    return read_options(KINDS, job.kind, job.options)


def job_uses(project: Project, options: JobOptions) -> list[OutsideUse]:
    """All that a job would use outside the project.

    Args:
        project: the folder.
        options: of the job, which may stand in a file of the project.

    Raises:
        SettingsError: as `engine.operations.outside_uses.outside_uses`.
    """
    return [use for use in KINDS[options.kind].uses(project, options) if use is not None]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], KINDS))
