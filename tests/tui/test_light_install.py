"""Without the packages of models people label, teach, review and read reports; what needs one says so in a sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import tomlkit
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from engine.extras import EXTRAS, installing
from tests.builders.stream import stream_project
from tests.terminals import REPOSITORY
from tests.tui.app.projects import write_project
from tests.tui.app.proofs import write_proof

# A process in which none of these can be imported, as where they are not installed.
WITHOUT = """
import asyncio, io, json, sys
from importlib.machinery import PathFinder

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in MODULES else super().find_spec(name, path, target)

MODULES = set(sys.argv[1].split(","))
sys.meta_path[sys.meta_path.index(PathFinder)] = Without
from tui.cli import main

def run(words, answers=""):
    sys.stdin = io.StringIO(answers)
    try:
        return main(words)
    except SystemExit as left:
        return left.code

async def look_around(root):
    from tests.tui.app.opening import opened
    async with opened(root, annotator="ann") as driver:
        for keys, text in SCREENS:
            await driver.press(*keys)
            await driver.sees(text)

for words, answers in json.loads(sys.argv[2]):
    print("status", run(words, answers), flush=True)
from pathlib import Path
SCREENS = json.loads(sys.argv[4])
asyncio.run(look_around(Path(sys.argv[3])))
assert not MODULES & {name.partition(".")[0] for name in sys.modules}
"""
COLUMNS = ["--text", "text", "--label", "label"]
COMMANDS = [
    (["label", "texts.csv", "--labels", "x,y", "--out", "out.csv", "--plain"], "1\n2\n", 0),
    (["label", "stream", "--plain", "--annotator", "ann"], "1\nq\n", 0),
    (["labels", "stream"], "", 0),
    (["show", "work", "B1"], "", 0),
    (["mark", "work", "pool-10", "--verdict", "ambiguous"], "", 0),
    (["describe", "work", "B1", "--kind", "abstraction", "--text", "Thanks that are meant bitterly."], "", 0),
    (["sample", "work", "B1", "--label", "negative", "--role", "target", "--text", "Thanks for the two hours."], "", 0),
    (["commit", "work", "B1"], "", 0),
    (["review", "work"], "", 0),
    (["costs", "work"], "", 0),
    (["report", "work"], "", 0),
    (["report", "work", "--html", "report.html", "--markdown", "report.md"], "", 0),
    (["rounds", "work"], "", 0),
    (["doctor", "work"], "", 0),
    (["init", "new", "--train", "train.csv", "--stream", "pool.csv", "--proof", "proof.csv", *COLUMNS], "", 0),
    (["verify", "work"], "", 1),
    (["demo"], "", 1),
    (["label", "texts.parquet", "--labels", "x,y", "--out", "out.csv", "--plain"], "", 1),
    (["serve", "work"], "", 1),
]
SCREENS = [
    (["p"], "proven"),
    (["q", "percent_sign"], "labels"),
    (["q", "enter"], "B1  negative"),
    (["d", "ctrl+t"], "No verdict: models cannot be loaded here."),
]


def test_all_but_models_works_without_their_packages(tmp_path: Path) -> None:
    write_proof(write_project(tmp_path / "work", live_verdict=True))
    stream_project(tmp_path / "stream", rows=3)
    (tmp_path / "texts.csv").write_text("text\none\ntwo\n")
    (tmp_path / "texts.parquet").write_bytes(b"PAR1")
    for name, words in (("train", "so be it"), ("pool", "quite another thing"), ("proof", "held out for later")):
        rows = [f"{words} {number} {word},{word}" for number in range(9) for word in ("yes", "no")]
        (tmp_path / f"{name}.csv").write_text("\n".join(["text,label", *rows]))
    modules = ",".join(module for extra in EXTRAS.values() for module in extra)
    asked = json.dumps([(words, answers) for words, answers, _ in COMMANDS])
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(REPOSITORY)!r})\n{WITHOUT}", modules, asked]
    command += [str(tmp_path / "work"), json.dumps(SCREENS)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    told = [int(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("status ")]
    assert told == [status for _, _, status in COMMANDS], done.stderr
    for module, extra in (("scipy", "models"), ("torch", "models"), ("pyarrow", "parquet"), ("aiohttp", "serve")):
        sentence = f"this needs {module}, which is not installed; `{installing(extra)}` installs it."
        assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "report.html").read_text().count("<svg")
    assert not (tmp_path / "blindspot-demo").exists()


def test_the_command_that_installs_an_extra_is_for_the_environment_that_lacks_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/home/ada/my tools/bin/python")
    monkeypatch.setattr("engine.extras.find_spec", lambda name: name)
    assert installing("serve") == "'/home/ada/my tools/bin/python' -m pip install 'blindspot-workbench[serve]'"
    monkeypatch.setattr("engine.extras.find_spec", lambda _: None)  # as uv and pipx make environments
    command = "uv pip install --python '/home/ada/my tools/bin/python' 'blindspot-workbench[serve]'"
    assert installing("serve") == command


def test_each_package_of_an_extra_is_known_by_its_modules() -> None:
    extras = tomlkit.parse((REPOSITORY / "pyproject.toml").read_text()).unwrap()["project"]["optional-dependencies"]
    installed = packages_distributions()
    for extra, modules in EXTRAS.items():
        if extra in ("openvino", "ray") and extra not in installed:
            continue  # they take 180 and 270 MB, and are not installed with the others
        packages = {canonicalize_name(Requirement(one).name) for one in extras[extra]}
        known = {canonicalize_name(name) for module in modules for name in installed.get(module, ())}
        assert packages <= known
