"""Random keys, pastes, clicks and sizes in a real terminal, on every screen, and keys after the app was told to end.

A trial survives if the app ends with status 0, writes no traceback, and gives the terminal back as it was.
`main(trials, seed)` can be run by hand: ``python -m tests.fuzz.random_keys 100 7``.
"""

from __future__ import annotations

import random
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from engine import jobs
from tests.terminals import Pty
from tests.tui.app.projects import write_project
from tests.tui.app.proofs import write_proof
from tests.tui.app.reviews import answer, decline
from tests.waiting import until

BRIEF_WORKER = Path(__file__).with_name("brief_worker.py")
OPEN = (
    "import sys; from engine.jobs import launch; from tui.cli import main; "
    "launch.WORKER = (sys.executable, sys.argv[1]); sys.exit(main(['open', *sys.argv[2:]]))"
)
READY = "15 UUs"
SCREENS = (
    b"",
    b"\r",
    b"\rd",
    b"m",
    b"r",
    b"p",
    b"p\r",
    b"v",
    b"=",
    b"$",
    b"H",
    b"d\x14",
    b"?",
    b":",
    b"\rw",
    b"/",
    b"re",
)
PLAIN = [bytes((code,)) for code in range(1, 127)]
SEQUENCES = [
    *(f"\x1b[{letter}".encode() for letter in "ABCDHFZIO"),  # arrows, home, end, back tab, focus
    *(f"\x1b[{number}~".encode() for number in (2, 3, 5, 6, 15, 17, 18, 19, 20, 21, 24)),
    *(f"\x1bO{letter}".encode() for letter in "PQRS"),
    b"\x1b\r",
    b"\x1b[13;3u",
    b"\x1b[1;5C",
    b"\x1b",
    b"\xff\xfe",
    b"\xc3",
    "é部🙄".encode(),
]
HOSTILE = (
    "\x1b]52;c;aGk=\x07\x1b[2J\x1b[31m",
    "\u202eright to left\u2066",
    "e" + "\u0301" * 500,
    "👩\u200d👩\u200d👧❤\ufe0f" * 40,
    "\x00\x08\x7f\x9b31m",
    "one\r\ntwo\ttabbed\n\n",
    "[bold]{braces}[/] %s",
    "x" * 20_000,
    "部" * 3_000,
    "",
)
QUITS = (b"Q", b"q", b"qq", b"\x1bQ")
SIZES = ((80, 24), (100, 30), (140, 45), (40, 12), (20, 6), (5, 2), (220, 60))
_LEFT = 60.0  # seconds in which the app has to end; it takes about one


def project(folder: Path) -> Path:
    """A project in which every screen has something to show."""
    root = write_project(folder / "work")
    answer(root, "B1", "ann")
    answer(root, "B1", "m1")
    decline(root, "rev", "B1")
    write_proof(root)
    return root


class _Unseen:
    """Stands in for the emulator: what random input makes of the screen is not looked at."""

    def feed(self, text: str) -> None:
        pass

    lines: tuple[str, ...] = ()


def main(trials: int, seed: int) -> tuple[int, int, list[str]]:
    """Run trials, each with its own random keys.

    Returns:
        How many survived, how many were tried, and what each of the others did, with the seed that repeats it.
    """
    failures = []
    for number in range(trials):
        name = f"{seed}/{number}"
        with tempfile.TemporaryDirectory() as folder:
            failure = trial(project(Path(folder)), random.Random(name))
        if failure is not None:
            failures.append(f"{name}: {failure}")
    return trials - len(failures), trials, failures


def trial(root: Path, dice: random.Random) -> str | None:
    """One app, from its start to its end; what was wrong with it, None if nothing was."""
    options = ["--annotator", dice.choice(("ann", "rev")), *(["--ascii"] if dice.random() < 0.2 else [])]
    env = {"NO_COLOR": "1"} if dice.random() < 0.2 else {}
    command = [sys.executable, "-c", OPEN, str(BRIEF_WORKER), str(root), *options]
    sent: list[bytes] = []
    with Pty(command, env=env) as terminal:
        before = terminal.modes
        terminal.sees(READY)
        terminal.picture = _Unseen()  # type: ignore[assignment]
        terminal.send(dice.choice(SCREENS))
        for _ in range(dice.choice((0, 5, 15))):
            _one_packet(terminal, dice, sent)
        ended = _leave(terminal, dice, sent)
        written, status, after = terminal.output, terminal.process.poll(), terminal.modes
    until(lambda: jobs.active_job(root) is None)
    last = b"".join(sent)[-200:]
    if not ended:
        return f"it does not end after {last!r}"
    if b"Traceback" in written or b"Error:" in written or status != 0:
        said = re.sub(rb"\x1b\[[\d;?]*[a-zA-Z]", b"", written)[-1500:].decode(errors="replace")
        return f"status {status} after {last!r}:\n{said}"
    if b"\x1b[?1049l" not in written or after != before:
        return f"the terminal is not as it was after {last!r}"
    return None


def _one_packet(terminal: Pty, dice: random.Random, sent: list[bytes]) -> None:
    """Some keys at once, a paste, a click or another size."""
    kind = dice.random()
    if kind < 0.1:
        terminal.resize(*dice.choice(SIZES))
    elif kind < 0.2:
        _send(terminal, b"\x1b[200~" + dice.choice(HOSTILE).encode() + b"\x1b[201~", sent)
    elif kind < 0.25:
        place = f"{dice.randint(1, 90)};{dice.randint(1, 30)}"
        _send(terminal, f"\x1b[<{dice.choice((0, 64, 65))};{place}M\x1b[<0;{place}m".encode(), sent)
    else:
        _send(terminal, _keys(dice, dice.choice((1, 3, 12))), sent)
    terminal.settle(dice.choice((0.0, 0.02, 0.15)))


def _keys(dice: random.Random, count: int) -> bytes:
    return b"".join(dice.choice(PLAIN if dice.random() < 0.7 else SEQUENCES) for _ in range(count))


def _leave(terminal: Pty, dice: random.Random, sent: list[bytes]) -> bool:
    """Get out of whatever is open and leave, with more keys in the same packet; whether the app has ended."""
    for _ in range(12):
        for _ in range(3):
            _send(terminal, b"\x1b", sent)
            terminal.settle(0.12)
        if terminal.process.poll() is None:
            _send(terminal, dice.choice(QUITS) + _keys(dice, dice.choice((0, 1, 6, 20))), sent)
            if dice.random() < 0.3:
                terminal.resize(*dice.choice(SIZES))
        if terminal.ends_within(1.0):
            return True
    return terminal.ends_within(_LEFT)


def _send(terminal: Pty, data: bytes, sent: list[bytes]) -> None:
    sent.append(data)
    terminal.send(data)


if __name__ == "__main__":
    numbers: list[Any] = [int(word) for word in sys.argv[1:]] + [50, 13][len(sys.argv) - 1 :]
    survived, tried, failed = main(*numbers)
    print(f"random keys: {survived} of {tried} survived", *failed, sep="\n")
    sys.exit(survived != tried)
