from __future__ import annotations

import getpass
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pexpect
import pytest

from engine.errors import StoreError
from engine.files import write_jsonl
from engine.project import Project
from engine.teaching.records import Records
from tests.builders.discovery import save_discovery
from tests.engine.teaching.world import POOL, PROOF, make_discovery, make_project
from tests.tui.commands.conftest import Run
from tui.cli import main
from tui.view_models.workbench import Workbench

ROOT = Path(__file__).parents[3]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path / "work")


def values(result: tuple[int, str, str]) -> Any:
    status, out, err = result
    assert (status, err) == (0, "")
    return orjson.loads(out)


def test_list_shows_each_blind_spot_on_a_line_largest_first(run: Run) -> None:
    status, out, err = run("list")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("10 UUs; 3 blind spots: 0 done, 0 skipped, 0 in progress")
    assert [line.split()[0] for line in lines[1:]] == ["id", "B1", "B2", "B3"]
    assert "negative -> positive" in lines[2]
    assert "manager, booking" in lines[2]


def test_on_a_terminal_lines_fit_its_width_and_the_words_stay_in_sight(project: Project) -> None:
    command = ["-m", "tui", "list", str(project.root)]
    child = pexpect.spawn(sys.executable, command, dimensions=(24, 80), cwd=ROOT, encoding="utf-8", timeout=60)
    lines = child.read().splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("B1") and "manager" in line for line in lines)


def test_list_as_json_sorted_and_filtered(run: Run) -> None:
    found = values(run("list", "--json", "--sort", "confidence", "--filter", "negative -> positive"))
    assert [spot["id"] for spot in found["blind_spots"]] == ["B3", "B1"]
    assert found["totals"]["uus"] == 10
    run("mark", "B3", "--done")
    assert [spot["id"] for spot in values(run("list", "--json", "--status", "done"))["blind_spots"]] == ["B3"]


def test_show_prints_the_evidence_in_full_and_no_proof(run: Run) -> None:
    run("describe", "B1", "--kind", "abstraction", "--text", "bare facts")
    write = ("sample", "B1", "--label", "negative", "--role")
    run(*write, "target", "--text", "Two clocks, both wrong.", "--pattern", "P1")
    run(*write, "anchor", "--text", "The clock was late.")
    status, out, err = run("show", "B1")
    assert (status, err) == (0, "")
    for row in ("n1", "n2", "n3", "n4", "r1", "r3"):
        assert POOL[row][0] in out
    assert "gold negative, predicted positive 0.950" in out
    assert out.index("bare facts") < out.index("Two clocks") < out.index("without a pattern") < out.index("clock was")
    assert not any(text in out for text, _ in PROOF.values())


def test_show_as_json(run: Run) -> None:
    run("mark", "n1", "--verdict", "label-wrong", "--label", "positive")
    found = values(run("show", "B1", "--json"))
    assert (found["blind_spot"]["size"], found["blind_spot"]["size_before"]) == (3, 4)
    assert [row["prediction"]["id"] for row in found["evidence"]] == ["n1", "n2", "n3", "n4"]
    assert found["evidence"][0]["mark"] == {"row": "n1", "verdict": "label wrong", "label": "positive"}
    assert [near["id"] for near in found["evidence"][0]["neighbours"]] == ["r1", "r3"]


def test_control_characters_and_markup_in_data_are_printed_as_text(run: Run) -> None:
    _, out, _ = run("show", "scattered")
    assert "\\x1b[31m[bold]ünusual[/bold]." in out
    assert "\x1b" not in out


def test_pairs_are_shown_as_pairs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = make_project(tmp_path / "pairs", pair="The guest is content.")
    assert main(["show", str(project.root), "B2"]) == 0
    assert "   | The guest is content." in capsys.readouterr().out
    words = ["sample", str(project.root), "B2", "--label", "positive", "--role", "target", "--text", "A feast, alas."]
    assert main(words) == 1
    assert "the second text is empty" in capsys.readouterr().err
    assert main([*words, "--pair", "Food was served."]) == 0
    assert Records(project.teaching_dir).samples()[0].text_pair == "Food was served."


def test_mark_says_what_it_changes_and_can_be_taken_off(run: Run) -> None:
    status, out, _ = run("mark", "n1", "--verdict", "label wrong", "--label", "positive")
    assert (status, out) == (0, "row n1 is marked label wrong, right is positive; B1 has 3 UUs, 9 in all\n")
    found = values(run("mark", "s1", "--verdict", "ambiguous", "--json"))
    assert (found["blind_spot"], found["size"], found["uus_after_marks"]) == (None, None, 8)
    status, out, _ = run("mark", "n1", "--undo")
    assert (status, out.endswith("B1 has 4 UUs, 9 in all\n")) == (0, True)


