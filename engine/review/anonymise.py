"""Texts as a reviewer is shown them: without the habits of a keyboard or a model that would tell who wrote them."""

from __future__ import annotations

import re
import unicodedata

_PLAIN = str.maketrans(
    {
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "‘": "'",
        "’": "'",
        "‚": "'",
        "`": "'",
        "´": "'",
        "–": "-",
        "—": "-",
        "‐": "-",
        "‑": "-",
        "−": "-",
        "…": "...",
        "\u200b": None,
        "\u2060": None,
        "\ufeff": None,
        "\xad": None,
    }
)
_MARKER = re.compile(r"^\s*(?:#{1,6}\s+|[-*+•]\s+|\d{1,2}[.)]\s+)", re.MULTILINE)
_EMPHASIS = re.compile(r"(\*\*|__|\*|``?)(?=\S)(.+?)(?<=\S)\1")


def plain(text: str) -> str:
    """One spelling of quotes, dashes and white space, on one line; nothing that a reader would call another text."""
    return " ".join(unicodedata.normalize("NFC", text).translate(_PLAIN).split())


def plain_pattern(text: str) -> str:
    """As `plain`, and without markdown, with a capital at the start and no full stop at the end."""
    text = plain(_MARKER.sub("", _EMPHASIS.sub(r"\2", text))).rstrip(". ")
    return text[:1].upper() + text[1:]
