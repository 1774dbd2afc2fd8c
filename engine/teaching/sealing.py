"""Who may see whose answer: to a blind spot, nobody sees another teacher's before having given theirs, or declined.

The first decision on a blind spot is final: what was seen cannot be unseen. It lists what the teacher had written by
then, and freezes it. What they write afterwards is new work beside it.
"""

from __future__ import annotations

from collections.abc import Collection

from engine.schema import Commitment, Pattern, Sample
from engine.teaching.records import Records, Teaching, typed


def decisions(records: Records, author: str) -> dict[str, Commitment]:
    """What an author has decided, by blind spot id.

    Args:
        records: of the project.
        author: as its owner writes it, or the stem of its file.
    """
    log, found = records.log(author), {}
    for spot_id, revision in log.decided.items() if log else ():
        record = typed(revision)
        assert isinstance(record, Commitment)
        found[spot_id] = record
    return found


def decision(teaching: Teaching, spot_id: str) -> Commitment | None:
    """What this annotator has decided on a blind spot; None: nothing yet, so others' answers are sealed."""
    return decisions(teaching, teaching.author).get(spot_id)


def is_open(spot_id: str, decided: Collection[str], unjudged: Collection[str]) -> bool:
    """Whether what others wrote on a blind spot is shown, with who wrote it.

    Args:
        spot_id: the blind spot.
        decided: those that the annotator has decided on.
        unjudged: those where they have still to judge blind (`engine.review.blinding`).
    """
    return spot_id in decided and spot_id not in unjudged


def is_sealed(teaching: Teaching, record: Pattern | Sample) -> bool:
    """Whether this annotator may not see the pattern or sample yet: it is another's, and nothing is decided there."""
    return not teaching.is_own(record.id) and decision(teaching, record.blind_spot) is None


def committed_records(
    records: Records, author: str, spot_id: str
) -> tuple[tuple[Pattern, ...], tuple[Sample, ...]] | None:
    """The answer that an author has committed to: patterns and samples as they stood at that moment, oldest first.

    What was written later does not count.

    Returns:
        None where the author has not committed: nothing was decided, or they declined.
    """
    log = records.log(author)
    decided = log.decided.get(spot_id) if log else None
    if log is None or decided is None or (decided.body or {}).get("decision") != "committed":
        return None
    listed = log.handed_in(spot_id) or {}
    held: dict[str, Pattern | Sample] = {}
    for revision in log.revisions:
        if revision.seq < decided.seq and revision.body is not None and listed.get(revision.id) == revision.revision:
            record = typed(revision)
            if isinstance(record, Pattern | Sample):
                held[revision.id] = record
    answer = [held[record_id] for record_id in listed if record_id in held]
    return (
        tuple(record for record in answer if isinstance(record, Pattern)),
        tuple(record for record in answer if isinstance(record, Sample)),
    )