def test_a_blind_spot_is_done_skipped_and_reopened(run: Run) -> None:
    assert run("mark", "B1", "--done")[1] == "B1 is done\n"
    assert run("mark", "B1", "--skip", "too few")[1] == "B1 is skipped: too few\n"
    assert values(run("mark", "B1", "--reopen", "--json"))["status"] == "untouched"
    assert run("mark", "B1", "--skip", " ")[0] == 1


def test_undo_and_redo_go_back_and_forth_over_all_commands(run: Run) -> None:
    run("mark", "n1", "--verdict", "fine")
    run("describe", "B1", "--kind", "abstraction", "--text", "bare facts")
    assert run("undo")[1] == "undone: describe abstraction of B1\n"
    assert run("undo")[1] == "undone: mark row n1 as fine\n"
    status, _, err = run("undo")
    assert (status, "has nothing to undo" in err) == (1, True)
    assert run("undo", "--redo")[1] == "done again: mark row n1 as fine\n"
    assert values(run("undo", "--redo", "--json"))["redo"] == "describe abstraction of B1"
    assert run("undo", "--redo")[0] == 1
    assert run("undo", "--times", "2")[1] == "undone: describe abstraction of B1\nundone: mark row n1 as fine\n"
    redone = values(run("undo", "--redo", "--times", "9", "--json"))
    assert [one["redo"] for one in redone] == ["mark row n1 as fine", "describe abstraction of B1"]


def test_describe_and_sample_write_change_and_delete(run: Run, project: Project) -> None:
    pattern = values(run("describe", "B1", "--kind", "abstraction", "--text", "bare facts", "--json"))
    assert pattern["teacher"] == {"name": getpass.getuser(), "kind": "human", "recorded": False}
    run("describe", "B1", "--kind", "extrapolation", "--text", "bare numbers", "--replaces", "P1")
    words = ("sample", "B1", "--label", "negative", "--role", "target", "--pattern", "P1", "--text")
    status, out, _ = run(*words, "Two clocks, both wrong.")
    assert (status, out.split("  ")[1]) == (0, "B1: 1 of 6 target, 0 of 3 counter, 0 of 6 anchor\n")
    run(*words, "Three clocks, all wrong.", "--replaces", "S1")
    records = Records(project.teaching_dir)
    assert [found.text for found in records.patterns()] == ["bare numbers"]
    assert [found.text for found in records.samples()] == ["Three clocks, all wrong."]
    assert run("sample", "B1", "--delete", "S1")[0] == 0
    assert run("describe", "B1", "--delete", "P1")[0] == 0
    records = Records(project.teaching_dir)
    assert (records.patterns(), records.samples()) == ((), ())


def test_others_answers_are_sealed_until_one_commits_or_declines(run: Run) -> None:
    write = ("sample", "B1", "--label", "negative", "--role", "target", "--annotator", "bob", "--text")
    run("describe", "B1", "--kind", "abstraction", "--text", "bob's secret", "--annotator", "bob")
    run(*write, "A taxi that never came.")
    for spot in ("B2", "B3"):
        run("describe", spot, "--kind", "abstraction", "--text", "another secret", "--annotator", "bob")
    run("describe", "B1", "--kind", "abstraction", "--text", "bare facts")
    for words in (("show", "B1"), ("show", "B2"), ("list",), ("show", "B1", "--json"), ("list", "--json")):
        out = run(*words)[1]
        assert not any(secret in out for secret in ("secret", "taxi", "P1@bob", "S1@bob", "by bob"))
    assert values(run("list", "--json"))["totals"]["patterns"] == 1
    assert "sealed until you `blindspot commit`" in run("show", "B1")[1]
    assert run("commit", "B1")[1].splitlines()[0] == "B1 is committed"
    found = values(run("show", "B1", "--json"))
    assert (found["blind_spot"]["decision"], found["blind_spot"]["status"]) == ("committed", "done")
    assert {pattern["text"] for pattern in found["patterns"]} == {"bob's secret", "bare facts"}
    out = run("show", "B1")[1]
    assert "by bob (human): bob's secret" in out
    assert "you have committed" in out
    made = values(run("commit", "B2", "--decline", "--reason", "no idea", "--json"))
    assert (made["commitment"]["decision"], made["commitment"]["reason"]) == ("declined", "no idea")
    assert run("list")[1].count("secret") == 0
    status, out, err = run("commit", "B2", "--decline", "--reason", "again")
    assert (status, "has declined already; that is final" in err) == (1, True)
    status, _, err = run("undo")
    assert (status, "B1 is committed: what was handed in stays" in err) == (1, True)


