"""A project with a discovery made by hand: what the tests of teaching and its commands start from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.files import write_jsonl
from engine.operations.create_project import create_project
from engine.project import Project
from engine.schema import BlindSpot, Discovery, Prediction
from tests.builders.discovery import discovery_of, save_discovery

POOL = {
    # B1, negative taken for positive
    "n1": ("Third visit, third different manager.", "negative"),
    "n2": ("The new people at the desk forgot our booking again.", "negative"),
    "n3": ("My soup arrived with the bill.", "negative"),
    "n4": ("We were the last to be seated and the first to leave.", "negative"),
    # B2, positive taken for negative
    "p1": ("I could not stop eating, which my doctor will hate.", "positive"),
    "p2": ("Not a single complaint from my awful brother in law.", "positive"),
    "p3": ("The portions are so big that it is almost a crime.", "positive"),
    # B3, negative taken for positive, about parcels
    "d1": ("The parcel came with a bonus hole in it.", "negative"),
    "d2": ("Great tracking: I watched my box travel to the wrong city.", "negative"),
    # scattered
    "s1": ("Well, that was something \x1b[31m[bold]ünusual[/bold].", "negative"),
    # rows that the model gets right
    "r1": ("The manager was rude to everybody.", "negative"),
    "r2": ("Lovely staff and quick service.", "positive"),
    "r3": ("The parcel was lost and nobody answered.", "negative"),
}
SPOTS = {
    "B1": ("negative", "positive", ("n1", "n2", "n3", "n4"), ("manager", "booking")),
    "B2": ("positive", "negative", ("p1", "p2", "p3"), ("portions", "complaint")),
    "B3": ("negative", "positive", ("d1", "d2"), ("parcel", "tracking")),
}
PROOF = {
    "x1": ("Their idea of a warm welcome is a cold stare from the counter.", "negative"),
    "x2": ("I drove forty miles for this cake and would walk them next time.", "positive"),
}
TRAIN = {"t1": ("A dull and lifeless film.", "negative"), "t2": ("A warm and funny film.", "positive")}
TEST = {"e1": ("Tedious from the first scene on.", "negative"), "e2": ("Sharp, quick and generous.", "positive")}


def make_project(root: Path, *, pair: str | None = None) -> Project:
    """A project over the rows above; with ``pair`` each row has that second text."""
    files = {}
    for name, rows in {"train": TRAIN, "pool": POOL, "proof": PROOF, "test": TEST}.items():
        files[name] = root.parent / f"{root.name}-{name}.jsonl"
        second = {"pair": pair} if pair else {}
        write_jsonl(files[name], [{"id": i, "text": t, "label": y, **second} for i, (t, y) in rows.items()])
    project = create_project(root, **files, text="text", pair="pair" if pair else None, label="label")
    save_discovery(project, make_discovery(pair=pair))
    return project


def make_discovery(*, pair: str | None = None, without: Sequence[str] = ()) -> Discovery:
    """The blind spots above, all found with confidence 0.95."""
    spots = tuple(
        BlindSpot(spot, gold, predicted, rows, 0.9 + int(spot[1:]) / 100, 0.5, words)
        for spot, (gold, predicted, rows, words) in SPOTS.items()
        if spot not in without
    )
    directions = {row: SPOTS[spot.id][1] for spot in spots for row in spot.rows} | {"s1": "positive"}
    predictions = {
        row: Prediction(row, text, label, directions.get(row, label), 0.95, (0.05, 0.95), pair)
        for row, (text, label) in POOL.items()
    }
    return discovery_of(
        spots,
        predictions,
        key="hand-made",
        model="none",
        model_key="none",
        scattered=("s1",),
        neighbours=dict.fromkeys(directions, ("r1", "r3")),
        projection=dict.fromkeys(directions, (0.5, 0.5)),
        next_id=4,
    )
