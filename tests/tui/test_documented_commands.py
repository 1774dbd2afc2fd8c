"""Every command that the documents and the help show is understood, and those that need no model do what they say."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.terminals import REPOSITORY
from tests.tui.app.projects import write_project
from tui.cli import COMMANDS, main, parser_for

DOCUMENTS = [path for path in sorted(REPOSITORY.rglob("*.md")) if not {".venv", "build"} & set(path.parts)]
# Commands of the README that work on any project with a discovery; its row is one of the bundled project's.
WITHOUT_A_MODEL = {"list", "show", "mark", "describe", "sample", "commit", "undo", "costs", "rounds", "review"}


def commands_in(text: str) -> list[list[str]]:
    """The words of every command `blindspot ...` in a shell script, cut at pipes, redirections and comments."""
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        if not re.match(r"\s*(\$ )?(\S*/)?blindspot\s", line) and "; blindspot " not in line:
            continue
        reader = shlex.shlex(line, posix=True, punctuation_chars=";|&<>")
        reader.commenters = "#"
        reader.whitespace_split = True
        words: list[str] = []
        for word in [*reader, ";"]:
            if not set(word) <= set(";|&<>"):
                words.append(word)
                continue
            if words and Path(words[0]).name == "blindspot" and len(words) > 1:
                found.append(words[1:])
            words = []
    return found


def in_document(path: Path) -> list[list[str]]:
    """The commands in the fenced blocks and in the inline code of a document."""
    text = path.read_text(encoding="utf-8")
    blocks = re.findall(r"```\w*\n(.*?)```", text, flags=re.DOTALL)
    inline = re.findall(r"`(blindspot [^`]+ work[^`]*)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return [command for part in [*blocks, *inline] for command in commands_in(part)]


def test_the_readme_is_read_as_commands() -> None:
    found = in_document(REPOSITORY / "README.md")
    assert len(found) > 10
    assert ["verdict", "work", "Thanks for the two hours on hold."] in found
    assert commands_in("  blindspot list work | head; blindspot show work 'B 1' > f  # why") == [
        ["list", "work"],
        ["show", "work", "B 1"],
    ]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_commands_of_the_documents_are_understood(path: Path) -> None:
    for words in in_document(path):
        if words[0] in COMMANDS and len(words) > 1:  # `blindspot perturb` alone names a command, it does not show it
            parser_for(words).parse_args(words)


@pytest.mark.parametrize("command", COMMANDS)
def test_examples_of_the_help_are_understood(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    shown = commands_in(
        re.sub(r" {3,}[a-zA-Z].*", "", capsys.readouterr().out.partition("examples:")[2], flags=re.MULTILINE)
    )
    assert shown
    for words in shown:
        parser_for(words).parse_args(words)


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        (["commit", "work", "--json", "B1"], "spot", "B1"),
        (["commit", "--annotator", "ann", "work", "B1", "--json"], "spot", "B1"),
        (["review", "work", "--own", "3fa8"], "item", "3fa8"),
        (["verdict", "work", "--row", "r", "Thanks."], "words", "Thanks."),
        (["verdict", "work", "Thanks.", "--text-pair", "No."], "words", "Thanks."),
        (["verdict", "--json", "work"], "words", None),
        (["verdict", "work", "--text=-5"], "text", "-5"),
        (["verdict", "work", "--", "-5"], "words", "-5"),
        (["test-pattern", "work", "--by", "llm", "P1", "P2"], "patterns", ["P1", "P2"]),
    ],
)
def test_options_may_stand_anywhere(words: list[str], name: str, value: object) -> None:
    assert getattr(parser_for(words).parse_args(words), name) == value


def test_a_text_for_a_verdict_is_given_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["a", "--text", "b"], ["--row", "r"], ["--text-pair", "b"]):
        with pytest.raises(SystemExit) as left:
            main(["verdict", str(tmp_path), *words])
        assert left.value.code == 2
        capsys.readouterr()


def test_commands_of_the_readme_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_project(tmp_path / "work")
    monkeypatch.chdir(tmp_path)
    ran = set()
    for words in in_document(REPOSITORY / "README.md"):
        if words[0] in WITHOUT_A_MODEL and len(words) > 1:
            words = ["pool-10" if word == "pool-17" else word for word in words]
            assert main(words) == 0, (words, capsys.readouterr().err)
            ran.add(words[0])
    assert ran >= {"list", "show", "mark", "describe", "sample", "commit"}
