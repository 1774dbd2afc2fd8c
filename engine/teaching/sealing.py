"""Who may see whose answer: to a blind spot, nobody sees another teacher's before having given theirs, or declined.

A decision is final, and the first one on a blind spot stands for ever: what was seen cannot be unseen. What a teacher
had written by then is what they stand for; what they write afterwards is told apart by the order of the revisions.
"""

from __future__ import annotations

from engine.schema import Commitment, Pattern, Sample
from engine.teaching.records import Records, Teaching, typed


def decisions(records: Records, author: str) -> dict[str, Commitment]:
    """What an author has decided, by blind spot id.

    Args:
        records: of the project.
        author: as its owner writes it, or the stem of its file.
    """
    found: dict[str, Commitment] = {}
    for revision in records.history(author):
        if revision.kind == "commitment" and revision.body is not None and revision.id not in found:
            record = typed(revision)
            assert isinstance(record, Commitment)
            found[revision.id] = record
    return found


def decision(teaching: Teaching, spot_id: str) -> Commitment | None:
    """What this annotator has decided on a blind spot; None: nothing yet, so others' answers are sealed."""
    return decisions(teaching, teaching.author).get(spot_id)


def is_sealed(teaching: Teaching, record: Pattern | Sample) -> bool:
    """Whether this annotator may not see the pattern or sample yet: it is another's, and nothing is decided there."""
    return not teaching.is_own(record.id) and decision(teaching, record.blind_spot) is None


def committed_records(
    records: Records, author: str, spot_id: str
) -> tuple[tuple[Pattern, ...], tuple[Sample, ...]] | None:
    """The answer that an author has committed to: patterns and samples as they stood at that moment, oldest first.

    Changes, deletions and undos that came later do not count.

    Returns:
        None where the author has not committed: nothing was decided, or they declined.
    """
    held: dict[str, Pattern | Sample] = {}
    for revision in records.history(author):
        if revision.kind == "commitment" and revision.id == spot_id and revision.body is not None:
            if revision.body["decision"] != "committed":
                return None
            patterns = tuple(record for record in held.values() if isinstance(record, Pattern))
            return patterns, tuple(record for record in held.values() if isinstance(record, Sample))
        if revision.kind in ("pattern", "sample"):
            record = typed(revision) if revision.body is not None else None
            if isinstance(record, Pattern | Sample) and record.blind_spot == spot_id:
                held[revision.id] = record
            else:
                held.pop(revision.id, None)
    return None
