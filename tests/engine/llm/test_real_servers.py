"""What real chat servers answered once, recorded by `make bench-servers`, is dealt with as it was then.

Each file of ``recorded/`` is of one server: what it is and what was found, then what was asked and answered. The model,
SmolLM2 with 135 million parameters, writes poor answers, so many of them are refused here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.bench.servers import Part, examine, kind
from tests.engine.llm.server import Fault, LlmServer

RECORDED = sorted((Path(__file__).parent / "recorded").glob("*.jsonl"))


def answers_of(exchanges: list[dict[str, Any]]) -> Part:
    """The server as it was: each request gets the next answer to one of its kind, in that part."""

    @contextmanager
    def part(name: str) -> Iterator[str]:
        left = [one for one in exchanges if one["part"] == name]

        def answer(body: dict[str, Any]) -> Fault:
            found = next(one for one in left if one["asks"] == kind(body))
            left.remove(found)
            return Fault(found["status"], found["body"].encode())

        with LlmServer(answer, formats=None) as server:
            yield server.base_url
        assert not left, f"{name}: not all was asked"

    return part


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_a_server_is_dealt_with_as_it_was_when_it_was_recorded(tmp_path: Path, file: Path) -> None:
    head, *exchanges = map(orjson.loads, file.read_bytes().splitlines())
    assert head["recorded"]
    asked = {name: head[name] for name in ("model", "context", "tokens", "rows")}
    assert examine(answers_of(exchanges), **asked, folder=tmp_path) == head["facts"]
