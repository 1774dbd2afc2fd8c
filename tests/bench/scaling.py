"""All but the model at 1,000 to 1,000,000 rows of a stream: seconds of a processor, milliseconds of keys, peak memory.

Half of the stream is held out, a twentieth becomes UUs. Each step is a process of its own; the time to import is not
counted, as it is the same for any number of rows. The peer of a figure is the same one at 10,000 rows.

Projects and finished figures are kept in ``bench-results``; what is there is not measured again. ``ROWS``: the largest.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.bench.measure import keep, kept, options
from tests.bench.scaled_project import write_stream
from tests.terminals import REPOSITORY, Pty, Terminal

SIZES = (1_000, 10_000, 100_000, 1_000_000)
PEER = 10_000
NAME = "scaling"
KEYS = 40
TIMED = """
import sys, time
from pathlib import Path
{imports}
began = time.process_time()
{work}
spent = time.process_time() - began
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]  # since exec
print(spent, int(peak) / 1024, told, sep="|")
"""
PROJECT = """
from engine.project import Project
from engine.progress import Silent
project = Project.open(Path(sys.argv[1]))
"""
BENCH = "from tui.view_models.workbench import Workbench"
LARGEST = """
board = Workbench.open(Path(sys.argv[1]), "ann").board
largest = max(board.spots(), key=lambda one: one.size)
began = time.process_time()
told = f"{len(board.evidence(largest.id))} rows"
"""
SESSION = """
from engine.label_queue.project_session import open_session
from engine.schema import Teacher
from engine.teaching.records import Teaching
"""
CELL = """
count, numbers = int(sys.argv[1]), np.random.default_rng(13)
centres = numbers.standard_normal((200, 64), dtype=np.float32)
rows = centres[numbers.integers(0, 200, count)]
rows += 2 * numbers.standard_normal((count, 64), dtype=np.float32)
rows /= np.linalg.norm(rows, axis=1, keepdims=True)
Path("/proc/self/clear_refs").write_text("5")  # the peak so far is that of drawing rows
began = time.process_time()
told = f"{CLUSTERERS[sys.argv[2]](rows, min_size=4, seed=13).max() + 1} groups"
"""
FIND = """
import sentence_transformers
from engine.discovery import spot_finding
from engine.discovery.pipeline import discover
"""
FOUND = """
found = discover(project, monitor=Silent())
told = f"{len(found.uus)} UUs, {len(found.blind_spots)} blind spots"
"""
STEPS = {
    "discover": (FIND, PROJECT + FOUND),
    "verify": (
        "from engine.operations.verify_project import verify\nfrom engine.verify import discovery_checks, proof_checks",
        'told = f"{len(list(verify(Path(sys.argv[1]))))} parts"',
    ),
    "audit": (
        "from engine.audit.begin_audit import begin_audit",
        f"{PROJECT}told = len(begin_audit(project, 400, monitor=Silent()).file.choices)",
    ),
    "open a label session": (
        SESSION,
        f"{PROJECT}told = open_session(project, Teaching.of(project, 'ann'), Teacher('ann', 'human')).name",
    ),
    "open the workbench": (BENCH, "told = len(Workbench.open(Path(sys.argv[1]), 'ann').board.spots())"),
    "evidence of the largest": (BENCH, LARGEST),
}
CLUSTERED = {"average-linkage": 10_000, "kmeans": 100_000}
"""From how many rows: k-means with k by silhouette takes minutes where it sees all rows."""
ENCODER = """
import sys
from pathlib import Path
from tests.bench.scaled_project import write_encoder
write_encoder(Path(sys.argv[1]))
"""
LABEL = "import sys; from tui.cli import main; sys.exit(main(['label', *sys.argv[1:]]))"
INIT = "import sys; from tui.cli import main; sys.exit(main(['init', *sys.argv[1:]]))"


def main() -> None:
    """Print each figure when it is there, and all as a table."""
    sizes = [size for size in SIZES if size <= (options.rows or SIZES[-1])]
    folder = options.results.parent / NAME
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "encoder" / "config.json").is_file():
        subprocess.run([sys.executable, "-c", ENCODER, str(folder / "encoder")], check=True, cwd=REPOSITORY)
    found = _there()
    for size in sizes:
        root = folder / str(size)
        if not (root / "blindspot.toml").is_file():
            _told(found, "init", size, _init(folder, root, size))
        for step, (imports, work) in STEPS.items():
            if (step, size) not in found:
                _told(found, step, size, _timed(TIMED.format(imports=imports, work=work), str(root)))
        for step, measure in (("app", _app), ("label", _label)):
            if (f"{step}: key", size) not in found:
                for name, figures in measure(root).items():
                    _told(found, f"{step}: {name}", size, figures)
        for method, least in CLUSTERED.items():
            step = f"cluster a cell, {method}"
            if size >= least and (step, size) not in found:
                imports = "import numpy as np\nfrom engine.discovery.clusterers import CLUSTERERS"
                _told(found, step, size, _timed(TIMED.format(imports=imports, work=CELL), str(size), method))
    _table(found, sizes)


def _init(folder: Path, root: Path, size: int) -> dict[str, Any]:
    stream = write_stream(folder / f"{size}.csv", size)
    files = ["--stream", str(stream), "--predictions", str(stream), "--text", "text", "--label", "label"]
    words = [str(root), *files, "--encoder", str(folder / "encoder")]
    process = subprocess.Popen([sys.executable, "-c", INIT, *words], cwd=REPOSITORY, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    assert status == 0
    return {"seconds": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss / 1024}


def _timed(script: str, *words: str) -> dict[str, Any]:
    command = [sys.executable, "-c", script, *words]
    done = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, cwd=REPOSITORY)
    seconds, peak, told = done.stdout.strip().splitlines()[-1].split("|")
    return {"seconds": float(seconds), "peak_mb": float(peak), "told": told}


def _app(root: Path) -> dict[str, dict[str, Any]]:
    began = time.perf_counter()
    with Terminal(root, "--annotator", f"ann{os.getpid()}") as screen:  # one who was there before is led back
        screen.sees("blind spots")
        painted = time.perf_counter() - began
        screen.sees("UUs")
        listed = time.perf_counter() - began
        screen.settle(1.0)
        keys = _median([screen.answer(b"jk"[turn % 2 :][:1])[0] for turn in range(KEYS)])
        screen.send(b"g")
        screen.settle(1.0)
        opened, _ = screen.answer(b"\r", settled=1.0)
        screen.sees("model says")
        screen.settle(1.0)
        rows = _median([screen.answer(b"jk"[turn % 2 :][:1])[0] for turn in range(KEYS)])
        return {
            "first paint": {"ms": 1000 * painted},
            "list of blind spots": {"ms": 1000 * listed},
            "key": {"ms": keys, "peak_mb": screen.memory_mb},
            "open the evidence of the first": {"ms": 1000 * opened},
            "key in the evidence": {"ms": rows},
        }


def _label(root: Path) -> dict[str, dict[str, Any]]:
    began = time.perf_counter()
    with Pty([sys.executable, "-c", LABEL, str(root), "--annotator", "ann"]) as screen:
        screen.sees("labelled")
        shown = time.perf_counter() - began
        screen.settle(0.5)
        times = [screen.answer(b"12"[turn % 2 :][:1])[0] for turn in range(KEYS)]
        figures = {"first row": {"ms": 1000 * shown}, "key": {"ms": _median(times), "peak_mb": screen.memory_mb}}
        screen.send(b"q")
        return figures


def _median(seconds: list[float]) -> float:
    return 1000 * sorted(seconds)[len(seconds) // 2]


def _there() -> dict[tuple[str, int], dict[str, Any]]:
    """Figures of earlier runs, by step and rows."""
    return {(one["step"], one["rows"]): one for one in kept() if one["name"].startswith(NAME) and "step" in one}


def _told(found: dict[tuple[str, int], dict[str, Any]], step: str, size: int, figures: dict[str, Any]) -> None:
    found[step, size] = figures
    name = f"{NAME}: {step}, {size:,} rows"
    keep({"name": name, "step": step, "rows": size, "load": os.getloadavg()[0], **figures})
    print(f"{step}, {size:,} rows: {_cell(figures)} {figures.get('told', '')}", flush=True)


def _cell(figures: dict[str, Any]) -> str:
    spent = f"{figures['ms']:.0f} ms" if "ms" in figures else f"{figures['seconds']:.2f} s"
    return spent + (f", {figures['peak_mb']:.0f} MB" if "peak_mb" in figures else "")


def _table(found: dict[tuple[str, int], dict[str, Any]], sizes: list[int]) -> None:
    """A line a step: its figures, and at the largest size seconds a row and memory against 10,000 rows."""
    print("\n| step |", *(f" {size:,} |" for size in sizes), "a row, memory: times those of 10,000 |", sep="")
    print("| --- |" + " --- |" * (len(sizes) + 1))
    for step in dict.fromkeys(step for step, _ in found):
        cells = [_cell(found[step, size]) if (step, size) in found else "" for size in sizes]
        print(f"| {step} |", *(f" {cell} |" for cell in cells), f" {_against(found, step, sizes[-1])} |", sep="")


def _against(found: dict[tuple[str, int], dict[str, Any]], step: str, size: int) -> str:
    if size <= PEER or (step, size) not in found or (step, PEER) not in found:
        return ""
    large, peer = found[step, size], found[step, PEER]
    each = [f"{large['seconds'] / peer['seconds'] * PEER / size:.2f}"] if "seconds" in large else []
    each += [f"{large['ms'] / peer['ms']:.2f} (not a row)"] if "ms" in large else []
    return ", ".join([*each, *([f"{large['peak_mb'] / peer['peak_mb']:.2f}"] if "peak_mb" in large else [])])


if __name__ == "__main__":
    main()
