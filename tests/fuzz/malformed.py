"""Files of a project, each spoilt in every way, and every command that reads: no traceback, and nothing that hangs.

One bad file costs that file: a command leaves it out, or refuses in one sentence. `python -m tests.fuzz.malformed 5000
7` runs 5,000 trials with the seed 7.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from engine.project import Project

_TRACEBACK = "Traceback (most recent call last)"
SECONDS = 10.0  # after which a command counts as one that hangs

SPOILT = (
    "manifest.json",
    "blindspot.toml",
    "splits/pool.jsonl",
    "splits/proof.jsonl",
    "splits/train.jsonl",
    "rounds/001/discovery.json",
    "rounds/002/discovery.json",
    "rounds/002/model.json",
    "rounds/002/suite-before.json",
    "proofs/*/report.json",
    "proofs/*/spec.json",
    "proofs/*/flips.json",
    "proofs/*/samples.json",
    "proofs/*/gold-proof.npy",
    "proofs/*/human-scratch-5-proof.npy",
    "proofs/*/nearest-proof.npy",
    "teaching/ann.json",
    "teaching/ann.journal.jsonl",
    "teaching/bob.json",
    "teaching/drafts/ann.json",
    "review/items.jsonl",
    "review/key",
    "review/comparison.json",
    "review/ann.json",
    "jobs/discover-1/spec.json",
    "jobs/discover-1/events.jsonl",
    "jobs/retrain-2/spec.json",
    "jobs/retrain-2/events.jsonl",
    "jobs/discover-1/alive",
    "jobs/lock",
    "llm/calls.jsonl",
    "llm/recorded.jsonl",
    "time/ann.jsonl",
    "previews/ann.jsonl",
    "quick/0a1b2c3d.json",
    "checks/0a1b2c3d4e5f.json",
    "suite/B1.json",
    "monitoring/watched.jsonl",
    "prompts/task.txt",
    "prompts/system.txt",
    "models/*/training.json",
    "models/*/config.json",
    "cache/logits-pool-*.npy",
    "cache/logits-pool-*.npy.sha256",
)
ADDED = (
    "rounds/abc/discovery.json",
    "rounds/999999999/discovery.json",
    "rounds/000/model.json",
    "jobs/x/spec.json",
    "jobs/discover-99999999999999999999/spec.json",
    "jobs/teach-7/spec.json",
    "proofs/new/report.json",
    "proofs/.hidden/report.json",
    "teaching/eve.json",
    "teaching/EVE!.json",
    "teaching/bob.journal.jsonl",
    "teaching/eve.journal.jsonl",
    "suite/B9.json",
    "suite/x.json",
    "time/eve.jsonl",
    "previews/eve.jsonl",
    "quick/zz.json",
    "checks/zz.json",
    "models/zz/training.json",
    "models/zz/config.json",
)

NUMBERS = (0, -1, 1.5, 2**63, -(2**53), 1e300)
TEXTS = ("", "x" * 300, "\x1b[31m", "../../x", "/", "NaN", "2026-01-01")
VALUES: tuple[Any, ...] = (None, True, *NUMBERS, *TEXTS, [], [[]], {}, [None], {"": 0}, [1, "a"], {"id": "../../x"})


class Hang(BaseException):
    """A command did not come to an end. No `Exception`: nothing may catch it."""


@dataclass(frozen=True)
class Trial:
    """What was spoilt, how, and the commands that did not survive it: each with its traceback."""

    file: str
    how: str
    failed: dict[str, str]


def nest(depth: int) -> bytes:
    """Lists in lists."""
    return b"[" * depth + b"]" * depth


def whole(raw: bytes, dice: random.Random) -> dict[str, Callable[[Path], object]]:
    """Ways to spoil a file as a whole."""

    def written(data: bytes) -> Callable[[Path], object]:
        return lambda path: path.write_bytes(data)

    def large(path: Path) -> None:
        with path.open("wb") as out:
            out.write(b"[")
            out.truncate(100 << 20)  # holes: it takes no room

    at = dice.randrange(max(1, len(raw)))
    return {
        "empty": written(b""),
        "cut": written(raw[:at]),
        "twice": written(raw + raw),
        "bytes": written(dice.randbytes(200)),
        "a byte": written(raw[:at] + dice.randbytes(1) + raw[at + 1 :]),
        "nul": written(b"\0" * 100),
        "latin-1": written('{"text": "\xe9\xff"}\n'.encode("latin-1")),
        "surrogate": written(b'{"id": "\\ud800", "seq": 1}\n'),
        "utf-16": written("{}".encode("utf-16")),
        "deep": written(nest(100_000)),
        "deep but whole": written(nest(900)),
        "NaN": written(b'{"tau": NaN, "created": Infinity}'),
        "100 MB": large,
        "value": written(orjson.dumps(dice.choice([value for value in VALUES if value != 2**63]))),
        "lines of values": written(b"".join(orjson.dumps(value) + b"\n" for value in VALUES)),
        "a FIFO": os.mkfifo,
        "a folder": lambda path: path.mkdir(),
        "a link out": lambda path: path.symlink_to("/etc/passwd"),
        "a link to nothing": lambda path: path.symlink_to("nothing"),
        "a link to itself": lambda path: path.symlink_to(path),
        "a device": lambda path: path.symlink_to("/dev/zero"),
        "not to be read": lambda path: path.chmod(0),
    }


def in_place(raw: bytes, dice: random.Random) -> tuple[str, bytes] | None:
    """One value somewhere in a JSON file, or in one of its lines, replaced, dropped or doubled; None: it is none."""
    try:
        lines: list[Any] = [orjson.loads(raw)]
        end = b""
    except orjson.JSONDecodeError:
        try:
            lines = [orjson.loads(line) for line in raw.splitlines()]
            end = b"\n"
        except orjson.JSONDecodeError:
            return None
    if not lines:
        return None
    place: list[Any] = [dice.randrange(len(lines))]
    holder, key = lines, place[0]
    while isinstance(holder[key], (dict, list)) and holder[key] and dice.random() < 0.8:
        holder = holder[key]
        key = dice.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        place.append(key)
    if isinstance(holder, dict) and dice.random() < 0.3:
        del holder[key]
        how = f"without {place}"
    else:
        holder[key] = dice.choice(VALUES)
        how = f"{place} is {str(holder[key])[:20]!r}"
    return how, b"".join(orjson.dumps(line) + end for line in lines)


def spoil(root: Path, dice: random.Random) -> tuple[str, str]:
    """Spoil one file of a project; which, and how."""
    added = dice.random() < 0.15
    name = dice.choice(ADDED if added else SPOILT)
    path = root / name if "*" not in name else dice.choice(sorted(root.glob(name)) or [root / name.replace("*", "x")])
    source = path
    if added:
        like = [one for one in SPOILT if one.split("/")[0] == name.split("/")[0] and one.endswith(path.suffix)]
        source = next((one for like_it in like for one in sorted(root.glob(like_it))), path)
    raw = source.read_bytes() if source.is_file() else b"{}"
    path.parent.mkdir(parents=True, exist_ok=True)
    if dice.random() < 0.5 and (changed := in_place(raw, dice)):
        path.write_bytes(changed[1])
        return path.relative_to(root).as_posix(), changed[0]
    how, do = dice.choice(sorted(whole(raw, dice).items()))
    if how != "not to be read":
        path.unlink(missing_ok=True)
    elif not path.exists():
        path.write_bytes(raw)
    do(path)
    return path.relative_to(root).as_posix(), how


def commands(root: Path) -> list[list[str]]:
    """Commands that read, and the lightest that write."""
    lines = """
        list, show B1, report, report --json, flips --arm human, rounds, costs, jobs, jobs --json, suspects, review,
        undo, doctor, teach --estimate, verify, promote --arm human --force,
        watch --status
    """
    words = [line.split() for line in lines.split(",")]
    return [[name, str(root), *more] for name, *more in words]


def look_at_the_app(root: Path) -> None:
    """What the app reads when it opens and turns to its screens."""
    from engine import jobs
    from engine.errors import BlindspotError
    from engine.preview.record import checked, mean_error
    from engine.proof.report import reports
    from engine.review.blind_review import Review
    from engine.review.comparison import read_comparison
    from tui.view_models.workbench import Workbench

    with contextlib.suppress(BlindspotError):
        bench = Workbench.open(root, "ann")
        bench.status()
        for view in jobs.jobs(root):
            with contextlib.suppress(BlindspotError):
                jobs.notes(root, view.id, last=3)
        for report in reports(bench.project):
            with contextlib.suppress(BlindspotError):
                checked(bench.project, report)
        with contextlib.suppress(BlindspotError):
            mean_error(bench.project)
        if bench.board:
            for spot in bench.board.spots():
                with contextlib.suppress(BlindspotError):
                    bench.board.evidence(spot.id)
        read_comparison(bench.project)
        Review(bench.project, bench.teaching).queue()


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `Hang` in the block, also in a call that blocks, after so many seconds."""

    def late(*_: object) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def run(what: Callable[[], object]) -> str:
    """The traceback of what must not have one; empty if it survived."""
    out = io.TextIOWrapper(io.BytesIO(), "utf-8")
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out), time_limit(SECONDS):
            what()
    except SystemExit:
        pass
    except Hang:
        return "it hangs\n" + traceback.format_exc(limit=-3)
    except BaseException:
        return traceback.format_exc(limit=-4)
    out.flush()
    said = out.buffer.getvalue().decode(errors="replace")  # type: ignore[attr-defined]
    return said[said.index(_TRACEBACK) :] if _TRACEBACK in said else ""


