from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.project import Project
from engine.schema import Judgement, Teacher
from engine.teaching.records import Teaching
from tests.engine.review.world import Answers, annotator, judgement, make_reviewed_project, reviewer, write_answer
from tests.engine.teaching.world import make_project
from tests.tui.commands.conftest import Run
from tui.cli import main

NAMES = ("ann", "gpt", "llm", "human", "@")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_reviewed_project(tmp_path / "work")


@pytest.fixture
def run(run: Run) -> Run:
    """Run this command as rev."""
    return lambda *words: run("review", *words, "--annotator", "rev")


def listed(run: Run, *words: str) -> Any:
    status, out, err = run(*words, "--json")
    assert (status, err) == (0, "")
    return orjson.loads(out)


def answers(project: Project, item: str) -> bytes:
    """A complete judgement, as a person writes it: without the item's id."""
    values = judgement(reviewer(project, "other"), item, "left").as_json()
    return orjson.dumps({name: values[name] for name in ("preference", "left", "right")})


def test_what_is_sealed_says_how_to_see_it(run: Run, project: Project) -> None:
    status, out, _ = run()
    assert (status, out.splitlines()[0]) == (0, "6 items, 0 judged")
    assert out.count("sealed\n") == 6
    assert "commit your answer to that blind spot with `blindspot commit`, or decline" in out
    status, out, err = run(out.splitlines()[1].split()[0])
    assert (status, out, "is sealed; commit your answer" in err) == (1, "", True)


def test_list_read_judge_and_only_then_the_sources(run: Run, project: Project, tmp_path: Path) -> None:
    reviewer(project, "rev")
    entries = listed(run)
    assert {entry["state"] for entry in entries} == {"open"}
    assert run()[1].splitlines()[-1] == f"next: blindspot review {project.root} {entries[0]['id']}"
    item = next(entry["id"] for entry in entries if entry["kind"] == "abstraction")
    status, out, err = run(item)
    assert (status, err) == (0, "")
    assert "left: " in out
    assert "  1. target, " in out
    assert not any(f" {name} " in out or f"({name})" in out for name in NAMES)
    refused = run(item, "--reveal")
    assert (refused[0], "who wrote what is shown after the judgement; judge it first" in refused[2]) == (1, True)
    (tmp_path / "answers.json").write_bytes(answers(project, item))
    status, out, err = run(item, "--judge", str(tmp_path / "answers.json"))
    assert (status, err) == (0, "")
    assert out in (
        "left: ann (human); right: gpt (llm); both saw the same\n",
        "left: gpt (llm); right: ann (human); both saw the same\n",
    )
    assert run(item, "--reveal")[1] == out
    assert out in run(item)[1]
    assert run(item, "--judge", str(tmp_path / "answers.json"))[2].endswith("as the sources have been shown.\n")
    assert next(entry["state"] for entry in listed(run) if entry["id"] == item) == "judged"


def test_answers_from_stdin_and_what_is_wrong_with_them(
    run: Run, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    reviewer(project, "rev")
    item = listed(run)[0]["id"]

    def judge(raw: bytes) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))
        return run(item, "--judge", "-")

    assert "this is not valid JSON" in judge(b"{")[2]
    for raw in (b"[]", b"{}", b'{"preference": "tie", "left": 1, "right": 2}'):
        assert "the judgement does not have the form of one" in judge(raw)[2]
    made = Judgement.from_json({**orjson.loads(answers(project, item)), "item": item}).as_json()
    assert "`preference` is not one of left, right" in judge(orjson.dumps({**made, "preference": "me"}))[2]
    assert judge(orjson.dumps(made))[0] == 0
    assert "cannot be read" in run(item, "--judge", "/nowhere/answers.json")[2]


def test_json_of_list_and_item_tells_nothing_before_the_judgement(run: Run, project: Project) -> None:
    reviewer(project, "rev")
    for entry in listed(run):
        found = listed(run, entry["id"])
        assert (found["judgement"], found["sources"]) == (None, None)
        words = orjson.dumps([entry, found]).decode().replace('"', " ").replace(":", " ").split()
        assert not set(NAMES) & set(words)
        assert {len(found["item"]["left"]["samples"])} == {len(found["item"]["right"]["samples"])}


def test_skip_and_unskip(run: Run, project: Project) -> None:
    reviewer(project, "rev")
    item = listed(run)[2]["id"]
    assert run(item, "--skip") == (0, "", "")
    assert [entry["state"] for entry in listed(run)].index("skipped") == 2
    assert run(item, "--unskip") == (0, "", "")
    assert {entry["state"] for entry in listed(run)} == {"open"}
    assert "no item is named" in run("--skip")[2]


