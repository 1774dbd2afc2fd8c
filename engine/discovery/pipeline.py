"""One discovery: scores, UUs, groups, words, map, ids, written to `rounds/NNN/discovery.json`.

The result is a function of pool, dev, model, encoder, settings and the labels that people and an LLM gave to pool rows;
only the ids go on from the discovery before.
Marks of annotators change nothing here (what counts after them is the board's business), so that groups and ids stay.
This module is light: a discovery that is there already is returned without torch or scikit-learn.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from engine.counted import counted
from engine.discovery.sampling import ENOUGH
from engine.errors import SettingsError
from engine.files import content_key, read_bytes, write_atomic, write_json
from engine.model.model_registry import ModelRef, current_model, encoder_weights
from engine.progress import Monitor
from engine.project import SETTINGS_FILE, Project
from engine.schema import Discovery
from engine.settings import DiscoverySettings
from engine.tau import refuse_new_tau

if TYPE_CHECKING:
    from engine.discovery.flags import LlmLabels

# Raised whenever the same input would give another result.
DISCOVERY = 6
_DRAWN = "fitted on samples"  # since then another result is possible where the pool has more than `ENOUGH` rows


def discover(
    project: Project,
    *,
    labels: Mapping[str, str] | None = None,
    llm_labels: LlmLabels | None = None,
    looked_wrong: Collection[str] = (),
    monitor: Monitor,
) -> Discovery:
    """Find the blind spots of the round's model in the pool.

    What was found before in this round is kept beside the new result, under a name of its own.

    Args:
        project: gives pool, dev and settings.
        labels: by pool row id the label that people agreed on; it stands above the split's. A row without either is
            neither right nor wrong, and no UU.
        llm_labels: by pool row id the label that an LLM gave, and its certainty (3 sure, 2 likely, 1 a guess). They are
            used for flags alone, and are never gold.
        looked_wrong: ids of pool rows that people were asked for because they looked wrong: errors are not set against
            confidence by them.
        monitor: told of the stages.

    Raises:
        ProjectError: a label is not one of the project's.
        ModelError: model or encoder cannot be found or used.
        SettingsError: tau is not that of the first proof, or a temperature is to be applied and there is no dev split
            to fit it on.
        Stopped: from the monitor; scores and embeddings computed so far are kept.
    """
    refuse_new_tau(project)
    if project.settings.discovery.apply_temperature and not project.has_split("dev"):
        raise SettingsError(
            "`discovery.apply_temperature` is true and the project has no dev split",
            where=str(project.root / SETTINGS_FILE),
            hint="set it to false, or make a project with --dev",
        )
    number = project.round
    model = current_model(project, monitor=monitor)
    given, by_llm = dict(labels or {}), dict(llm_labels or {})
    key = _key(project, number, model, _in_key(given, by_llm, looked_wrong), monitor)
    there = project.discovery(number)
    if there and there.key == key:
        monitor.note("nothing has changed since the last discovery")
        return there
    from engine.discovery.spot_finding import find

    previous = there or _before(project, number)
    found = find(
        project,
        model,
        key=key,
        number=number,
        previous=previous,
        labels=given,
        llm_labels=by_llm,
        looked_wrong=frozenset(looked_wrong),
        monitor=monitor,
    )
    found = replace(found, splits={name: split.sha256 for name, split in project.manifest.splits.items()})
    if there:
        monitor.note(_keep(project, there))
    write_json(project.round_dir(number) / "discovery.json", found.for_file())
    return found


def _in_key(labels: Mapping[str, str], by_llm: LlmLabels, looked_wrong: Collection[str]) -> list[Any]:
    """What was said of rows, as parts of a key; none where nothing was said."""
    parts = [sorted(labels.items()), [[row, *of_llm] for row, of_llm in sorted(by_llm.items())], sorted(looked_wrong)]
    return parts if any(parts) else []


def _key(project: Project, number: int, model: ModelRef, given: Sequence[Any], monitor: Monitor) -> str:
    splits = {name: split.sha256 for name, split in project.manifest.splits.items() if name in ("pool", "dev")}
    settings = project.settings
    found_by = asdict(settings.discovery)
    if settings.discovery.clusterer == DiscoverySettings().clusterer:
        del found_by["clusterer"]  # so that what was discovered before there was a choice stands
    drawn = [_DRAWN] if project.manifest.splits["pool"].rows > ENOUGH else []
    return content_key(
        "discovery",
        DISCOVERY,
        number,
        splits,
        project.labels,
        model.key,
        settings.model.max_length,
        encoder_weights(project, monitor=monitor).key,
        found_by,
        *drawn,
        *given,
    )


def _keep(project: Project, there: Discovery) -> str:
    """Keep the discovery of a round under a name of its own, before another is written; return a sentence on it."""
    folder = project.round_dir(there.round)
    data = read_bytes(folder / "discovery.json")
    kept = folder / f"discovery-{hashlib.sha256(data).hexdigest()[:16]}.json"
    write_atomic(kept, data)
    what = f"tau {there.tau:g}, {counted(len(there.uus), 'UU')}, {counted(len(there.blind_spots), 'blind spot')}"
    return f"the earlier discovery ({what}) is kept in {kept.relative_to(project.root)}"


def _before(project: Project, number: int) -> Discovery | None:
    """The last discovery of an earlier round."""
    earlier = (project.discovery(past) for past in range(number - 1, 0, -1))
    return next((discovery for discovery in earlier if discovery), None)
