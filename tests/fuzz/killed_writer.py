"""A process that writes marks and calls is killed at a random moment: what it has said to be stored is there after.

It writes into small files of records, and into large ones that have a journal.

Run as a program (``python -m tests.fuzz.killed_writer FOLDER PREFIX``) this is that process.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.child import command
from engine.errors import BlindspotError, StoreError
from engine.llm.call_log import Call, CallLog, read_calls
from engine.schema import RowMark
from engine.teaching.store import Store
from tests.terminals import REPOSITORY

_PER_FOLDER = 8  # kills over the same files
_LARGE = 2_000  # marks that a file has from which on there is a journal
_MOST_WRITES, _MOST_SECONDS = 40, 0.03  # before a kill: whole writes, and then a moment inside one


def main(trials: int, seed: int) -> tuple[int, int, list[str]]:
    """Kill so many writers; returns survived, tried, and what was lost."""
    random_, failures = random.Random(seed), []
    with TemporaryDirectory() as parent:
        told: dict[Path, set[str]] = {}
        for trial in range(trials):
            folder = Path(parent) / f"{trial // (2 * _PER_FOLDER)}-{'large' if trial % 2 else 'small'}"
            if trial % 2 and folder not in told:
                _fill(folder)
            stored = told.setdefault(folder, set())
            stored |= _killed(folder, f"w{trial}-", random_)
            try:
                found = _found(folder)
            except BlindspotError as error:
                failures.append(f"kill {trial}: {error}")
                continue
            if lost := stored - found:
                failures.append(f"kill {trial}: lost {', '.join(sorted(lost)[:5])}")
    return trials - len(failures), trials, failures


def _killed(folder: Path, prefix: str, random_: random.Random) -> set[str]:
    """Start a writer and kill it; what it has said to be stored."""
    words = [*command("tests.fuzz.killed_writer"), str(folder), prefix]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(random_.randint(1, _MOST_WRITES))]
        time.sleep(random_.random() * _MOST_SECONDS)
        writer.kill()
        said += writer.stdout.readlines()
    return {line.strip() for line in said if line.endswith("\n")}  # a line that was cut off says nothing


def _fill(folder: Path) -> None:
    with Store(folder, "ann").edit("many marks") as edit:
        for number in range(_LARGE):
            edit.put("mark", f"m{number}", RowMark(f"m{number}", "fine"))


def _found(folder: Path) -> set[str]:
    store = Store(folder, "ann")
    if store.repair:
        raise StoreError(store.repair)
    marks = {f"mark {key}" for kind, key in store.current if kind == "mark"}
    return marks | {f"call {call.key}" for call in read_calls(folder / "calls.jsonl")}


def write(folder: Path, prefix: str) -> None:
    """Write marks and calls without end, and say of each that it is stored."""
    store, calls = Store(folder, "ann", patience=60), CallLog(folder / "calls.jsonl")
    for number in count():
        name = f"{prefix}{number}"
        if number % 2:
            calls.append(Call(name, 1.0, 0.1, "m1", "m1", "local", "samples", "B1", "text", "ok", content="x" * 2000))
            print(f"call {name}", flush=True)
        else:
            with store.edit(f"mark {name}") as edit:
                edit.put("mark", name, RowMark(name, "fine"))
            print(f"mark {name}", flush=True)


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2])
