"""Drawing up the comparison: people against LLMs, from all judgements and all samples of a project.

It follows from the records, the items and the evidence alone; what is up to date is not drawn up again.
"""

from __future__ import annotations

from collections.abc import Sequence

from threadpoolctl import threadpool_limits

from engine.files import write_json
from engine.progress import Monitor, Silent
from engine.project import Project
from engine.review.answers import TeacherAnswer, answers
from engine.review.comparison import TeacherComparison, comparison_key, comparison_path, read_comparison
from engine.review.diversity import qualities
from engine.review.items import Items
from engine.review.outcome import judged_items
from engine.review.reviewer_agreement import agreements
from engine.review.win_rate import acceptances, human_win_rates_by_spot, win_rates
from engine.schema import Discovery, Prediction
from engine.teaching.evidence import evidence_for
from engine.teaching.records import Records


def compare(
    project: Project, *, own: bool = False, embed: bool = True, monitor: Monitor | None = None
) -> TeacherComparison:
    """Compare the teachers, and write it to `comparison_path`.

    Args:
        project: its reviews and samples.
        own: whether judgements of one's own work count.
        embed: False: no figure that needs embeddings.
        monitor: told of stages.

    Raises:
        StoreError: the items of the review are damaged, or cannot be written.
        ModelError: the encoder cannot be found or loaded.
        Stopped: from the monitor.
    """
    monitor = monitor or Silent()
    records, discovery, items = Records(project.teaching_dir), project.discovery(), Items(project)
    if discovery:
        items.make(discovery, records)
    key = comparison_key(project, records, own=own, embed=embed)
    there = read_comparison(project, own=own)
    if there and there.key == key:
        return there
    everything = judged_items(project, records, own=True)
    judged = [one for one in everything if own or not one.own]
    rule = project.settings.proof
    monitor.step("review", 0, 1)
    with threadpool_limits(1):
        rates, by_spot = win_rates(judged, rule), human_win_rates_by_spot(judged, rule)
        agreed = agreements(judged)
        monitor.step("review", 1, 1)
        rows = _evidence(project, discovery, records)
        quality = qualities(project, rows, records.samples(), embed=embed, monitor=monitor)
    made = TeacherComparison(
        key=key,
        own=own,
        embedded=embed,
        reviewers=tuple(sorted({one.reviewer for one in judged})),
        items=len(items.all()),
        judged=len({one.item.id for one in judged}),
        judgements=len(judged),
        own_judgements=sum(one.own for one in everything),
        left_out=_left_out(discovery, records, items),
        wins=tuple(rates),
        wins_by_spot=by_spot,
        acceptance=tuple(acceptances(judged, rule)),
        agreement=tuple(agreed),
        quality=tuple(quality),
    )
    write_json(comparison_path(project, own=own), made.as_json())
    return made


def _evidence(project: Project, discovery: Discovery | None, records: Records) -> dict[str, tuple[Prediction, ...]]:
    """What teachers were shown of each blind spot of the round."""
    spots = discovery.blind_spots if discovery else ()
    return {spot.id: evidence_for(project, discovery, records, spot.id).rows for spot in spots if discovery}


def _left_out(discovery: Discovery | None, records: Records, items: Items) -> dict[str, int]:
    """Patterns and samples of answers that are in no item, as the other side has no partner for them."""
    sides = [side for item in items.all() for side in item.sides]
    patterns = {side.pattern.id for side in sides if side.pattern}
    samples = {sample.id for side in sides for sample in side.samples}
    given: Sequence[TeacherAnswer] = answers(records, [spot.id for spot in discovery.blind_spots]) if discovery else ()
    return {
        "patterns": sum(found.id not in patterns for answer in given for found in answer.patterns),
        "samples": sum(found.id not in samples for answer in given for found in answer.samples),
    }
