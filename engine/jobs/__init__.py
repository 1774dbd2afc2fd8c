"""Background jobs: detached processes whose state is read from files alone.

A job outlives the app and the SSH session that started it. Whether it lives is told by a lock that its process
holds and the kernel frees, so a job that was killed shows as killed at once, and no process id is ever trusted.
"""

from __future__ import annotations

from engine.jobs.events import Event
from engine.jobs.follow import follow, follow_to_end, notes
from engine.jobs.launch import resume, start, stop, without_jobs
from engine.jobs.status import JobView, active_job, find_job, jobs

__all__ = [
    "Event",
    "JobView",
    "active_job",
    "find_job",
    "follow",
    "follow_to_end",
    "jobs",
    "notes",
    "resume",
    "start",
    "stop",
    "without_jobs",
]
