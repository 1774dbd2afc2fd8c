"""A whole project in seconds: a very small BERT, two rounds, a proof, a promotion, records of two people, LLM calls."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.discovery.pipeline import discover
from engine.files import content_key, write_json, write_jsonl
from engine.llm.call_log import Call, CallLog
from engine.operations.create_project import create_project
from engine.progress import Silent
from engine.project import SETTINGS_FILE, Project
from engine.proof.request import RetrainRequest
from engine.proof.run import retrain
from engine.regression.frozen_spots import FrozenCase, FrozenSpot, suite_dir
from engine.regression.promotion import promote
from engine.schema import RowMark, Sample, Teacher
from engine.settings import ComputeSettings, ProofSettings, TrainingSettings, write_settings
from engine.teaching.records import Teaching
from engine.verify.seal import keep_seal
from tests.builders.rows import BAD, THINGS, sentences
from tests.builders.tiny_bert import body

ROWS = {"train": 48, "pool": 60, "proof": 60, "test": 24, "dev": 12}


def write_splits(folder: Path) -> dict[str, Path]:
    """Rows that a word decides, each text once; the label of every third pool row is wrong, so that there are UUs."""
    files, first = {}, 0
    for name, count in ROWS.items():
        rows = []
        for number, (text, good) in enumerate(sentences()[first : first + count]):
            wrong = name in ("pool", "proof") and number % 3 == 0
            rows.append({"id": f"{name}-{number}", "text": text, "label": "good" if good != wrong else "bad"})
        files[name] = folder / f"{name}.jsonl"
        write_jsonl(files[name], rows)
        first += count
    return files


def write_call(project: Project, number: int) -> None:
    """One call of an LLM."""
    CallLog(project.llm_dir / "calls.jsonl").append(
        Call(f"k{number}", 1.0, 0.1, "llm", "llm", "host", "abstraction", "B1", "schema", "ok", content="{}")
    )


def whole_project(folder: Path) -> Project:
    """In a folder that is there: discover, teach, prove, promote by force, freeze, discover again."""
    root, files, base = folder / "work", write_splits(folder), body(folder / "base")
    project = create_project(root, **files, text="text", label="label", base=str(base), encoder=str(base), tau=0.5)  # type: ignore[arg-type]
    settings = replace(
        project.settings,
        training=TrainingSettings(epochs=4, batch_size=4, learning_rate=1e-2),
        proof=ProofSettings(seeds=(5, 6), bootstrap=100),
        compute=ComputeSettings(device="cpu", threads=1),
    )
    write_settings(root / SETTINGS_FILE, settings)
    project = Project.open(root)
    found = discover(project, monitor=Silent())
    spot = found.blind_spots[0]
    for author in ("ann", "bob"):
        teaching = Teaching(project.teaching_dir, author)
        for number in range(1, 5):
            with teaching.store.edit(f"sample S{number}") as edit:
                text = f"the {THINGS[number]} was {BAD[number % 4]} {author} {number}"
                edit.put(
                    "sample",
                    f"S{number}@{author}",
                    Sample(f"S{number}@{author}", spot.id, text, spot.gold, "target", Teacher(author, "human")),
                )
        with teaching.store.edit("mark") as edit:
            edit.put("mark", spot.rows[-1], RowMark(spot.rows[-1], "fine"))
    for number in range(3):
        write_call(project, number)
    retrain(project, RetrainRequest(recipes=("scratch",)), monitor=Silent())
    promoted = promote(project, arm="human", force=True)
    if not promoted.frozen:  # nothing has closed: freeze one, as a proven arm would
        rows = [found.predictions[row] for row in spot.rows]
        cases = tuple(FrozenCase(row.id, "row", row.text, row.label, row.text_pair) for row in rows)
        frozen = FrozenSpot(spot.id, spot.gold, spot.predicted, 1, promoted.promoted_from, "human", "scratch", cases)
        write_json(suite_dir(project) / f"{spot.id}.json", frozen.as_json())
        hashes = {spot.id: content_key(frozen.as_json())}
        path = project.round_dir(2) / "model.json"
        write_json(path, replace(promoted, frozen=(spot.id,), suite=hashes).as_json())
    discover(Project.open(root), monitor=Silent())
    keep_seal(project)
    return Project.open(root)
