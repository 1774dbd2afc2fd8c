"""A project folder from a stranger: every text in it may be hostile, and it is otherwise whole. No model is needed."""

from __future__ import annotations

import random
import time
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from engine.errors import BlindspotError
from engine.files import read_json, write_json, write_jsonl
from engine.project import Project
from engine.schema import BlindSpot, Discovery, Prediction, Teacher
from engine.settings import LlmSettings, Settings, TaskSettings, TeachingSettings
from engine.teaching.records import Teaching
from engine.teaching.writer import Annotator
from tests.builders.discovery import discovery_of, save_discovery
from tests.builders.project import lay_out, put_split
from tests.fuzz.hostile_text import hostile
from tests.tui.app.proofs import write_proof

_GROUPS = ((0, 1, 5), (1, 0, 4), (2, 1, 4))  # gold, predicted, UUs


class Stranger:
    """Writes the folder; each kind of text is hostile with a chance of its own, so that few projects are refused.

    Args:
        root: where it is written.
        random_: decides everything.
    """

    def __init__(self, root: Path, random_: random.Random) -> None:
        self.root, self._random = root, random_
        labels = ("negative", "neutral", "positive")
        self.labels = tuple(self._maybe(label, 0.3) for label in labels)
        self.llm = self._maybe("m1", 0.7)
        self.author = self._maybe("ann", 0.4)
        self.rows: list[str] = []

    def write(self) -> Stranger:
        """Everything but the records, which `teach` adds."""
        settings = Settings(
            TaskSettings(labels=self.labels),
            teaching=TeachingSettings(live_verdict=False),
            llm=LlmSettings(model=self.llm),
        )
        lay_out(self.root, {}, settings)
        found = self._discovery()
        pool = [{"id": row.id, "text": row.text, "label": row.label} for row in found.predictions.values()]
        proof = [{"id": "proof-0", "text": "A held-out row.", "label": self.labels[0]}]
        for name, rows in {"train": pool[:2], "pool": pool, "test": pool[2:4], "proof": proof}.items():
            put_split(self.root, name, rows, source=self._maybe("pool.csv", 0.5))
        save_discovery(self.root, found)
        self._write_proof()
        self._write_jobs()
        return self

    def teach(self) -> None:
        """Records of a person and of an LLM, as far as the store takes hostile ones."""
        for author, teacher in (("ann", Teacher("ann", "human")), ("llm-m1", Teacher(self.llm, "llm"))):
            try:
                project = Project.open(self.root)
                discovery = project.discovery()
                assert discovery is not None
                by = Annotator(project, discovery, Teaching(project.teaching_dir, author), teacher)
                pattern = by.describe("B1", "abstraction", self._maybe("Thanks meant bitterly.", 0.8))
                for number, role in enumerate(("target", "target", "anchor")):
                    text = self._maybe(f"Thanks a lot, it broke {number} times for {author}.", 0.8)
                    label = self.labels[0]
                    by.write_sample("B1", text=text, label=label, role=role, pattern=pattern.id)  # type: ignore[arg-type]
                by.mark(self.rows[0], "label wrong", self.labels[2])
                by.set_status("B2", "skipped", self._maybe("needs a picture", 0.8))
                if teacher.kind == "human":
                    by.commit("B1")
            except BlindspotError:
                continue

    def _maybe(self, plain: str, chance: float) -> str:
        return hostile(self._random) if self._random.random() < chance else plain

    def _discovery(self) -> Discovery:
        spots, predictions, neighbours, projection = [], {}, {}, {}
        for number, (gold, said, count) in enumerate(_GROUPS, start=1):
            rows = []
            for place in range(count):
                row, right = self._maybe(f"pool-{number}{place}", 0.4), f"pool-{number}{place}r"
                text = self._maybe(f"A row of some words {number} {place}.", 0.8)
                predictions[row] = self._prediction(row, text, gold, said, 0.99 - 0.01 * place)
                predictions[right] = self._prediction(right, self._maybe(f"Right {right}.", 0.5), gold, gold, 0.97)
                neighbours[row], projection[row] = (right,), (number / 4 + 0.01 * place, 0.1 * place)
                rows.append(row)
            words = tuple(self._maybe(word, 0.7) for word in ("quiet", "room", "queue"))
            spots.append(BlindSpot(f"B{number}", self.labels[gold], self.labels[said], tuple(rows), 0.96, 0.5, words))
            self.rows += rows
        return discovery_of(
            spots,
            predictions,
            labels=self.labels,
            model=self._maybe("baseline-13", 0.7),
            neighbours=neighbours,
            projection=projection,
            next_id=4,
        )

    def _prediction(self, row: str, text: str, gold: int, said: int, confidence: float) -> Prediction:
        probabilities = [(1 - confidence) / 2] * 3
        probabilities[said] = confidence
        return Prediction(row, text, self.labels[gold], self.labels[said], confidence, tuple(probabilities), None)

    def _write_proof(self) -> None:
        report = self._planted(_plain_report())
        write_json(self.root / "proofs" / "aaaa1111" / "report.json", report)

    def _planted(self, value: Any, name: str = "") -> Any:
        """A report whose texts may be hostile, but for those that others look up."""
        if isinstance(value, dict):
            return {key: self._planted(one, key) for key, one in value.items()}
        if isinstance(value, list):
            return [self._planted(one, name) for one in value]
        kept = name in ("id", "created", "recipe", "verdict", "name", "path", "key")
        return self._maybe(value, 0.5) if isinstance(value, str) and not kept else value

    def _write_jobs(self) -> None:
        folder = self.root / "jobs" / "retrain-1"
        write_json(folder / "spec.json", {"id": "retrain-1", "kind": "retrain", "options": {}, "created": time.time()})
        facts = {self._maybe("loss", 0.8): self._maybe("0.1", 0.8)}
        events: list[dict[str, Any]] = [
            {"type": "started", "attempt": 1, "pid": 1},
            {
                "type": "progress",
                "stage": self._maybe("training", 0.8),
                "done": 1,
                "total": 2,
                "eta": 1.0,
                "facts": facts,
            },
            {"type": "note", "message": self._maybe("a note", 0.8)},
            {"type": "failed", "message": self._maybe("no space", 0.8)},
        ]
        numbered = [{"seq": number, "time": time.time(), **event} for number, event in enumerate(events, start=1)]
        write_jsonl(folder / "events.jsonl", numbered)


@lru_cache(maxsize=1)
def _plain_report() -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        write_proof(Path(folder))
        found: dict[str, Any] = read_json(Path(folder) / "proofs" / "aaaa1111" / "report.json")
        return found
