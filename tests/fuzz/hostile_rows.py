"""Hostile rows, labels, ids, words and names through the commands and the app; the bytes that come out are read.

An attack is one command, or one visit of the app's screens, over a project from a stranger. It is survived if nothing
that came from data steers the terminal, JSON and XML and HTML are what they claim to be, and no traceback is shown.
"""

from __future__ import annotations

import io
import json
import random
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from unittest import mock
from xml.etree import ElementTree

from engine.errors import BlindspotError
from engine.files import write_json, write_jsonl
from engine.project import Project
from engine.review.draw_comparison import compare
from tests.fuzz.hostile_project import Stranger
from tests.fuzz.hostile_text import LONE_SURROGATE, hostile, obeyed
from tests.terminals import Terminal
from tui import cli

_PER_PROJECT = 12  # commands over one project
_APP_EVERY = 60  # attacks; a visit of the app takes as long as all commands over a project
_ENCODINGS = ("utf-8", "utf-8", "ascii", "latin-1")
# What is looked at from the list of blind spots: rows, notes, map, forms, dialogs, proofs, tables.
_VISIT = (
    "\r",
    "\r]",
    "d",
    "d\x14",
    "m",
    "m\r",
    "v",
    "=",
    "$",
    "p",
    "pF",
    "pP",
    "r",
    "H",
    "?",
    ":",
    "M",
    "/x",
    "s",
    "C",
    "L",
)
_LIST = "Blind spots "  # how the list of blind spots is headed
# What the app may send: sequences with parameters, but for the colour that only data ask for.
_APP_OWN = re.compile(rb"\x1b\[(?!38;5;199m)[0-9;<>=?$: ]*[a-zA-Z~]|\x1b[()=>78]|\x1b[()][A-Z0-9]|\x1b\]22;[a-z-]+\x07")


def main(trials: int, seed: int) -> tuple[int, int, list[str]]:
    """Attack so many times; returns survived, tried, and what was not survived."""
    random_, failures = random.Random(seed), []
    with TemporaryDirectory() as folder:
        for trial in range(trials):
            if trial % _PER_PROJECT == 0:
                stranger = Stranger(Path(folder) / str(trial), random.Random(f"{seed}-{trial}")).write()
                stranger.teach()
            if trial % _APP_EVERY == _APP_EVERY - 1:
                failure = _visit(stranger)
            else:
                words, patches = random_.choice(_ATTACKS)(stranger, random_)
                terminal = random_.random() < 0.4
                failure = attack(words, encoding=random_.choice(_ENCODINGS), terminal=terminal, patches=patches)
                failure = failure or next(filter(None, map(_wrong_in, _written(stranger.root))), None)
                failure = failure and f"{words[0]}: {failure}"
            if failure:
                failures.append(failure)
    return trials - len(failures), trials, failures


class _Stream(io.TextIOWrapper):
    """An output that may claim to be a terminal and can be read afterwards."""

    def __init__(self, encoding: str, terminal: bool) -> None:
        self.raw_bytes = io.BytesIO()
        self._terminal = terminal
        super().__init__(self.raw_bytes, encoding=encoding)

    def isatty(self) -> bool:
        return self._terminal

    def shown(self) -> str:
        self.flush()
        return self.raw_bytes.getvalue().decode(self.encoding)


def attack(words: list[str], *, encoding: str, terminal: bool, patches: dict[str, object] | None = None) -> str | None:
    """Run one command; what is wrong with what it printed, or None."""
    out, errors = _Stream(encoding, terminal), _Stream(encoding, terminal)
    with ExitStack() as stack:
        stack.enter_context(mock.patch.multiple(sys, stdout=out, stderr=errors))
        stack.enter_context(mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(b""))))
        stack.enter_context(mock.patch.dict("os.environ", {"TERM": "xterm-256color", "COLORTERM": "", "COLUMNS": "80"}))
        for target, value in (patches or {}).items():
            stack.enter_context(mock.patch(target, value))
        try:
            status = cli.main(words)
        except SystemExit as left:
            status = left.code if isinstance(left.code, int) else 1
        except BaseException as error:
            return f"{type(error).__name__}: {error}"[:200]
    text, told = out.shown(), errors.shown()
    if "Traceback" in told:
        return told[-1500:]
    for name, shown in (("stdout", text), ("stderr", told)):
        if steering := obeyed(shown, terminal=terminal):
            return f"{name} lets through {steering[:40]!r}"
    if "--json" in words and status == 0:
        try:
            json.loads(text)
        except ValueError as error:
            return f"no JSON: {error}"
    forged = [line for line in (text + told).splitlines() if line.startswith("forged: line")]
    return f"a line of its own: {forged[0]!r}" if forged and "--json" not in words else None


