"""No proof row in a prompt: equal, nearly equal, inside another text, or as a pair."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.llm.prompt_guard import LeakFound, PromptGuard
from engine.llm.prompts import Prompts, fenced
from engine.llm.questions import Questions
from engine.project import Project
from engine.teaching.evidence import evidence_of
from tests.engine.llm.spots import project_of
from tests.engine.teaching.world import PROOF, make_discovery, make_project

TEXT = PROOF["x1"][0]
PAIR = "The guest is content."


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path / "work")


def is_refused(guard: PromptGuard, prompt: str) -> bool:
    """Whether it is; if so, no longer word of the proof row may be in the message."""
    try:
        guard(prompt)
    except LeakFound as error:
        message = str(error)
    else:
        return False
    assert not [word for word in TEXT.split() if len(word) > 4 and word in message]
    return True


def test_prompts_over_the_evidence_may_be_sent(project: Project) -> None:
    guard = PromptGuard(project)
    for spot in ("B1", "B2", "B3"):
        prompt = Questions(project, Prompts(project)).abstraction(evidence_of(make_discovery(), spot, held_back=0.0))
        assert not is_refused(guard, f"{prompt.system}\n{prompt.user}")


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        TEXT.upper(),
        TEXT.replace("cold", "bold"),
        f"They wrote: {TEXT} And then they left for good, all of them.",
        f"One\u200b more <{TEXT}>",
    ],
)
def test_a_proof_row_is_refused_in_whatever_way_it_comes(project: Project, text: str) -> None:
    guard = PromptGuard(project)
    assert is_refused(guard, f"Explain these rows.\n{fenced([{'text': text, 'label': 'negative'}])}\n")
    assert is_refused(guard, f"Explain this row.\n{text}\n")
    assert is_refused(guard, f'An "odd quote\n{json.dumps({"patterns": [text]})}')
    assert not is_refused(guard, "Explain these rows.")


def test_it_is_refused_every_time(project: Project) -> None:
    guard = PromptGuard(project)
    assert is_refused(guard, TEXT)
    assert is_refused(guard, TEXT)


def test_a_label_is_no_leak_though_a_proof_row_reads_the_same(tmp_path: Path) -> None:
    guard = PromptGuard(project_of(tmp_path / "work", 2, proof=["Negative!", "A row of some length that is in proof"]))
    assert not is_refused(guard, '{"label": "negative"}')
    assert is_refused(guard, '{"text": "a row of some length, that is in proof"}')


def test_of_pairs_both_texts_must_be_there(tmp_path: Path) -> None:
    guard = PromptGuard(make_project(tmp_path / "pairs", pair=PAIR))
    assert is_refused(guard, fenced([{"text": TEXT, "text_pair": PAIR}]))
    assert is_refused(guard, fenced([{"text": TEXT.replace("cold", "bold"), "text_pair": PAIR}]))
    assert is_refused(guard, f"{PAIR}\n{TEXT}\n")
    assert not is_refused(guard, fenced([{"text": TEXT, "text_pair": "Nobody was hungry."}]))
    assert not is_refused(guard, fenced([{"text": "Nobody was hungry.", "text_pair": PAIR}]))