def trial(template: Path, root: Path, dice: random.Random, *, each: int) -> Trial:
    """Spoil one file of a copy and run some commands, and what the app reads.

    Args:
        template: a project that is whole.
        root: where the copy is made anew.
        dice: decides.
        each: how many commands of all.
    """
    from tui.cli import main as command

    if root.exists():
        for path in root.rglob("*"):
            if not path.is_symlink():
                path.chmod(0o700)
        shutil.rmtree(root)
    shutil.copytree(template, root)
    file, how = spoil(root, dice)
    failed = {}
    for words in dice.sample(commands(root), each):
        if found := run(lambda words=words: command(words)):  # type: ignore[misc]
            failed[" ".join(word for word in words if word != str(root))] = found
    if found := run(lambda: look_at_the_app(root)):
        failed["app"] = found
    return Trial(file, how, failed)


def main(trials: int, seed: int, *, template: Path | None = None, each: int = 4) -> tuple[int, int, list[Trial]]:
    """Run trials; how many survived, how many there were, and those that did not.

    Args:
        trials: how many.
        seed: equal seeds, equal trials.
        template: a project that is whole; default: one that is made for it, which takes some seconds.
        each: commands run in each trial, drawn from all.
    """
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        if template is None:
            from tests.builders.whole import whole_project  # loads the model libraries

            made = Path(folder) / "made"
            made.mkdir()
            template = make_template(whole_project(made))
        for number in range(trials):
            found = trial(template, Path(folder) / "work", random.Random(f"{seed}/{number}"), each=each)
            if found.failed:
                failures.append(found)
    return trials - len(failures), trials, failures


