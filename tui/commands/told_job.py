"""A job whose result is a sentence, followed to its end, with the command that comes next."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any

from engine.api import OpenedProject
from engine.jobs.kind import JobOptions
from tui.terminal.printing import print_json, print_line


def run_told_job(
    options: argparse.Namespace, work: OpenedProject, asked: JobOptions, following: Callable[[Mapping[str, Any]], str]
) -> int:
    """Start the job and print its result; the exit code.

    Args:
        options: ``detach`` and ``json`` of the command line.
        work: the project.
        asked: of the job.
        following: the command that comes next, given the job's result.

    Raises:
        JobError, NotTrusted: as `OpenedProject.start` and `wait`.
    """
    job_id = work.start(asked)
    if options.detach:
        print_line(job_id)
        return 0
    view = work.wait(job_id)
    if options.json:
        print_json(view.result)
        return 0
    print_line(view.sentence)
    print_line(f"next: {following(view.result)}")
    return 0
