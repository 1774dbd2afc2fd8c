"""A server that judges patterns by words of the rows, and a project that asks it."""

from __future__ import annotations

import json
from typing import Any

from engine.project import Project
from tests.engine.llm.server import Answers, LlmServer
from tests.engine.llm.spots import set_llm

NEW_WORDING = "Thanks for something bad that happened."


def rows_of(request: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows that a judge is asked about."""
    question = request["messages"][1]["content"].partition("# Question")[2]
    rows: list[dict[str, Any]] = json.loads(question.partition("<data>")[2].partition("</data>")[0])
    return rows


def step_of(request: dict[str, Any]) -> str:
    return "judge" if "to which of these rows" in request["messages"][1]["content"] else "refine"


def says(*words: str) -> Answers:
    """A server whose judge finds that a pattern applies to texts with one of these words, and that rewords."""

    def answer(request: dict[str, Any]) -> str:
        if step_of(request) == "refine":
            return json.dumps({"patterns": [NEW_WORDING]})
        verdicts = [{"row": r["row"], "applies": any(word in r["text"] for word in words)} for r in rows_of(request)]
        return json.dumps({"verdicts": verdicts})

    return answer


def asking(project: Project, server: LlmServer, **more: Any) -> Project:
    """The project with its LLM at that server; the person has agreed to it."""
    return set_llm(project, model="m1", base_url=server.base_url, retries=0, **more)
