"""Two people of a group at one project, and a third who may only look: real users, each with a umask of their own."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import jobs, paths
from engine.errors import FileError
from engine.files import open_append, open_lock, write_jsonl
from tests import leftovers
from tests.builders.rows import rows
from tests.builders.tiny_bert import classifier
from tests.e2e.forked_commands import ForkedCommands
from tests.e2e.python_for_all import python_for_all
from tests.forks import leave
from tests.waiting import until

GROUP = 54320
ANN, BEN, EVE = (54321, GROUP, 0o077), (54322, GROUP, 0o022), (54323, 54323, 0o000)
Person = tuple[int, int, int]

pytestmark = [
    pytest.mark.xdist_group("two users"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may act for other users"),
    pytest.mark.skipif(sys.platform != "linux", reason="users and groups as on Linux"),
]


class Team:
    """A folder of a group, and commands of its people in it.

    Args:
        folder: of the group.
        commands: makes processes of them. variables: of each.
    """

    def __init__(self, folder: Path, commands: ForkedCommands, variables: dict[str, str]) -> None:
        self.folder = folder
        self.root = folder / "work"
        self._commands = commands
        self._variables = variables

    def home(self, who: Person) -> Path:
        """Where somebody keeps what is theirs alone."""
        return self.folder.parent / f"home{who[0]}"

    def run(self, who: Person, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command as somebody; no command ends in a traceback."""
        user, group, umask = who
        environment = self._variables | {"HOME": str(self.home(who)), "USER": f"u{user}"}
        done = self._commands.run(words, user=user, group=group, umask=umask, env=environment)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def told(self, who: Person, command: str, *words: str) -> str:
        """What a command that succeeds prints."""
        done = self.run(who, command, str(self.root), *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refused(self, who: Person, command: str, *words: str) -> str:
        """The one sentence of a command that is refused."""
        done = self.run(who, command, str(self.root), *words)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
        return done.stderr


@pytest.fixture(scope="module")
def commands() -> Iterator[tuple[ForkedCommands, dict[str, str]]]:
    """Commands of a Python that other users may run, and the variables that it needs."""
    folder = Path(tempfile.mkdtemp(prefix="python-"))
    try:
        folder.chmod(0o755)
        (folder / "python").mkdir()
        python, needed = python_for_all(folder / "python")
        kept = {name: os.environ[name] for name in ("PATH", leftovers.NAME)}
        variables = kept | needed | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        with ForkedCommands(folder, python, variables) as forked:
            yield forked, variables
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def discovered(commands: tuple[ForkedCommands, dict[str, str]]) -> Iterator[Team]:
    """A project that ann made in a folder of the group (setgid), as `mkdir` makes one with a umask of 002.

    She has discovered while ben looked on. A copy of all folders, as they were then, lies in `kept`.
    """
    folder = Path(tempfile.mkdtemp(prefix="team-"))
    try:
        folder.chmod(0o755)
        shared = Team(folder / "shared", *commands)
        shared.folder.mkdir()
        for who in (ANN, BEN, EVE):
            shared.home(who).mkdir(mode=0o700)
            os.chown(shared.home(who), *who[:2])
        os.chown(shared.folder, 0, GROUP)
        shared.folder.chmod(0o2775)
        weights = classifier(folder / "weights")
        for path in (weights, *weights.iterdir()):
            path.chmod(0o755)
        for name, count in (("train", 24), ("pool", 48), ("proof", 16)):
            lines = [row.as_json() | {"text": f"{row.text} {name} {number}"} for number, row in enumerate(rows(count))]
            write_jsonl(folder / f"{name}.jsonl", lines)
            (folder / f"{name}.jsonl").chmod(0o644)
        words = [part for name in ("train", "pool", "proof") for part in (f"--{name}", str(folder / f"{name}.jsonl"))]
        done = shared.run(
            ANN,
            "init",
            str(shared.root),
            *words,
            "--text",
            "text",
            "--label",
            "label",
            "--tau",
            "0.5",
            "--model",
            str(weights),
            "--encoder",
            str(weights),
            "--base",
            str(weights),
        )
        assert done.returncode == 0, done.stderr
        shared.told(BEN, "trust", "--yes")  # the weights lie outside of the project, and ann named them
        assert "discover-1" in shared.told(ANN, "discover", "--detach")
        shared.told(BEN, "jobs", "--follow", "discover-1")
        until(lambda: jobs.find_job(shared.root, "discover-1").state == "done")
        assert "done" in shared.told(BEN, "jobs")
        (folder / "kept").mkdir()
        copy([shared.folder, *map(shared.home, (ANN, BEN, EVE))], folder / "kept")
        yield shared
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def team(discovered: Team) -> Team:
    """The project, and what its people keep to themselves, as they were after the discovery."""
    place = discovered.folder.parent
    kept = list((place / "kept").iterdir())
    for folder in kept:
        shutil.rmtree(place / folder.name)
    copy(kept, place)
    return discovered


def copy(folders: list[Path], place: Path) -> None:
    """Copy folders with owners, modes and times."""
    subprocess.run(["cp", "-a", *map(str, folders), str(place)], check=True)


def test_both_annotate_run_watch_stop_and_resume(team: Team) -> None:
    spot = team.told(BEN, "list").splitlines()[2].split()[0]
    for who, name in ((ANN, "u54321"), (BEN, "u54322")):
        assert f"P1@{name}" in team.told(who, "describe", spot, "--kind", "abstraction", "--text", f"of {name}")
        team.told(who, "sample", spot, "--text", f"A text of {name}.", "--label", "good", "--role", "anchor")
        team.told(who, "commit", spot)
    assert "of u54322" in team.told(ANN, "show", spot)
    assert "of u54321" in team.told(BEN, "show", spot)
    team.told(ANN, "preview", spot)  # loads a model, as a verdict does: eve, who may do less, asks for that
    team.told(BEN, "retrain", "--quick")
    team.told(BEN, "review")
    job = team.told(ANN, "retrain", "--seeds", "13", "--detach").strip()
    team.told(BEN, "jobs", "--stop", job)
    team.run(BEN, "jobs", str(team.root), "--follow", job)
    until(lambda: jobs.find_job(team.root, job).state != "running")
    assert json.loads(team.told(BEN, "jobs", "--json"))[0]["id"] == job
    team.told(BEN, "jobs", "--resume", job)
    team.told(ANN, "jobs", "--follow", job)
    assert "human" in team.told(BEN, "report")
    team.told(BEN, "promote", "--arm", "human", "--force")
    team.told(ANN, "discover")
    assert "round" in team.told(BEN, "rounds")
    team.told(BEN, "doctor")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in team.root.rglob("*") if path.is_file()}
    folders = {stat.S_IMODE(path.stat().st_mode) for path in (team.root, *team.root.rglob("*")) if path.is_dir()}
    assert ({*map(oct, modes)}, {*map(oct, folders)}) == ({oct(0o660)}, {oct(0o2770)})
    assert {path.stat().st_gid for path in team.root.rglob("*")} == {GROUP}
    assert "cannot be read (Permission denied)" in team.refused(EVE, "list")


