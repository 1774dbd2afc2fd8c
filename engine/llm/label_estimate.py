"""Estimate of calls, tokens and cost of a run of an LLM that labels, before it starts. Light."""

from __future__ import annotations

from dataclasses import dataclass

from engine.labelling.guidelines import Guideline
from engine.llm.budget import cost_of, likely_tokens
from engine.llm.label_rows import CONFIDENT, checked_rows, choose_rows, shown_rows
from engine.llm.label_task import LabelTask, author_of, open_rows
from engine.llm.prompts import Prompts
from engine.progress import Silent
from engine.project import Project
from engine.schema import Record
from engine.teaching.records import Teaching

_ANSWER = 18  # tokens of one row's answer


@dataclass(frozen=True, slots=True)
class LabelEstimate(Record):
    """A guess at a run.

    Attributes:
        model: who is asked; empty: nobody is set up.
        rows: that still need a label. calls: questions that will be asked, if every answer is good.
        tokens_in, tokens_out: of all calls. cost: in ``currency``; None where the price of the model is not known.
        guideline: number of its version; 0: there is none.
    """

    model: str
    rows: int
    calls: int
    tokens_in: int
    tokens_out: int
    cost: float | None
    currency: str
    guideline: int

    @property
    def sentence(self) -> str:
        """The estimate in words: ``98 calls for 1,947 rows, about 60,000 tokens in and 35,000 out, price unknown``."""
        if not self.calls:
            return "nothing to ask: every row has its label"
        price = "price unknown" if self.cost is None else f"about {self.cost:.2f} {self.currency}"
        calls, rows = "call" + "s" * (self.calls != 1), "row" + "s" * (self.rows != 1)
        tokens = f"about {self.tokens_in:,} tokens in and {self.tokens_out:,} out"
        return f"{self.calls:,} {calls} for {self.rows:,} {rows}, {tokens}, {price}"


def estimate(project: Project, wanted: str, guideline: Guideline) -> LabelEstimate:
    """Guess what a run will take; rows that are labelled already are left out. No model is loaded.

    Raises:
        StoreError: ``wanted`` is none of the choices.
        ProjectError: ``confident``, and nothing has been discovered yet.
        SettingsError: a template of the project has a mistake.
    """
    task = LabelTask(project, Prompts(project), guideline)
    settings, name = project.settings, project.settings.llm.model
    if checked_rows(wanted) == CONFIDENT:
        rows, _ = shown_rows(project)
        share = project.discovered().coverage
    else:
        rows, share = list(choose_rows(project, wanted, Silent()).rows), 1.0
    if name:
        rows = open_rows(rows, Teaching.of(project, author_of(name)), guideline)
    count, votes = round(share * len(rows)), settings.labelling.llm_votes
    calls = -(-count // settings.labelling.llm_batch) * votes
    texts = sum(likely_tokens(row.text + (row.text_pair or "")) + _ANSWER for row in rows) / max(1, len(rows))
    tokens_in = calls * likely_tokens(task.instructions) + round(count * votes * texts)
    tokens_out = count * votes * _ANSWER
    price = settings.cost.prices.get(name)
    cost = cost_of(price, tokens_in, tokens_out) if price else None
    return LabelEstimate(name, count, calls, tokens_in, tokens_out, cost, settings.cost.currency, guideline.number)
