from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from engine.operations import new_folder
from engine.project import Project
from tests.forks import leave
from tui.cli import main


def write(path: Path, seed: int, count: int) -> Path:
    """Rows of made-up words, one of each label in turn."""
    rng = random.Random(seed)
    rows = [
        f'"{rng.randbytes(12).hex(" ")}, {rng.randbytes(12).hex()}",{label}'
        for _ in range(count)
        for label in ("bad", "good")
    ]
    path.write_text("\n".join(["review,stars", *rows]) + "\n")
    return path


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """Arguments that make a project in `work`."""
    train, pool = write(tmp_path / "train.csv", 1, 6), write(tmp_path / "pool.csv", 2, 8)
    return [
        "init",
        str(tmp_path / "work"),
        "--train",
        str(train),
        "--pool",
        str(pool),
        "--text",
        "review",
        "--label",
        "stars",
    ]


def test_it_prints_what_it_made_and_what_comes_next(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--tau", "0.8", "--seed", "3"]) == 0
    out = capsys.readouterr().out
    assert "2 labels, single texts, tau 0.8" in out
    assert "train       12 rows   bad 6, good 6" in out
    assert "pool         8 rows   bad 4, good 4" in out
    assert "proof        8 rows   bad 4, good 4" in out
    assert "proof: half of pool.csv (every label in equal shares, near-duplicates on one side, seed 3)" in out
    assert out.endswith(f"next: blindspot discover {tmp_path / 'work'}\n")
    assert Project.open(tmp_path / "work").settings.discovery.tau == 0.8


def test_columns_called_text_and_label_need_not_be_named(tmp_path: Path, words: list[str]) -> None:
    for file in tmp_path.glob("*.csv"):
        file.write_text(file.read_text().replace("review,stars", "text,label"))
    assert main(words[: words.index("--text")]) == 0
    assert Project.open(tmp_path / "work").labels == ("bad", "good")


def test_notes_about_the_data_are_shown(tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    proof = write(tmp_path / "held.csv", 3, 3)
    assert main([*words, "--proof", str(proof), "--test", str(tmp_path / "train.csv")]) == 0
    out = capsys.readouterr().out
    assert "note: 12 rows of test are also in train" in out
    assert "proof: all of held.csv; nothing teaches or trains with it" in out


def test_json_has_labels_splits_and_the_next_command(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--json"]) == 0
    found = orjson.loads(capsys.readouterr().out)
    assert found["labels"] == ["bad", "good"]
    assert found["splits"]["proof"] == {"rows": 8, "labels": {"bad": 4, "good": 4}, "unlabelled": 0}
    assert (found["proof_origin"], found["notes"]) == ("half of pool", [])
    assert found["next"] == f"blindspot discover {tmp_path / 'work'}"


def test_bad_input_is_one_sentence_and_status_1(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    words[words.index("review")] = "revue"
    assert main(words) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    what = "there is no column 'revue'; there are 'review', 'stars'; name 'review' if that is meant"
    assert shown.err == f"blindspot: {tmp_path / 'train.csv'}:1: {what}.\n"
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "one of the arguments --stream --pool is required"),
        (["work", "--train", "train.csv"], "one of the arguments --stream --pool is required"),
        (["work", "--pool", "a.csv", "--stream", "b.csv"], "argument --stream: not allowed with argument --pool"),
    ],
)
def test_wrong_usage_is_status_2(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["init", *words])
    assert caught.value.code == 2
    assert said in capsys.readouterr().err


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["init", "--help"])
    assert (
        "blindspot init work --train reviews.csv --pool new.csv --text review --label stars" in capsys.readouterr().out
    )


def test_from_any_folder_with_paths_relative_to_it(tmp_path: Path, words: list[str]) -> None:
    relative = [word.removeprefix(f"{tmp_path}/") for word in words]
    done = subprocess.run(
        [sys.executable, "-m", "tui", *relative],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(Path(__file__).parents[3])},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("next: blindspot discover work\n")
    assert Project.open(tmp_path / "work").manifest.splits["train"].source == str(tmp_path / "train.csv")


