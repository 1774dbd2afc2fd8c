"""Finding the pool rows that are most like a pattern's samples and evidence, like some samples, or like a text.

A pattern's words are a poor query (`engine.discovery.neighbours.nearest_to_all` has the figures): they stand in only
where there is no text of its kind. This module is light; the encoder is loaded when the search begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

from engine.errors import StoreError
from engine.progress import Monitor
from engine.project import Project
from engine.schema import UNLABELLED, Discovery, Example, LabelledText, Pattern, Sample
from engine.teaching.evidence import evidence_for
from engine.teaching.found_rows import FoundRow, FoundRows, search_key
from engine.teaching.labels import Labels
from engine.teaching.records import Records
from engine.text import clean, row_hash


def find_rows(
    project: Project,
    discovery: Discovery,
    records: Records,
    *,
    author: str,
    pattern: Pattern | None = None,
    samples: Sequence[Sample] = (),
    text: str = "",
    text_pair: str | None = None,
    count: int,
    monitor: Monitor,
) -> FoundRows:
    """Find the unlabelled pool rows that are most similar to samples, to a pattern or to a text.

    A search by a text compares rows with that text. A search by a pattern compares them with the named samples, the
    targets that its author wrote for it and the UUs of its blind spot that teachers see, or with the pattern's words
    where there are none of these. Rows that are withheld or stand in the evidence are not found.

    Args:
        project: gives pool and encoder.
        discovery: of the round.
        records: give samples and the labels of people.
        author: who searches.
        pattern: to search by; None: no pattern.
        samples: to search by, alone or beside the pattern.
        text: to search by, without pattern and samples; empty: no text.
        text_pair: its second text, where rows are pairs.
        count: rows to find, at least 1.
        monitor: told of texts embedded.

    Raises:
        StoreError: there is nothing to search by, or no row without a label.
        ModelError: the encoder cannot be used.
        Stopped: from the monitor.
    """
    pair, text = project.settings.task.pair, clean(text)
    if bool(text) == bool(pattern or samples):
        raise StoreError("a search is for a pattern, for samples, or for a text", hint="name one of them")
    if text and pair != (text_pair is not None):
        hint = "give the second text too" if pair else "leave the second text out"
        raise StoreError(f"rows of this project are {'pairs' if pair else 'single texts'}", hint=hint)
    targets = _targets(records, pattern) if pattern else []
    used = list({one.id: one for one in (*samples, *targets)}.values())
    known = pattern is not None and discovery.spot(pattern.blind_spot) is not None
    shown = evidence_for(project, discovery, records, pattern.blind_spot).rows if pattern and known else ()
    alike: list[LabelledText] = [*used, *shown]
    queries = [Example.of(one) for one in alike]
    wording = pattern.text if pattern else text
    by_text = not queries
    if by_text:
        if pair and pattern:
            hint = "write a sample for it first"
            raise StoreError("a pattern's words alone cannot be compared with pairs", where=pattern.id, hint=hint)
        queries = [Example("query", wording, UNLABELLED, text_pair)]
    candidates, rows, near = _nearest(project, discovery, records, queries, count, monitor)
    return FoundRows(
        key=search_key(pattern, samples, text, text_pair),
        author=author,
        created=datetime.now(timezone.utc).isoformat(timespec="microseconds"),
        pattern=pattern.id if pattern else None,
        wording=wording,
        samples={one.id: row_hash(one.text, one.text_pair) for one in used},
        evidence=tuple(row.id for row in shown),
        by_text=by_text,
        candidates=candidates,
        rows=tuple(
            FoundRow(row.id, row.text, round(cosine, 4), row.text_pair) for row, cosine in zip(rows, near, strict=True)
        ),
    )


def _targets(records: Records, pattern: Pattern) -> list[Sample]:
    """The targets that its author wrote for a pattern, or for the wording before."""
    author = pattern.id.partition("@")[2]
    own = (one for one in records.samples() if one.role == "target" and one.id.partition("@")[2] == author)
    return [one for one in own if one.pattern is not None and one.pattern in (pattern.id, pattern.rewords)]


def _nearest(
    project: Project,
    discovery: Discovery,
    records: Records,
    queries: Sequence[Example],
    count: int,
    monitor: Monitor,
) -> tuple[int, list[Example], list[float]]:
    """How many rows there were to choose from, the nearest of them, and their similarities."""
    import numpy as np

    from engine.discovery.neighbours import nearest_to_all
    from engine.discovery.pool_scoring import pool_in_order
    from engine.model.model_registry import embeddings

    pool = pool_in_order(project)  # that of discovery, whose array of embeddings is found again
    places = places_without_label(project, discovery, records, pool)
    around = embeddings(project, pool, scan=True, monitor=monitor)
    vectors = np.asarray(embeddings(project, queries, monitor=monitor))
    found, near = nearest_to_all(around, vectors, np.array(places, dtype=np.intp), count)
    return len(places), [pool[place] for place in found], near.tolist()


def places_without_label(
    project: Project, discovery: Discovery, records: Records, pool: Sequence[Example]
) -> list[int]:
    """The places in the pool of the rows that a search may find: without a label, and not withheld.

    Raises:
        StoreError: there is none.
    """
    said, withheld = Labels(records).people, frozenset(project.manifest.withheld)
    shown = {row.id for row in discovery.predictions.values() if row.label != UNLABELLED}
    places = [
        place
        for place, row in enumerate(pool)
        if row.label == UNLABELLED
        and row.id not in said
        and row.id not in shown
        and not (withheld and row_hash(row.text, row.text_pair) in withheld)
    ]
    if not places:
        hint = "add rows with `blindspot add`"
        raise StoreError("every pool row has a label", where=str(project.root), hint=hint)
    return places
