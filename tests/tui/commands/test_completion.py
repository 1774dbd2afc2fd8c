"""What a shell completes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tui.cli import COMMANDS, main
from tui.commands.completion import SHELLS


def script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["completion", shell]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def completed(path: Path, folder: Path, *words: str) -> set[str]:
    """What bash offers for the last of these words."""
    line = f'source {path}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _shtab_blindspot blindspot "${{@: -1}}"; '
    command = ["bash", "--norc", "-c", line + "printf '%s\\n' \"${COMPREPLY[@]}\"", "bash", "blindspot", *words]
    return set(subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder).stdout.split())


def test_bash_completes_commands_options_choices_and_folders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "words.txt").touch()
    path = tmp_path / "blindspot.bash"
    path.write_text(script("bash", capsys))
    assert completed(path, tmp_path, "re") == {name for name in COMMANDS if name.startswith("re")}
    assert completed(path, tmp_path, "list", "work", "--so") == {"--sort"}
    assert completed(path, tmp_path, "list", "work", "--sort", "co") == {"confidence", "coherence"}
    assert completed(path, tmp_path, "list", "wo") == {"work"}
    assert completed(path, tmp_path, "init", "new", "--train", "wo") == {"work", "words.txt"}


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_is_told_every_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = script(shell, capsys)
    assert [name for name in COMMANDS if name not in text] == []
    assert text.isprintable() or set(filter(lambda sign: not sign.isprintable(), text)) == {"\n"}


def test_install_writes_the_script_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "ZDOTDIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SHELL", "/usr/bin/zsh")
    (tmp_path / ".zshrc").write_text("export EDITOR=vi")
    for _ in range(2):
        assert main(["completion", "--install"]) == 0
    line = f"fpath+=({tmp_path}/.local/share/blindspot/zsh); autoload -Uz compinit && compinit"
    assert (tmp_path / ".zshrc").read_text() == f"export EDITOR=vi\n{line}\n"
    told = capsys.readouterr().out
    assert told.count(f"added to {tmp_path}/.zshrc: {line}") == 1
    assert (tmp_path / ".local/share/blindspot/zsh/_blindspot").read_text().startswith("#compdef blindspot")
    assert main(["completion", "fish", "--install"]) == 0
    assert "blindspot" in (tmp_path / ".config/fish/completions/blindspot.fish").read_text()
    (tmp_path / ".tcshrc").mkdir()
    assert main(["completion", "tcsh", "--install"]) == 1
    assert ".tcshrc: it cannot be changed (Is a directory); add this line to it: source" in capsys.readouterr().err


def test_where_the_shell_is_not_known_one_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHELL", "/bin/sh")
    assert main(["completion"]) == 1
    assert "$SHELL names sh, for which there is no script; name one of bash, zsh" in capsys.readouterr().err
    monkeypatch.delenv("SHELL")
    assert main(["completion"]) == 1
    assert "it is not known which shell is yours" in capsys.readouterr().err


def test_an_unknown_shell_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["completion", "bahs"])
    assert "did you mean bash" in capsys.readouterr().err
