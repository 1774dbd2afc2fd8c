"""The header: project, round, model, tau, UUs, how many blind spots are done, and the background job."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text

from tui.shell import shell
from tui.widgets.line import Line
from tui.widgets.wrapping import fitted

_GAP = "   "


class StatusLine(Line):
    """Fits what matters most: the job and the counts stay, model and project name are cut first."""

    DEFAULT_CSS = """
    StatusLine { background: $surface; padding: 0 1; dock: top; }
    """

    def line(self, width: int) -> Text:
        """The header at this width."""
        app = shell(self)
        status, ink, glyphs = app.status, app.ink, app.glyphs
        counts = [f"{glyphs.tau} {status.tau:g}"]
        if status.uus is not None:
            counts += [f"{status.uus} UUs", f"{status.done}/{status.total} done"]
        middle = _GAP.join([f"round {status.round}", *counts])
        room = width - cell_len(middle) - len(_GAP) - (cell_len(status.job) + len(_GAP) if status.job else 0)
        name = _cut(status.project, max(8, room), glyphs.ellipsis)
        room -= cell_len(name) + len(_GAP)
        model = _cut(status.model, min(24, room), glyphs.ellipsis) if room >= 8 else ""
        text = Text(no_wrap=True, end="")
        text.append(name, ink.strong)
        text.append(_GAP + middle, ink.muted)
        if model:
            text.append(_GAP + model, ink.muted)
        if status.job:
            text.append(" " * max(len(_GAP), width - text.cell_len - cell_len(status.job)))
            text.append(status.job, ink.accent)
        return text


def _cut(text: str, width: int, ellipsis: str) -> str:
    return fitted(text, width, ellipsis=ellipsis).rstrip() if cell_len(text) > width else text
