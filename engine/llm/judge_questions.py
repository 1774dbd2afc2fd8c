"""The questions of the LLM as a judge: to which of these rows does a pattern, or a text, apply? Imports pydantic."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pydantic import BaseModel, ConfigDict

from engine.errors import StoreError
from engine.llm.chat_backend import Question
from engine.llm.prompts import Prompts, fenced
from engine.schema import Example, Prediction
from engine.teaching.found_rows import FoundRow

ROWS_AT_ONCE = 25
"""Found rows in a question; a pattern test has up to 40."""

JudgedRow = Example | Prediction | FoundRow


class PatternVerdict(BaseModel):
    """Whether the pattern applies to the row of that number, from 1."""

    model_config = ConfigDict(json_schema_extra={"additionalProperties": False})
    row: int
    applies: bool


class Verdicts(BaseModel):
    """A verdict for every row."""

    model_config = ConfigDict(json_schema_extra={"additionalProperties": False})
    verdicts: list[PatternVerdict]


def judge_question(
    prompts: Prompts, wording: str, rows: Sequence[JudgedRow], spot: str, pattern: str | None
) -> Question[Verdicts]:
    """The question whether what is worded so applies to rows, of which the LLM sees the texts alone.

    Args:
        prompts: the templates.
        wording: of the pattern, or the text.
        rows: in their order.
        spot: id of the pattern's blind spot; empty: there is none.
        pattern: its id; None: it is a text.
    """
    told = [{"row": number, **texts_of(row)} for number, row in enumerate(rows, start=1)]
    prompt = prompts.render("judge", pattern=fenced(wording), count=len(told), rows=fenced(told))
    return Question("judge", spot, prompt, Verdicts, None, pattern, partial(_problem, len(told)))


def checked_wording(wording: str) -> str:
    """What could apply to a row.

    Raises:
        StoreError: it is empty, as that of a search by samples alone.
    """
    if not wording:
        raise StoreError("only a pattern or a text can apply to a row", hint="name a pattern beside the samples")
    return wording


def texts_of(row: JudgedRow) -> dict[str, str]:
    """The texts of a row, as the LLM is told them."""
    return {"text": row.text} | ({} if row.text_pair is None else {"text_pair": row.text_pair})


def _problem(rows: int, answer: Verdicts) -> str | None:
    given = [verdict.row for verdict in answer.verdicts]
    missing = sorted(set(range(1, rows + 1)) - set(given))
    unknown = sorted(set(given) - set(range(1, rows + 1)))
    if missing:
        return f"row {missing[0]} has no verdict" if len(missing) == 1 else f"rows {_listed(missing)} have no verdict"
    if unknown:
        return f"there is no row {_listed(unknown)}"
    return None if len(given) == rows else "a row has more than one verdict"


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
