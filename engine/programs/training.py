"""One run of a program that trains: rows and request as files, a folder as its result."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from engine.errors import ModelError
from engine.files import make_folder, write_json, write_jsonl
from engine.programs.commands import Command
from engine.programs.process import Process
from engine.programs.protocol import PROTOCOL, row_fields
from engine.progress import Monitor
from engine.schema import Example
from engine.settings import ClassifierSettings

LOG = "classifier-train.log"
_PARTS = 1000  # that progress is told in


def run_training(
    command: Command,
    settings: ClassifierSettings,
    rows: Sequence[Example],
    *,
    root: Path,
    labels: Sequence[str],
    pair: bool,
    seed: int,
    start: Path | None,
    folder: Path,
    monitor: Monitor,
) -> Path:
    """Let a program train.

    Args:
        command: that starts it; its owner has agreed to it.
        settings: how long it may take.
        rows: to learn, with labels.
        root: of the project, in whose folder it works.
        labels: the project's.
        pair: rows are pairs of texts.
        seed: of the run.
        start: model to go on from; None: from nothing.
        folder: where request and rows are written.
        monitor: told how far it is, and asked whether to go on.

    Returns:
        The folder with the model, inside ``folder``.

    Raises:
        ModelError: it cannot be started, fails, takes too long, or leaves no model.
        Stopped: from the monitor; the program is killed.
    """
    out = make_folder(folder / "model")
    write_jsonl(folder / "rows.jsonl", [row_fields(row) | {"label": row.label} for row in rows])
    request = {
        "protocol": PROTOCOL,
        "rows": str(folder / "rows.jsonl"),
        "labels": list(labels),
        "pair": pair,
        "seed": seed,
        "start": None if start is None else str(start),
        "out": str(out),
    }
    write_json(folder / "request.json", request)
    done, note = 0, ""

    def hear(line: bytes) -> None:
        nonlocal done, note
        # Other lines are its own business, JSON objects without `progress` and numbers without end too.
        with suppress(ValueError, RecursionError, TypeError, KeyError, OverflowError):
            message = json.loads(line)
            done = max(done, min(_PARTS, round(_PARTS * float(message["progress"]))))
            note = str(message.get("note", ""))

    def look() -> None:
        monitor.step("train", done, _PARTS, **({"note": note} if note else {}))

    argv = (*command.argv, str(folder / "request.json"))
    process = Process(command.text, argv, root=root, log=root / "cache" / LOG, reads=False)
    try:
        process.run(settings.train_timeout, hear, look)
    finally:
        process.close()
    if not any(out.iterdir()):
        what = f"`{command.text}` ended well and left no model in the folder `out`"
        raise ModelError(what, where=str(root), hint="let it write its model there, or end with another status")
    return out
