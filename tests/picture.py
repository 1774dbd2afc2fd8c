"""`python -m tests.picture PROJECT OUT.svg KEY ...`: a picture in the README, exported from the running app.

The keys lead to what is shown: `j enter j j` to the evidence of the second blind spot, `v y n` into the blind review.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tui.app import BlindspotApp


async def export(project: Path, out: Path, keys: list[str]) -> None:
    """Open the project, press the keys, and save what the terminal shows."""
    app = BlindspotApp(root=project, annotator="reader")
    async with app.run_test(size=(116, 34)) as pilot:
        while app.workbench is None:
            await pilot.pause(0.05)
        await pilot.press(*keys)
        await app.workers.wait_for_complete()
        await pilot.pause()
        out.write_text(app.export_screenshot(title="Blindspot"), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(export(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
