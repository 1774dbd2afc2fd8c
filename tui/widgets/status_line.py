"""The header: project, round, model, tau, UUs, how many blind spots are done, and the background job."""

from __future__ import annotations

from dataclasses import replace

from rich.cells import cell_len
from rich.text import Text

from engine.text import visible
from tui.shell import shell
from tui.terminal.glyphs import Glyphs
from tui.terminal.wrapping import fitted
from tui.themes import Ink
from tui.view_models.header_status import HeaderStatus
from tui.widgets.line import Line

_GAP = "   "
_NAME_LEAST, _MODEL_LEAST = 8, 8


class StatusLine(Line):
    """The header of every screen."""

    DEFAULT_CSS = """
    StatusLine { background: $surface; padding: 0 1; dock: top; }
    """

    def line(self, width: int) -> Text:
        """The header at this width."""
        app = shell(self)
        return status_text(app.status, width, app.ink, app.glyphs)


def status_text(status: HeaderStatus, width: int, ink: Ink, glyphs: Glyphs) -> Text:
    """The figures in ``width`` cells: counts and job stay; model, round, tau and the name's end go first."""
    status = replace(status, project=visible(status.project), model=visible(status.model), job=visible(status.job))
    figures = [f"round {status.round}", f"{glyphs.tau} {status.tau:g}"]
    if status.uus is not None:
        figures += [f"{status.uus} UUs", f"{status.done}/{status.total} done"]
    least = min(_NAME_LEAST, cell_len(status.project))
    job = cell_len(status.job) + len(_GAP) if status.job else 0
    while len(figures) > 2 and least + _length(figures) + job > width:
        figures.pop(0)
    job = min(job, max(0, width - least - _length(figures)))
    room = width - _length(figures) - job
    name = _cut(status.project, max(least, room), glyphs.ellipsis)
    room -= cell_len(name) + len(_GAP)
    model = [_cut(status.model, room, glyphs.ellipsis)] if status.model and room >= _MODEL_LEAST else []
    text = Text.assemble((name, ink.strong), (_GAP + _GAP.join(figures + model), ink.muted), no_wrap=True, end="")
    if job:
        text.append(" " * (width - text.cell_len - job + len(_GAP)))
        text.append(_cut(status.job, job - len(_GAP), glyphs.ellipsis), ink.accent)
    return text


def _length(figures: list[str]) -> int:
    return sum(cell_len(figure) + len(_GAP) for figure in figures)


def _cut(text: str, width: int, ellipsis: str) -> str:
    return fitted(text, width, ellipsis=ellipsis).rstrip() if cell_len(text) > width else text
