"""Which samples are taken: only those that teach something new, and none that would leak a held-out row.

Proof rows are asked about through the leak guard alone, and no message repeats a word of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.data.duplicates import NearDuplicates
from engine.data.heldout import LeakGuard
from engine.data.text import row_hash
from engine.errors import RefusedSample
from engine.project import Project
from engine.schema import Role, Sample
