"""The history of blind spots across rounds: closed, kept, split, merged, not found again, new. Light.

Two blind spots of successive rounds are related if they have the same confusion cell and share at least a fifth of the
rows of either. Models change, so UUs come and go, and clusters with them. So a blind spot that is not found again, or
is found under another id, is not closed by that: only the promoted proof says what is (`engine.proof.closed`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import FileError
from engine.files import read_record
from engine.monitoring.watched_batches import watched_batches
from engine.problems import leave_out
from engine.project import Project
from engine.proof.report import reports
from engine.proof.report_closed import closed_sentence, closed_spots
from engine.regression.promotion import Promotion
from engine.schema import BlindSpot, Discovery, Record

# Share of the rows of the smaller one; on Jaccard's measure a part that split off a large one would not be seen.
_SHARED = 0.2


@dataclass(frozen=True, slots=True)
class SpotChange(Record):
    """What became of the blind spots of the round before; ids, those of a split or merger joined by ``+``.

    Attributes:
        closed: by the model that the round starts from, as its proof says; some rows of one may be found again even so,
            and then it stands in one of the next three as well.
        kept, split, merged: found again.
        not_found: not found again, and not shown to be closed.
        new: of this round.
    """

    closed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    split: tuple[str, ...] = ()
    merged: tuple[str, ...] = ()
    not_found: tuple[str, ...] = ()
    new: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JudgedArm(Record):
    """What a finished proof says of one arm. ``closed``: a sentence (`engine.proof.report_closed.closed_sentence`)."""

    proof: str
    arm: str
    recipe: str
    verdict: str
    closed: str


@dataclass(frozen=True, slots=True)
class Round(Record):
    """One round of a project, as one line of its history.

    Attributes:
        accuracy, coverage: on the pool, 0..1; no accuracy where pool rows have no label. uus, scattered: their numbers.
        change: against the round before; None in the first, and where one of the two was not discovered.
        proofs: ids of its finished proofs. judged: each of their arms.
        promoted: arm, recipe and verdict of the model it starts from, and how many blind spots it closed where its
            proof is there; empty in the first.
        labelled, n_pool: pool rows with a label, and all.
        watched: what came of each batch that was watched with its model, a sentence each, the latest last.
    """

    number: int
    model: str
    accuracy: float | None
    coverage: float | None
    uus: int | None
    blind_spots: int | None
    change: SpotChange | None
    proofs: tuple[str, ...] = ()
    promoted: str = ""
    labelled: int | None = None
    n_pool: int | None = None
    watched: tuple[str, ...] = ()
    judged: tuple[JudgedArm, ...] = ()


def compare_rounds(before: Sequence[BlindSpot], after: Sequence[BlindSpot], closed: Sequence[str] = ()) -> SpotChange:
    """Sort blind spots into what became of them; ``closed`` are those that the promoted proof shows to be so."""
    later: dict[str, list[str]] = {spot.id: [] for spot in before}  # of each the kin on the other side
    earlier: dict[str, list[str]] = {spot.id: [] for spot in after}
    for old in before:
        for new in after:
            shared = len(set(old.rows) & set(new.rows))
            one_cell = (old.gold, old.predicted) == (new.gold, new.predicted)
            if one_cell and shared and shared >= _SHARED * min(len(old.rows), len(new.rows)):
                later[old.id].append(new.id)
                earlier[new.id].append(old.id)
    merged = {new: olds for new, olds in earlier.items() if len(olds) > 1}
    within = {old for olds in merged.values() for old in olds}
    split = {old: news for old, news in later.items() if len(news) > 1 and old not in within}
    return SpotChange(
        closed=tuple(old for old in later if old in closed),
        kept=tuple(old for old, news in later.items() if len(news) == 1 and old not in within),
        split=tuple(f"{old}={'+'.join(news)}" for old, news in split.items()),
        merged=tuple(f"{'+'.join(olds)}={new}" for new, olds in merged.items()),
        not_found=tuple(old for old, news in later.items() if not news and old not in closed),
        new=tuple(new for new, olds in earlier.items() if not olds),
    )


def history(project: Project) -> list[Round]:
    """All rounds of a project, first to last.

    Raises:
        ProjectError: a discovery is damaged.
    """
    finished = {report.id: report for report in reports(project)}
    watched = {one.name: one for one in watched_batches(project)}
    found: list[Round] = []
    before: Discovery | None = None
    for number in range(1, project.round + 1):
        now = project.discovery(number)
        made = _promotion(project.round_dir(number) / "model.json")
        closed: tuple[str, ...] = ()
        promoted = f"{made.arm}, {made.recipe}: {made.verdict}" if made else ""
        if made and (proof := finished.get(made.promoted_from)):
            closed = closed_spots(proof, made.arm, made.recipe, made.seed)
            for arm in proof.arms:
                if arm.group == (made.arm, made.recipe):
                    word = proof.verdict_of(arm)
                    since = f", {word} by labels that came since" if word != made.verdict else ""
                    promoted += f"{since}; {closed_sentence(arm)}"
        proofs = [report for report in reversed(finished.values()) if report.round == number]
        found.append(
            Round(
                number,
                model=now.model if now else made.name if made else "",
                accuracy=now.accuracy if now else None,
                coverage=now.coverage if now else None,
                uus=len(now.uus) if now else None,
                blind_spots=len(now.blind_spots) if now else None,
                change=compare_rounds(before.blind_spots, now.blind_spots, closed) if before and now else None,
                proofs=tuple(report.id for report in proofs),
                promoted=promoted,
                labelled=now.n_labelled if now else None,
                n_pool=now.n_pool if now else None,
                watched=tuple(one.sentence for one in watched.values() if one.round == number),
                judged=tuple(
                    JudgedArm(report.id, *arm.group, report.verdict_of(arm), closed_sentence(arm))
                    for report in proofs
                    for arm in report.arms
                ),
            )
        )
        before = now
    return found


def _promotion(path: Path) -> Promotion | None:
    """What was promoted; None: nothing, or the file is damaged and left out."""
    try:
        return read_record(path, Promotion.from_json, hint="restore the file, or promote again")
    except FileNotFoundError:
        return None
    except FileError as error:
        leave_out(error)
        return None
