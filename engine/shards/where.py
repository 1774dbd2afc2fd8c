"""Where shards and trainings are computed. Light.

Only the command line and the environment say so, never a project: its settings and jobs may come from a stranger, who
would have rows and models sent to a cluster of theirs.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Literal

from engine.errors import SettingsError

ON = "BLINDSPOT_ON"
"""The variable of the environment that says where; jobs that are started or resumed inherit it."""
WORKERS = "BLINDSPOT_WORKERS"
"""The variable that says how many workers there are to be at most."""
_HINT = "use local, ray (a cluster of this machine alone), ray:HOST:PORT or ray://HOST:PORT"
_CLUSTER = re.compile(r"ray(?P<client>://|:)(?P<address>[\w.\-\[\]:]+:\d{1,5})")


@dataclass(frozen=True, slots=True)
class Where:
    """Where work is done that can be divided.

    Attributes:
        kind: ``here``: nothing was asked for, the job does it; ``local``: in shards, one after the other, by the job;
            ``ray``: by workers of a Ray cluster.
        address: of a cluster that is joined, as Ray takes it; empty: one is started, of this machine alone.
        workers: at most so many at once; 0: as many as the cluster has room for.
    """

    kind: Literal["here", "local", "ray"] = "here"
    address: str = ""
    workers: int = 0


def read_where(on: str, workers: str = "") -> Where:
    """What ``--on`` and ``--workers``, or the environment, say.

    Raises:
        SettingsError: it is none of what there is.
    """
    if workers and not (workers.isdecimal() and 1 <= int(workers) <= 100_000):
        raise SettingsError(f"{workers!r} is no number of workers", where="--workers", hint="use 1 or more")
    number = int(workers or 0)
    if on in ("", "local"):
        return Where("local" if on else "here")
    if on == "ray":
        return Where("ray", "", number)
    found = _CLUSTER.fullmatch(on)
    if not found:
        raise SettingsError(f"{on!r} is no place to compute", where="--on", hint=_HINT)
    scheme = "ray://" if found["client"] == "://" else ""
    return Where("ray", scheme + found["address"], number)


def asked_where() -> Where:
    """What this process was asked for.

    Raises:
        SettingsError: the environment says what cannot be.
    """
    return read_where(os.environ.get(ON, ""), os.environ.get(WORKERS, ""))


def ask_for(on: str | None, workers: str | None) -> None:
    """Have the jobs that this process starts computed elsewhere; None: as the environment says.

    Raises:
        SettingsError: as `read_where`.
    """
    if on is not None:
        read_where(on, workers or "")
        os.environ[ON] = on
    if workers is not None:
        os.environ[WORKERS] = workers
    asked_where()