def _written(root: Path) -> Iterator[Path]:
    """The files that commands have just written for others to read."""
    yield from root.glob("out.*")


class _Page(HTMLParser):
    """What a page would run or load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "img", "iframe", "link", "object", "embed"):
            self.found.append(tag)
        self.found += [name for name, value in attrs if name.startswith("on") or "planted.example" in (value or "")]


def _wrong_in(path: Path) -> str | None:
    text = path.read_text(encoding="utf-8")
    path.unlink()
    if steering := obeyed(text.replace("\t", " ") if path.suffix == ".xml" else text):
        return f"{path.name} lets through {steering[:40]!r}"
    if path.suffix == ".html":
        page = _Page()
        page.feed(text)
        return f"the page has {page.found[:3]}" if page.found else None
    if path.suffix == ".xml":
        try:
            ElementTree.fromstring(text)
        except ElementTree.ParseError as error:
            return f"no XML: {error}"
    elif path.suffix == ".md" and (markup := re.search(r"(?<!\\)(?:<script|!\[|\[l\]|`code|\$\\)", text)):
        return f"Markdown lets through {markup[0]!r}"
    return None


Attack = Callable[[Stranger, random.Random], "tuple[list[str], dict[str, object]]"]


def _plain(name: str, *words: str) -> Attack:
    """A command that reads."""
    return lambda stranger, random_: ([name, str(stranger.root), *words], {})


def _as(name: str, *words: str) -> Attack:
    """A command of an annotator whose name may be hostile; ``?`` among the words is any text, ``ROW`` some row."""

    def made(stranger: Stranger, random_: random.Random) -> tuple[list[str], dict[str, object]]:
        chosen = [
            _any(random_) if word == "?" else random_.choice(stranger.rows) if word == "ROW" else word for word in words
        ]
        label = random_.choice(stranger.labels)
        chosen = [f"--label={label}" if word == "LABEL" else word for word in chosen]
        author = stranger.author if random_.random() < 0.9 else _any(random_)
        return [name, str(stranger.root), f"--annotator={author}", *chosen], {}

    return made


def _any(random_: random.Random) -> str:
    return hostile(random_) + (LONE_SURROGATE if random_.random() < 0.1 else "")


def _to_file(option: str, name: str) -> Attack:
    return lambda stranger, random_: (["report", str(stranger.root), option, str(stranger.root / name)], {})


def _compare(stranger: Stranger, random_: random.Random) -> tuple[list[str], dict[str, object]]:
    try:
        compare(Project.open(stranger.root), embed=False)
    except BlindspotError:
        return ["list", str(stranger.root)], {}
    return ["compare", str(stranger.root)], {}


def _discover(stranger: Stranger, random_: random.Random) -> tuple[list[str], dict[str, object]]:
    patches: dict[str, object] = {
        "engine.jobs.start": lambda *args: "discover-1",
        "engine.jobs.follow_to_end": lambda *args: None,
    }
    return ["discover", str(stranger.root), *random_.choice(([], ["--json"]))], patches


def _check(stranger: Stranger, random_: random.Random) -> tuple[list[str], dict[str, object]]:
    wrong = {name: hostile(random_) for name in ("id", "text", "predicted", "label")}
    wrong |= {"confidence": 0.9, "text_pair": random_.choice((None, hostile(random_)))}  # type: ignore[dict-item]
    spot = {
        "blind_spot": hostile(random_),
        "origin": "row",
        "cases": 4,
        "right": 1,
        "floor": 0.9,
        "holds": False,
        "wrong": [wrong],
    }
    found = {"model": hostile(random_), "holds": False, "status": "open again", "checked": [spot]}
    write_json(stranger.root / "checks" / "c.json", found)
    patches: dict[str, object] = {
        "engine.regression.frozen_spots.suite": lambda project: [SimpleNamespace(id="B1")],
        "engine.jobs.start": lambda *args: "check-1",
        "engine.jobs.follow_to_end": lambda *args: SimpleNamespace(result={"check": "checks/c.json"}),
    }
    return ["check", str(stranger.root), "--junit", str(stranger.root / "out.xml")], patches


def _import(stranger: Stranger, random_: random.Random) -> tuple[list[str], dict[str, object]]:
    path = stranger.root / "in" / f"{_file_name(random_)}.jsonl"
    labels = [*stranger.labels, hostile(random_)]
    rows = [
        {
            "text": hostile(random_),
            "label": random_.choice(labels),
            "blind_spot": "B1",
            "counter": False,
            hostile(random_): hostile(random_),
        }
        for _ in range(3)
    ]
    write_jsonl(path, rows)
    return ["import-teaching", str(stranger.root), str(path), f"--teacher={_any(random_)}", "--kind", "llm"], {}


def _init(stranger: Stranger, random_: random.Random) -> tuple[list[str], dict[str, object]]:
    folder = stranger.root / "in"
    text, label = random_.choice(("text", hostile(random_))), random_.choice(("label", hostile(random_)))
    labels = [hostile(random_) if random_.random() < 0.5 else "good", "bad"]
    files = []
    for split in ("train", "pool", "proof"):
        rows = [
            {text: f"{split} {number} {hostile(random_)}", label: labels[number % 2], "id": f"{split}{number}"}
            for number in range(12)
        ]
        path = folder / f"{split}-{_file_name(random_)}.jsonl"
        write_jsonl(path, rows)
        files += [f"--{split}={path}"]
    target = stranger.root / "in" / f"new-{_file_name(random_)}"
    return ["init", str(target), *files, f"--text={text}", f"--label={label}", *random_.choice(([], ["--json"]))], {}


def _file_name(random_: random.Random) -> str:
    """A hostile name that a file system takes."""
    name = _any(random_).replace("/", "").replace("\x00", "")
    return name.encode("utf-8", "surrogateescape")[:80].decode("utf-8", "surrogateescape").strip(".") or "f"


def _missing(stranger: Stranger, random_: random.Random) -> tuple[list[str], dict[str, object]]:
    """A folder, a file or an option that is not there, with a hostile name."""
    root, name, any_ = str(stranger.root), _file_name(random_), _any(random_)
    words = (
        ["list", f"{root}/{name}"],
        ["report", f"{root}/{name}"],
        ["doctor", f"{root}/{name}"],
        [any_],
        ["show", root, f"B{any_}"],
        ["jobs", root, f"--follow={any_}"],
        ["list", root, f"--{any_}"],
        ["list", root, f"--sort={any_}"],
        ["report", root, f"--id={any_}"],
    )
    return random_.choice(words), {}


_ATTACKS: tuple[Attack, ...] = (
    _as("list"),
    _as("list", "--json"),
    _as("list", "--filter=?"),
    _as("show", "B1"),
    _as("show", "B2", "--json"),
    _as("show", "scattered"),
    _as("suspects"),
    _as("review"),
    _as("review", "--json"),
    _as("test-pattern"),
    _as("mark", "ROW", "--verdict=fine"),
    _as("mark", "ROW", "--verdict=label wrong", "LABEL"),
    _as("mark", "--undo", "--", "?"),
    _as("mark", "B2", "--skip", "?"),
    _as("undo"),
    _as("undo", "--redo"),
    _as("describe", "B2", "--kind=abstraction", "--text", "?"),
    _as("perturb", "--delete", "?"),
    _as("sample", "B2", "--role=target", "LABEL", "--text", "?"),
    _as("commit", "B3", "--decline", "--reason", "?"),
    _plain("costs"),
    _plain("costs", "--json"),
    _plain("rounds"),
    _plain("rounds", "--json"),
    _plain("report"),
    _plain("report", "--json"),
    _to_file("--html", "out.html"),
    _to_file("--markdown", "out.md"),
    _plain("flips", "--arm", "human"),
    _plain("jobs"),
    _plain("jobs", "--json"),
    _plain("doctor"),
    _plain("jobs", "--follow", "retrain-1"),
    _plain("teach", "--estimate"),
    _compare,
    _discover,
    _check,
    _import,
    _init,
    _missing,
)


def _visit(stranger: Stranger) -> str | None:
    """Open the app on a real terminal, look at every screen, and read every byte that it sent."""
    with Terminal(stranger.root) as terminal:
        try:
            terminal.sees(_LIST, seconds=30)
        except AssertionError as error:
            return f"app: no list of blind spots: {str(error)[:200]}"
        for keys in _VISIT:
            for key in keys:
                terminal.send(key.encode())
                terminal.settle(0.2)
            for back in ("\x1b", "\x1b", "q", "q"):
                if not terminal.shows(_LIST):
                    terminal.send(back.encode())
                    terminal.settle(0.2)
        terminal.send(b"\x1b")
        terminal.settle(0.3)
        terminal.send(b"Q")
        status = terminal.status()
    left = _APP_OWN.sub(b"", terminal.output).decode("utf-8", "replace")
    if status not in (0, 1) or "Traceback" in left:
        return f"app: exit status {status}: {left[-300:]}"
    steering = obeyed(left.replace("\r", ""))
    return f"app: the terminal is sent {steering[:40]!r}" if steering else None
