"""Opening the project that a command names: the library, with the terminal to ask, to show jobs and to warn on."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.api import OpenedProject, open_project
from tui.commands.following import follow_to_end
from tui.flows.ask_for_trust import ask
from tui.hints import with_project
from tui.terminal.printing import print_error


def opened(options: argparse.Namespace, *, for_llm: bool = False) -> OpenedProject:
    """The project of DIR as the annotator of --annotator sees it, or else the login name.

    Raises:
        ProjectError, SettingsError: as `engine.api.open_project`.
    """
    return opened_folder(options.project, annotator=getattr(options, "annotator", None), for_llm=for_llm)


def opened_folder(folder: Path, *, annotator: str | None = None, for_llm: bool = False) -> OpenedProject:
    """The project of a folder, as `opened`."""

    def tell(sentence: str) -> None:
        print_error(f"warning: {with_project(sentence, folder)}")

    return open_project(folder, annotator=annotator, for_llm=for_llm, ask=ask, follow=follow_to_end, tell=tell)
