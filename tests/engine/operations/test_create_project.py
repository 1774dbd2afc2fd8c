from __future__ import annotations

import itertools
import os
import random
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine import row_numbers
from engine.data import row_store
from engine.data.proof_rows import read_proof
from engine.data.row_hashes import read_row_hashes
from engine.errors import BlindspotError, DataError, ModelError, ProjectError, SettingsError
from engine.files import sha256_file
from engine.model import weights
from engine.model.hub import HubUnreachable
from engine.operations import new_folder
from engine.operations.create_project import create_project
from engine.project import Project
from engine.text import row_hash
from tests.builders.monitor import Recorder
from tests.engine.data.conftest import as_rows, examples, sentence, write_jsonl
from tests.forks import leave


def create(root: Path, files: dict[str, Path], **changes: Any) -> Project:
    return create_project(root, **({"text": "text", "label": "label"} | files | changes))


def refusal(root: Path, files: dict[str, Path], kind: type[BlindspotError] = DataError, **changes: Any) -> str:
    """The message; whatever was refused must leave the folder as it was."""
    before = sorted(root.parent.rglob("*"))
    with pytest.raises(kind) as caught:
        create(root, files, **changes)
    assert sorted(root.parent.rglob("*")) == before
    return str(caught.value).replace(f"{root.parent}/", "")


def replace_row(path: Path, index: int, **values: Any) -> None:
    rows = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    rows[index] |= values
    write_jsonl(path, rows)


def test_the_project_opens_with_its_own_copies_and_their_hashes(tmp_path: Path, files: dict[str, Path]) -> None:
    made = create(tmp_path / "work", files)
    project = Project.open(made.root)
    assert list(project.manifest.splits) == ["train", "pool", "proof", "test", "dev"]
    assert project.labels == ("bad", "good")
    assert project.examples("pool") == examples(20, seed=1)
    for name, split in project.manifest.splits.items():
        rows = [orjson.loads(line) for line in project.split_path(name).read_bytes().splitlines()]
        assert all(row.keys() == {"id", "text", "label"} for row in rows)
        assert split.rows == len(rows) == sum(split.labels.values())
        assert list(read_row_hashes(project, name)) == [row_hash(row["text"]) for row in rows]
        assert split.sha256 == sha256_file(project.split_path(name))
        assert split.source == str(files[name])
        assert split.source_sha256 == sha256_file(files[name])
    assert project.manifest.columns == {"text": "text", "label": "label"}
    assert project.manifest.proof_origin == "file"


def test_options_become_settings_and_the_rest_are_defaults(
    tmp_path: Path, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        weights, "file_sizes", lambda name: {"config.json": 1, "model.safetensors": 1}
    )  # they are there
    project = create(
        tmp_path / "work", files, tau=0.75, seed=5, model="org/classifier", encoder="org/encoder", base="org/base"
    )
    settings = project.settings
    assert (settings.discovery.tau, settings.discovery.seed, settings.proof.seeds) == (0.75, 5, (5, 6, 7, 8, 9))
    assert (settings.model.classifier, settings.model.encoder, settings.model.base) == (
        "org/classifier",
        "org/encoder",
        "org/base",
    )
    assert project.manifest.seed == 5
    others = create(tmp_path / "other", files).settings
    assert settings.training.learning_rate < others.training.learning_rate  # a classifier of one's own is tuned gently
    assert replace(settings.training, learning_rate=others.training.learning_rate) == others.training


def test_without_proof_the_pool_is_parted(tmp_path: Path, files: dict[str, Path]) -> None:
    files.pop("proof")
    project = create(tmp_path / "work", files)
    assert list(project.manifest.splits) == ["train", "pool", "proof", "test", "dev"]
    assert project.manifest.proof_origin == "half of pool"
    pool, proof = project.examples("pool"), read_proof(project)
    assert len(pool) == len(proof) == 10
    assert {row.id for row in pool} | {row.id for row in proof} == {row.id for row in examples(20, seed=1)}
    assert project.manifest.splits["proof"].source == str(files["pool"])
    again = create(tmp_path / "again", files)
    assert again.examples("pool") == pool
    assert create(tmp_path / "other", files, seed=99).examples("pool") != pool


