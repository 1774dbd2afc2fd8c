"""Estimate of calls, tokens and cost of a run of an LLM that labels, before it starts. Light."""

from __future__ import annotations

from dataclasses import dataclass

from engine.labelling.guidelines import Guideline
from engine.llm.budget import likely_tokens
from engine.llm.label_rows import CONFIDENT, checked_rows, choose_rows, shown_rows
from engine.llm.label_task import LabelTask, open_rows
from engine.llm.prompts import Prompts
from engine.llm.run_estimate import RunEstimate, likely_cost, likely_thought
from engine.progress import Silent
from engine.project import Project
from engine.schema import LabelledSplit
from engine.teaching.authors import llm_author
from engine.teaching.records import Teaching

_ANSWER = 18  # tokens of one row's answer


@dataclass(frozen=True, slots=True)
class LabelEstimate(RunEstimate):
    """A guess at a run that labels.

    Attributes:
        rows: that still need a label.
        guideline: number of its version; 0: there is none.
        split: where the rows are.
    """

    rows: int
    guideline: int
    split: LabelledSplit = "pool"

    @property
    def sentence(self) -> str:
        """The estimate in words, as `in_words`."""
        if not self.calls:
            return "nothing to ask: every row has its label"
        return self.in_words(self.rows, "held-out row" if self.split == "proof" else "row")


def estimate(project: Project, wanted: str, guideline: Guideline, split: LabelledSplit = "pool") -> LabelEstimate:
    """Guess what a run will take; rows that are labelled already are left out. No model is loaded.

    So of ``confident`` rows as many are taken as the pool has, and before a discovery, of held-out rows, all.

    Raises:
        StoreError: ``wanted`` is none of the choices.
        ProjectError: ``confident`` rows of the pool, and nothing has been discovered yet; or there is no proof split.
        SettingsError: a template of the project has a mistake.
    """
    task = LabelTask(project, Prompts(project), guideline, split)
    settings, name = project.settings, project.settings.llm.model
    if checked_rows(wanted) == CONFIDENT:
        rows, _ = shown_rows(project, split)
        found = project.discovered() if split == "pool" else project.discovery()
        share = found.coverage if found else 1.0
    else:
        rows, share = list(choose_rows(project, wanted, Silent(), split).rows), 1.0
    if name:
        rows = open_rows(rows, Teaching.of(project, llm_author(name)), guideline, split)
    count, votes = round(share * len(rows)), settings.labelling.llm_votes
    calls = -(-count // settings.labelling.llm_batch) * votes
    texts = sum(likely_tokens(row.text + (row.text_pair or "")) + _ANSWER for row in rows) / max(1, len(rows))
    tokens_in = calls * likely_tokens(task.instructions) + round(count * votes * texts)
    tokens_out = count * votes * _ANSWER + likely_thought(project, calls)
    costs = settings.cost
    cost = likely_cost(costs, name, tokens_in, tokens_out)
    return LabelEstimate(
        name, calls, tokens_in, tokens_out, cost, costs.currency, rows=count, guideline=guideline.number, split=split
    )
