"""The LLM as a labeller: rows in batches, several batches in parallel, each row read once or several times.

Threads ask; only the caller's thread writes records. A run that was killed goes on where it was: labels in the records
are not asked for again, and answers in the log of calls are not paid for again. An LLM's labels never become those of
the rows: they are in a file of their own (`engine.teaching.labels`).
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from engine.counted import counted
from engine.labelling.guidelines import FILE, guideline_of
from engine.llm.address import server_use
from engine.llm.budget import Budget
from engine.llm.call_costs import call_totals, paid_for_calls
from engine.llm.call_log import CALLS_FILE, Call, CallLog, read_calls
from engine.llm.chat_backend import ChatBackend, QuestionFailed
from engine.llm.client import Client
from engine.llm.label_answers import Vote
from engine.llm.label_rows import ChosenRows, choose_rows
from engine.llm.label_task import Answers, Batch, LabelTask, open_rows, parts, read_recorded
from engine.llm.prompt_guard import HeldOutGuard, LeakFound, PromptGuard
from engine.llm.prompts import Prompts
from engine.llm.question_run import QuestionRun
from engine.llm.questions import model_of
from engine.llm.reports import LabelReport
from engine.progress import Monitor, Silent
from engine.project import Project
from engine.schema import Example, LabelledSplit, RowLabel, Teacher
from engine.teaching.authors import llm_author
from engine.teaching.record_factory import RecordFactory
from engine.teaching.records import Teaching
from engine.trust import require

_SMALLER = 4  # parts of a batch in which rows without an answer are asked about again


def label(
    project: Project,
    *,
    rows: str = "confident",
    split: LabelledSplit = "pool",
    replay: Path | None = None,
    max_cost: float | None = None,
    max_tokens: int | None = None,
    since: float | None = None,
    monitor: Monitor | None = None,
) -> LabelReport:
    """Let the LLM of the settings, or a recording of one, label rows that it has not labelled.

    Labels of held-out rows are read by audits and verdicts, and by figures of how good the LLM is, alone.

    Args:
        project: whose rows they are.
        rows: ``confident``, ``all`` or a number (`engine.llm.label_rows.choose_rows`).
        split: where they are.
        replay: recorded answers to use instead of a server.
        max_cost: stop before the calls of this run could cost more, in the currency of the prices.
        max_tokens: stop before they could take more tokens, prompts and answers together.
        since: seconds since the epoch; calls from then on count towards the limits too. For a run that goes on with
            one that was killed or stopped.
        monitor: learns of each answer; its wish to stop is heard within a second.

    Raises:
        Stopped: the monitor said so; what was answered is kept.
        StoreError: ``rows`` is none of the choices, or records cannot be written.
        ProjectError: ``confident`` rows of the pool, and nothing has been discovered yet; or there is no proof split.
        NotTrusted: nobody at this machine has agreed to the server, the variable or the prompts that the project names,
            or to held-out rows being sent.
        SettingsError: no model is set, a template has a mistake, or ``max_cost`` is given and no price is known.
        ServerRefused: the server answers no question at all; what was answered before is kept.
        TeacherError: the recording cannot be used, or the guideline holds a proof row.
        DataError: the guideline cannot be read.
    """
    monitor = monitor or Silent()
    settings, prompts = project.settings, Prompts(project)
    recorded = read_recorded(replay, split) if replay else None
    name = recorded[0] if recorded else model_of(project)
    task = LabelTask(project, prompts, guideline_of(project), split)
    if not recorded:
        require(project.root, [server_use(settings.llm, prompts.own, held_out=split == "proof")])
    budget = Budget(max_cost, max_tokens, settings.cost.prices.get(name))
    chosen = choose_rows(project, rows, monitor, split)
    teaching = Teaching.of(project, llm_author(name))
    todo = open_rows(chosen.rows, teaching, task.guideline, split)
    path = project.llm_dir / CALLS_FILE
    log, earlier = CallLog(path), list(read_calls(path))
    budget.count_earlier(earlier, since)
    teacher = Teacher(name, "llm", recorded=recorded is not None)
    run = _Run(project, task, teaching, teacher, chosen, todo, split, monitor)
    if recorded:
        run.take(task.answered(recorded[1], name, recorded=True))
        _keep_calls(log, earlier, recorded[1], todo)
        run.give_up_rest("not in the recording, or labelled there under another guideline")
    else:
        run.take(task.answered(earlier, name))
        if run.batches:
            guard = PromptGuard(project)
            _check_guideline(guard, task, project)
            check = HeldOutGuard(guard, todo, task.prompt) if split == "proof" else guard
            run.harmless, stop = partial(_harmless, guard), threading.Event()
            client = Client(
                settings.llm,
                log,
                budget=budget,
                check_prompt=check,
                stop=stop,
                note=lambda words: run.questions.note(run.harmless(words)),
            )
            try:
                run.go(client, parallel=settings.llm.parallel)
            finally:
                stop.set()
                client.close()
    calls = list(read_calls(path))[len(earlier) :]
    return LabelReport(
        teacher=run.teacher,
        author=teaching.author,
        guideline=task.guideline.number,
        rows=len(chosen.rows),
        labelled=run.labelled,
        already=len(chosen.rows) - len(todo),
        withheld=chosen.withheld,
        left_out=dict(run.left_out.most_common()),
        certainties={str(step): run.certainties[step] for step in (3, 2, 1)},
        stopped=run.questions.stopped,
        calls=call_totals(calls),
        cost=paid_for_calls(calls, settings.cost).value,
        currency=settings.cost.currency,
        split=split,
    )


class _Run:
    """Batches that are asked in threads, and rows that are written in the thread that calls `go`.

    Attributes:
        teacher: who labels. batches: of rows that are left to be asked about. questions: that are asked.
        labelled: rows that were written. certainties: of these. left_out: rows that got no label, by reason.
    """

    def __init__(
        self,
        project: Project,
        task: LabelTask,
        teaching: Teaching,
        teacher: Teacher,
        chosen: ChosenRows,
        todo: Sequence[Example],
        split: LabelledSplit,
        monitor: Monitor,
    ) -> None:
        self.teacher = teacher
        self._task = task
        self._teaching = teaching
        self._factory = RecordFactory(project, teaching, teacher)
        self._chance = chosen.chance
        self._todo = {row.id: row for row in todo}
        self._total = len(todo)
        self._split = split
        self._monitor = monitor
        self._answers = Answers(project.settings.labelling.llm_votes)
        self.questions: QuestionRun[tuple[int, dict[str, Vote]]] = QuestionRun(monitor)
        """Its threads tell the votes of a reading."""
        self.harmless: Callable[[str], str] = str
        """Makes words of a server such that they can be shown."""
        self.batches: list[Batch] = []
        self.labelled = 0
        self.certainties: Counter[int] = Counter()
        self.left_out: Counter[str] = Counter()

    def take(self, known: Answers) -> None:
        """Write what was answered before, and make questions of the rest."""
        self._answers = known
        self._write(list(self._todo))
        self.batches = self._task.batches(list(self._todo.values()), known)

    def go(self, asker: ChatBackend, *, parallel: int) -> None:
        """Ask and write everything.

        Raises:
            Stopped: the monitor said so.
            ServerRefused, StoreError: as `label`.
        """

        def work(batch: Batch) -> dict[str, str]:
            left = self._ask(asker, batch)
            if len(batch.rows) > 1 and left:
                again = [row for row in batch.rows if row.id in left]
                left = {}
                for part in parts(again, -(-len(batch.rows) // _SMALLER)):
                    left |= self._ask(asker, Batch(part, batch.reading))
            return left

        for batch, found in self.questions.results(self.batches, work, parallel=parallel, look=self._take_in):
            self._take_in()
            assert isinstance(found, dict), "`_ask` says of each row why it has no answer"
            for row, why in found.items():
                self._give_up(batch.reading, row, why)
        self._take_in()

    def give_up_rest(self, why: str) -> None:
        """No answer will come for the rows that are left."""
        if self._todo:
            self.left_out[why] += len(self._todo)
            self._todo.clear()

    def _ask(self, asker: ChatBackend, batch: Batch) -> dict[str, str]:
        """Ask about a batch; why rows got no answer, by their ids."""
        try:
            question = self._task.question(batch)
            votes = self._task.votes(question.rows, asker.ask(question).value)
        except LeakFound as error:  # nothing was sent: the others are asked about without it
            if len(batch.rows) == 1:
                return {batch.rows[0].id: error.what}
            half = len(batch.rows) // 2
            first, second = Batch(batch.rows[:half], batch.reading), Batch(batch.rows[half:], batch.reading)
            return self._ask(asker, first) | self._ask(asker, second)
        except QuestionFailed as error:
            return dict.fromkeys((row.id for row in batch.rows), self.harmless(error.what))
        self.questions.tell((batch.reading, votes))
        return {row.id: "the answer leaves the row out" for row in batch.rows if row.id not in votes}

    def _give_up(self, reading: int, row: str, why: str) -> None:
        self._answers.give_up(reading, row)
        if row in self._todo and self._answers.is_hopeless(row):
            del self._todo[row]
            self.left_out[why] += 1
        self._write([row])

    def _take_in(self) -> None:
        """Write the rows whose answers have come, and tell how far it is."""
        for reading, votes in self.questions.told():
            self._answers.take(reading, votes)
            self._write(votes)
        left_out = self.left_out.total()
        self._monitor.step("label", self.labelled + left_out, self._total, left_out=left_out)

    def _write(self, rows: Iterable[str]) -> None:
        """Write those of the rows whose readings are all there."""
        found = {row: vote for row in rows if row in self._todo and (vote := self._answers.label(row)) is not None}
        if not found:
            return
        with self._teaching.store.edit(f"label {counted(len(found), 'row')}") as edit:
            for row, vote in found.items():
                label = RowLabel(
                    row,
                    vote.label,
                    vote.certainty,
                    self.teacher,
                    "random",
                    self._split,
                    chance=self._chance,
                    guideline=self._task.guideline.number,
                )
                self._factory.label(edit, label)
        for row, vote in found.items():
            del self._todo[row]
            self.certainties[vote.certainty] += 1
        self.labelled += len(found)


def _harmless(guard: PromptGuard, words: str) -> str:
    """What a server said; a server may repeat what it was sent, and nobody is shown a held-out row by a message."""
    try:
        guard(words)
    except LeakFound:
        return "the server's words hold a held-out row and are not shown"
    return words


def _check_guideline(guard: PromptGuard, task: LabelTask, project: Project) -> None:
    """Refuse a guideline or a template that holds a proof row: else every question would be refused.

    Raises:
        LeakFound: it does.
    """
    try:
        guard(task.instructions)
    except LeakFound:
        raise LeakFound(
            "a line of the guideline or of a template equals or nearly equals a held-out proof row; nothing was sent",
            where=str(project.root / FILE),
            hint="take the row out of it",
        ) from None


def _keep_calls(log: CallLog, earlier: Sequence[Call], recorded: Sequence[Call], todo: Sequence[Example]) -> None:
    """Put the calls of a recording into the log, once, as far as they are about the rows."""
    known = {call.key for call in earlier if call.recorded}
    wanted = {row.id for row in todo}
    for call in recorded:
        if call.key not in known and not wanted.isdisjoint(call.rows):
            log.append(replace(call, recorded=True, time=time.time()))
