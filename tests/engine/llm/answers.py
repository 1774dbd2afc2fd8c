"""Good answers to every question that is asked of an LLM, made from the prompt alone: what a fake server says."""

from __future__ import annotations

import hashlib
import json
import random
import re
from typing import Any

WORDS = """
    acorn bridge candle drawer engine feather garden harbour island jacket kettle lantern meadow needle orchard pencil
    quarry ribbon saddle teapot umbrella valley window yellow zipper anchor barrel cradle dolphin easel falcon goblet
""".split()  # noqa: SIM905


def good_answer(request: dict[str, Any]) -> str:
    """The answer to a chat completions request; equal requests get equal answers.

    Raises:
        AssertionError: the question is none that is known.
    """
    user = next(message["content"] for message in request["messages"] if message["role"] == "user")
    draw = random.Random(hashlib.sha256(user.encode()).digest())
    asked = re.findall(r"(?m)^# Question.*", user)[-1]
    if "1 of 3" in asked or "2 of 3" in asked:
        count = int(_found(r"Patterns to write: (\d+)", user))
        return json.dumps({"patterns": [f"The text says it by way of {text(draw, 5)}" for _ in range(count)]})
    if "3 of 3" in asked:
        return json.dumps(_samples(user, draw))
    if "how should it be worded" in asked:
        return json.dumps({"patterns": [f"Reworded: {text(draw, 5)}"]})
    assert "to which of these rows does it apply" in asked, asked
    numbers = [row["row"] for row in fences(user)[-1]]
    return json.dumps({"verdicts": [{"row": number, "applies": draw.random() < 0.5} for number in numbers]})


def fences(prompt: str) -> list[Any]:
    """The JSON values of a prompt that are fenced as data, in order."""
    return [json.loads(found) for found in re.findall(r"(?m)^<data>\n(.*?)\n</data>$", prompt, re.DOTALL)]


def text(draw: random.Random, words: int = 8) -> str:
    """Words in an order that no other text has."""
    return " ".join(draw.choice(WORDS) for _ in range(words)) + "."


def _samples(user: str, draw: random.Random) -> dict[str, Any]:
    gold = json.loads(_found(r'The right label of the following rows \(\d+\) is ("[^"]*")', user))
    predicted = json.loads(_found(r'The classifier says ("[^"]*"), with high confidence', user))
    quota = {role: int(_found(rf"(?m)^- {role}: (\d+)", user)) for role in ("targets", "counters", "anchors")}
    pair = "a `text_pair`" in user

    def sample(label: str) -> dict[str, str]:
        return {"text": text(draw), "label": label} | ({"text_pair": text(draw)} if pair else {})

    patterns = [
        {
            "pattern": one["pattern"],
            "targets": [sample(gold) for _ in range(quota["targets"])],
            "counters": [sample(predicted) for _ in range(quota["counters"])],
        }
        for one in fences(user)[-1]
    ]
    anchors = [sample((gold, predicted)[number % 2]) for number in range(quota["anchors"])]
    return {"patterns": patterns, "anchors": anchors}


def _found(pattern: str, prompt: str) -> str:
    found = re.search(pattern, prompt)
    assert found, pattern
    return found[1]