def test_what_was_committed_cannot_be_taken_back_by_any_command(run: Run) -> None:
    run("mark", "n1", "--verdict", "fine")
    run("describe", "B1", "--kind", "abstraction", "--text", "bare facts")
    for text in ("A lamp was there.", "One chair, one table."):
        run("sample", "B1", "--label", "negative", "--role", "target", "--text", text)
    run("undo")
    run("commit", "B1")
    before = values(run("show", "B1", "--json"))
    for words in (
        ("undo", "--redo"),
        ("describe", "B1", "--kind", "abstraction", "--text", "other", "--replaces", "P1"),
        ("describe", "B1", "--delete", "P1"),
        ("sample", "B1", "--label", "negative", "--role", "target", "--text", "Other words.", "--replaces", "S1"),
        ("sample", "B1", "--delete", "S1"),
        ("sample", "B2", "--label", "positive", "--role", "target", "--text", "Other words.", "--replaces", "S1"),
    ):
        status, _, err = run(*words)
        assert (status, "B1 is committed: what was handed in stays" in err) == (1, True), (words, err)
    assert values(run("show", "B1", "--json")) == before
    assert run("undo", "--list")[1].splitlines() == [
        "stays: write target sample of B1 (B1 is committed: what was handed in stays)",
        "stays: describe abstraction of B1 (B1 is committed: what was handed in stays)",
        "undo takes back: mark row n1 as fine",
    ]
    status, out, _ = run("undo", "--times", "5")
    assert (status, out.splitlines()) == (
        0,
        [
            "undone: mark row n1 as fine (passed over: B1 is committed: what was handed in stays)",
            "1 of 5 undone; B1 is committed: what was handed in stays; there is nothing else to undo.",
        ],
    )
    status, _, err = run("undo", "--times", "5")
    assert (status, "B1 is committed: what was handed in stays" in err) == (1, True)
    after = values(run("show", "B1", "--json"))
    assert (after["patterns"], after["samples"]) == (before["patterns"], before["samples"])


def test_what_is_written_after_a_decision_is_undone_by_itself(run: Run) -> None:
    run("describe", "B1", "--kind", "abstraction", "--text", "bare facts")
    run("commit", "B1")
    run("describe", "B1", "--kind", "extrapolation", "--text", "an afterthought")
    assert run("undo", "--list")[1].splitlines()[0] == "undo takes back: describe extrapolation of B1"
    assert run("undo")[1] == "undone: describe extrapolation of B1\n"
    assert [found["text"] for found in values(run("show", "B1", "--json"))["patterns"]] == ["bare facts"]


def test_who_only_reviews_declines_all_with_one_command(run: Run) -> None:
    run("describe", "B1", "--kind", "abstraction", "--text", "bare facts")
    assert run("commit", "--decline-all", "--reason", "I only review")[1].splitlines()[0] == (
        "2 blind spots declined: B2, B3"
    )
    spots = values(run("list", "--json"))["blind_spots"]
    assert {spot["id"]: spot["decision"] for spot in spots} == {"B1": None, "B2": "declined", "B3": "declined"}
    made = values(run("commit", "--decline-all", "--reason", "all", "--json", "--annotator", "rev"))["commitments"]
    assert {(found["blind_spot"], found["reason"]) for found in made} == {(f"B{n}", "all") for n in (1, 2, 3)}
    status, _, err = run("commit", "--decline-all", "--reason", "again")
    assert (status, "no blind spot left" in err) == (1, True)


def test_rows_held_back_are_told_but_not_shown_before_the_decision(run: Run, project: Project) -> None:
    found = make_discovery()
    spots = (replace(found.blind_spots[0], rows=("n1", "n2", "n3", "n4", "d1")), *found.blind_spots[1:])
    save_discovery(project, replace(found, blind_spots=spots))
    before = values(run("show", "B1", "--json"))
    assert (len(before["evidence"]), before["blind_spot"]["held_back"]) == (4, 1)
    assert "1 row held back to test patterns" in run("show", "B1")[1]
    (hidden,) = {"n1", "n2", "n3", "n4", "d1"} - {row["prediction"]["id"] for row in before["evidence"]}
    assert POOL[hidden][0] not in run("show", "B1")[1]
    run("commit", "B1", "--decline", "--reason", "no idea")
    out = run("show", "B1")[1]
    assert POOL[hidden][0] in out
    assert out.count("was held back") == 1
    assert values(run("show", "B1", "--json"))["evidence_hash"] == before["evidence_hash"]