def make_template(project: Project) -> Path:
    """Add to a project whatever it lacks of all files that there can be."""
    from engine.costs.active_time import ActiveSpell
    from engine.jobs.events import EventLog
    from engine.preview.record import Preview, keep
    from engine.review.draw_comparison import compare
    from engine.schema import Drafts, Pattern, Sample, Teacher
    from engine.teaching.journal import journal_lines
    from engine.teaching.records import Teaching
    from tests.builders.drafts import write_drafts
    from tests.builders.watched import near, watched

    root, found = project.root, project.discovered()
    spot = found.blind_spots[0]
    for author, kind in (("ann", "human"), ("llm", "llm")):
        teaching = Teaching(project.teaching_dir, author)
        teacher = Teacher(author, kind)  # type: ignore[arg-type]
        with teaching.store.edit("an answer") as edit:
            edit.put(
                "pattern", f"P1@{author}", Pattern(f"P1@{author}", spot.id, "abstraction", f"why {author}", teacher)
            )
            sample = Sample(f"S9@{author}", spot.id, f"the soup was {author}", spot.gold, "target", teacher)
            edit.put("sample", sample.id, replace(sample, pattern=f"P1@{author}"))
    write_drafts(project.teaching_dir, "ann", Drafts({"text": "half a"}, {"screen": "spots"}))
    for job, kind in (("discover-1", "discover"), ("retrain-2", "retrain")):
        place = root / "jobs" / job
        place.mkdir(parents=True)
        spec = {"id": job, "kind": kind, "options": {}, "created": 1.0}
        (place / "spec.json").write_bytes(orjson.dumps(spec))
        log = EventLog(place / "events.jsonl")
        log.append("started", attempt=1, pid=1)
        log.append("progress", stage="score", done=1, total=2, eta=None, facts={})
        log.append("note", message="a note")
        log.append("done", result={})
        (place / "alive").touch()
    (root / "jobs" / "lock").touch()
    keep(project, Preview(1.0, "ann", spot.id, found.model_key, 2, len(spot.rows), 1, {spot.rows[0]: 0.5}))
    ann = Teaching(project.teaching_dir, "ann")
    batches = (watched("week1", 40, 4, near("B1", 9, 2)), watched("week2", 40, 9, near("B1", 5, 1)))
    files = {
        "time/ann.jsonl": orjson.dumps(ActiveSpell(1.0, "ann", "teaching", spot.id, 5.0).as_json()) + b"\n",
        "quick/0a1b2c3d.json": b'{"id": "0a1b2c3d", "created": "2026-01-01", "arms": [], "sentence": "s"}',
        "checks/0a1b2c3d4e5f.json": b'{"model": "m", "holds": true, "status": "holds", "checked": []}',
        "teaching/ann.journal.jsonl": journal_lines([("revisions", "1", ann.store.revisions[0].as_json())]),
        "llm/recorded.jsonl": orjson.dumps(dict.fromkeys(("teacher", "step", "blind_spot", "content"), "samples")),
        "monitoring/watched.jsonl": b"".join(orjson.dumps(one.as_json()) + b"\n" for one in batches),
        "prompts/task.txt": b"The labels are good and bad.\n",
    }
    for name, data in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(data)
    compare(Project.open(root), embed=False)
    return root


if __name__ == "__main__":
    count, chosen = int(sys.argv[1]), int(sys.argv[2])
    survived, tried, lost = main(count, chosen, template=Path(sys.argv[3]) if len(sys.argv) > 3 else None)
    for one in lost:
        for words, story in one.failed.items():
            print(f"{one.file}: {one.how}: {words}\n{story}")
    print(f"{survived} of {tried} survived")
