"""The rows of a blind spot, or those of none, which go by the name `SCATTERED` on screens and in commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.teaching.views import Board, EvidenceRow

SCATTERED = "scattered"
"""Stands for a blind spot's id where the rows are meant that belong to none."""


def uus_of(board: Board, spot: str) -> list[EvidenceRow]:
    """The UUs of a blind spot, or of none, as a person sees them.

    Raises:
        StoreError: there is no such blind spot.
    """
    return board.scattered() if spot == SCATTERED else board.evidence(spot)


def flagged_of(board: Board, spot: str) -> list[EvidenceRow]:
    """The flagged rows near a blind spot, or near none.

    Raises:
        StoreError: there is no such blind spot.
    """
    return board.flagged_elsewhere() if spot == SCATTERED else board.flagged(spot)
