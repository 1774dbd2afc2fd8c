"""How the parts of a text are painted that another text does not have."""

from __future__ import annotations

from rich.text import Text

from engine.data.differences import Span
from tui.themes import Ink


def marked(text: str, spans: tuple[Span, ...], ink: Ink) -> Text:
    """The text with its spans in the style of a change, and in brackets where styles are not enough."""
    result, at = Text(), 0
    for start, end in spans:
        result.append(text[at:start])
        piece = text[start:end]
        result.append(f"[{piece}]" if ink.brackets else piece, ink.change)
        at = end
    result.append(text[at:])
    return result
