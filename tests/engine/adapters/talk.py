"""Speaking with a program that scores, in the process of the test."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def talk(
    main: Callable[..., int],
    words: Sequence[str],
    rows: Sequence[Sequence[dict[str, str]]],
    *,
    labels: Sequence[str] = ("bad", "good"),
    model: Path | None = None,
    pair: bool = False,
) -> tuple[int, list[dict[str, Any]]]:
    """Start a program, ask it about rows, and end its input; its exit status and the lines that it wrote."""
    start = {"protocol": 1, "labels": list(labels), "pair": pair, "model": str(model) if model else None}
    requests = [{"id": number, "rows": list(some)} for number, some in enumerate(rows, start=1)]
    out = io.StringIO()
    status = main(words, io.StringIO("".join(json.dumps(line) + "\n" for line in (start, *requests))), out)
    return status, [json.loads(line) for line in out.getvalue().splitlines()]
