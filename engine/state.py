"""The folder of what is kept for a user outside of projects."""

from __future__ import annotations

import os
from pathlib import Path


def state_folder() -> Path:
    """Where it is. A relative XDG_STATE_HOME does not count, as the standard says: it could lie in a project."""
    base = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".local" / "state") / "blindspot"
