"""A job that makes a queue, followed to its end: what was queued, and how its rows are labelled."""

from __future__ import annotations

import argparse

from engine.api import OpenedProject
from engine.jobs.kind import JobOptions
from tui.commands.told_job import run_told_job


def run_queue_job(options: argparse.Namespace, work: OpenedProject, asked: JobOptions) -> int:
    """Start the job and print its result; the exit code.

    Args:
        options: ``project``, ``detach`` and ``json`` of the command line.
        work: the project whose rows are queued.
        asked: of the job, whose result has the name of its ``queue`` and a ``sentence``.

    Raises:
        JobError, NotTrusted: as `OpenedProject.start` and `wait`.
    """
    return run_told_job(options, work, asked, lambda made: f"blindspot label {options.project} --queue {made['queue']}")
