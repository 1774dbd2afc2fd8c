"""Small projects written by hand: no model is needed to show what a discovery has found."""

from __future__ import annotations

from pathlib import Path

from engine.schema import BlindSpot, Discovery, Prediction
from engine.settings import Settings, TaskSettings, TeachingSettings
from tests.builders.discovery import discovery_of, save_discovery
from tests.builders.project import lay_out

SPOTS = {
    ("negative", "positive"): [
        "Well, that was certainly an experience I will not need to repeat.",
        "They promised a quiet room. 部屋は駅の上にあり、夜通し電車の音が聞こえました。",
        "Great, another queue 🙄👩‍👩‍👧 just what I needed today.",
        "Tab\there, bell\x07 and \x1b[31mred\x1b[0m [bold]not markup[/bold] in one review \u202eabc.",
        "I have nothing bad to say about the parking.",
        "The staff did their best, which was not much, and then "
        + "waited and waited and waited " * 12
        + "to be paid.",
    ],
    ("positive", "negative"): [
        "I could not find a single thing to complain about.",
        "Not bad at all, and the soup was never cold.",
        "No fault of theirs that it rained; I would not change a thing.",
        "Nothing went wrong.",
    ],
    ("neutral", "positive"): [
        "The shop opens at nine and closes at five.",
        "It is a chair. It has four legs.",
        "They sell bread, milk and stamps.",
        "Open on Sundays, closed on Mondays.",
    ],
}
PAIRS = {
    ("different", "same"): [
        ("A man is eating a red apple.", "A man is eating a green apple."),
        ("The train left before the storm.", "The storm left before the train."),
        ("犬が猫を追いかけた。", "猫が犬を追いかけた。"),
        ("She sold him the car.", "He sold her the car."),
    ],
}
PROOF = ("No word of this held-out row may ever be shown to a teacher.", "Nor of its second text, should it have one.")
SCATTERED = ("A lone row that belongs nowhere.", "negative", "positive")


def write_project(root: Path, *, discovered: bool = True, pairs: bool = False, live_verdict: bool = False) -> Path:
    """A project folder with splits, settings and, unless told otherwise, a discovery; its screens start no scorer."""
    labels = ("same", "different") if pairs else ("negative", "neutral", "positive")
    settings = Settings(TaskSettings(labels=labels, pair=pairs), teaching=TeachingSettings(live_verdict=live_verdict))
    found = _discovery(labels, PAIRS if pairs else SPOTS, scattered=not pairs)
    pool = [
        {"id": row.id, "text": row.text, "label": row.label} | ({"text_pair": row.text_pair} if pairs else {})
        for row in found.predictions.values()
    ]
    proof = [{"id": "proof-0", "text": PROOF[0], "label": labels[0]} | ({"text_pair": PROOF[1]} if pairs else {})]
    train, test = (
        [row | {"id": f"{name}-{number}"} for number, row in enumerate(rows)]
        for name, rows in (("train", pool[:2]), ("test", pool[2:4]))
    )
    lay_out(root, {"train": train, "pool": pool, "test": test, "proof": proof}, settings)
    if discovered:
        write_discovery(root, found)
    return root


def write_discovery(root: Path, found: Discovery | None = None) -> None:
    """What the discover job writes when it is done."""
    found = found or _discovery(("negative", "neutral", "positive"), SPOTS, scattered=True)
    save_discovery(root, found)


def _discovery(labels: tuple[str, ...], cells: dict, *, scattered: bool) -> Discovery:
    spots, predictions, neighbours, projection = [], {}, {}, {}
    for number, ((gold, said), texts) in enumerate(cells.items(), start=1):
        rows = []
        for place, text in enumerate(texts):
            row, right = f"pool-{number}{place}", f"pool-{number}{place}r"
            first, second = text if isinstance(text, tuple) else (text, None)
            predictions[row] = _prediction(row, first, gold, said, labels, 0.99 - 0.01 * place, second)
            predictions[right] = _prediction(
                right, f"Plainly {gold}: number {place}.", gold, gold, labels, 0.97, second
            )
            neighbours[row] = (right,)
            projection[row] = (number / 4 + 0.01 * place, (number * 0.3 + 0.02 * place) % 1.0)
            rows.append(row)
        spots.append(BlindSpot(f"B{number}", gold, said, tuple(rows), 0.96, 0.5, ("quiet", "room", "experience")))
    loose: tuple[str, ...] = ()
    if scattered:
        text, gold, said = SCATTERED
        predictions["pool-90"] = _prediction("pool-90", text, gold, said, labels, 0.93, None)
        projection["pool-90"] = (0.5, 0.95)
        loose = ("pool-90",)
    return discovery_of(
        spots,
        predictions,
        labels=labels,
        key="k1",
        model="baseline-13",
        model_key="m1",
        accuracy=0.8,
        coverage=0.7,
        scattered=loose,
        neighbours=neighbours,
        projection=projection,
        next_id=len(spots) + 1,
    )


def _prediction(
    row: str, text: str, gold: str, said: str, labels: tuple[str, ...], confidence: float, second: str | None
) -> Prediction:
    rest = (1 - confidence) / (len(labels) - 1)
    probabilities = tuple(confidence if label == said else rest for label in labels)
    return Prediction(row, text, gold, said, confidence, probabilities, second)
