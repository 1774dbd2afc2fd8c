"""Starting the LLM teacher from the app: what can be asked, what it takes, and whether answers were recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import BlindspotError
from tui.shell import shell

if TYPE_CHECKING:
    from tui.dialogs.teach_dialog import Way
    from tui.screens.work_screen import WorkScreen
    from tui.view_models.workbench import Workbench

_NO_MODEL = "No LLM is set up: give `model` in [llm] of blindspot.toml, and the key in the environment."


def why_not_asked(workbench: Workbench) -> str | None:
    """Why the LLM teacher cannot be started now, as a sentence; None if it can."""
    if workbench.running is not None:
        return f"{workbench.running.id} is running: X stops it."
    settings = workbench.project.settings.llm
    return None if settings.model or _recording(workbench) else _NO_MODEL


def ask_for_teaching(screen: WorkScreen, spot_id: str | None) -> None:
    """Ask which blind spots are to be explained, and start the job.

    Args:
        screen: where it was asked for.
        spot_id: the blind spot under the cursor; None: none is.
    """
    from engine.llm.address import Address
    from engine.text import visible
    from tui.dialogs.teach_dialog import TeachDialog

    app = shell(screen)
    llm = screen.workbench.project.settings.llm
    model = llm.model
    try:
        server = Address.of(llm.base_url).server if model else ""
        ways = _ways(screen.workbench, spot_id)
    except BlindspotError as error:
        app.refuse(error)
        return
    title = f"Let {visible(model)} explain blind spots?" if model else "No LLM is set up; replay recorded answers?"

    def start(choice: int | None) -> None:
        options = ways[choice][1] if choice is not None else None
        if options is not None and app.job_watch.start(options):
            screen.say("The LLM teacher is at work in the background.")

    screen.app.push_screen(TeachDialog(title, ways, server), start)


def _ways(workbench: Workbench, spot_id: str | None) -> list[Way]:
    from engine.llm.teach_estimate import estimate
    from engine.operations.job_records import TeachOptions

    project = workbench.project
    ways: list[Way] = [("Not now", None)]
    if project.settings.llm.model:
        ways.append((f"All: {estimate(project).sentence}", TeachOptions()))
        if spot_id is not None:
            one = TeachOptions(spots=(spot_id,))
            ways.append((f"{spot_id}: {estimate(project, [spot_id]).sentence}", one))
    if recording := _recording(workbench):
        ways.append(("Replay the recorded answers: no network, no cost", TeachOptions(replay=recording)))
    return ways


def _recording(workbench: Workbench) -> str:
    """Path of the recorded answers that the project carries; empty if it carries none."""
    from engine.llm.replay import RECORDED_FILE

    path = workbench.project.llm_dir / RECORDED_FILE
    return str(path) if path.is_file() else ""
