"""The door to a project's files: no link, no pipe, no stranger; whole or not there; for whom the folder is for."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine import files
from engine.errors import FileError
from engine.paths import SETTINGS_FILE

READS: list[Callable[[Path], object]] = [
    files.read_bytes,
    files.read_text,
    files.read_json,
    lambda path: list(files.read_lines(path)),
    files.sha256_file,
    files.checked,
]
WRITES: list[Callable[[Path], object]] = [
    lambda path: files.write_atomic(path, b"new"),
    lambda path: files.write_json(path, 1),
    lambda path: files.write_jsonl(path, [1]),
    lambda path: files.append_line(path, b"new"),
    lambda path: os.close(files.open_append(path)),
    lambda path: os.close(files.open_lock(path)),
    files.make_file,
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder that counts as a project's."""
    made = tmp_path / "work"
    made.mkdir(mode=0o700)
    (made / SETTINGS_FILE).touch()
    return made


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder with a file that no project has to do with."""
    made = tmp_path / "outside"
    made.mkdir()
    (made / "a.json").write_bytes(b"{}\n")
    return made


@pytest.fixture(params=[0o000, 0o002, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.mark.parametrize("act", READS + WRITES)
def test_a_link_is_never_followed(root: Path, outside: Path, act: Callable[[Path], object]) -> None:
    (root / "a.json").symlink_to(outside / "a.json")
    with pytest.raises(FileError, match=r"a\.json: this is a symbolic link"):
        act(root / "a.json")
    assert (outside / "a.json").read_bytes() == b"{}\n"
    assert list(outside.iterdir()) == [outside / "a.json"]


@pytest.mark.parametrize("act", [*READS, *WRITES, files.remove])
@pytest.mark.parametrize("link", ["cache", "cache/deep"])
def test_nor_is_a_linked_folder_on_the_way(root: Path, outside: Path, act: Callable[[Path], object], link: str) -> None:
    (root / link).parent.mkdir(exist_ok=True)
    (root / link).symlink_to(outside)
    with pytest.raises(FileError, match=f"{link}: this is a symbolic link"):
        act(root / link / "a.json")
    assert (outside / "a.json").read_bytes() == b"{}\n"
    assert list(outside.iterdir()) == [outside / "a.json"]


def test_links_are_refused_though_they_lead_to_another_project(root: Path, outside: Path) -> None:
    (outside / SETTINGS_FILE).touch()
    (root / "jobs").symlink_to(outside)
    with pytest.raises(FileError, match="jobs: this is a symbolic link"):
        files.write_atomic(root / "jobs" / "a.json", b"new")
    with pytest.raises(FileError, match="jobs: this is a symbolic link"):
        files.make_folder(root / "jobs" / "retrain-1")
    with pytest.raises(FileError, match="jobs: this is a symbolic link"):
        files.find_files(root / "jobs", "*")
    (root / "made").mkdir()
    with pytest.raises(FileError, match="jobs: this is a symbolic link"):
        files.publish(root / "made", root / "jobs" / "made")


@pytest.mark.parametrize("act", READS + WRITES)
def test_a_pipe_a_socket_and_a_folder_are_no_files(root: Path, act: Callable[[Path], object]) -> None:
    os.mkfifo(root / "a.json")
    if act not in WRITES[:3]:  # those put a file in its place, and never open it
        with pytest.raises(FileError, match="not an ordinary file"):
            act(root / "a.json")
    (root / "b.json").mkdir()
    if act is not files.checked:
        with pytest.raises(FileError):
            act(root / "b.json")


@pytest.mark.parametrize("act", WRITES)
def test_outside_of_a_project_a_pipe_or_device_stays_what_it_is(outside: Path, act: Callable[[Path], object]) -> None:
    os.mkfifo(outside / "pipe")
    with pytest.raises(FileError, match=r"pipe: this is not an ordinary file; name a file\."):
        act(outside / "pipe")
    assert stat.S_ISFIFO((outside / "pipe").stat().st_mode)


def test_a_project_itself_may_lie_behind_a_link_and_its_files_are_the_real_ones(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    files.write_json(tmp_path / "link" / "cache" / "a.json", 1)
    assert files.read_json(root / "cache" / "a.json") == 1


def test_outside_of_a_project_links_are_the_users_own(outside: Path, tmp_path: Path, umask: int) -> None:
    (tmp_path / "report.json").symlink_to(outside / "report.json")
    files.write_json(tmp_path / "report.json", [1])
    assert (tmp_path / "report.json").is_symlink()
    assert files.read_json(outside / "report.json") == [1]
    assert stat.S_IMODE((outside / "report.json").stat().st_mode) == 0o666 & ~umask


def test_a_large_file_is_refused_before_it_is_read(root: Path) -> None:
    with (root / "a.json").open("wb") as hole:
        hole.truncate(1 << 40)
    with pytest.raises(FileError, match="1,099,511,627,776 bytes"):
        files.read_json(root / "a.json")


@pytest.mark.parametrize("raw", [b"", b"{", b"[" * 5000, b"\xff", b'{"a": NaN}', b"[]", b"7", b'{"b": 1}'])
def test_a_damaged_file_is_one_sentence(root: Path, raw: bytes) -> None:
    (root / "a.json").write_bytes(raw)
    with pytest.raises(FileError, match=r"a\.json: .*; delete it\.$"):
        files.read_record(root / "a.json", lambda values: values["a"], hint="delete it")


@pytest.mark.parametrize(
    ("folder", "file", "inner"),
    [
        (0o700, 0o600, 0o700),
        (0o755, 0o640, 0o750),
        (0o750, 0o640, 0o750),
        (0o705, 0o600, 0o700),
        (0o770, 0o660, 0o2770),
        (0o2770, 0o660, 0o2770),
        (0o2775, 0o660, 0o2770),
        (0o777, 0o660, 0o2770),
    ],
)
def test_what_is_written_is_for_whom_the_folder_is_for(
    root: Path, folder: int, file: int, inner: int, umask: int
) -> None:
    root.chmod(folder)
    files.write_atomic(root / "teaching" / "ann.json", b"{}")
    files.append_line(root / "time" / "deep" / "ann.jsonl", b"{}")
    os.close(files.open_lock(root / "jobs" / "lock"))
    (root / "models" / "a.partial" / "1_Pooling").mkdir(parents=True)
    (root / "models" / "a.partial" / "model.safetensors").touch(0o600)
    (root / "models" / "a.partial" / "1_Pooling" / "config.json").touch(0o644)
    files.publish(root / "models" / "a.partial", root / "models" / "a")
    modes = {path.relative_to(root).as_posix(): stat.S_IMODE(path.stat().st_mode) for path in root.rglob("*")}
    written = ("teaching/ann.json", "time/deep/ann.jsonl", "jobs/lock", "models/a/model.safetensors")
    assert {oct(modes[name]) for name in (*written, "models/a/1_Pooling/config.json")} == {oct(file)}
    made = ("teaching", "time", "time/deep", "jobs", "models/a", "models/a/1_Pooling")
    assert {oct(modes[name]) for name in made} == {oct(inner)}


def test_lines_are_whole_though_a_writer_died_in_one(root: Path) -> None:
    path = root / "llm" / "calls.jsonl"
    files.append_line(path, b"1")
    with path.open("ab") as torn:
        torn.write(b'{"tor')
    files.append_line(path, b"2", durable=True)
    assert list(files.read_lines(path)) == [b"1\n", b'{"tor\n', b"2\n"]


LEFT = """
import os, sys
from pathlib import Path
from engine.files import replacing
with replacing(Path(sys.argv[1])) as out:
    out.write(b"half")
    out.flush()
    print("written", flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_writer_left_is_removed_and_what_a_live_one_writes_is_not(root: Path) -> None:
    path = root / "cache" / "a.npy"
    command = [sys.executable, "-c", LEFT, str(path)]
    writers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"written\n"
    dead, live = writers
    dead.kill()
    dead.communicate()
    assert len(list(path.parent.iterdir())) == 2
    files.write_atomic(path, b"new")
    assert sorted(path.parent.iterdir())[1:] == [path]
    live.communicate(b"")
    assert live.returncode == 0
    assert (list(path.parent.iterdir()), path.read_bytes()) == ([path], b"half")


def test_a_new_folder_and_a_new_file_are_on_the_disk_when_they_are_told(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def note(handle: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", note)
    files.append_line(root / "llm" / "deep" / "calls.jsonl", b"1", durable=True)
    assert synced == [str(path) for path in (root, root / "llm", root / "llm/deep", root / "llm/deep/calls.jsonl")]
    synced.clear()
    (root / "made").mkdir()
    (root / "made" / "a.json").touch()
    files.publish(root / "made", root / "models" / "made")
    assert synced == [str(path) for path in (root, root / "made/a.json", root / "made", root / "models")]


def test_a_line_appended_at_a_place_replaces_what_lies_behind(root: Path) -> None:
    path = root / "a.jsonl"
    end = files.append_line(path, b"one", durable=True, at=0)
    assert end == 4
    path.write_bytes(b"one\ntw")
    assert files.append_line(path, b"three", durable=True, at=end) == 10
    assert path.read_bytes() == b"one\nthree\n"


def test_a_full_disk_is_one_sentence(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(FileError, match=r"cannot be written \(File too large\)"):
            files.write_atomic(root / "a.json", b"x" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert [path.name for path in root.iterdir()] == [SETTINGS_FILE]


def test_the_room_of_a_mapped_file_is_taken_beforehand(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (root / "a.npy").open("wb") as hole:
        hole.truncate(1 << 20)
    files.reserve(root / "a.npy")
    assert (root / "a.npy").stat().st_blocks * 512 >= 1 << 20

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    with pytest.raises(FileError, match=r"a\.npy: this cannot be written \(No space left on device\); free disk space"):
        files.reserve(root / "a.npy")


def test_fcntl_is_not_needed_to_write(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    files.write_atomic(root / "a.json", b"1")
    files.write_atomic(root / "a.json", b"2")
    assert (root / "a.json").read_bytes() == b"2"


@pytest.mark.parametrize("count", [0, 1, 4096, 9000])
def test_an_iterator_has_the_content_key_of_its_list(count: int) -> None:
    values = [[f"text {number}", None] for number in range(count)]
    assert files.content_key("a", iter(values), 1) == files.content_key("a", values, 1)


def test_what_a_kill_left_of_a_removal_goes_with_the_next_one(tmp_path: Path) -> None:
    for name in ("shards", ".shards"):
        (tmp_path / name / "inner").mkdir(parents=True)
        (tmp_path / name / "inner" / "file").write_text("x")
    files.remove_folder(tmp_path / "shards", ".shards")
    assert list(tmp_path.iterdir()) == []