def test_annotator_and_kind_of_teacher_are_recorded(run: Run, project: Project) -> None:
    who = ("--annotator", "Eve Li", "--teacher-kind", "example")
    run("describe", "B1", "--kind", "abstraction", "--text", "facts", *who)
    (pattern,) = Records(project.teaching_dir).patterns()
    assert (pattern.teacher.name, pattern.teacher.kind) == ("Eve Li", "example")
    assert run("undo")[0] == 1, "the login name has written nothing"
    assert run("undo", "--annotator", "Eve Li")[0] == 0


def test_nobody_looks_or_writes_under_the_name_of_an_llm(run: Run, project: Project, tmp_path: Path) -> None:
    who = ("--annotator", "llm-m1")
    write = ("describe", "B1", "--kind", "abstraction", "--text")
    assert run(*write, "an LLM's secret", *who, "--teacher-kind", "llm")[0] == 0
    export = ("export", "--what", "patterns", "--to", "jsonl", "--out", str(tmp_path / "out"))
    for words in (("show", "B1"), ("list",), export, (*write, "mine"), ("commit", "B1"), ("label", "--plain")):
        status, out, err = run(*words, *who)
        assert (status, out, "llm-m1 is an LLM, under whose name" in err) == (1, "", True), words
    with pytest.raises(StoreError, match="is an LLM"):
        Workbench.open(project.root, "llm-m1")
    for undo in (("undo",), ("undo", "--redo")):
        assert "secret" not in run(*undo, "--json", *who)[1]
    assert [pattern.text for pattern in Records(project.teaching_dir).patterns()] == ["an LLM's secret"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("show", "B9"), "there is no blind spot `B9`; take one of B1, B2, B3;"),
        (("describe", "B9", "--kind", "abstraction", "--text", "facts"), "`B9`; take one of B1, B2, B3;"),
        (("sample", "B9", "--label", "negative", "--role", "target", "--text", "New."), "`B9`; take one of B1"),
        (("mark", "B9", "--done"), "`B9`; take one of B1, B2, B3;"),
        (("preview", "B9"), "`B9`; take one of B1, B2, B3;"),
        (("mark", "zz", "--verdict", "fine"), "there is no row `zz`"),
        (("mark", "n1", "--undo"), "has no mark `n1`"),
        (("describe", "B1", "--kind", "abstraction", "--text", " "), "needs a text"),
        (("sample", "B1", "--label", "positive", "--role", "target", "--text", "New."), "gets right"),
        (("sample", "B1", "--label", "negative", "--role", "target", "--text", POOL["n1"][0]), "equals row 1 of pool"),
        (("sample", "B1", "--label", "negative", "--role", "target", "--text", PROOF["x1"][0]), "held-out proof row"),
        (("list", "--annotator", " "), "without a name"),
        (("commit", "B1"), "no pattern of yours to commit"),
        (("commit", "B1", "--decline", "--reason", " "), "needs a reason"),
        (("perturb", "r1", "--text", "x", "--label", "positive"), "no UU of a blind spot"),
        (("perturb", "n1", "--text", POOL["n1"][0], "--label", "positive"), "the edit is the row itself"),
        (("perturb", "n1", "--text", "x", "--label", "grey"), "no label `grey`"),
        (("perturb", "n1", "--text", PROOF["x1"][0], "--label", "negative"), "held-out proof row"),
        (("perturb", "n1", "--text", "x", "--label", "negative", "--text-pair", "y"), "are single texts"),
        (("perturb", "--delete", "E1"), "has no perturbation `E1@"),
    ],
)
def test_a_refusal_is_one_sentence_and_exit_status_1(run: Run, words: tuple[str, ...], says: str) -> None:
    status, out, err = run(*words)
    assert (status, out) == (1, "")
    assert says in err
    assert err.startswith("blindspot: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ("mark", "n1"),
        ("mark", "n1", "--verdict", "wrong"),
        ("mark", "n1", "--verdict", "fine", "--undo"),
        ("describe", "B1", "--kind", "abstraction"),
        ("describe", "B1", "--kind", "reason", "--text", "x"),
        ("sample", "B1", "--text", "x"),
        ("list", "--sort", "colour"),
        ("commit", "B1", "--decline"),
        ("commit", "B1", "--reason", "why"),
        ("commit", "--decline-all"),
        ("commit", "B1", "--decline-all", "--reason", "why"),
        ("commit", "--decline", "--reason", "why"),
        ("perturb", "n1", "--text", "x"),
        ("import-teaching", "--teacher", "gpt", "--kind", "llm"),
    ],
)
def test_wrong_usage_is_exit_status_2(run: Run, words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as stop:
        run(*words)
    assert stop.value.code == 2


@pytest.mark.parametrize(
    "name", ["list", "show", "mark", "describe", "sample", "commit", "perturb", "undo", "import-teaching"]
)
def test_help_has_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([name, "--help"])
    assert stop.value.code == 0
    assert f"examples:\n  blindspot {name} work" in capsys.readouterr().out


def test_a_project_without_a_discovery_says_what_to_do(run: Run, project: Project) -> None:
    (project.round_dir(1) / "discovery.json").unlink()
    for words in (("list",), ("show", "B1"), ("mark", "n1", "--verdict", "fine")):
        status, _, err = run(*words)
        assert (status, f"run `blindspot discover {project.root}`" in err) == (1, True)


def test_a_damaged_file_is_told_on_stderr_and_the_rest_is_used(run: Run, project: Project) -> None:
    for row in ("n1", "n2"):
        run("mark", row, "--verdict", "ambiguous", "--annotator", "ann")
    path = project.teaching_dir / "ann.json"
    path.write_bytes(path.read_bytes()[:-80])
    status, out, err = run("list", "--annotator", "ann")
    assert (status, out.startswith("10 UUs, 9 after marks")) == (0, True)
    assert err.startswith("blindspot: warning: ann.json was damaged: 1 whole record kept, 1 damaged line dropped")
    assert run("list", "--annotator", "ann")[2] == ""


def test_import_teaching_prints_a_summary_and_can_be_taken_back(run: Run, project: Project, tmp_path: Path) -> None:
    pattern = {"blind_spot": "B2", "pattern_id": "a", "kind": "abstraction", "pattern": "praise as complaint"}
    rows = [
        {**pattern, "text": "I hate how often I come here.", "label": "positive"},
        {**pattern, "text": "I hate how often the door jams.", "label": "negative", "counter": True},
        {"blind_spot": "B2", "kind": "anchor", "text": "The soup was hot.", "label": "positive"},
        {"blind_spot": "B2", "kind": "anchor", "text": "The soup was \x1b[1mhot", "label": "lukewarm"},
    ]
    write_jsonl(tmp_path / "t.jsonl", rows)
    words = ("import-teaching", str(tmp_path / "t.jsonl"), "--teacher", "gpt", "--kind", "llm")
    status, out, err = run(*words)
    assert (status, err) == (0, "")
    assert out.splitlines()[:5] == [
        "1 pattern and 3 samples imported (1 target, 1 counter, 1 anchor)",
        "samples by blind spot: B2 3",
        "1 line refused:",
        "     1  unknown label",
        f"  {tmp_path / 't.jsonl'}:4: there is no label `lukewarm`; give one of negative, positive.",
    ]
    assert values(run(*words, "--json"))["already"] == 3
    assert run("undo", "--annotator", "import-gpt")[1] == "undone: import 4 lines of gpt\n"
    assert Records(project.teaching_dir).samples() == ()


def test_import_of_a_broken_file_is_one_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"text": "a", "label": "positive"}\n{')
    status, out, err = run("import-teaching", str(tmp_path / "t.jsonl"), "--teacher", "gpt", "--kind", "llm")
    assert (status, out) == (1, "")
    assert "t.jsonl:2: the line is not valid JSON" in err


def test_suspects_lists_the_most_suspect_first_and_what_nobody_has_marked(project: Project, run: Run) -> None:
    found = project.discovered()
    first, second = (row["prediction"]["id"] for row in values(run("show", "B1", "--json"))["evidence"][:2])
    save_discovery(project, replace(found, suspects=(second, first)))
    assert [row["prediction"]["id"] for row in values(run("suspects", "--json"))] == [second, first]
    assert run("mark", second, "--verdict", "fine")[0] == 0
    status, out, _ = run("suspects")
    assert status == 0
    assert out.splitlines()[0] == "1 UU whose gold label may be wrong"
    assert out.splitlines()[1].startswith(f"{first}  gold negative, predicted positive")
