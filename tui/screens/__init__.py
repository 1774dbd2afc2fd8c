"""The app's screens, one class a file. `SCREENS` names them all; a screen is imported when it is first opened."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui.screens.work_screen import WorkScreen

SCREENS = {
    "spots": "tui.screens.spots_screen:SpotsScreen",
    "evidence": "tui.screens.evidence_screen:EvidenceScreen",
    "map": "tui.screens.map_screen:MapScreen",
    "describe": "tui.screens.describe_screen:DescribeScreen",
    "review": "tui.screens.review_screen:ReviewScreen",
    "comparison": "tui.screens.comparison_screen:ComparisonScreen",
    "pattern_test": "tui.screens.pattern_test_screen:PatternTestScreen",
    "found": "tui.screens.found_rows_screen:FoundRowsScreen",
    "costs": "tui.screens.costs_screen:CostsScreen",
    "labels": "tui.screens.labels_screen:LabelsScreen",
    "retrain": "tui.screens.retrain_screen:RetrainScreen",
    "proof": "tui.screens.proof_screen:ProofScreen",
    "rounds": "tui.screens.rounds_screen:RoundsScreen",
    "flips": "tui.screens.flips_screen:FlipsScreen",
}
_RENAMED = {"trial": "pattern_test"}
"""Names that places of versions before 0.2 have for screens."""


def make_screen(name: str, **arguments: Any) -> WorkScreen:
    """Import the screen of that name and build it; ``arguments`` are JSON values, as `WorkScreen.arguments` gives."""
    module, _, attribute = SCREENS[_RENAMED.get(name, name)].partition(":")
    screen: WorkScreen = getattr(import_module(module), attribute)(**arguments)
    return screen
