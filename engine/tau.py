"""Which tau counts: the confidence from which on an error is a UU. There is one for everything in a project.

It stands in blindspot.toml. What was found and proven with it binds it: the blind spots of the round until they are
found anew, the first proof for good, since a threshold chosen after a look at the proof would choose its outcome. Where
the file says something else, whatever depends on tau refuses, so that no two figures are ever of different values.

Tau is held against confidence, calibrated on dev or not (`discovery.apply_temperature`). Turning that on or off moves
the threshold as another tau does, so it is bound in the same way.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from engine.errors import FileError, SettingsError
from engine.files import read_record
from engine.project import SETTINGS_FILE, Project
from engine.schema import Discovery, Record
from engine.settings import change_setting


@dataclass(frozen=True, slots=True)
class _Judged(Record):
    """What of a report binds tau."""

    created: str
    tau: float
    apply_temperature: bool | None = None
    baseline: dict[str, Any] = field(default_factory=dict)

    @property
    def calibrated(self) -> bool | None:
        """Whether confidence was calibrated; None where the report does not tell.

        Reports from before it was written down tell it by the temperatures: a fitted one is 1 only by accident.
        """
        if self.apply_temperature is not None:
            return self.apply_temperature
        temperatures = self.baseline.get("temperatures") or {}
        return any(value != 1 for value in temperatures.values()) if temperatures else None


def checked_tau(tau: float) -> float:
    """The value, if it can be a confidence.

    Raises:
        SettingsError: it is not between 0 and 1.
    """
    if not 0 <= tau <= 1:
        raise SettingsError(f"tau is {tau}", hint="it must be between 0 and 1")
    return tau


def frozen_tau(project: Project) -> float | None:
    """The tau of the first proof; None before it. A report that is damaged elsewhere binds it all the same."""
    first = _first_proof(project)
    return first.tau if first else None


def _first_proof(project: Project) -> _Judged | None:
    found: list[_Judged] = []
    for path in project.report_files():
        with suppress(FileError, FileNotFoundError):  # who shows reports says that it is left out
            found.append(read_record(path, _Judged.from_json))
    return min(found, key=lambda one: one.created, default=None)


def refuse_new_tau(project: Project, tau: float | None = None) -> None:
    """Refuse a tau other than that of the first proof, and confidence calibrated where it was not there, or not so.

    Args:
        project: with or without proofs.
        tau: what is wanted; default: what the settings say.

    Raises:
        SettingsError: naming the frozen value.
    """
    first = _first_proof(project)
    if first is None:
        return
    frozen, calibrated = first.tau, project.settings.discovery.apply_temperature
    wanted = project.settings.discovery.tau if tau is None else tau
    if first.calibrated is not None and first.calibrated != calibrated:
        was = _toml(first.calibrated)
        raise SettingsError(
            f"`discovery.apply_temperature` is {_toml(calibrated)}, but it was {was} in the first proof and is frozen "
            "since",
            where=str(project.root / SETTINGS_FILE),
            hint=f"set it back to {was}, or make a new project with `blindspot init`",
        )
    if frozen == wanted:
        return
    if tau is None or tau == project.settings.discovery.tau:
        what = f"`discovery.tau` is {wanted:g}, but it was {frozen:g} in the first proof and is frozen since"
        hint = f"set it back to {frozen:g}"
    else:
        what, hint = f"tau was {frozen:g} in the first proof and is frozen since", f"leave it at {frozen:g}"
    raise SettingsError(
        what,
        where=str(project.root / SETTINGS_FILE),
        hint=f"{hint}, or make a new project with `blindspot init --tau {wanted:g}`",
    )


def tau_of(project: Project, found: Discovery | None) -> float:
    """The tau that counts.

    Args:
        project: gives the settings.
        found: the discovery of the round, if there is one.

    Raises:
        SettingsError: the settings say another one than ``found`` was made with, or confidence is calibrated in one
            of them alone.
    """
    tau, calibrated = project.settings.discovery.tau, project.settings.discovery.apply_temperature
    if found is not None and found.temperature_applied != calibrated:
        refuse_new_tau(project)
        was = _toml(found.temperature_applied)
        raise SettingsError(
            f"`discovery.apply_temperature` is {_toml(calibrated)}, but the blind spots were found with {was}",
            where=str(project.root / SETTINGS_FILE),
            hint=f"run `blindspot discover` to find them anew, or set it back to {was}",
        )
    if found is not None and found.tau != tau:
        refuse_new_tau(project)
        raise SettingsError(
            f"`discovery.tau` is {tau:g}, but the blind spots were found at {found.tau:g}",
            where=str(project.root / SETTINGS_FILE),
            hint=f"run `blindspot discover` to find those at {tau:g}, or set it back to {found.tau:g}",
        )
    return tau


def with_tau(project: Project, tau: float) -> Project:
    """The project after its settings have been given another tau.

    Raises:
        SettingsError: it is out of range, or not that of the first proof.
    """
    refuse_new_tau(project, checked_tau(tau))
    if tau != project.settings.discovery.tau:
        change_setting(project.root / SETTINGS_FILE, "discovery", "tau", tau)
    return Project.open(project.root)


def _toml(value: bool) -> str:
    return "true" if value else "false"
