"""A job that makes a queue, followed to its end: what was queued, and how its rows are labelled."""

from __future__ import annotations

import argparse

from engine.api import OpenedProject
from engine.jobs.kind import JobOptions
from tui.terminal.printing import print_json, print_line


def run_queue_job(options: argparse.Namespace, work: OpenedProject, asked: JobOptions) -> int:
    """Start the job and print its result; the exit code.

    Args:
        options: ``project``, ``detach`` and ``json`` of the command line.
        work: the project whose rows are queued.
        asked: of the job, whose result has the name of its ``queue`` and a ``sentence``.

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
    print_line(f"next: blindspot label {options.project} --queue {view.result['queue']}")
    return 0
