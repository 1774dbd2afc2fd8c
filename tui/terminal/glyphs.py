"""The few characters that depend on what the terminal can show."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Glyphs:
    """Characters of bars, arrows and signs; `ASCII` has none beyond 7 bits."""

    tau: str = "τ"
    arrow: str = "→"
    dot: str = "·"
    ellipsis: str = "…"
    cursor: str = "▌"
    rule: str = "─"
    check: str = "✓"
    cross: str = "✗"
    eighths: str = "▏▎▍▌▋▊▉█"
    track: str = "░"


UNICODE = Glyphs()
ASCII = Glyphs(
    tau="tau", arrow="->", dot="-", ellipsis="~", cursor=">", rule="-", check="+", cross="x", eighths="#", track="."
)


def bar(share: float, cells: int, glyphs: Glyphs) -> tuple[str, str]:
    """A bar of ``cells`` cells for a share of 0..1: its filled and its empty part."""
    steps = len(glyphs.eighths)
    units = round(min(1.0, max(0.0, share)) * cells * steps)
    whole, rest = divmod(units, steps)
    filled = glyphs.eighths[-1] * whole + (glyphs.eighths[rest - 1] if rest else "")
    return filled, glyphs.track * (cells - len(filled))
