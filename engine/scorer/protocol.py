"""What goes between the app and the scorer: one JSON object a line, each request with an id that its answer repeats.

A request replaces an older one for the same ``place``, such as the field that a text is typed into: only the newest
text of a field matters. Requests for other places are answered beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import orjson

from engine.errors import SettingsError
from engine.preview.record import Preview
from engine.project import SETTINGS_FILE, Project
from engine.schema import Record
from engine.shapes import fit

MessageKind = Literal["verdict", "preview"]
StateName = Literal["loading", "ready", "failed"]
KINDS: tuple[MessageKind, ...] = ("verdict", "preview")


@dataclass(frozen=True, slots=True)
class Request(Record):
    """What is asked: a ``verdict`` on a text, or on a pair of texts; or a ``preview`` of the blind spot ``place``.

    ``author``: whose samples a preview is for.
    """

    id: int
    text: str
    text_pair: str | None = None
    place: str = ""
    kind: MessageKind = "verdict"
    author: str = ""


@dataclass(frozen=True, slots=True)
class ModelAnswer(Record):
    """What a model says of a text.

    Attributes:
        label: the most probable one. confidence: its probability, 0..1.
        probabilities: in the order of the project's labels.
        model: name of the model. key: of its weights, as in a discovery.
    """

    label: str
    confidence: float
    probabilities: tuple[float, ...]
    model: str
    key: str


@dataclass(frozen=True, slots=True)
class ScorerAnswer:
    """The answer to the request ``id``: what was asked for, an error as one sentence, or that it was overtaken."""

    id: int
    verdict: ModelAnswer | None = None
    preview: Preview | None = None
    error: str = ""
    overtaken: bool = False


@dataclass(frozen=True, slots=True)
class ScorerState:
    """Where the scorer stands; ``message`` says why it failed, ``key`` names the model that is ready."""

    name: StateName
    message: str = ""
    key: str = ""


def line_of(message: Request | ScorerAnswer | ScorerState) -> bytes:
    """A message as its line."""
    return orjson.dumps(message) + b"\n"


def read_request(line: bytes) -> Request:
    """The request in a line.

    Raises:
        ValueError: it is none.
    """
    values = _object(line)
    if values.get("kind", KINDS[0]) not in KINDS:
        raise ValueError(f"there is no kind of request called {values['kind']}")
    return Request.from_json(values)


def read_reply(line: bytes) -> ScorerAnswer | ScorerState:
    """The answer or state in a line.

    Raises:
        ValueError: it is neither.
    """
    values = _object(line)
    return fit(values, ScorerState if "name" in values else ScorerAnswer)


def refuse_if_off(project: Project) -> None:
    """Return if the project shows what its model says of a text.

    Raises:
        SettingsError: it was turned off for everybody.
    """
    if not project.settings.teaching.live_verdict:
        raise SettingsError(
            "verdicts on texts are turned off in this project",
            where=str(project.root / SETTINGS_FILE),
            hint="`live_verdict = true` in [teaching] turns them on for everybody",
        )


def _object(line: bytes) -> dict[str, Any]:
    values = orjson.loads(line)
    if not isinstance(values, dict):
        raise ValueError("a line holds one JSON object")
    return values
