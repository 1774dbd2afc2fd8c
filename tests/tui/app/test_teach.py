"""The LLM teacher started by a key: what it would take, what is missing, and its answers, which come in sealed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine.files import write_jsonl
from engine.llm.prompts import write_prompts
from engine.operations.outside_uses import outside_uses
from engine.project import SETTINGS_FILE, Project
from engine.schema import Discovery
from engine.settings import LlmSettings, TeachingSettings, write_settings
from engine.teaching.evidence import evidence_of
from engine.trust import agree
from tests.engine.llm.answers import good_answer
from tests.engine.llm.server import LlmServer
from tests.tui.app.opening import opened
from tests.tui.app.projects import write_project

PATTERN = "Praise for what did not go wrong."


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_project(tmp_path / "work")


def set_up(root: Path, **llm: str) -> Discovery:
    """Small quotas, and a model if one is named."""
    settings = Project.open(root).settings
    teaching = TeachingSettings(targets=1, counters=1, anchors=1)
    write_settings(root / SETTINGS_FILE, replace(settings, teaching=teaching, llm=LlmSettings(**llm)))
    discovery = Project.open(root).discovery()
    assert discovery is not None
    return discovery


def record(root: Path) -> None:
    """Recorded answers for B1, as a project carries them."""
    evidence = evidence_of(set_up(root), "B1", held_back=0.2)
    samples = [
        {
            "pattern": number,
            "targets": [{"text": f"Nothing broke, {word} for once.", "label": "negative"}],
            "counters": [{"text": f"Nothing broke, {word} and all was lovely.", "label": "positive"}],
        }
        for number, word in ((1, "remarkably"), (2, "astonishingly"))
    ]
    anchors = [{"text": "The bed squeaked every night.", "label": "negative"}]
    answers = {
        "abstraction": {"patterns": [PATTERN]},
        "extrapolation": {"patterns": ["Thanks for the least that one may expect."]},
        "samples": {"patterns": samples, "anchors": anchors},
    }
    lines = [
        {
            "teacher": "small-llm",
            "step": step,
            "blind_spot": "B1",
            "evidence": evidence.hash,
            "content": json.dumps(answer),
        }
        for step, answer in answers.items()
    ]
    write_jsonl(root / "llm" / "recorded.jsonl", lines)


async def test_without_a_model_and_without_a_recording_it_says_what_to_set_up(root: Path) -> None:
    async with opened(root) as driver:
        await driver.press("L")
        await driver.sees("No LLM is set up: give `model` in [llm] of blindspot.toml")


async def test_before_anybody_is_asked_each_choice_says_what_it_takes(root: Path) -> None:
    set_up(root, model="tiny")
    async with opened(root) as driver:
        await driver.press("j", "L")
        await driver.sees("Let tiny explain blind spots?", "All: 9 calls for 3 blind spots", "B2: 3 calls for 1 blind")
        assert driver.text.count("unknown") == 2  # the price, at the end of each choice
        assert "Replay" not in driver.text
        await driver.press("enter")  # not now
        assert driver.app.workbench.jobs == []


async def test_recorded_answers_are_replayed_in_the_background_and_stay_sealed_until_the_decision(root: Path) -> None:
    record(root)
    async with opened(root) as driver:
        await driver.press("L")
        await driver.sees("No LLM is set up; replay recorded answers?", "2  Replay the recorded answers")
        await driver.press("2")
        await driver.sees("teach-1 is done: 1 of 3 blind spots answered by small-llm")
        await driver.until(lambda: "others' answers are sealed (C)" in driver.words)
        await driver.sees("0 / 0  untouched")
        assert PATTERN not in driver.text
        await driver.press("d", "escape")
        await driver.sees("others' answers are sealed")
        assert PATTERN not in driver.text
        await driver.press("C", "2")
        await driver.paste("no idea")
        await driver.press("enter")
        await driver.sees("small-llm (llm, recorded): Praise", "Others wrote 2 patterns, 5 samples.")
        assert driver.screen.written.rows.own == 0


async def test_what_leaves_is_asked_about_before_anybody_is_asked(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not for strangers")
    with LlmServer(good_answer) as server:
        set_up(root, model="tiny", base_url=server.base_url, key_env="AWS_SECRET_ACCESS_KEY")
        async with opened(root) as driver:
            await driver.press("L")
            await driver.sees("sends rows to", server.base_url[7:-3])
            await driver.press("2")
            await driver.sees("May this project reach outside its folder?", "1  No", "2  Yes: I know all of this")
            assert "Rows of this project and the value of" in driver.text
            for words in ("$AWS_SECRET_ACCESS_KEY", f"{server.base_url} (model", "is not the usual"):
                assert words in driver.text
            await driver.press("enter")
            await driver.sees("Not agreed: nothing was sent, read or run.")
            assert driver.app.workbench.jobs == []
            assert server.requests == []
            await driver.press("L", "2")
            await driver.sees("May this project reach outside its folder?")
            await driver.press("2")
            await driver.sees("teach-1 is done: 3 of 3 blind spots answered by tiny")
            assert set(server.keys) == {"Bearer not for strangers"}
            await driver.press("L", "2")
            await driver.sees("teach-2 is done")


async def test_a_prompt_that_is_a_link_is_refused_in_the_app(root: Path) -> None:
    set_up(root, model="tiny")
    (root / "prompts").mkdir()
    (root / "prompts" / "task.txt").symlink_to("/etc/passwd")
    async with opened(root) as driver:
        await driver.press("L")
        await driver.sees("M: more")
        await driver.press("M")
        await driver.sees("task.txt")
        assert "root:" not in driver.text


async def test_a_settings_file_changed_meanwhile_is_what_is_asked_about(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    set_up(root, model="tiny")
    agree(root, outside_uses(Project.open(root)))
    async with opened(root) as driver:
        await driver.press("L")
        await driver.sees("Let tiny explain")
        set_up(root, model="tiny", base_url="http://127.0.0.1:9/v1")
        await driver.press("2")
        await driver.sees("May this project reach outside its folder?")
        assert "http://127.0.0.1:9/v1" in driver.words


async def test_the_choice_stays_on_the_screen_however_much_a_project_asks_for(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    url = "http://stranger.example.org/" + "a" * 160
    set_up(root, model="m" * 500, base_url=url, key_env="A" * 90)
    for path in write_prompts(Project.open(root)):
        path.write_text(path.read_text() + "more\n")
    async with opened(root) as driver:
        await driver.press("L", "2")
        await driver.sees("May this project reach", "1  No", "2  Yes", "There is more: PgDn", "A" * 50)
        assert "not encrypted" not in driver.text
        await driver.press("pagedown", "pagedown", "pagedown")
        await driver.sees("not encrypted", "1  No", "2  Yes")
        await driver.press("escape")
        assert driver.app.workbench.jobs == []
