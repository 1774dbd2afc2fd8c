"""What came from data is shown on a terminal and never obeyed, whatever prints it and whatever the output can take."""

from __future__ import annotations

import ast
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.text import INVISIBLE
from tests.builders.project import put_split
from tests.terminals import REPOSITORY, Pty
from tests.tui.app.projects import write_project
from tests.tui.app.proofs import write_proof
from tui.cli import main
from tui.terminal import printing
from tui.terminal.printing import guarded

HOSTILE = "a\x1b]0;title\x07\x1b[2J\x9b31m\x9d\x7f\r\x08b\u202ec\u200bd\u2028e\udcfff\U000e0041g\ufff9h\ufeff\u2067"
ENCODINGS = ("utf-8", "ascii", "latin-1")


def unsafe(text: str) -> str:
    """The characters of it, line ends aside, that are not safe to see."""
    return "".join(INVISIBLE.findall(text.replace("\n", "")))


def test_all_that_is_printed_by_the_commands_goes_through_one_door() -> None:
    """`print`, rich's own console and writing to the streams are for tui/terminal/printing.py alone."""
    found = []
    for path in sorted((REPOSITORY / "tui").rglob("*.py")):
        if path.name in ("printing.py", "console.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                found.append(f"{path.name}:{node.lineno} print")
            if isinstance(node, ast.ImportFrom) and node.module == "rich.console":
                found += [f"{path.name}:{node.lineno} {one.name}" for one in node.names if one.name == "Console"]
            if isinstance(node, ast.Attribute) and node.attr in ("write", "writelines", "buffer"):
                stream = ast.unparse(node.value)
                if stream in ("sys.stdout", "sys.stderr", "sys.__stdout__", "sys.__stderr__"):
                    found.append(f"{path.name}:{node.lineno} {stream}.{node.attr}")
    assert found == []


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_hostile_text_comes_out_as_escapes(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw, raw_errors = io.BytesIO(), io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding=encoding))
    monkeypatch.setattr("sys.stderr", io.TextIOWrapper(raw_errors, encoding=encoding))
    with guarded():
        print(HOSTILE, "é漢👩\u200d👧")
        print(HOSTILE, file=sys.stderr)
        printing.print_line(HOSTILE + "\nforged")
        printing.print_error(HOSTILE)
        out = printing.console()
        out.print(HOSTILE)
        printing.say(out, HOSTILE + "\nforged", indent=2)
        out.table_line(HOSTILE)
    text, errors = raw.getvalue().decode(encoding), raw_errors.getvalue().decode(encoding)
    assert unsafe(text) == unsafe(errors) == ""
    assert text.count("\\x1b]0;title\\x07") == 5
    assert errors.count("\\x1b]0;title\\x07") == 2
    assert "\nforged" not in text
    assert ("é漢👩\u200d👧" in text) == (encoding == "utf-8")


def test_a_styled_text_that_nobody_made_visible_is_made_so_when_it_is_rendered() -> None:
    from rich.table import Table
    from rich.text import Text

    out = printing.console()
    table = Table(HOSTILE, title=HOSTILE)
    table.add_row(Text(HOSTILE, style="red"))
    with out.capture() as shown:
        out.print(Text(HOSTILE, style="bold"))
        out.print(table)
    assert unsafe(shown.get()) == ""


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_json_is_valid_and_safe_to_see_in_every_encoding(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding=encoding))
    plain = HOSTILE.replace("\udcff", "")
    with guarded():
        printing.print_json({plain: ["é漢👩\u200d👧", plain]})
        printing.print_json_line({"file": "caf\udce9"})
    text = raw.getvalue().decode(encoding)
    whole, _, line = text.rstrip("\n").rpartition("\n")
    assert json.loads(whole) == {plain: ["é漢👩\u200d👧", plain]}
    assert json.loads(line) == {"file": r"caf\udce9"}  # a lone surrogate is no text: strict readers of JSON refuse it
    assert unsafe(text) == ""


def test_wrong_usage_names_hostile_words_as_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["list", "work", f"--{HOSTILE}"], [HOSTILE], ["mark", "work", "r", "--verdict", HOSTILE]):
        with pytest.raises(SystemExit) as left:
            main(words)
        assert left.value.code == 2
        assert unsafe(capsys.readouterr().err) == ""


def test_a_fault_of_the_program_shows_its_traceback_as_escapes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(path: Path) -> None:
        raise RuntimeError(HOSTILE)

    monkeypatch.setattr("engine.project.Project.open", broken)
    assert main(["list", str(tmp_path)]) == 1
    errors = capsys.readouterr().err
    assert "RuntimeError" in errors
    assert unsafe(errors) == ""


