"""Fixtures that every test may use: small projects cut from the bundled data."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before any hub library is imported: no test may reach for the network
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ["OMP_NUM_THREADS"] = "1"  # of every process of the tests: two threads on a busy core wait for each other
os.environ["OMP_WAIT_POLICY"] = "passive"  # estimates ask for threads all the same; spinning takes 4 s of CPU

import orjson
import pytest

import sample_data
from engine import problems
from engine.operations.create_project import create_project
from engine.project import Project
from engine.verify.seal import keep_seal
from tests import leftovers
from tests.builders.project import copy_project
from tests.forked_processes import forked_processes
from tests.forked_workers import pytest_xdist_setupnodes  # noqa: F401 - a hook
from tests.jobs_here import jobs_here
from tests.waiting import until

leftovers.new_mark()

gc.disable()  # what is imported and collected stays to the end: see pytest_collection_finish

SIZES = {"train": 64, "pool": 48, "proof": 32, "test": 24, "dev": 16}


def bundled_rows(split: str, count: int) -> list[dict[str, str]]:
    """The first rows of a bundled split."""
    lines = (sample_data.FOLDER / "data" / f"{split}.jsonl").read_bytes().splitlines()[:count]
    return [orjson.loads(line) for line in lines]


def write_rows(path: Path, rows: list[dict[str, str]]) -> Path:
    """Write rows as JSON lines."""
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def pytest_collection_finish() -> None:
    """Half a million objects of libraries and tests are not looked through for garbage, what tests make less often.

    It is a quarter of the CPU time of tests of the app.
    """
    gc.freeze()
    gc.enable()
    gc.set_threshold(10_000)


@pytest.fixture(scope="session", autouse=True)
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is kept for this user outside of projects lies in a folder of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(autouse=True)
def _no_problem_waits() -> Iterator[None]:
    """What a test has left out of a list is not told by the command of another test."""
    yield
    problems.take()


@pytest.fixture(scope="module", autouse=True)
def _no_process_is_left() -> Iterator[None]:
    """Whatever the tests of a module have started has ended, or ends within seconds of the last one."""
    yield
    try:
        until(lambda: not leftovers.bearers(), seconds=10)
    except AssertionError:
        left = leftovers.bearers()
        leftovers.end(left)
        pytest.fail("\n".join(["still running:", *left.values()]))


@pytest.fixture(scope="session")
def tiny_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One small JSONL file a split."""
    folder = tmp_path_factory.mktemp("files")
    return {name: write_rows(folder / f"{name}.jsonl", bundled_rows(name, size)) for name, size in SIZES.items()}


@pytest.fixture(scope="session")
def created(tmp_path_factory: pytest.TempPathFactory, tiny_files: dict[str, Path]) -> Path:
    """What every `project` is a copy of."""
    root = tmp_path_factory.mktemp("created") / "work"
    return create_project(root, **tiny_files, text="text", label="label", tau=0.5).root  # type: ignore[arg-type]


@pytest.fixture
def project(created: Path, tmp_path: Path) -> Project:
    """A new project over the small files, in which nothing has been discovered yet."""
    project = copy_project(created, tmp_path / "work")
    keep_seal(project, anew=True)
    return project


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which all was done, as its tools left it; for tests of the group ``whole project``."""
    from tests.builders.whole import whole_project  # loads the model libraries

    return whole_project(tmp_path_factory.mktemp("whole")).root


@pytest.fixture
def in_process_jobs() -> Iterator[None]:
    """Jobs are done by the process of the test."""
    with jobs_here():
        yield


@pytest.fixture(name="forked_processes")
def _forked_processes() -> Iterator[None]:
    """Python processes that the test starts are forks of its own."""
    with forked_processes():
        yield