def test_what_is_left_out_is_counted_and_named(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with (tmp_path / "pool.csv").open("a") as pool:
        pool.write(",good\n" * 7)
    assert main(words) == 1
    assert "pool.csv:18: `review` is empty" in (err := capsys.readouterr().err)
    assert "--skip-bad" in err
    assert main([*words, "--skip-bad"]) == 0
    out = capsys.readouterr().out
    assert f"left out: 7 rows, named in {tmp_path / 'work' / 'left-out.jsonl'}" in out
    assert f"  {tmp_path / 'pool.csv'}:18: `review` is empty\n" in out
    assert "  and 2 more\n" in out
    assert len((tmp_path / "work" / "left-out.jsonl").read_text().splitlines()) == 7
    words[1] = str(tmp_path / "again")
    assert main([*words, "--skip-bad", "--json"]) == 0
    assert len(orjson.loads(capsys.readouterr().out)["left_out"]) == 7


def test_columns_of_one_file(tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    pool = tmp_path / "pool.csv"
    pool.write_text(
        pool.read_text().replace("review,stars", "comment,mood").replace(",bad", ",0").replace(",good", ",1")
    )
    assert main(words) == 1
    err = capsys.readouterr().err
    assert "there is no column 'review'; there are 'comment', 'mood'; name one of them (--text, --pair, " in err
    maps = ["--map", "pool.csv:0=bad", "--map", "1=good"]
    assert main([*words, "--column", "pool.csv:text=comment", "--column", "pool:label=mood", *maps]) == 0
    assert "pool         8 rows   bad 4, good 4" in capsys.readouterr().out


SEVERAL = [["sport"], ["politics", "sport"], ["politics"], []]
WRITTEN = {"list.jsonl": list, "bars.jsonl": "|".join, "python.jsonl": str}


@pytest.mark.parametrize("name", WRITTEN)
def test_rows_with_several_labels_are_refused_and_one_label_makes_a_project_of_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    def rows(file: str, seed: int) -> str:
        rng = random.Random(seed)
        made = [
            {"text": rng.randbytes(12).hex(" "), "topics": WRITTEN[name](labels)}
            for labels in (SEVERAL[:3] if name == "bars.jsonl" else SEVERAL) * 4
        ]
        (tmp_path / file).write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in made))
        return str(tmp_path / file)

    options = ["--train", rows(f"train-{name}", 1), "--pool", rows(f"pool-{name}", 2), "--text", "text"]
    options += ["--label", "topics"]
    assert main(["init", str(tmp_path / "work"), *options]) == 1
    told = capsys.readouterr().err
    assert "make a project for each label with --one-label NAME" in told
    assert main(["init", str(tmp_path / "work"), *options, "--one-label", "Sport"]) == 1
    assert "no row has the label 'Sport'; name one of 'politics', 'sport'." in capsys.readouterr().err
    assert main(["init", str(tmp_path / "work"), *options, "--one-label", "sport"]) == 0
    project = Project.open(tmp_path / "work")
    assert project.labels == ("not sport", "sport")
    of_train = [row.label for row in project.examples("train")][: 3 if name == "bars.jsonl" else 4]
    assert of_train == ["sport", "sport", "not sport", "not sport"][: len(of_train)]
    # a later batch is read in the same way, and verify reads all files again
    assert main(["add", str(project.root), rows(f"week-{name}", 3)]) == 0
    assert set(Project.open(project.root).manifest.splits["pool"].labels) == {"not sport", "sport"}
    capsys.readouterr()
    assert main(["verify", str(project.root)]) == 0, capsys.readouterr().out


def test_a_label_with_a_comma_that_joins_no_other_labels_stays_one(tmp_path: Path, words: list[str]) -> None:
    for option in ("--train", "--pool"):
        path = Path(words[words.index(option) + 1])
        path.write_text(path.read_text().replace(",good", ',"good, or so"'))
    assert main(words) == 0
    assert Project.open(tmp_path / "work").labels == ("bad", "good, or so")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_asked_to_end_tidies_up_first(
    tmp_path: Path, words: list[str], number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not (child := os.fork()):
        signal.signal(number, signal.SIG_DFL)
        monkeypatch.setattr(new_folder, "publish", lambda *_: os.kill(os.getpid(), number))
        leave(lambda: main(words))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 128 + number
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pool.csv", "train.csv"]
