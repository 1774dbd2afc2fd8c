"""A discovery that takes the place of another one in its round: the one of before is kept, and what it had is told.

Light: files and records alone.
"""

from __future__ import annotations

import hashlib

from engine.files import read_bytes, write_atomic
from engine.project import Project
from engine.schema import Discovery
from engine.teaching.records import Records


def keep(project: Project, there: Discovery) -> str:
    """Keep the discovery of a round under a name of its own, before another is written; return a sentence on it."""
    folder = project.round_dir(there.round)
    data = read_bytes(folder / "discovery.json")
    kept = folder / f"discovery-{hashlib.sha256(data).hexdigest()[:16]}.json"
    write_atomic(kept, data)
    what = f"tau {there.tau:g}, {len(there.uus)} UUs, {len(there.blind_spots)} blind spots"
    return f"the discovery of before ({what}) is kept in {kept.relative_to(project.root)}"


def not_found(project: Project, found: Discovery) -> str:
    """One sentence about blind spots of before that somebody has written about and ``found`` lacks; empty if none."""
    records = Records(project.teaching_dir)
    written = {one.blind_spot for one in records.patterns()} | {one.blind_spot for one in records.samples()}
    gone = [spot.id for spot in found.retired if spot.id in written]
    if not gone:
        return ""
    return f"written about, but not found any more: {', '.join(gone)}; what was written stays, and so do their ids"
