"""What `init` makes of the commands that somebody names."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from engine.errors import SettingsError
from engine.programs.new_settings import classifier_settings
from engine.settings import ClassifierSettings


def made(**values: Any) -> ClassifierSettings:
    usual: dict[str, Any] = {"score": None, "train": None, "class_name": None, "model": None, "continues": False}
    return classifier_settings(**usual | values)


def test_files_get_their_full_path_and_all_else_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "my scripts"
    (here / "serve").mkdir(parents=True)
    (here / "score.py").touch()
    (here / "run").touch()
    monkeypatch.chdir(here)
    found = made(score="python score.py --words=score.py --fast serve ./serve $HOME", train="./run *.py", model="serve")
    assert shlex.split(found.score) == [
        "python",
        str(here / "score.py"),
        f"--words={here / 'score.py'}",
        "--fast",
        "serve",
        str(here / "serve"),
        "$HOME",
    ]
    assert shlex.split(found.train) == [str(here / "run"), "*.py"]
    assert found.model == str(here / "serve")
    assert made(score="my-server  --port 1").score == "my-server  --port 1"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"train": "python train.py"}, "--train-with needs a program that scores"),
        ({"continues": True}, "--continues needs a program that scores"),
        ({"score": "a", "continues": True}, "--continues needs a program that trains"),
        ({"score": "a", "class_name": "b"}, "--classifier-class takes the place"),
        ({"score": "a 'b"}, "--score is no command"),
        ({"score": " "}, "--score names no program"),
        ({"score": "a", "model": "gone"}, "gone: there is no such file or folder"),
    ],
)
def test_what_does_not_go_together_is_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        made(**values)


def test_nothing_named_is_no_program() -> None:
    assert made() == made(model="org/weights") == ClassifierSettings()
