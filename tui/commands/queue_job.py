"""A job that makes a queue, followed to its end: what was queued, and how its rows are labelled."""

from __future__ import annotations

import argparse

from engine.jobs.kind import JobOptions
from engine.project import Project
from tui.commands.following import follow_to_end, start_job
from tui.terminal.printing import print_json, print_line


def run_queue_job(options: argparse.Namespace, project: Project, asked: JobOptions) -> int:
    """Start the job and print its result; the exit code.

    Args:
        options: ``project``, ``detach`` and ``json`` of the command line.
        project: whose rows are queued.
        asked: of the job, whose result has the name of its ``queue`` and a ``sentence``.

    Raises:
        JobError, NotTrusted: as `start_job` and `follow_to_end`.
    """
    job_id = start_job(project, asked)
    if options.detach:
        print_line(job_id)
        return 0
    view = follow_to_end(project.root, job_id)
    if options.json:
        print_json(view.result)
        return 0
    print_line(view.sentence)
    print_line(f"next: blindspot label {options.project} --queue {view.result['queue']}")
    return 0