def run(*words: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    """A command in a process of its own."""
    command = [sys.executable, "-m", "tui", *words]
    given: dict[str, object] = {"cwd": REPOSITORY, "check": False, "stderr": subprocess.PIPE, "timeout": 120, **options}
    return subprocess.run(command, **given)  # type: ignore[call-overload,no-any-return]


READING = (
    ["list"],
    ["list", "--json"],
    ["show", "B1"],
    ["show", "scattered"],
    ["suspects"],
    ["review"],
    ["costs"],
    ["rounds"],
    ["report"],
    ["report", "--json"],
    ["jobs"],
    ["test-pattern"],
    ["mark", "pool-11", "--verdict", "fine"],
    ["describe", "B1", "--kind", "abstraction", "--text", "日本 é 🙄"],
    ["undo"],
    ["undo", "--redo"],
    ["commit", "B2", "--decline", "--reason", "日本 é"],
)


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
    ],
)
def test_every_command_works_where_stdout_is_not_utf_8(work: Path, environment: dict[str, str]) -> None:
    """All in one process after another, as each start takes its time; the reports have names in Japanese."""
    write_proof(work)
    path = work / "proofs" / "aaaa1111" / "report.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"human"', '"日本 é"'), encoding="utf-8")
    script = (
        "import json, sys\nfrom tui.cli import main\n"
        "for words in json.loads(sys.argv[2]):\n"
        "    status = main([words[0], sys.argv[1], *words[1:]])\n"
        "    assert status == 0, (words, status)\n"
    )
    env = {"PATH": os.environ["PATH"], "USER": "ann", "HOME": str(work.parent), **environment}
    command = [sys.executable, "-c", script, str(work), json.dumps(READING)]
    done = subprocess.run(command, cwd=REPOSITORY, env=env, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\\u90e8\\u5c4b" in done.stdout  # a room, in one of the rows
    assert done.stdout.isascii() or environment.get("PYTHONIOENCODING") == "latin-1"


def test_doctor_works_where_stdout_is_not_utf_8(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process: it loads the model libraries, which one of its own would take 5 s of CPU for."""
    put_split(work, "test", [{"id": "t1", "text": "a text", "label": "negative"}], source="/日本 é.jsonl")
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="ascii"))
    assert main(["doctor", str(work)]) == 0
    assert b"/\\u65e5\\u672c \\xe9.jsonl is gone" in raw.getvalue()


def test_texts_are_utf_8_in_every_locale_and_refused_where_they_are_not(work: Path) -> None:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(work.parent),
        "LC_ALL": "C",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONUTF8": "0",
    }
    command = [sys.executable, "-m", "tui", "commit", str(work), "--annotator", "ann", "B1", "--decline", "--reason"]
    refused = subprocess.run([*command, b"caf\xe9"], cwd=REPOSITORY, env=env, capture_output=True, check=False)
    assert refused.returncode == 2
    assert b"reason is not UTF-8: caf\\udce9" in refused.stderr
    taken = subprocess.run([*command, "café".encode()], cwd=REPOSITORY, env=env, capture_output=True, check=False)
    assert (taken.returncode, taken.stderr) == (0, b"")
    assert b"declined: caf\\xe9" in taken.stdout
    assert '"café"'.encode() in next((work / "teaching").glob("ann*.json")).read_bytes()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return write_project(tmp_path / "work")


@pytest.mark.parametrize("words", [["list"], ["show", "B1"], ["list", "--json"]])
def test_a_full_disk_is_told_in_one_sentence(work: Path, words: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = run(words[0], str(work), *words[1:], stdout=full)
    assert done.returncode == 1
    assert done.stderr == b"blindspot: the output cannot be written (No space left on device).\n"


def test_help_onto_a_full_disk_fails_too() -> None:
    with Path("/dev/full").open("wb") as full:
        done = run("list", "--help", stdout=full)
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)


def shown(work: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What `show` says of the first blind spot, without a warning."""
    assert main(["show", str(work), "B1", "--annotator", "ann"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_a_reader_that_leaves_changes_neither_the_status_nor_the_work(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = run("mark", str(work), "pool-10", "--verdict", "fine", "--annotator", "ann", stdout=writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "marked fine" in shown(work, capsys)


@pytest.mark.parametrize("closed", [[0], [1], [2], [0, 1, 2]])
def test_closed_streams_never_become_a_file_of_the_project(
    work: Path, closed: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    shut = "".join(f" {number}>&-" for number in closed)
    script = f'"$0" -m tui mark "$1" pool-10 --verdict fine --annotator ann{shut}'
    done = subprocess.run(
        ["sh", "-c", script, sys.executable, str(work)], cwd=REPOSITORY, capture_output=True, check=False
    )
    assert done.returncode == (1 if 1 in closed else 0)
    assert b"Traceback" not in done.stderr
    assert "marked fine" in shown(work, capsys)


def test_progress_in_a_terminal_shows_hostile_stages_as_escapes() -> None:
    script = (
        "from tui.terminal.printing import RewrittenLine, guarded\n"
        "with guarded():\n"
        "    line = RewrittenLine()\n"
        "    line.show('stage \\x1b]0;planted\\x07\\u202e')\n"
        "    line.show('note \\x1b[2J', stays=True)\n"
        "    line.show('shown')"
    )
    with Pty([sys.executable, "-c", script]) as terminal:
        terminal.sees("shown")
        text = terminal.output.decode()
    assert unsafe(text.replace("\r\x1b[K", "").replace("\r\n", "\n")) == ""


def test_progress_that_is_longer_than_the_line_is_cut_and_written_over_again() -> None:
    script = (
        "from tui.terminal.printing import RewrittenLine, guarded\n"
        "with guarded():\n"
        "    line = RewrittenLine()\n"
        "    line.show('step 1 ' + 'and more ' * 30)\n"
        "    line.show('step 2 ' + '\\u4e8c' * 90)\n"
        "    line.show('note ' + 'whole ' * 20, stays=True)\n"
        "    line.show('shown')"
    )
    with Pty([sys.executable, "-c", script]) as terminal:
        terminal.sees("shown")
        lines = [line.rstrip() for line in terminal.picture.lines if line.strip()]
    assert len("".join(lines[:2])) == len("note " + "whole " * 20) - 1
    assert lines[-1] == "shown"
    assert "step" not in "".join(lines)
