"""Colours of the app: dark, light and plain (none at all). Every meaning also has a letter, a word or an attribute.

`Ink` holds the few styles that data text is painted with; the style sheet takes its colours from the same themes.
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.style import Style
from textual.theme import Theme


@dataclass(frozen=True, slots=True)
class Ink:
    """What text is painted with.

    Attributes:
        muted: secondary text. accent: the one colour. strong: headings and figures that matter.
        warn: refusals and failures. change: the part in which a pair of texts differs.
        cursor: the current row. bar: the filled part of a bar.
        brackets: also put brackets around what differs, for no colour says it.
        groups: colours that tell blind spots apart on the map, in turn; none in the plain theme.
    """

    muted: Style
    accent: Style
    strong: Style
    warn: Style
    change: Style
    cursor: Style
    bar: Style
    brackets: bool = False
    groups: tuple[Style, ...] = ()


# Okabe & Ito's palette for all kinds of colour vision, lightened or darkened for contrast with the background.
_ON_DARK = ("#e6a93c", "#6cc4f0", "#3ecb9a", "#ece474", "#e08fbd", "#ff8a5c", "#b8a6ff")
_ON_LIGHT = ("#8a5a00", "#00608f", "#00694d", "#6b6000", "#9c3d73", "#a33e00", "#5b3fa0")


def _inks(muted: str, accent: str, warn: str, cursor: str, groups: tuple[str, ...]) -> Ink:
    return Ink(
        muted=Style(color=muted),
        accent=Style(color=accent),
        strong=Style(bold=True),
        warn=Style(color=warn, bold=True),
        change=Style(color=accent, bold=True, underline=True),
        cursor=Style(bgcolor=cursor),
        bar=Style(color=accent),
        groups=tuple(Style(color=colour) for colour in groups),
    )


DARK, LIGHT, PLAIN = "blindspot-dark", "blindspot-light", "blindspot-plain"

INKS = {
    DARK: _inks(muted="#8b919c", accent="#7fb4ff", warn="#f0a45d", cursor="#2c3442", groups=_ON_DARK),
    LIGHT: _inks(muted="#646b75", accent="#0b5cad", warn="#9a4a00", cursor="#d9e6f5", groups=_ON_LIGHT),
    PLAIN: Ink(
        muted=Style(dim=True),
        accent=Style(bold=True),
        strong=Style(bold=True),
        warn=Style(bold=True),
        change=Style(bold=True, underline=True),
        cursor=Style(reverse=True),
        bar=Style(),
        brackets=True,
    ),
}

THEMES = {
    DARK: Theme(
        name=DARK,
        primary="#7fb4ff",
        accent="#7fb4ff",
        warning="#f0a45d",
        error="#f0a45d",
        success="#7fb4ff",
        foreground="#d8dbe2",
        background="#17191f",
        surface="#1e2129",
        panel="#262a34",
        variables={"border-blurred": "#3a404d"},
    ),
    LIGHT: Theme(
        name=LIGHT,
        dark=False,
        primary="#0b5cad",
        accent="#0b5cad",
        warning="#9a4a00",
        error="#9a4a00",
        success="#0b5cad",
        foreground="#24282e",
        background="#fbfbfa",
        surface="#f1f2f3",
        panel="#e6e8eb",
        variables={"border-blurred": "#c6cad1"},
    ),
    PLAIN: Theme(
        name=PLAIN,
        ansi=True,
        primary="ansi_default",
        secondary="ansi_default",
        accent="ansi_default",
        warning="ansi_default",
        error="ansi_default",
        success="ansi_default",
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        boost="ansi_default",
        variables={
            "ansi-background": "ansi_default",
            "ansi-foreground": "ansi_default",
            "foreground-disabled": "ansi_default",
            "surface-active": "ansi_default",
            "border": "ansi_default",
            "border-blurred": "ansi_default",
            "block-cursor-background": "ansi_default",
            "block-cursor-text-style": "reverse",
            "scrollbar": "ansi_default",
            "scrollbar-hover": "ansi_default",
            "scrollbar-active": "ansi_default",
            "scrollbar-background": "ansi_default",
            "scrollbar-background-hover": "ansi_default",
            "scrollbar-background-active": "ansi_default",
            "input-selection-background": "ansi_default",
        },
    ),
}


def next_theme(name: str) -> str:
    """The theme after this one: dark, light, plain, and dark again."""
    order = (DARK, LIGHT, PLAIN)
    return order[(order.index(name) + 1) % len(order)]
