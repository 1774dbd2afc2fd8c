"""Where a record comes from: the round, its classifier, the prompt of an LLM and the guideline of a label. Light."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from engine.exchange.export_tables import Value
from engine.labelling.guidelines import NONE, guideline_hash, versions
from engine.llm.call_log import CALLS_FILE, LABEL_STEPS, Call, read_calls
from engine.project import Project
from engine.schema import Discovery, Pattern, RowLabel, Sample, SplitName
from engine.teaching.evidence import parts_of


@dataclass(frozen=True, slots=True)
class SpotOrigin:
    """The blind spot as the latest round has it that found it."""

    found: Discovery
    gold: str
    predicted: str


class Lineage:
    """What is known of the origin of a project's records.

    Args:
        project: gives discoveries, calls of LLMs and guidelines.
        decided: blind spots on which whoever asks has committed or declined: of the others, the rows that are held back
            are not told (`hidden`).

    Attributes:
        latest: the discovery of the latest round that has one; None before the first.
        hidden: ids of pool rows that whoever asks may not know as rows of a blind spot.

    Raises:
        ProjectError: a discovery is damaged.
        DataError: a version of the guideline cannot be read.
    """

    def __init__(self, project: Project, decided: Collection[str]) -> None:
        found = [one for number in range(project.round, 0, -1) if (one := project.discovery(number))]
        self.latest = found[0] if found else None
        self.hidden: frozenset[str] = frozenset()
        self._rounds = found
        self._spots: dict[str, SpotOrigin] = {}
        self._of_rows: dict[str, str] = {}
        share, withheld = project.settings.teaching.held_back, project.manifest.withheld
        hidden: set[str] = set()
        for discovery in found:
            for spot in discovery.blind_spots:
                self._spots.setdefault(spot.id, SpotOrigin(discovery, spot.gold, spot.predicted))
                parts = parts_of(spot, discovery, held_back=share, withheld=withheld)
                hidden.update(parts.withheld, () if spot.id in decided else parts.held_back)
                for row in spot.rows:
                    self._of_rows.setdefault(row, spot.id)
        self.hidden = frozenset(hidden)
        self._guidelines = {one.number: guideline_hash(one, project.labels) for one in (NONE, *versions(project))}
        self._written: dict[tuple[str, str, str | None], Call] = {}
        self._refined: dict[str, Call] = {}
        self._labelled: dict[tuple[str, str, str, str | None], Call] = {}
        for call in read_calls(project.llm_dir / CALLS_FILE):
            if call.status != "ok":
                continue
            for row in call.rows:
                self._labelled[call.teacher, call.step, row, call.evidence] = call
            if call.step == "refine" and call.pattern:
                self._refined[call.pattern] = call
            elif call.blind_spot:
                self._written[call.teacher, f"{call.blind_spot} {call.step}", call.evidence] = call

    def of_spot(self, spot_id: str) -> dict[str, Value]:
        """Columns of a blind spot, and of the round that found it last."""
        spot = self._spots.get(spot_id)
        return {
            "blind_spot": spot_id,
            "gold": spot.gold if spot else None,
            "predicted": spot.predicted if spot else None,
            **_model(spot.found if spot else None),
        }

    def of_row(self, row_id: str, split: SplitName) -> dict[str, Value]:
        """Columns of a row: its blind spot, and what the latest round says of it that kept a prediction."""
        if split != "pool" or row_id in self.hidden:
            return {"blind_spot": None, "predicted": None, "confidence": None, **_model(self.latest)}
        found = next((one for one in self._rounds if row_id in one.predictions), None)
        prediction = found.predictions[row_id] if found else None
        return {
            "blind_spot": self._of_rows.get(row_id),
            "predicted": prediction.predicted if prediction else None,
            "confidence": prediction.confidence if prediction else None,
            **_model(found or self.latest),
        }

    def gold(self, row_id: str) -> str | None:
        """The label of a pool row that a mark is about, in the latest round that kept a prediction."""
        return next((one.predictions[row_id].label for one in self._rounds if row_id in one.predictions), None)

    def guideline(self, number: int) -> str | None:
        """Content key of a version; None where it is not kept, and for 0: there was none."""
        return self._guidelines.get(number) if number else None

    def of_answer(self, record: Pattern | Sample) -> dict[str, Value]:
        """Columns of the prompt that an LLM wrote a pattern or sample for."""
        step = record.kind if isinstance(record, Pattern) else "samples"
        key = (record.teacher.name, f"{record.blind_spot} {step}", record.evidence)
        call = self._written.get(key) if record.teacher.kind == "llm" else None
        if isinstance(record, Pattern) and record.refined:
            call = self._refined.get(record.rewords or record.id, call)
        return _prompt(call)

    def of_label(self, label: RowLabel) -> dict[str, Value]:
        """Columns of the prompt that an LLM labelled a row for."""
        if label.teacher.kind != "llm":
            return _prompt(None)
        step = LABEL_STEPS["proof" if label.split == "proof" else "pool"]
        return _prompt(self._labelled.get((label.teacher.name, step, label.row, self._guidelines.get(label.guideline))))


def _model(found: Discovery | None) -> dict[str, Value]:
    if found is None:
        return {"round": None, "model": None, "model_key": None}
    return {"round": found.round, "model": found.model, "model_key": found.model_key}


def _prompt(call: Call | None) -> dict[str, Value]:
    return {"prompt": call.prompt or None, "llm_model": call.model} if call else {"prompt": None, "llm_model": None}
