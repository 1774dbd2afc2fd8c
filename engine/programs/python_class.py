"""Classifiers that are Python classes of installed packages, by their names in the entry point group. Light.

Nothing is imported to find one: which package it is of stands in the package's metadata, and its file beside that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.machinery import PathFinder
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Protocol

from engine.errors import SettingsError
from engine.files import sha256_file
from engine.schema import Example

GROUP = "blindspot.classifiers"


class PythonClassifier(Protocol):
    """What such a class is like; docs/pages/tasks/own-classifier.md says it for who writes one.

    Attributes:
        labels: of its probabilities, in their order.
    """

    labels: Sequence[str]

    def __init__(self, model: Path | None, labels: Sequence[str], pair: bool) -> None:
        """Load a model: what `train` made, or what `classifier.model` names; None: what the class has by itself.

        ``labels``: the project's; ``pair``: whether rows are pairs of texts.
        """

    def probabilities(self, rows: Sequence[Example]) -> Any:
        """Probabilities of rows, (rows, labels), as lists or an array."""


class TrainableClassifier(PythonClassifier, Protocol):
    """One that can be retrained too; with ``continues = True`` it can start from a model."""

    @staticmethod
    def train(
        rows: Sequence[Example], *, labels: Sequence[str], pair: bool, seed: int, start: Path | None, out: Path
    ) -> None:
        """Learn rows, and write the model into the empty folder ``out``."""


@dataclass(frozen=True)
class FoundClass:
    """A class that is installed."""

    point: EntryPoint

    @property
    def origin(self) -> str:
        """Package and version."""
        package = self.point.dist
        return "an unknown package" if package is None else f"{package.name} {package.version}"

    @cached_property
    def contents(self) -> dict[str, str]:
        """What makes it the class it is: its package, and the hash of its module's file, if it has one."""
        found: Sequence[str] | None = None
        for name in self.point.module.split("."):
            spec = PathFinder.find_spec(name, found)  # which imports none of the packages around it
            if spec is None:
                break
            found = list(spec.submodule_search_locations or ())
        file = None if spec is None else spec.origin
        hashed = sha256_file(Path(file)) if file and Path(file).is_file() else ""
        return {f"<{self.point.value} of {self.origin}>": hashed}

    def load(self) -> Any:
        """Import it."""
        return self.point.load()


def find_class(name: str) -> FoundClass:
    """A class by its name.

    Raises:
        SettingsError: no installed package has one of that name.
    """
    found = {point.name: point for point in entry_points(group=GROUP)}
    if name not in found:
        have = f"there are {', '.join(sorted(found))}" if found else "no installed package has any"
        raise SettingsError(
            f"there is no classifier class `{name}` in the entry point group {GROUP}; {have}",
            hint="install the package that has it into Blindspot's environment",
        )
    return FoundClass(found[name])