def test_one_s_own_items_are_listed_only_when_asked_for(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["review", str(project.root), "--annotator", "ann"]) == 0
    assert capsys.readouterr().out.startswith("nothing to judge: ")
    assert main(["review", str(project.root), "--annotator", "ann", "--own"]) == 0
    assert capsys.readouterr().out.count("your own") == 6


def test_other_commands_do_not_list_what_a_reviewer_judged_as_written_by_somebody(run: Run, project: Project) -> None:
    """The note of a judgement, which `undo` and the audit trail show, names the item alone."""
    reviewer(project, "rev")
    item = listed(run)[0]["id"]
    annotator(project, "rev").mark("n1", "fine")
    path = project.root / "answers.json"
    path.write_bytes(answers(project, item))
    run(item, "--judge", str(path))
    notes = {revision.note for revision in Teaching(project.teaching_dir, "rev").store.revisions}
    assert f"judge item {item}" in notes
    assert not any(name in note.split() for note in notes for name in NAMES)


def test_help_says_nothing_of_who_writes_which_side(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["review", "--help"])
    out = capsys.readouterr().out.lower()
    assert not {"llm", "human", "person", "first", "second"} & set(out.replace(",", " ").replace(".", " ").split())


def test_before_discover_it_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = make_project(tmp_path / "work")
    (project.round_dir(1) / "discovery.json").unlink()
    assert main(["review", str(project.root)]) == 1
    assert f"run `blindspot discover {project.root}`" in capsys.readouterr().err


def test_what_is_still_to_be_judged_cannot_be_read_as_patterns_to_test(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    def listed_patterns() -> list[str]:
        assert main(["test-pattern", str(project.root), "--json", "--annotator", "rev"]) == 0
        return [found["pattern"]["blind_spot"] for found in orjson.loads(capsys.readouterr().out)["patterns"]]

    review = reviewer(project, "rev")
    assert listed_patterns() == ["B3", "B3"], "there is nothing to judge at B3"
    assert main(["test-pattern", str(project.root), "P1@llm-gpt", "--annotator", "rev"]) == 1
    assert "gpt (llm)" not in "".join(capsys.readouterr())
    for entry in review.queue():
        review.judge(judgement(review, entry.id))
    assert set(listed_patterns()) == {"B1", "B2", "B3"}


@pytest.fixture
def long_item(run: Run, project: Project) -> str:
    """An item at B3 with nine samples a side."""
    answers: Answers = {"extrapolation": ("birds for people", {"target": 6, "counter": 3})}
    for author, teacher in (("bob", Teacher("bob", "human")), ("llm-gpt2", Teacher("gpt2", "llm"))):
        write_answer(project, author, teacher, "B3", answers)
    annotator(project, "bob").commit("B3")
    reviewer(project, "rev")
    long = [entry["id"] for entry in listed(run) if entry["blind_spot"] == "B3"]
    return next(item for item in long if len(listed(run, item)["item"]["left"]["samples"]) == 9)


def test_a_dozen_questions_are_asked_and_more_on_request(run: Run, long_item: str, tmp_path: Path) -> None:
    status, out, err = run(long_item)
    assert (status, err) == (0, "")
    assert out.count(" (4 of 9 samples)\n") == 2
    assert out.count("  4. ") == 2
    assert "  5. " not in out
    assert out.endswith("\n11 questions: the preference, useful of each pattern, the verdict on each sample\n")
    every = run(long_item, "--all")[1]
    assert every.count("  9. ") == 2
    assert every.count(", asked: ") == 8
    words = " ".join(every.split())
    assert "you may also give: fits and precise of each pattern; the verdict on the other samples, null for" in words
    assert "right_label, natural and fits of each sample" in words

    side = {"useful": True, "samples": [{"verdict": "accept"}] * 4}
    path = tmp_path / "answers.json"
    path.write_bytes(orjson.dumps({"preference": "tie", "left": side, "right": {**side, "samples": []}}))
    refused = run(long_item, "--judge", str(path))
    assert (refused[0], "right: 0 of 4, or of all 9, samples are judged" in refused[2]) == (1, True)
    path.write_bytes(orjson.dumps({"preference": "tie", "left": side, "right": side}))
    assert run(long_item, "--judge", str(path))[0] == 0
    judged = listed(run, long_item)
    for name in ("left", "right"):
        votes = judged["judgement"][name]["samples"]
        assert [vote is not None for vote in votes] == [one["asked"] for one in judged["item"][name]["samples"]]
        assert {vote["natural"] for vote in votes if vote} == {None}


def test_all_samples_are_those_of_one_item(run: Run) -> None:
    assert "no item is named" in run("--all")[2]


def test_who_commits_is_told_that_there_is_something_to_judge(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(project.root), "B1", "--annotator", "rev"]
    assert main(["commit", *words, "--decline", "--reason", "to judge"]) == 0
    out = capsys.readouterr().out
    assert "others have answered too" in out
    assert f"`blindspot review {project.root}`" in out
    assert "gpt" not in out
