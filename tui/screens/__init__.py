"""The app's screens, one class a file. `SCREENS` names them all; a screen is imported when it is first opened."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui.screens.base import WorkScreen

SCREENS = {
    "spots": "tui.screens.spots:SpotsScreen",
    "evidence": "tui.screens.evidence:EvidenceScreen",
    "map": "tui.screens.map:MapScreen",
    "describe": "tui.screens.describe:DescribeScreen",
    "review": "tui.screens.review:ReviewScreen",
    "comparison": "tui.screens.comparison:ComparisonScreen",
    "trial": "tui.screens.trial:TrialScreen",
    "ledger": "tui.screens.ledger:LedgerScreen",
    "retrain": "tui.screens.retrain:RetrainScreen",
    "proof": "tui.screens.proof:ProofScreen",
    "rounds": "tui.screens.rounds:RoundsScreen",
    "flips": "tui.screens.flips:FlipsScreen",
}


def make_screen(name: str, **arguments: Any) -> WorkScreen:
    """Import the screen of that name and build it; ``arguments`` are JSON values, as `WorkScreen.arguments` gives."""
    module, _, attribute = SCREENS[name].partition(":")
    screen: WorkScreen = getattr(import_module(module), attribute)(**arguments)
    return screen
