"""What `pip install` gets: the source distribution, the wheel that is built from it, and the program in that."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from tests.terminals import REPOSITORY

COLUMNS = ("--text", "text", "--label", "label", "--column", "pool:label=none")
PACKAGES = ("engine", "tui", "sample_data")
# As an installed program starts, but from the unpacked wheel: nothing of this checkout is found, as its path is gone.
START = """
import sys
sys.path = [sys.argv.pop(1), *(path for path in sys.path if path not in ("", sys.argv[1]))]
del sys.argv[1]
import tui, engine, sample_data
from tui.cli import main
sys.exit(main())
"""


def built(target: str, source: Path, folder: Path) -> Path:
    """The distribution that hatchling builds of a folder, as pip has it do."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(folder)]
    subprocess.run(command, check=True, capture_output=True, cwd=source)
    [found] = folder.glob("*.tar.gz" if target == "sdist" else "*.whl")
    return found


def test_the_wheel_of_the_source_distribution_is_whole_and_runs(tmp_path: Path) -> None:
    with tarfile.open(built("sdist", REPOSITORY, tmp_path)) as source:
        source.extractall(tmp_path, filter="data")
    [folder] = (path for path in tmp_path.iterdir() if path.is_dir())
    assert {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "constraints.txt"} <= {
        path.name for path in folder.iterdir()
    }
    wheel = zipfile.ZipFile(built("wheel", folder, tmp_path))
    files = {path for package in PACKAGES for path in (REPOSITORY / package).rglob("*") if path.is_file()}
    expected = {path.relative_to(REPOSITORY).as_posix() for path in files if "__pycache__" not in path.parts}
    assert {name for name in wheel.namelist() if ".dist-info/" not in name} == expected
    [entry] = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert b"blindspot = tui.start:main" in wheel.read(entry)

    installed = tmp_path / "installed"
    wheel.extractall(installed)

    def runs(*words: str, answers: str = "") -> str:
        command = [sys.executable, "-c", START, str(installed), str(REPOSITORY), *words]
        done = subprocess.run(command, capture_output=True, text=True, input=answers, cwd=tmp_path, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert runs("--version").startswith("blindspot ")
    assert "Open the workbench over the bundled project" in runs("demo", "--help")
    rows = installed / "sample_data" / "data"
    runs("init", "work", "--train", str(rows / "train.jsonl"), "--stream", str(rows / "pool.jsonl"), *COLUMNS)
    (tmp_path / "texts.txt").write_text("one\ntwo\n")
    told = runs("label", "texts.txt", "--labels", "x,y", "--out", "labels.csv", "--plain", answers="1\n2\n")
    assert told.endswith("2 of 2 labelled\n")
