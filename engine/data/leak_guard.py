"""Whether a text nearly equals a proof row: yes or no, and never the row.

`LeakGuard` keeps the texts in a closure: no attribute, no ``repr``, no pickle and no message of an exception holds one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from engine.data.containment import Contained
from engine.data.duplicates import NearDuplicates
from engine.data.proof_rows import read_proof
from engine.data.row_hashes import read_row_hashes
from engine.project import Project
from engine.text import row_hash


class LeakGuard:
    """Tells whether a text equals or nearly equals a proof row, without ever showing the row.

    The first near-duplicate question reads the proof split (1 s for 100,000 rows); the next take 1 ms for 1,000 rows
    and about 15 ms for 100,000. Pairs are looked up in both orders.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        proof = project.manifest.splits.get("proof")
        self._rows = proof.rows if proof else 0
        self._hashes = read_row_hashes(project, "proof")

    def __repr__(self) -> str:
        return f"LeakGuard({self._rows} proof rows)"

    def is_leak(self, text: str, pair: str | None = None) -> bool:
        """Whether the row is an exact or near-duplicate of a proof row."""
        if not self._rows:
            return False
        orders = [(text, pair)] if pair is None else [(text, pair), (pair, text)]
        return any(row_hash(*row) in self._hashes or self._nearly_equals(*row) for row in orders)

    def is_inside(self, text: str) -> bool:
        """Whether a proof row of at least 20 characters stands somewhere in a longer text; of a pair, both its texts.

        5 ms for 20,000 characters, whatever the number of proof rows.
        """
        return bool(self._rows) and self._stands_in(text)

    @cached_property
    def _stands_in(self) -> Callable[[str], bool]:
        contained = Contained((row.text, row.text_pair) for row in read_proof(self._project))
        return lambda text: contained.stands_in(text)

    @cached_property
    def _nearly_equals(self) -> Callable[[str, str | None], bool]:
        proof = NearDuplicates((row.text, row.text_pair) for row in read_proof(self._project))
        return lambda text, pair: proof.find(text, pair) is not None