def test_who_may_only_read_is_told_so_and_writes_nothing(team: Team) -> None:
    spot = team.told(ANN, "list").splitlines()[2].split()[0]
    team.told(ANN, "describe", spot, "--kind", "abstraction", "--text", "of ann")
    for path in (team.root, *team.root.rglob("*")):  # as a version before left it, and open to all
        path.chmod(0o755 if path.is_dir() else 0o644)
    row = json.loads(team.told(EVE, "show", spot, "--json"))["evidence"][0]["prediction"]["id"]
    team.told(EVE, "trust", "--yes")  # the weights lie outside of the project; this is kept with the user
    before = {path: path.stat().st_mtime_ns for path in team.root.rglob("*")}
    looks = ("list", "suspects", "rounds", "jobs", "review", "costs", "verify")
    for command, *words in (*((look,) for look in looks), ("show", spot), ("verdict", "a text")):
        done = team.run(EVE, command, str(team.root), *words)
        assert (done.returncode, done.stderr.startswith("blindspot: read-only: ")) == (0, True), done.stderr
    for words in (
        ("mark", row, "--verdict", "fine"),
        ("describe", spot, "--kind", "abstraction", "--text", "x"),
        ("sample", spot, "--text", "x y", "--label", "good", "--role", "anchor"),
        ("discover",),
        ("retrain",),
        ("retrain", "--quick"),
        ("teach", "--write-prompts"),
        ("compare",),
        ("jobs", "--resume", "discover-1"),
    ):
        team.refused(EVE, *words)
    assert {path: path.stat().st_mtime_ns for path in team.root.rglob("*")} == before


@pytest.mark.parametrize("made", ["teaching", "history.jsonl"])
def test_what_another_is_making_is_waited_for(made: str) -> None:
    project = Path(tempfile.mkdtemp(prefix="making-"))
    try:
        (project / "blindspot.toml").write_text("")
        new = project / made
        new.mkdir() if made == "teaching" else new.write_text("")
        for path, mode in ((project, 0o2770), (new, 0o750)):  # ann's umask has taken the group's right to write
            os.chown(path, ANN[0], GROUP)
            path.chmod(mode)
        waits, says = os.pipe()
        ben = os.fork()
        if not ben:
            os.setgroups([])
            os.setgid(GROUP)
            os.setuid(BEN[0])
            paths.time.sleep = lambda _: os.write(says, b"w")
            leave(lambda: os.close(open_append(new / "ben.json" if made == "teaching" else new)))
        os.close(says)
        waited = os.read(waits, 1)
        new.chmod(0o2770)
        assert (waited, os.waitstatus_to_exitcode(os.waitpid(ben, 0)[1])) == (b"w", 0)
        os.close(waits)
    finally:
        shutil.rmtree(project)


def test_a_lock_that_cannot_be_made_is_refused_with_the_reason() -> None:
    project = Path(tempfile.mkdtemp(prefix="locked-"))
    try:
        (project / "blindspot.toml").write_text("")
        (project / "teaching").mkdir(mode=0o755)
        os.chown(project, 0, GROUP)
        project.chmod(0o2770)
        said, says = os.pipe()
        ben = os.fork()
        if not ben:
            os.setgroups([])
            os.setgid(GROUP)
            os.setuid(BEN[0])
            paths.time.time = lambda: 0.0  # the folder is not new: nobody is waited for
            leave(lambda: refused(project / "teaching" / ".ben.lock", says))
        os.close(says)
        told = os.read(said, 1000).decode()
        os.close(said)
        assert os.waitstatus_to_exitcode(os.waitpid(ben, 0)[1]) == 0
        assert "this cannot be written (Permission denied)" in told, "and not that there is no such file"
    finally:
        shutil.rmtree(project)


def refused(lock: Path, says: int) -> None:
    with pytest.raises(FileError) as error:
        open_lock(lock)
    os.write(says, str(error.value).encode())
