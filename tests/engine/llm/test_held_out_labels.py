"""An LLM's labels of held-out rows: which prompts hold such rows, who reads the labels, and what is agreed to."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.audit.begin_audit import audited_rows
from engine.discovery.pool_scoring import score_held_out
from engine.errors import ProjectError, TeacherError
from engine.labelling.guidelines import guideline_of
from engine.llm.call_log import CALLS_FILE, read_calls
from engine.llm.judge_questions import judge_question
from engine.llm.label_estimate import estimate
from engine.llm.label_rows import choose_rows
from engine.llm.label_task import Batch, LabelTask
from engine.llm.labeller import label
from engine.llm.prompt_guard import HeldOutGuard, LeakFound, PromptGuard
from engine.llm.prompts import Prompts
from engine.llm.teacher import teach
from engine.model.model_registry import current_model
from engine.operations.outside_uses import outside_uses
from engine.progress import Silent
from engine.project import SETTINGS_FILE, Project
from engine.schema import Example, RowLabel, Teacher
from engine.settings import read_settings, write_settings
from engine.teaching.labels import Labels
from engine.teaching.records import Records
from engine.trust import NotTrusted, agree
from tests.builders.audit import project_to_audit
from tests.builders.project import put_split
from tests.engine.llm.answers import good_answer
from tests.engine.llm.labels import Says, asking_project, by_number, labelling, rows_of
from tests.engine.llm.server import LlmServer, refused
from tests.engine.llm.spots import project_of, set_llm

SECRET = "The heron on the roof had watched the wedding all afternoon."


def agreed(project: Project) -> Project:
    """The project, whose person has agreed to held-out rows being sent."""
    agree(project.root, outside_uses(project, held_out=True))
    return project


def said(project: Project) -> dict[str, RowLabel]:
    return dict(Labels(Records(project.teaching_dir), "proof").llms.get("llm-tiny", {}))


def held(count: int) -> list[Example]:
    return [Example(f"h{n}", f"held out words {n}, never taught", "") for n in range(count)]


def test_held_out_rows_are_asked_about_with_the_guideline_and_without_an_example_and_only_audits_read_the_labels(
    tmp_path: Path,
) -> None:
    with LlmServer(labelling()) as server:
        project = agreed(asking_project(tmp_path / "work", server, rows=5, proof=6))
        # Rows of two splits may have one id: what is known of the pool's answers nothing about the other.
        put_split(project.root, "proof", [row.as_json() | {"id": f"r{n}"} for n, row in enumerate(held(6))])
        project = Project.open(project.root)
        (project.root / "guidelines.md").write_text("Praise is positive.")
        label(project, rows="all")
        pool, asked = Labels(Records(project.teaching_dir)), len(server.requests)
        report = label(project, rows="4", split="proof")
        assert (report.rows, report.labelled, report.split) == (4, 4, "proof")
        report = label(project, rows="all", split="proof")
        questions = server.requests[asked:]
        assert label(project, rows="all", split="proof").already == 6
        assert len(server.requests) == asked + len(questions)
    assert report.sentence == "6 of 6 held-out rows labelled by tiny; 4 of them before"
    sent = [row["text"] for request in questions for row in rows_of(request)]
    assert sorted(sent) == [f"held out words {n}, never taught" for n in range(6)]
    for request in questions:
        prompt = json.dumps(request["messages"])
        assert "Praise is positive." in prompt
        assert "of the stream" not in prompt
        assert prompt.count("held out words") == len(rows_of(request))
    labels = said(project)
    third = RowLabel("r3", "positive", 3, Teacher("tiny", "llm"), "random", "proof", guideline=1)
    assert replace(labels["r3"], chance=None) == third
    assert sorted(one.chance or 0 for one in labels.values()) == pytest.approx([4 / 6] * 4 + [1.0] * 2)
    now = Labels(Records(project.teaching_dir))
    assert (now.llms, now.suspected()) == (pool.llms, pool.suspected())
    calls = list(read_calls(project.llm_dir / CALLS_FILE))
    assert [call.step for call in calls] == ["label"] * asked + ["label held-out"] * len(questions)


def test_all_other_prompts_still_refuse_held_out_rows(tmp_path: Path) -> None:
    def answer(request: dict[str, Any]) -> str:
        is_label = "which label has each of these rows" in request["messages"][1]["content"]
        return str(labelling(lambda text: ("negative", 3))(request)) if is_label else good_answer(request)

    with LlmServer(answer) as server:
        project = project_of(tmp_path / "work", 2, proof=[SECRET], first_rows=[SECRET.replace("heron", "herons")])
        project = agreed(set_llm(project, model="tiny", base_url=server.base_url))
        assert label(project, rows="all", split="proof").labelled == 2
        (question,) = server.requests
        assert SECRET in [row["text"] for row in rows_of(question)]
        assert "held-out proof row" in teach(project).failed["B1"]
        assert label(project, rows="all").left_out == {LEAK: 1}
        assert "heron" not in json.dumps(server.requests[1:])
        assert len(server.requests) > 4  # what holds none is asked


LEAK = "a text in the prompt equals or nearly equals a held-out proof row, so it was not sent"


@pytest.mark.parametrize("pair", [False, True])
def test_a_prompt_passes_if_it_is_the_question_to_the_letter(tmp_path: Path, pair: bool) -> None:
    with LlmServer(labelling()) as server:
        project = asking_project(tmp_path / "work", server, proof=4, votes=2)
    rows = held(4)
    if pair:
        rows = [replace(row, text_pair=f"and a second text of number {row.id}") for row in rows]
        put_split(project.root, "proof", [row.as_json() for row in rows])
        path = project.root / SETTINGS_FILE
        settings = read_settings(path)
        write_settings(path, replace(settings, task=replace(settings.task, pair=True)))
        project = Project.open(project.root)
    prompts = Prompts(project)
    task = LabelTask(project, prompts, guideline_of(project), "proof")
    guard = HeldOutGuard(PromptGuard(project), rows[:3], task.prompt)

    def is_refused(text: str) -> bool:
        try:
            guard(text)
        except LeakFound:
            return True
        return False

    for reading in (1, 2):
        prompt = task.question(Batch(tuple(rows[:3]), reading)).prompt
        text = f"{prompt.system}\n{prompt.user}"
        assert not is_refused(f"{text}\n\nAnswer in JSON.\nYes.\nThat is no answer.")
        example = json.dumps({"text": rows[1].text, "text_pair": rows[1].text_pair})
        for changed in (
            text.replace("Read each row", "Read every row"),
            text.replace('"row": 2', '"row": 3'),
            text.replace('"row": 2, ', '"row": 2, "label": "positive", '),
            f"For example:\n{text}",
            f"{text}\n\nFor example: {example}",
            f"{text}\n{text}",
        ):
            assert is_refused(changed)
    of_another = task.question(Batch((rows[0], rows[3]), 1)).prompt  # h3 is not asked about in this run
    assert is_refused(f"{of_another.system}\n{of_another.user}")
    judged = judge_question(prompts, "It is about words.", rows[:3], "B1", "P1").prompt  # lists rows in the same form
    assert is_refused(f"{judged.system}\n{judged.user}")


def test_a_server_that_repeats_a_row_does_not_make_a_message_show_it(tmp_path: Path) -> None:
    with LlmServer(lambda request: refused(f"I will not label {rows_of(request)[0]['text']}")) as server:
        project = agreed(asking_project(tmp_path / "work", server, proof=1))
        report = label(project, rows="all", split="proof")
    assert report.left_out == {"the server's words hold a held-out row and are not shown": 1}
    with LlmServer(lambda request: json.dumps({"I": rows_of(request)[0]["text"]})) as server:
        project = agreed(asking_project(tmp_path / "other", server, proof=1))
        assert label(project, rows="all", split="proof").left_out == {LEAK: 1}
        assert len(server.requests) == 1  # it is not sent back to be mended


def test_held_out_rows_are_agreed_to_apart(tmp_path: Path) -> None:
    with LlmServer(labelling()) as server:
        project = asking_project(tmp_path / "work", server, rows=3, proof=3)
        assert label(project, rows="all").labelled == 3
        before = len(server.requests)
        with pytest.raises(NotTrusted, match=r"held-out \(proof\) rows of this project, to be labelled,") as refusal:
            label(project, rows="all", split="proof")
        assert "work --held-out` shows it and asks" in str(refusal.value)
        assert len(server.requests) == before
        assert label(agreed(project), rows="all", split="proof").labelled == 3


def test_it_needs_held_out_rows_and_a_recording_needs_labels_of_them(tmp_path: Path) -> None:
    with LlmServer(labelling()) as server:
        project = agreed(asking_project(tmp_path / "work", server, rows=3, proof=3))
        label(project, rows="all", split="proof")
        calls, other = project.llm_dir / CALLS_FILE, asking_project(tmp_path / "other", server, rows=3, proof=3)
        without = agreed(asking_project(tmp_path / "without", server, rows=3))
    with pytest.raises(ProjectError, match="no proof split"):
        label(without, rows="all", split="proof")
    with pytest.raises(TeacherError, match="no recorded label of pool rows"):
        label(other, rows="all", replay=calls)
    assert label(other, rows="all", split="proof", replay=calls).labelled == 3
    assert {row: one.label for row, one in said(other).items()} == {f"h{n}": by_number(f"{n}")[0] for n in range(3)}


def test_the_estimate_says_that_the_rows_are_held_out_and_ends_at_the_limit(tmp_path: Path) -> None:
    with LlmServer(labelling()) as server:
        project = agreed(asking_project(tmp_path / "work", server, proof=8, parallel=1, max_output_tokens=64))
        guess = estimate(project, "all", guideline_of(project), "proof")
        assert (guess.rows, guess.calls, server.requests) == (8, 2, [])
        assert guess.sentence.startswith("2 calls for 8 held-out rows, about ")
        assert estimate(project, "confident", guideline_of(project), "proof").rows == 8
        assert label(project, rows="all", split="proof", max_tokens=guess.tokens_in).stopped
        assert len(said(project)) < 8


@pytest.mark.xdist_group("held_out_labels")
def test_confident_held_out_rows_are_those_of_an_audit_which_flags_by_the_labels(tmp_path: Path) -> None:
    project = project_to_audit(tmp_path)
    proof = list(choose_rows(project, "all", Silent(), "proof").rows)
    scores = score_held_out(project, current_model(project, monitor=Silent()), proof, monitor=Silent())
    path = project.root / SETTINGS_FILE
    settings = read_settings(path)
    tau = float(sorted(scores.confidence)[len(proof) // 2])
    write_settings(path, replace(settings, discovery=replace(settings.discovery, tau=tau)))
    model = dict(zip([row.text for row in proof], scores.predicted, strict=True))
    labels = project.labels
    says: Says = lambda text: (labels[(model[text] + (len(text) % 2)) % len(labels)], 3)  # noqa: E731
    with LlmServer(labelling(says)) as server:
        project = agreed(set_llm(Project.open(project.root), model="tiny", base_url=server.base_url))
        chosen = {row.id for row in choose_rows(project, "confident", Silent(), "proof").rows}
        assert label(project, split="proof").labelled == len(chosen)
    audited = audited_rows(project, monitor=Silent())
    strata = dict(zip(audited.ids, audited.strata, strict=True))
    assert chosen == {row for row, stratum in strata.items() if stratum != "not confident"}
    differ = {row.id for row in proof if row.id in chosen and len(row.text) % 2}
    assert differ == {row for row, stratum in strata.items() if stratum == "flagged"}
    assert 0 < len(differ) < len(chosen) < len(proof)
