"""The scorer's protocol without a model: "bad" makes a text negative. "wait" waits for the file `go`, "die" dies.

Where there is a file `hold` it begins once that is gone.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from engine.child import command
from engine.scorer.protocol import ModelAnswer, ScorerAnswer, ScorerState, line_of, read_request

WORKER = command("tests.tui.app.planted_scorer")


def tell(message: ScorerAnswer | ScorerState) -> None:
    sys.stdout.buffer.write(line_of(message))
    sys.stdout.buffer.flush()


def main(root: Path) -> None:
    while (root / "hold").exists():
        time.sleep(0.01)
    tell(ScorerState("loading"))
    tell(ScorerState("ready", key="m1"))
    for line in sys.stdin.buffer:
        request = read_request(line)
        with (root / "asked").open("a") as asked:
            asked.write(f"{request.place}: {request.text} | {request.text_pair}\n")
        while "wait" in request.text and not (root / "go").exists():
            time.sleep(0.01)
        if "die" in request.text:
            os.kill(os.getpid(), signal.SIGKILL)
        bad = "bad" in request.text + (request.text_pair or "")
        verdict = ModelAnswer(
            "negative" if bad else "positive", 0.95 if bad else 0.85, (0.0, 0.0, 0.0), "planted", "m1"
        )
        tell(ScorerAnswer(request.id, verdict))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