@pytest.mark.parametrize("pair", [False, True], ids=["texts", "pairs"])
def test_a_stream_read_and_compared_a_few_rows_at_a_time_becomes_the_same_project(
    tmp_path: Path, pair: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng, rows = random.Random(7), as_rows(examples(60, pair=pair))
    for number in range(40):  # copies, near-duplicates, pairs that share a text, texts in longer ones
        old = rng.choice(rows)
        text = old["text"]
        text = rng.choice([text, f"{text}!", f"{text} too", f"{sentence(rng)} {text}"])
        rows.append(old | {"id": f"n{number}", "text": text, "label": rng.choice(["bad", "good", ""])})
    said = [
        {"id": row["id"], "predicted": rng.choice(["bad", "good"]), "confidence": rng.uniform(0.6, 1)} for row in rows
    ]
    rng.shuffle(said)
    files = {"stream": write_jsonl(tmp_path / "stream.jsonl", [*rows, rows[3]])}
    predictions = [str(write_jsonl(tmp_path / "said.jsonl", said))]

    def made(name: str) -> dict[str, Any]:
        told = Recorder()
        choices = {"pair": "text_pair" if pair else None, "predictions": predictions, "drop_duplicates": True}
        root = create(tmp_path / name, files, monitor=told, **choices).root
        there = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        return there | {"notes": told.notes}

    whole = made("whole")
    assert whole["left-out.jsonl"]
    assert Project.open(tmp_path / "whole").manifest.withheld
    monkeypatch.setattr(row_numbers, "AT_ONCE", 5)
    monkeypatch.setattr(row_store, "AT_ONCE", 4)
    assert made("parts") == whole


def test_pairs_keep_both_texts(tmp_path: Path) -> None:
    files = {
        name: write_jsonl(tmp_path / f"{name}.jsonl", as_rows(examples(12, seed=seed, pair=True)))
        for seed, name in enumerate(("train", "pool", "proof"))
    }
    project = create(tmp_path / "work", files, pair="text_pair")
    assert project.settings.task.pair
    assert project.examples("train") == examples(12, seed=0, pair=True)
    assert project.manifest.columns["pair"] == "text_pair"


def test_whole_number_labels_stand_in_their_order(tmp_path: Path) -> None:
    files = {}
    for seed, name in enumerate(("train", "pool", "proof")):
        rows = [
            row | {"label": int(row["label"])}
            for row in as_rows(examples(24, seed=seed, labels=("10", "2", "-1", "1")))
        ]
        files[name] = write_jsonl(tmp_path / f"{name}.jsonl", rows)
    assert create(tmp_path / "work", files).labels == ("-1", "1", "2", "10")


def test_a_changed_split_is_refused_later(tmp_path: Path, files: dict[str, Path]) -> None:
    project = create(tmp_path / "work", files)
    replace_row(project.split_path("pool"), 0, label="good")
    with pytest.raises(ProjectError, match="the pool split has changed"):
        Project.open(project.root)


def test_a_label_that_train_does_not_have(tmp_path: Path, files: dict[str, Path]) -> None:
    replace_row(files["dev"], 2, label="godo")
    message = refusal(tmp_path / "work", files)
    assert (
        message
        == "files/dev.jsonl:3: train has no row labelled 'godo', only 'bad', 'good'; write 'good' if that is meant, "
        "map it with --map, or use --skip-bad."
    )


def test_one_label_only(tmp_path: Path, files: dict[str, Path]) -> None:
    write_jsonl(files["train"], as_rows(examples(9, labels=("good",))))
    assert "train.jsonl: all rows have the label 'good'; give rows of two or more labels." in refusal(
        tmp_path / "work", files
    )


def test_a_column_that_cannot_be_the_label(tmp_path: Path, files: dict[str, Path]) -> None:
    write_jsonl(files["train"], [row | {"stars": row["text"]} for row in as_rows(examples(30))])
    assert "`stars` has 30 different values in 30 rows" in refusal(tmp_path / "work", files, label="stars")


@pytest.mark.parametrize(("other", "name"), [("train", "train"), ("pool", "pool")])
def test_a_proof_row_that_is_also_in_train_or_pool(
    tmp_path: Path, files: dict[str, Path], other: str, name: str
) -> None:
    rows = as_rows(examples(12, seed=2))
    for index in (4, 7):
        replace_row(files[other], index, text=rows[index]["text"].upper() + "!")
    message = refusal(tmp_path / "work", files)
    assert message.startswith(
        f"files/proof.jsonl:5: this held-out row is also in {other}, at files/{other}.jsonl:5 (and 1 more: 8)"
    )
    assert "; remove such rows from one of the two files" in message


def test_a_pool_row_held_out_for_proof_that_is_also_in_train(tmp_path: Path, files: dict[str, Path]) -> None:
    files.pop("proof")
    write_jsonl(
        files["train"], as_rows(examples(24)) + [row | {"id": "t" + row["id"]} for row in as_rows(examples(20, seed=1))]
    )
    assert "files/pool.jsonl:" in (message := refusal(tmp_path / "work", files))
    assert "this held-out row is also in train, at files/train.jsonl:" in message


def test_pairs_are_not_told_that_they_may_be_pairs(tmp_path: Path) -> None:
    rows = {name: as_rows(examples(12, seed=seed, pair=True)) for seed, name in enumerate(("train", "pool", "proof"))}
    first = rows["pool"][0]
    other = next(row["label"] for row in rows["pool"] if row["label"] != first["label"])
    rows["pool"].append(first | {"id": "again", "label": other})
    files = {name: write_jsonl(tmp_path / f"{name}.jsonl", some) for name, some in rows.items()}
    told = Recorder()
    create(tmp_path / "work", files, pair="text_pair", monitor=told)
    assert "pool has 1 text with more than one label" in told.notes


def test_overlaps_and_near_duplicates_are_noted(tmp_path: Path, files: dict[str, Path]) -> None:
    pool, proof = as_rows(examples(20, seed=1)), as_rows(examples(12, seed=2))
    replace_row(files["proof"], 3, text=pool[5]["text"] + " again")
    replace_row(files["test"], 0, text=pool[6]["text"])
    replace_row(files["pool"], 8, text=pool[9]["text"].title())
    write_jsonl(files["dev"], [row for row in as_rows(examples(8, seed=4)) if row["label"] == "bad"])
    told = Recorder()
    create(tmp_path / "work", files, monitor=told)
    assert told.notes == [
        "pool has 1 text with more than one label; if rows are pairs, name their second text with --pair",
        "dev has no row labelled 'good'",
        "1 row of test is also in pool",
        "1 of 12 proof rows nearly equals a pool row; minimal edits may well do so, other rows should not; no teacher "
        "is shown such pool rows (1)",
    ]
    assert list(Project.open(tmp_path / "work").manifest.withheld) == [row_hash(pool[5]["text"], None)]
    assert not any(row["text"] in note for note in told.notes for row in proof)


def test_pool_rows_with_a_proof_row_in_them_are_withheld_from_teachers(tmp_path: Path, files: dict[str, Path]) -> None:
    held_out = as_rows(examples(12, seed=2))[3]["text"]
    replace_row(files["pool"], 7, text=f"To begin with something else entirely: {held_out}  And more of the same.")
    project = create(tmp_path / "work", files)
    pool = [row_hash(row.text, row.text_pair) for row in project.examples("pool")]
    assert list(project.manifest.withheld) == [pool[7]]


def test_a_folder_with_a_project_is_refused(tmp_path: Path, files: dict[str, Path]) -> None:
    create(tmp_path / "work", files)
    assert refusal(tmp_path / "work", files, ProjectError).startswith(
        "work: there is a project in this folder already; open it"
    )
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").touch()
    assert refusal(tmp_path / "full", files, ProjectError) == "full: the folder is not empty; name a new folder."
    assert refusal(files["train"], files, ProjectError).endswith("this is a file; name another folder.")


def test_an_empty_folder_is_filled_and_stays_the_current_one(
    tmp_path: Path, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    create(Path(), files)
    assert Project.open(Path()).root == tmp_path / "here"
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["blindspot.toml", "manifest.json", "splits"]


@pytest.mark.parametrize("there", [False, True])
def test_another_project_that_came_into_the_folder_meanwhile_stays(
    tmp_path: Path, files: dict[str, Path], there: bool
) -> None:
    other = tmp_path / "here" / "blindspot.toml"
    if there:
        other.parent.mkdir()

    def come(stage: str, done: int) -> bool:
        other.parent.mkdir(exist_ok=True)
        return stage == "writing train" and not other.write_text("of another")

    with pytest.raises(ProjectError, match="another project was made in this folder meanwhile"):
        create(tmp_path / "here", files, monitor=Recorder(come))
    assert [path.read_text() for path in (tmp_path / "here").iterdir()] == ["of another"]


@pytest.mark.parametrize("fill", [False, True])
@pytest.mark.parametrize("parts", [0, 1, 2, 3])
def test_what_a_killed_attempt_left_is_in_nobodys_way(
    tmp_path: Path, files: dict[str, Path], fill: bool, parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, own = tmp_path / "there" / "work", tmp_path / "there" / ".work.0123abcd"
    own.mkdir(parents=True)  # of the same name, and somebody's own
    if fill:
        root.mkdir()
    real, done = new_folder.publish, itertools.count()

    def publish(made: Path, path: Path) -> None:
        if next(done) == parts:
            os.kill(os.getpid(), signal.SIGKILL)
        real(made, path)
        if not fill and parts == 1:  # the project is there, and the hidden folder too
            os.kill(os.getpid(), signal.SIGKILL)

    if not (child := os.fork()):
        monkeypatch.setattr(new_folder, "publish", publish)
        leave(lambda: bool(create(root, files)) - 1)
    killed = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert killed == (parts == 0 or (parts < 3 if fill else parts == 1))
    if killed and not fill and parts == 1:
        with pytest.raises(ProjectError, match="there is a project in this folder already"):
            create(root, files)
    elif killed:
        create(root, files)
    assert sorted(path.name for path in root.iterdir()) == ["blindspot.toml", "manifest.json", "splits"]
    assert sorted(path.name for path in root.parent.iterdir()) == [own.name, "work"]


def test_missing_parents_are_made_and_nothing_else_is(tmp_path: Path, files: dict[str, Path]) -> None:
    create(tmp_path / "new" / "deep" / "work", files)
    assert [path.name for path in (tmp_path / "new" / "deep").iterdir()] == ["work"]


def test_a_place_that_cannot_be_written(tmp_path: Path, files: dict[str, Path]) -> None:
    (tmp_path / "file").touch()
    assert "file: no folder can be made here" in refusal(tmp_path / "file" / "work", files, ProjectError)


@pytest.mark.parametrize("root", ["work", "new/deep/work", "empty"])
def test_a_disk_that_is_full_in_the_middle_leaves_nothing(tmp_path: Path, files: dict[str, Path], root: str) -> None:
    (tmp_path / "empty").mkdir()
    before = sorted(tmp_path.rglob("*"))
    script = f"""
import resource, signal
from pathlib import Path
from engine.operations.create_project import create_project
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
create_project(Path({str(tmp_path / root)!r}), train=Path({str(files["train"])!r}), pool=Path({str(files["pool"])!r}),
               text="text", label="label")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "ProjectError" in done.stderr
    assert "the project cannot be written (File too large)" in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("changes", [{"tau": 1.5}, {"tau": -0.1}, {"tau": float("nan")}, {"seed": -1}, {"seed": 2**31}])
def test_settings_out_of_range(tmp_path: Path, files: dict[str, Path], changes: dict[str, Any]) -> None:
    assert "it must be between 0 and" in refusal(tmp_path / "work", files, SettingsError, **changes)


@pytest.mark.parametrize("option", ["model", "encoder", "base"])
def test_a_folder_of_weights_that_is_not_there(tmp_path: Path, files: dict[str, Path], option: str) -> None:
    assert "there is no such folder" in refusal(tmp_path / "work", files, ModelError, **{option: "./gone"})


def test_a_folder_of_weights_is_kept_by_its_full_path(
    tmp_path: Path, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "config.json").write_text("{}")
    (tmp_path / "weights" / "model.safetensors").touch()
    monkeypatch.chdir(tmp_path)
    assert create(tmp_path / "work", files, base="weights").settings.model.base == str(tmp_path / "weights")


@pytest.mark.parametrize(
    ("parent", "there", "folder", "file"),
    [
        (0o755, None, 0o700, 0o600),
        (0o777, None, 0o700, 0o600),
        (0o2775, None, 0o2770, 0o660),
        (0o2770, None, 0o2770, 0o660),
        (0o755, 0o755, 0o700, 0o600),
        (0o755, 0o750, 0o750, 0o640),
        (0o755, 0o2775, 0o2770, 0o660),
    ],
)
@pytest.mark.parametrize("umask", [0o000, 0o002, 0o022, 0o077])
def test_a_new_project_is_its_owners_or_its_groups_and_nobody_elses(
    tmp_path: Path, files: dict[str, Path], parent: int, there: int | None, folder: int, file: int, umask: int
) -> None:
    root = tmp_path / "here" / "work"
    root.parent.mkdir()
    root.parent.chmod(parent)
    if there is not None:
        root.mkdir()
        root.chmod(there)
    before = os.umask(umask)
    try:
        create(root, files)
    finally:
        os.umask(before)
    modes = {path.relative_to(root).as_posix(): stat.S_IMODE(path.stat().st_mode) for path in root.rglob("*")}
    assert stat.S_IMODE(root.stat().st_mode) == folder
    assert modes.pop("splits") & 0o777 == folder & 0o777
    assert set(modes.values()) == {file}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("pipeline.pkl", "pipeline.pkl: this is a file; name the folder that save_pretrained wrote"),
        ("gone.pkl", "gone.pkl: there is no such folder, and the hub has no such names"),
        ("pickled", "the weights are pickled (pytorch_model.bin)"),
        ("no-weights", "model.safetensors is missing"),
        ("no-config", "the folder has no config.json"),
        ("a/b/c", "a/b/c: there is no such folder, and the hub has no such names"),
        ("org/two words", "there is no such folder, and the hub has no such names"),
        (
            "distilbert-base-uncasedd",
            "this is no folder and not in the hub cache, and HF_HUB_OFFLINE forbids to fetch it",
        ),
        ("org/clasifier", "this is no folder and not in the hub cache, and HF_HUB_OFFLINE forbids to fetch it"),
    ],
)
def test_what_cannot_be_a_model_is_refused_at_once(
    tmp_path: Path, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch, name: str, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pipeline.pkl").write_bytes(b"x")
    for folder, inside in (("pickled", "pytorch_model.bin"), ("no-weights", "config.json"), ("no-config", "model.pkl")):
        Path(folder).mkdir()
        (Path(folder) / inside).write_bytes(b"{}")
        if folder == "pickled":
            (Path(folder) / "config.json").write_bytes(b"{}")
    message = refusal(tmp_path / "work", files, ModelError, model=name)
    assert sentence in message
    assert "\n" not in message


def test_where_the_hub_cannot_be_asked_a_name_that_it_may_have_is_kept(
    tmp_path: Path, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(name: str) -> dict[str, int]:
        raise HubUnreachable("the hub cannot be reached", where=name)

    monkeypatch.setattr(weights, "file_sizes", unreachable)
    told = Recorder()
    assert create(tmp_path / "work", files, model="org/classifier", monitor=told).settings.model.classifier == (
        "org/classifier"
    )
    assert told.notes[0] == "org/classifier: the hub cannot be reached. It is looked for again at `blindspot discover`."


def test_rows_longer_than_the_model_reads_are_told(tmp_path: Path, files: dict[str, Path]) -> None:
    replace_row(files["pool"], 3, text="a kettle and a lantern " * 60)
    told = Recorder()
    create(tmp_path / "work", files, monitor=told)
    assert told.notes == ["1 of 20 pool rows is longer than the 128 tokens the model reads; its rest is not seen"]


def test_columns_labels_and_encodings_of_single_files(tmp_path: Path, files: dict[str, Path]) -> None:
    names = {"good": "5", "bad": "1"}
    rows = [f"{names[row['label']]};{row['text']} café" for row in as_rows(examples(20, seed=1))]
    files["pool"] = tmp_path / "new.csv"
    files["pool"].write_bytes("\n".join(["stars;comment", *rows]).encode("latin-1"))
    options = {"own_columns": ["new.csv:text=comment", "pool:label=stars"], "label_map": ["pool:5=good", "1=bad"]}
    told = Recorder()
    project = create(tmp_path / "work", files, **options, encodings=["new.csv:latin-1"], monitor=told)
    assert [(row.text, row.label) for row in project.examples("pool")] == [
        (f"{row.text} café", row.label) for row in examples(20, seed=1)
    ]
    assert told.notes == ["new.csv: the columns are separated by semicolons"]
    for changes, message in (
        ({"own_columns": ["nwe.csv:text=comment"]}, "'nwe.csv:text=comment' names no column; write [FILE:]ROLE=COLUMN"),
        ({"own_columns": ["pool:pair=comment"]}, "'pool:pair=comment' names no column"),
        ({"label_map": [*options["label_map"], "7=good"]}, "--map: no row has the label '7'; correct or remove it"),
        ({"label_map": ["good"]}, "--map: 'good' maps no label; write [FILE:]LABEL=LABEL"),
        ({"encodings": ["pool:latin"]}, "'comment'"),
        ({"encodings": ["pool:nonsense"]}, "--encoding: there is no encoding 'nonsense'"),
    ):
        if "'comment'" not in message:
            given = options | {"encodings": ["pool:latin-1"]} | changes
            assert message in refusal(tmp_path / "other", files, **given)


def test_rows_that_are_left_out_are_listed_without_their_texts(tmp_path: Path, files: dict[str, Path]) -> None:
    train, pool, proof = (as_rows(examples(size, seed=seed)) for seed, size in enumerate((24, 20, 12)))
    replace_row(files["train"], 5, text=train[4]["text"].upper(), label="good")
    replace_row(files["pool"], 2, text="   ")
    replace_row(files["pool"], 3, label="unknown")
    replace_row(files["pool"], 4, text=train[7]["text"])
    replace_row(files["proof"], 6, text=pool[9]["text"] + "!")
    project = create(tmp_path / "work", files, skip_bad=True, drop_duplicates=True)
    assert {name: split.rows for name, split in project.manifest.splits.items()} == {
        "train": 23,
        "pool": 17,
        "proof": 11,
        "test": 10,
        "dev": 8,
    }
    content = (project.root / "left-out.jsonl").read_text()
    left_out = [orjson.loads(line) for line in content.splitlines()]
    assert [(one["split"], one["place"].rpartition(":")[2]) for one in left_out] == [
        ("train", "6"),
        ("pool", "3"),
        ("pool", "4"),
        ("pool", "5"),
        ("proof", "7"),
    ]
    reasons = [one["reason"] for one in left_out]
    assert reasons[0] == f"the text is also that of {files['train']}:5, which has another label"
    assert reasons[1:3] == ["`text` is empty", "train has no row labelled 'unknown'"]
    assert reasons[4] == f"the text is also that of {files['pool']}:10, which has another label"
    assert not any(row["text"] in content for rows in (train, pool, proof) for row in rows)


def test_without_the_options_such_rows_are_refused_with_a_word_about_them(
    tmp_path: Path, files: dict[str, Path]
) -> None:
    pool = as_rows(examples(20, seed=1))
    replace_row(files["proof"], 6, text=pool[9]["text"])
    assert "or use --drop-duplicates" in refusal(tmp_path / "work", files)
    replace_row(files["pool"], 3, label="unknown")
    assert "--skip-bad" in refusal(tmp_path / "work", files)
    replace_row(files["pool"], 2, text=" ")
    assert "files/pool.jsonl:3: `text` is empty; fill it in or remove the row, or leave it out with --skip-bad." in (
        refusal(tmp_path / "work", files)
    )
