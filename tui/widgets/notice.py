"""What stands where data will be: opening, nothing yet and what to do about it, work under way, an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from engine.guest import is_guest
from tui.reporting.durations import duration
from tui.reporting.job_text import STARTING, figures, how_far
from tui.terminal.glyphs import Glyphs, bar
from tui.terminal.wrapping import wrapped
from tui.themes import Ink

if TYPE_CHECKING:
    from engine.jobs import JobView
    from engine.project import Project
    from engine.schema import Discovery
    from tui.view_models.workbench import Workbench

_NO_LABEL = (
    "The rows came without labels, and only a row with a label can be a UU. U chooses 200 rows on which the model may "
    "well be wrong, and # labels them, one key each (without U: rows drawn at random)."
)
_MOST = 66  # cells; longer lines are hard to read
_BAR_MOST = 30  # cells


def notice(width: int, ink: Ink, *, title: str, paragraphs: list[str], bar_line: Text | None = None) -> list[Text]:
    """A heading and its paragraphs, indented and wrapped; a bar between them if there is one."""
    margin = " " * (4 if width >= 60 else 1)
    inner = min(_MOST, width - 2 * len(margin))
    lines = [Text(""), Text(margin + title, style=ink.strong), Text("")]
    if bar_line is not None:
        lines += [Text.assemble(margin, bar_line), Text("")]
    for paragraph in paragraphs:
        lines += [Text.assemble(margin, line) for line in wrapped(Text(paragraph), inner)]
        lines.append(Text(""))
    return lines


def discovery_notice(width: int, ink: Ink, glyphs: Glyphs, workbench: Workbench) -> list[Text]:
    """Why there are no blind spots to list, and what to do about it: a job under way, none found, none looked for."""
    job = workbench.running
    if job is not None and job.kind == "discover":
        return job_notice(width, ink, glyphs, job, title="Looking for blind spots")
    if job is not None and job.kind == "hunt":
        return job_notice(width, ink, glyphs, job, title="Choosing rows on which the model may well be wrong")
    board, pool = workbench.board, workbench.project.manifest.splits["pool"]
    if is_guest() and (board is None or board.labels_since or not board.discovery.n_labelled):
        paragraphs = ["Whoever gave you the link has blind spots looked for; they are listed here then."]
        if pool.unlabelled:
            paragraphs.append("# labels rows of the pool until then, one key each.")
        return notice(width, ink, title="No blind spots yet", paragraphs=paragraphs)
    if board is not None and board.labels_since:
        from engine.counted import counted  # not before the first paint

        said = f"{counted(board.labels_since, 'row')} of the pool got a label since blind spots were looked for."
        return notice(width, ink, title="No blind spots yet", paragraphs=[said, "D looks again, and trains nothing."])
    if board is not None:
        return _none_found(width, ink, glyphs, workbench.project, board.discovery)
    paragraphs = [
        f"Nobody has looked for blind spots in the pool of {pool.rows:,} rows yet.",
        "D finds the rows that the model gets wrong and is sure about, and groups them. That runs in the background: "
        "about half a minute for 2,000 rows on two cores, some minutes more if a model has to be trained first.",
    ]
    if not pool.labelled:
        paragraphs.insert(1, _labels_so_far(workbench))
    last = workbench.last_job("discover")
    if last is not None and last.resumable:
        why = f": {last.message.rstrip('.')}" if last.message else ""
        paragraphs.insert(1, f"{last.id} {last.stands}{why}. D goes on with it.")
    return notice(width, ink, title="No blind spots yet", paragraphs=paragraphs)


def _labels_so_far(workbench: Workbench) -> str:
    """How many rows have a label by now, where all came without; if none has, how to get some."""
    # not before the first paint
    from engine.counted import counted
    from engine.teaching.labels import Labels

    labelled = len(Labels(workbench.teaching).settled())
    if labelled:
        return f"They came without labels; {counted(labelled, 'row')} got one since."
    hunt = workbench.last_job("hunt")
    if hunt is not None and hunt.state == "done":
        return f"{hunt.id} has chosen rows on which the model may well be wrong: # labels them, one key each."
    return _NO_LABEL


def _none_found(width: int, ink: Ink, glyphs: Glyphs, project: Project, found: Discovery) -> list[Text]:
    """How sure the model is of its errors, and which tau would find some."""
    # not before the first paint
    from engine.tau import frozen_tau
    from tui.reporting.confidence_text import confidence_lines, lower_taus, none_found, taus_sentence

    if not found.n_labelled:
        scored = f"The model has been scored on the pool of {found.n_pool:,} rows."
        return notice(width, ink, title="No blind spots yet", paragraphs=[scored, _NO_LABEL, "Then D looks again."])
    lines = notice(width, ink, title="No blind spots", paragraphs=[none_found(found)])
    if not found.errors or not found.confidences:
        return lines
    margin = " " * (4 if width >= 68 else 1)
    heading, *steps = confidence_lines(found, glyphs)
    lines += [Text(margin + heading, style=ink.muted), *(Text(margin + step, no_wrap=True) for step in steps), Text("")]
    frozen = frozen_tau(project)
    if frozen is not None:
        said = f"tau is frozen at {frozen:g} by the first proof; another one needs a new project."
    elif lower := lower_taus(found):
        said = f"{taus_sentence(found)}: blindspot discover {project.root.name} --tau {lower[0][0]:g}"
    else:
        return lines
    return lines + [Text.assemble(margin, line) for line in wrapped(Text(said), min(_MOST, width - 2 * len(margin)))]


def progress_bar(job: JobView, cells: int, ink: Ink, glyphs: Glyphs) -> Text:
    """A bar of at most so many cells, and how many percent of its steps are done, where their number is known."""
    filled, track = bar(job.done / job.total if job.total else 0.0, min(_BAR_MOST, cells), glyphs)
    percent = f"  {100 * job.done // job.total} %" if job.total else ""
    return Text.assemble((filled, ink.bar), (track, ink.muted), percent)


def job_notice(width: int, ink: Ink, glyphs: Glyphs, job: JobView, *, title: str) -> list[Text]:
    """Where a running job is, with a bar and what the user may do meanwhile."""
    line = progress_bar(job, _MOST, ink, glyphs)
    stage = how_far(job.stage, job.done, job.total) if job.stage else STARTING
    left = f"About {duration(job.eta)} left for this step" if job.eta is not None else ""
    stop = "It is stopping" if job.stopping else "X stops it"
    where = ". ".join(part for part in (stage, ", ".join(figures(job.facts)), left) if part) + "."
    leave = f"It runs in the background: you may leave with Q and come back. {stop}; what it has finished is kept."
    return notice(width, ink, title=title, bar_line=line, paragraphs=[where, leave])
