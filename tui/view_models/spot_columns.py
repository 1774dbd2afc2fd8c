"""The columns of blind spots, for the list on the screen and for `blindspot list`; each is defined here, once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.text import visible

if TYPE_CHECKING:
    from engine.teaching.views import SpotView


@dataclass(frozen=True, slots=True)
class SpotColumn:
    """One column.

    Attributes:
        name: its heading.
        text: what it says of a blind spot, on one line; what came from data made visible.
        least, most: cells on the screen, where its longest text decides between them; ``most`` 0: all that is left.
        shrinks_to: cells it is cut to where the screen is narrow; 0: it is not.
        right: aligned to the right, as figures are.
        spare: left out first where the screen is narrow.
    """

    name: str
    text: Callable[[SpotView], str]
    least: int = 0
    most: int = 0
    shrinks_to: int = 0
    right: bool = False
    spare: bool = False


def _size(spot: SpotView) -> str:
    return str(spot.size) if spot.size == spot.size_before else f"{spot.size}/{spot.size_before}"


def _state(spot: SpotView) -> str:
    return visible(f"{spot.status}: {spot.reason}" if spot.reason else spot.status)


def _estimate(spot: SpotView) -> str:
    return "{} ({}-{})".format(*spot.estimate) if spot.estimate else ""


def estimate_words(spot: SpotView) -> str:
    """How many UUs the blind spot is estimated to hold, found or not; empty where that is not known."""
    if not spot.estimate:
        return ""
    rows, low, high = spot.estimate
    return f"about {rows:,}{f' ({low:,} to {high:,})' if low < high else ''} of the stream's rows"


def title_of(spot: SpotView) -> str:
    """What the blind spot is about, as far as this annotator may know: a pattern's first sentence, else its words."""
    return visible(spot.title or ", ".join(spot.words))


COLUMNS = {
    "id": SpotColumn("id", lambda spot: spot.id, least=4, most=6),
    "size": SpotColumn("UUs", _size, least=3, most=9, right=True),
    "direction": SpotColumn("gold -> said", lambda spot: visible(spot.direction), least=12, most=30, shrinks_to=15),
    "flagged": SpotColumn("flags", lambda spot: str(spot.flagged), least=5, most=6, right=True),
    "estimate": SpotColumn("about", _estimate, right=True),
    "words": SpotColumn("words", title_of),
    "confidence": SpotColumn("conf", lambda spot: f"{spot.mean_confidence:.2f}", least=4, most=4, right=True),
    "coherence": SpotColumn("coh", lambda spot: f"{spot.coherence:.2f}", least=5, most=5, right=True),
    "counts": SpotColumn(
        "pat/sam", lambda spot: f"{spot.patterns} / {spot.samples}", least=7, most=9, right=True, spare=True
    ),
    "state": SpotColumn("state", _state, least=5, most=14),
}
ON_SCREEN = ("id", "size", "flagged", "direction", "words", "counts", "state")
IN_COMMAND = ("id", "size", "flagged", "estimate", "direction", "state", "confidence", "coherence", "counts", "words")
_OF_FLAGS = ("flagged", "estimate")


def shown(names: Sequence[str], spots: Sequence[SpotView], *, flagged: bool = False) -> list[str]:
    """The columns of those names that say something: flags and estimates only where an LLM has labelled rows.

    ``flagged``: whether rows beside the blind spots are flagged.
    """
    of_flags = flagged or any(spot.flagged or spot.estimate for spot in spots)
    return [name for name in names if of_flags or name not in _OF_FLAGS]
