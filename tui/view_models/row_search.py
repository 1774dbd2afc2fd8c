"""The search of the pool for one pattern or sample, as one annotator sees it. Knows nothing of the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.operations.job_records import SearchOptions
from engine.teaching.found_rows import (
    FoundRows,
    found_before,
    nothing_to_find,
    search_key,
    visible_sample,
    visible_searches,
    why_stale,
)
from engine.teaching.labels import Labels
from engine.teaching.pattern_testing import visible_pattern
from tui.hints import more_rows

if TYPE_CHECKING:
    from engine.schema import Pattern, Sample
    from tui.view_models.workbench import Workbench


class RowSearch:
    """What is found for a pattern or sample as it is now.

    Attributes:
        pattern, sample: what is searched by; the other one is None.
        found: by its present wording, else the last by an earlier one; None: nothing yet.
        stale: why that is out of date, as a clause; empty if it is not.
        labelled: ids of the rows that people have labelled since.

    Raises:
        StoreError: there is no such pattern or sample, or this annotator may not see it yet.
    """

    def __init__(self, workbench: Workbench, record: str) -> None:
        assert workbench.board is not None, "nothing has been discovered yet"
        self._workbench = workbench
        project, teaching, unjudged = workbench.project, workbench.teaching, workbench.board.unjudged
        self.pattern: Pattern | None = None
        self.sample: Sample | None = None
        if record.startswith("P"):
            self.pattern = visible_pattern(teaching, record, unjudged=unjudged)
        else:
            self.sample = visible_sample(teaching, record, unjudged=unjudged)
        named = [self.sample] if self.sample else []
        self.found: FoundRows | None = found_before(project, search_key(self.pattern, named, "", None))
        if self.found is None:
            every = visible_searches(project, teaching, unjudged=unjudged)
            self.found = next((one for one in every if self._is_of(one)), None)
        self.stale = why_stale(teaching, self.found) if self.found else ""
        self.labelled = frozenset(Labels(teaching).people) if self.found else frozenset()

    def _is_of(self, found: FoundRows) -> bool:
        if self.pattern is not None:
            return found.pattern == self.pattern.id
        return found.pattern is None and self.sample is not None and list(found.samples) == [self.sample.id]

    @property
    def record(self) -> Pattern | Sample:
        """What is searched by."""
        record = self.pattern or self.sample
        assert record is not None
        return record

    @property
    def is_current(self) -> bool:
        """Whether rows are found, by the wording of now."""
        return self.found is not None and not self.stale

    def options(self, *, by_llm: bool) -> SearchOptions:
        """The job that searches, or that asks the LLM too."""
        return SearchOptions(
            pattern=self.pattern.id if self.pattern else None,
            samples=(self.sample.id,) if self.sample else (),
            by_llm=by_llm,
            author=self._workbench.teaching.author,
        )

    def queue(self) -> str:
        """Queue what applies, or where no LLM was asked all that is found; the queue's name.

        Raises:
            StoreError: each of the rows has a label by now, or the queue cannot be written.
        """
        from engine.label_queue.picked_rows import queue_found

        assert self.found is not None
        return queue_found(self._workbench.project, self._workbench.teaching, self.found).spec.name

    # why not

    def not_searchable(self) -> str | None:
        """Why no search can begin now, as a sentence."""
        if reason := nothing_to_find(self._workbench.project):
            return f"{reason.capitalize()}. {more_rows()}"
        running = self._workbench.running
        return f"{running.id} is running: X stops it." if running else None

    def not_askable(self) -> str | None:
        """Why the LLM cannot be asked, as a sentence."""
        if not self._workbench.project.settings.llm.model:
            return "No LLM is set up: name one under [llm] model in blindspot.toml."
        if self.pattern is None:
            return "Only a pattern can apply to a row; a sample is no statement."
        if self.is_current and self.found and all(row.applies is not None for row in self.found.rows):
            return "The LLM has said of each of these rows whether the pattern applies."
        return self.not_searchable()

    def not_queueable(self) -> str | None:
        """Why the rows cannot be queued, as a sentence."""
        if self.found is None:
            return "No rows are found yet: * searches the pool."
        if self.stale:
            return f"These rows are out of date ({self.stale}): * searches by the wording of now."
        return None if self.found.wanted else "The LLM finds that it applies to none of these rows."
