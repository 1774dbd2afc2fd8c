"""Streams without labels: how they become a project, and how later batches come in."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.data.batches import batches
from engine.data.proof_rows import read_proof
from engine.data.row_hashes import read_row_hashes
from engine.errors import BlindspotError, DataError, FileError, ProjectError, Stopped
from engine.files import content_key, read_json, sha256_file, write_json
from engine.operations.add_batch import Added, add_batch
from engine.operations.create_project import create_project
from engine.operations.verify_project import verify
from engine.project import SETTINGS_FILE, Project
from engine.schema import UNLABELLED
from engine.text import row_hash
from engine.verify.seal import keep_seal
from tests.builders.monitor import Recorder
from tests.engine.data.conftest import as_rows, examples, sentence, write_jsonl
from tests.engine.operations.test_create_project import create


def texts(count: int, seed: int) -> list[str]:
    rng = random.Random(f"stream {seed}")
    return [sentence(rng) for _ in range(count)]


def stream(path: Path, rows: list[str]) -> Path:
    """A file of texts alone."""
    return write_jsonl(path, [{"text": text} for text in rows])


@pytest.fixture
def work(tmp_path: Path, files: dict[str, Path]) -> Project:
    """A project from a stream of 40 rows; pool and proof have 20 each."""
    new = stream(tmp_path / "new.jsonl", texts(40, 1))
    return create_project(tmp_path / "work", train=files["train"], stream=new, text="text", label="label")


def sides(project: Project) -> dict[str, str]:
    """The side of each text."""
    project = Project.open(project.root)
    rows = {"pool": project.examples("pool"), "proof": read_proof(project)}
    return {row.text: name for name in rows for row in rows[name]}


def problems(root: Path) -> list[str]:
    return [finding.what for finding in verify(root) if finding.bad]


def test_a_stream_needs_no_column_of_labels(work: Project) -> None:
    for name in ("pool", "proof"):
        split = work.manifest.splits[name]
        assert (split.rows, split.unlabelled, split.labels) == (20, 20, {})
    assert {row.label for row in work.examples("pool")} == {UNLABELLED}
    assert [batch.name for batch in batches(work)] == ["new"]
    assert work.manifest.batch_of("pool", 19) == "new"
    assert problems(work.root) == []


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_blank_labels_of_pool_and_proof_mean_unknown(tmp_path: Path, files: dict[str, Path], blank: str | None) -> None:
    for name, seed, size in (("pool", 1, 20), ("proof", 2, 12)):
        rows = as_rows(examples(size, seed=seed))
        write_jsonl(
            files[name], [row | ({"label": blank} if number % 4 == 0 else {}) for number, row in enumerate(rows)]
        )
    project = create(tmp_path / "work", files)
    found = {name: (split.unlabelled, sum(split.labels.values())) for name, split in project.manifest.splits.items()}
    assert found["pool"] == (5, 15)
    assert found["proof"] == (3, 9)
    assert problems(project.root) == []


def test_known_and_unknown_labels_are_dealt_in_equal_shares(tmp_path: Path, files: dict[str, Path]) -> None:
    rows = as_rows(examples(80, seed=9))
    some = [row | ({"label": ""} if number >= 40 else {}) for number, row in enumerate(rows)]
    project = create(tmp_path / "work", {"train": files["train"], "pool": write_jsonl(tmp_path / "some.jsonl", some)})
    for name in ("pool", "proof"):
        split = project.manifest.splits[name]
        assert (split.labels, split.unlabelled) == ({"bad": 10, "good": 10}, 20)


@pytest.mark.parametrize("name", ["train", "test", "dev"])
def test_what_is_learned_from_and_compared_with_needs_labels(tmp_path: Path, files: dict[str, Path], name: str) -> None:
    rows = as_rows(examples(12, seed=3))
    write_jsonl(files[name], [rows[0] | {"label": ""}, *rows[1:]])
    with pytest.raises(DataError, match=rf"{name}.jsonl:1: `label` is empty"):
        create(tmp_path / "work", files)


def test_a_pool_without_the_column_is_refused_and_so_are_two_or_none(tmp_path: Path, files: dict[str, Path]) -> None:
    new = stream(tmp_path / "new.jsonl", texts(10, 1))
    with pytest.raises(DataError, match=r"there is no column 'label'.*or give rows without labels as --stream"):
        create(tmp_path / "work", {"train": files["train"], "pool": new})
    with pytest.raises(DataError, match="--pool and --stream are both given; give one"):
        create(tmp_path / "work", files, stream=new)
    with pytest.raises(DataError, match="neither --stream nor --pool is given"):
        create(tmp_path / "work", {"train": files["train"]})
    write_jsonl(new, [{"text": text, "label": "godo"} for text in texts(10, 1)])
    with pytest.raises(DataError, match="train has no row labelled 'godo'"):
        create(tmp_path / "work", {"train": files["train"]}, stream=new)
    assert not (tmp_path / "work").exists()


def test_a_later_batch_is_parted_and_no_old_row_moves(tmp_path: Path, work: Project) -> None:
    before = {name: work.split_path(name).read_bytes() for name in ("pool", "proof")}
    was = sides(work)
    added = add_batch(work.root, stream(tmp_path / "week48.jsonl", texts(30, 2)))
    assert added.batch is not None
    assert (added.batch.name, added.batch.rows, added.batch.unlabelled) == ("week48", {"pool": 15, "proof": 15}, 30)
    project = Project.open(work.root)
    for name, old in before.items():
        assert project.split_path(name).read_bytes().startswith(old)
        assert project.manifest.splits[name].rows == 35
        texts_there = [row.text for row in (project.examples("pool") if name == "pool" else read_proof(project))]
        assert list(read_row_hashes(project, name)) == [row_hash(text) for text in texts_there]
    assert sides(project).items() >= was.items()
    assert [project.manifest.batch_of("pool", place) for place in (19, 20, 34)] == ["new", "week48", "week48"]
    assert project.manifest.rows_then("pool", work.manifest.splits["pool"].sha256) == 20
    assert problems(work.root) == []


def test_the_same_file_twice_adds_nothing(tmp_path: Path, work: Project) -> None:
    week = stream(tmp_path / "week48.jsonl", texts(10, 2))
    add_batch(work.root, week)
    manifest = (work.root / "manifest.json").read_bytes()
    again = add_batch(work.root, week)
    assert again == Added(None, read=10, skipped=10)
    assert (work.root / "manifest.json").read_bytes() == manifest
    mixed = stream(tmp_path / "week49.jsonl", [text.upper() + "!" for text in texts(10, 2)] + texts(4, 3))
    third = add_batch(work.root, mixed)
    assert third.batch is not None
    assert (third.skipped, sum(third.batch.rows.values())) == (10, 4)


def test_near_duplicates_go_to_the_side_of_the_old_row_and_never_across(tmp_path: Path, work: Project) -> None:
    was = sides(work)
    edited = {text: text + " again" for text in was}
    added = add_batch(work.root, stream(tmp_path / "later.jsonl", list(edited.values())))
    assert (added.near_pool, added.near_proof) == (20, 20)
    now = sides(work)
    assert all(now[edited[text]] == side for text, side in was.items())
    assert problems(work.root) == []


def test_a_row_that_nearly_equals_both_sides_is_left_out(tmp_path: Path, files: dict[str, Path]) -> None:
    text = " ".join(texts(1, 5)[0].split()[:10])
    pool, proof = texts(6, 6), texts(6, 7)
    write_jsonl(files["pool"], [{"text": one, "label": ""} for one in [f"{text} alpha one", *pool]])
    write_jsonl(files["proof"], [{"text": one, "label": ""} for one in [f"beta two {text}", *proof]])
    project = create(tmp_path / "work", files)
    added = add_batch(project.root, stream(tmp_path / "later.jsonl", [text, *texts(4, 8)]))
    assert added.left_out == 1
    assert added.file is not None
    assert "nearly equals, or shares a text with, rows of the pool and of the proof" in added.file.read_text()
    assert text not in sides(project)
    again = add_batch(project.root, tmp_path / "later.jsonl")
    assert (again.batch, again.skipped, again.left_out) == (None, 4, 1)


def test_pairs_that_share_a_text_with_an_old_row_join_its_side(tmp_path: Path) -> None:
    train = write_jsonl(tmp_path / "train.jsonl", as_rows(examples(24, pair=True)))
    pairs = [{"text": one, "text_pair": other} for one, other in zip(texts(40, 1), texts(40, 2), strict=True)]
    new = write_jsonl(tmp_path / "new.jsonl", pairs)
    project = create_project(tmp_path / "work", train=train, stream=new, text="text", pair="text_pair", label="label")
    was = sides(project)
    shared = [{"text": other, "text_pair": row["text"]} for other, row in zip(texts(40, 3), pairs, strict=True)]
    add_batch(project.root, write_jsonl(tmp_path / "later.jsonl", shared))
    now = sides(project)
    assert all(now[new["text"]] == was[old["text"]] for new, old in zip(shared, pairs, strict=True))
    assert problems(project.root) == []


def test_rows_with_a_proof_row_in_them_are_withheld_whichever_came_first(tmp_path: Path, work: Project) -> None:
    held = next(text for text, side in sides(work).items() if side == "proof")
    longer = f"{texts(1, 20)[0]} {held} {texts(1, 21)[0]}"
    add_batch(work.root, stream(tmp_path / "later.jsonl", [longer]), proof_share=0)
    assert row_hash(longer) in Project.open(work.root).manifest.withheld
    inner = texts(1, 22)[0]
    around = f"{texts(1, 23)[0]} {inner} {texts(1, 24)[0]}"
    add_batch(work.root, stream(tmp_path / "around.jsonl", [around]), proof_share=0)
    assert row_hash(around) not in Project.open(work.root).manifest.withheld
    add_batch(work.root, stream(tmp_path / "inner.jsonl", [inner]), proof_share=1)
    assert row_hash(around) in Project.open(work.root).manifest.withheld
    assert problems(work.root) == []


def test_rows_that_are_near_a_proof_row_through_others_are_withheld_as_at_the_start(
    tmp_path: Path, files: dict[str, Path]
) -> None:
    words, others = (" ".join(texts(2, seed)).split() for seed in (30, 31))
    chain = [" ".join([*others[:n], *words[n:]]) for n in (0, 4, 8, 11)]  # each is near the next, and to no other
    write_jsonl(files["proof"], [{"text": chain[0], "label": "bad"}, *as_rows(examples(4, seed=2))])
    write_jsonl(files["pool"], [{"text": one, "label": "bad"} for one in (chain[1], chain[3], *texts(4, 33))])
    project = create(tmp_path / "work", files)
    assert set(project.manifest.withheld) == {row_hash(chain[1])}
    add_batch(project.root, stream(tmp_path / "later.jsonl", [chain[2], *texts(2, 32)]))
    assert set(Project.open(project.root).manifest.withheld) == set(map(row_hash, chain[1:]))
    assert problems(project.root) == []


@pytest.mark.parametrize(("share", "proof"), [(None, 0), (0.0, 0), (0.25, 5), (1.0, 20)])
def test_the_share_of_the_proof_is_none_where_it_was_a_file_of_its_own(
    tmp_path: Path, files: dict[str, Path], share: float | None, proof: int
) -> None:
    project = create(tmp_path / "work", files)
    added = add_batch(project.root, stream(tmp_path / "later.jsonl", texts(20, 4)), proof_share=share)
    assert added.batch is not None
    assert added.batch.rows == {"pool": 20 - proof, "proof": proof}


def as_before(root: Path) -> None:
    """The project as it lay on the disk before there were batches."""
    manifest = read_json(root / "manifest.json")
    del manifest["batches"]
    for name, split in manifest["splits"].items():
        hashes = root / "splits" / f"{name}.hashes"
        split["row_hashes"] = [hashes.read_bytes()[place : place + 8].hex() for place in range(0, 8 * split["rows"], 8)]
        hashes.unlink()
        for key in ("size", "hashes_sha256"):
            del split[key]
    write_json(root / "manifest.json", manifest)
    keep_seal(Project.open(root), anew=True)


def test_a_project_of_before_opens_and_can_be_added_to(tmp_path: Path, files: dict[str, Path]) -> None:
    project = create(tmp_path / "work", {name: files[name] for name in ("train", "pool", "test")})
    as_before(project.root)
    old = Project.open(project.root)
    assert old.manifest.batches == ()
    assert [batch.rows for batch in batches(old)] == [{"pool": 10, "proof": 10}]
    assert list(read_row_hashes(old, "pool")) == [row_hash(row.text) for row in old.examples("pool")]
    added = add_batch(old.root, stream(tmp_path / "later.jsonl", [old.examples("pool")[0].text, *texts(8, 3)]))
    assert added.skipped == 1
    now = Project.open(old.root)
    assert [batch.name for batch in now.manifest.batches] == ["pool", "later"]
    assert now.manifest.splits["pool"].rows == 14
    assert problems(now.root) == []


def test_the_seal_follows_what_was_added_and_nothing_else(tmp_path: Path, work: Project) -> None:
    add_batch(work.root, stream(tmp_path / "later.jsonl", texts(10, 3)))
    add_batch(work.root, stream(tmp_path / "more.jsonl", texts(10, 4)))
    assert problems(work.root) == []
    manifest = read_json(work.root / "manifest.json")
    write_json(work.root / "manifest.json", manifest | {"seed": 99})
    assert "manifest.json is not what was sealed on this machine" in problems(work.root)


def test_the_seal_of_another_user_holds_after_an_addition(tmp_path: Path, work: Project, monkeypatch: Any) -> None:
    mine = os.environ["XDG_STATE_HOME"]
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "theirs"))
    add_batch(work.root, stream(tmp_path / "later.jsonl", texts(10, 3)))
    monkeypatch.setenv("XDG_STATE_HOME", mine)
    assert [finding.state for finding in verify(work.root) if finding.part == "seal"] == ["ok"]
    manifest = read_json(work.root / "manifest.json")
    write_json(work.root / "manifest.json", manifest | {"withheld": ["0" * 16], "seed": 99})
    assert "manifest.json is not what was sealed on this machine" in problems(work.root)


def test_ids_stay_apart(tmp_path: Path, work: Project) -> None:
    later = write_jsonl(tmp_path / "later.jsonl", [{"id": "new-1", "text": text} for text in texts(1, 3)])
    named = {row.id for row in work.examples("pool")} | {row.id for row in read_proof(work)}
    taken = min(named)
    write_jsonl(later, [{"id": taken, "text": texts(1, 3)[0]}, {"id": "own", "text": texts(1, 4)[0]}])
    with pytest.raises(DataError, match=f"the id '{taken}' is also that of a row that the project has"):
        add_batch(work.root, later)
    added = add_batch(work.root, later, drop_duplicates=True)
    assert added.batch is not None
    assert (added.left_out, sum(added.batch.rows.values())) == (1, 1)


def refused(work: Project, file: Path, message: str, **options: Any) -> None:
    before = {path: path.read_bytes() for path in work.root.rglob("*") if path.is_file()}
    with pytest.raises(BlindspotError) as caught:
        add_batch(work.root, file, **options)
    assert message in str(caught.value)
    now = {path: path.read_bytes() for path in work.root.rglob("*") if path.is_file() and path.name != "add.lock"}
    assert now == {path: data for path, data in before.items() if path.name != "add.lock"}


def test_what_cannot_be_added_is_refused_and_nothing_changes(tmp_path: Path, work: Project) -> None:
    later = tmp_path / "later.csv"
    later.write_text("comment;stars\n" + "".join(f"{text};\n" for text in texts(3, 3)))
    refused(work, later, "there is no column 'text'; there are 'comment', 'stars'")
    refused(work, later, "cannot be the name of a batch", name="../up")
    refused(work, later, "a batch cannot be called pool", name="pool")
    refused(work, later, "it must be between 0 and 1", proof_share=2.0)
    refused(work, later, "there is a batch new already", name="new", own_columns=["text=comment"])
    later.write_text("text,label\n" + "".join(f"{text},godo\n" for text in texts(3, 3)))
    refused(work, later, "train has no row labelled 'godo'")
    refused(work, tmp_path / "nothing.csv", "there is no such file")


def test_columns_separators_and_encodings_of_a_later_file(tmp_path: Path, work: Project) -> None:
    later, told = tmp_path / "later.csv", Recorder()
    rows = [f"{text} café" for text in texts(4, 3)]
    later.write_bytes("".join(["comment;stars\n", *(f"{text};5\n" for text in rows)]).encode("cp1252"))
    options: dict[str, Any] = {"own_columns": ["text=comment", "label=stars"], "label_map": ["5=good"]}
    refused(work, later, "is not UTF-8; save the file as UTF-8, or say what it is, e.g. `--encoding cp1252`", **options)
    added = add_batch(work.root, later, **options, encodings=["cp1252"], monitor=told)
    assert added.batch is not None
    assert added.batch.labels == {"good": 4}
    assert sides(work).keys() >= set(rows)
    assert told.notes == ["later.csv: the columns are separated by semicolons"]
    assert problems(work.root) == []


def test_long_rows_of_a_batch_are_told(tmp_path: Path, work: Project) -> None:
    told = Recorder()
    add_batch(work.root, stream(tmp_path / "later.jsonl", ["a kettle and a lantern " * 60]), monitor=told)
    assert told.notes == ["1 of 1 later rows is longer than the 128 tokens the model reads; its rest is not seen"]


class Adding:
    """A process, forked from this one, that adds rows to a project and waits at each step to be let on.

    Attributes:
        step: where it waits; empty at its end.
    """

    def __init__(self, root: Path, file: Path) -> None:
        self._pipe, its = Pipe()
        self._process = get_context("fork").Process(target=self._add, args=(root, file, its))
        self._process.start()
        its.close()
        self.step = self._told()

    def go_on(self) -> str:
        """Let it go on to its next step."""
        self._pipe.send("")
        self.step = self._told()
        return self.step

    def kill(self) -> None:
        """End it where it is."""
        self._process.kill()
        self._process.join()

    def status(self) -> int | None:
        """Exit status once it has ended."""
        self._process.join()
        return self._process.exitcode

    def _told(self) -> str:
        try:
            return str(self._pipe.recv())
        except EOFError:
            return ""

    def _add(self, root: Path, file: Path, pipe: Connection) -> None:
        self._pipe.close()

        def wait(stage: str, done: int) -> bool:
            pipe.send(f"{stage} {done}")
            pipe.recv()
            return False

        add_batch(root, file, monitor=Recorder(wait))


def state(root: Path) -> str:
    """The rows of pool and proof as a reader sees them."""
    project = Project.open(root)
    return content_key([row.as_json() for row in [*project.examples("pool"), *read_proof(project)]])


@pytest.mark.parametrize("old", [False, True], ids=["with batches", "older than batches"])
def test_a_kill_at_any_step_leaves_the_project_before_or_after(tmp_path: Path, work: Project, old: bool) -> None:
    if old:
        as_before(work.root)
    before, later = state(work.root), stream(tmp_path / "later.jsonl", texts(12, 3))
    steps = 0
    longer = False
    while True:
        steps += 1
        process = Adding(work.root, later)
        for _ in range(steps - 1):
            process.go_on()
        stage, size = process.step, Project.open(work.root).manifest.splits["pool"].size
        longer |= size is not None and work.split_path("pool").stat().st_size > size
        assert state(work.root) == before if stage else state(work.root) != before  # somebody else reads meanwhile
        process.kill()
        if not stage:
            break
        assert state(work.root) == before
        assert not stage.startswith(("adding", "writing")) or problems(work.root) == []
    assert steps > 5
    assert longer  # at one step there were bytes behind the end
    assert Project.open(work.root).manifest.batches[-1].name == "later"
    assert not (work.root / "splits" / ".adding").exists()
    assert problems(work.root) == []


def test_two_who_add_at_once_wait_for_one_another(tmp_path: Path, work: Project) -> None:
    first = Adding(work.root, stream(tmp_path / "one.jsonl", texts(10, 3)))
    second = Adding(work.root, stream(tmp_path / "two.jsonl", texts(10, 4)))
    waiting = next((one for one in (first, second) if one.step.startswith("waiting")), None)
    assert waiting is not None
    going = first if waiting is second else second
    while going.go_on():
        pass
    while waiting.go_on():
        pass
    assert (first.status(), second.status()) == (0, 0)
    project = Project.open(work.root)
    assert {batch.name for batch in project.manifest.batches} == {"new", "one", "two"}
    assert project.manifest.splits["pool"].rows + project.manifest.splits["proof"].rows == 60
    assert problems(work.root) == []


def test_a_disk_that_is_full_leaves_the_project_as_it_was(tmp_path: Path, work: Project) -> None:
    before, later = state(work.root), stream(tmp_path / "later.jsonl", texts(60, 3))
    largest = work.split_path("pool").stat().st_size + 2000
    script = f"import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nresource.setrlimit(\
resource.RLIMIT_FSIZE, ({largest}, {largest}))\nfrom pathlib import Path\nfrom engine.operations.add_batch import \
add_batch\nadd_batch(Path({str(work.root)!r}), Path({str(later)!r}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "File too large" in done.stderr
    assert state(work.root) == before
    assert problems(work.root) == []


def test_what_cannot_be_cut_off_at_once_is_no_damage_and_the_next_addition_does_it(
    tmp_path: Path, work: Project
) -> None:
    before, later, settings = (
        state(work.root),
        stream(tmp_path / "later.jsonl", texts(12, 3)),
        work.root / SETTINGS_FILE,
    )
    kept, size = settings.read_bytes(), work.split_path("pool").stat().st_size

    def stop(stage: str, done: int) -> bool:
        if stage == "adding to proof":
            settings.write_bytes(b"[")  # somebody is editing it just when the work is stopped
        return stage == "adding to proof"

    with pytest.raises(Stopped):  # why it ended, not why it could not tidy up
        add_batch(work.root, later, monitor=Recorder(stop))
    settings.write_bytes(kept)
    assert work.split_path("pool").stat().st_size > size
    assert state(work.root) == before
    assert add_batch(work.root, later).batch is not None
    assert problems(work.root) == []


def test_nothing_is_added_where_what_is_left_out_cannot_be_listed(tmp_path: Path, work: Project) -> None:
    before, later = state(work.root), stream(tmp_path / "later.jsonl", ["", *texts(6, 3)])
    listed = work.root / "left-out-later.jsonl"
    listed.mkdir()
    with pytest.raises(FileError, match=r"left-out-later\.jsonl"):
        add_batch(work.root, later, skip_bad=True)
    assert state(work.root) == before
    listed.rmdir()
    assert add_batch(work.root, later, skip_bad=True).file == listed
    assert listed.is_file()
    assert problems(work.root) == []


def test_bytes_behind_the_end_of_a_split_are_refused_where_nobody_adds(work: Project) -> None:
    with work.split_path("pool").open("ab") as out:
        out.write(orjson.dumps({"id": "x", "text": "y", "label": ""}) + b"\n")
    with pytest.raises(ProjectError, match="the pool split has changed"):
        Project.open(work.root)


def test_changed_hashes_are_refused(work: Project) -> None:
    path = work.hashes_path("proof")
    path.write_bytes(bytes(8) + path.read_bytes()[8:])
    with pytest.raises(ProjectError, match="the proof split has changed"):
        Project.open(work.root)
    assert sha256_file(path) != work.manifest.splits["proof"].hashes_sha256


PEAK = """
import resource, sys
from pathlib import Path
from engine.operations.add_batch import add_batch
from engine.operations.create_project import create_project
root, train, new, later = map(Path, sys.argv[1:])
create_project(root, train=train, stream=new, text="text", label="label")
add_batch(root, later)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_texts(tmp_path: Path, files: dict[str, Path]) -> None:
    peaks = []
    for size in (10_000, 30_000):
        rng = random.Random(size)
        new = tmp_path / f"new-{size}.jsonl"
        rows = [{"text": sentence(rng, 11)} for _ in range(size)]  # short enough to be read whole
        write_jsonl(new, rows)
        later = stream(tmp_path / f"later-{size}.jsonl", [sentence(rng, 11) for _ in range(500)])
        words = [sys.executable, "-c", PEAK, str(tmp_path / f"work-{size}"), str(files["train"]), str(new), str(later)]
        peaks.append(int(subprocess.run(words, check=True, capture_output=True, text=True).stdout))
    assert peaks[1] < 1.25 * peaks[0]
