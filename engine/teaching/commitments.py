"""Writing an annotator's decision on blind spots: committed or declined, once and for good."""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import StoreError
from engine.project import Project
from engine.schema import BlindSpot, Commitment, Decision, Discovery, Pattern
from engine.teaching.evidence import evidence_for
from engine.teaching.records import Teaching
from engine.teaching.sealing import decisions


def decide(
    project: Project,
    discovery: Discovery,
    teaching: Teaching,
    spots: Sequence[BlindSpot],
    what: Decision,
    reason: str = "",
) -> list[Commitment]:
    """Write the same decision on each blind spot, in one action that undo passes over.

    Args:
        project: of the records.
        discovery: of the round.
        teaching: the records; its author decides.
        spots: at least one.
        what: committing needs a pattern of the author's own on each.
        reason: needed to decline.

    Raises:
        StoreError: something is missing, or there is a decision already; nothing is written then.
    """
    ids = ", ".join(spot.id for spot in spots)
    if what == "declined" and not reason:
        raise StoreError("to decline needs a reason", where=ids, hint="say in a few words why")
    made = []
    with teaching.store.edit(f"{'commit' if what == 'committed' else 'decline'} {ids}", final=True) as edit:
        decided = decisions(teaching, teaching.author)
        own = {record.blind_spot for record in teaching.own("pattern") if isinstance(record, Pattern)}
        for spot in spots:
            if before := decided.get(spot.id):
                raise StoreError(
                    f"{teaching.author} has {before.decision} already",
                    where=spot.id,
                    hint="that is final: the others' answers have been seen",
                )
            if what == "committed" and spot.id not in own:
                raise StoreError(
                    "there is no pattern of yours to commit",
                    where=spot.id,
                    hint="describe the blind spot first, or decline with a reason",
                )
            seen, standing = evidence_for(project, discovery, teaching, spot.id).hash, teaching.store.standing(spot.id)
            made.append(Commitment(spot.id, what, seen, reason, standing))
            edit.put("commitment", spot.id, made[-1])
    return made
