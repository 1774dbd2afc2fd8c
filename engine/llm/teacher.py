"""The LLM teacher: three questions for each blind spot, several blind spots in parallel.

Threads ask; only the caller's thread writes records, one action for each answer. A run that was killed goes on where it
was: answers in the records are not asked for again, and answers in the log of calls are not paid for again.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from engine.llm.address import server_use
from engine.llm.answer_schemas import Patterns, Samples
from engine.llm.answer_writer import AnswerWriter
from engine.llm.budget import Budget
from engine.llm.call_costs import call_totals, paid_for_calls
from engine.llm.call_log import CALLS_FILE, CallLog, CallStep, read_calls
from engine.llm.chat_backend import ChatAnswer, ChatBackend
from engine.llm.client import Client
from engine.llm.prompt_guard import PromptGuard
from engine.llm.prompts import Prompts
from engine.llm.question_run import QuestionRun
from engine.llm.questions import answered, chosen_spots, model_of
from engine.llm.replay import Replay, read_recording
from engine.llm.reports import TeachReport
from engine.llm.teaching_task import TeachingTask
from engine.progress import Monitor, Silent
from engine.project import Project
from engine.schema import ROLES, Role
from engine.teaching.authors import llm_author
from engine.teaching.evidence import evidence_for
from engine.teaching.records import Teaching
from engine.text import visible
from engine.trust import require

_Either = ChatAnswer[Patterns] | ChatAnswer[Samples]


def teach(
    project: Project,
    *,
    spots: Sequence[str] | None = None,
    replay: Path | None = None,
    max_cost: float | None = None,
    max_tokens: int | None = None,
    since: float | None = None,
    monitor: Monitor | None = None,
) -> TeachReport:
    """Let the LLM of the settings, or a recording of one, answer the three questions about blind spots.

    Args:
        project: with a discovery.
        spots: ids of the blind spots; None: all.
        replay: recorded answers to use instead of a server.
        max_cost: stop before the calls of this run could cost more, in the currency of the prices.
        max_tokens: stop before they could take more tokens, prompts and answers together.
        since: seconds since the epoch; calls from then on count towards the limits too. For a run that goes on with
            one that was killed or stopped.
        monitor: learns of each answer; its wish to stop is heard within a second.

    Raises:
        Stopped: the monitor said so; what was answered is kept.
        ProjectError: nothing has been discovered yet.
        StoreError: there is no such blind spot, or records cannot be written.
        NotTrusted: nobody at this machine has agreed to the server, the variable or the prompts that the project names.
        SettingsError: no model is set, a template has a mistake, or ``max_cost`` is given and no price is known.
        ServerRefused: the server answers no question at all; what was answered before is kept.
        TeacherError: the recording cannot be used.
    """
    discovery, settings, prompts = project.discovered(), project.settings, Prompts(project)
    recording = read_recording(replay) if replay else None
    name = recording.teacher.name if recording else model_of(project)
    teaching = Teaching.of(project, llm_author(name))
    evidence = [evidence_for(project, discovery, teaching, spot) for spot in chosen_spots(discovery, spots)]
    matched = recording.match(evidence) if recording else {}
    tasks = []
    for shown in evidence:
        known = matched.get(shown.blind_spot)
        if recording is None or known:
            seen = known.evidence if known else shown.hash
            done = answered(teaching, name, shown.blind_spot, seen)
            tasks.append(TeachingTask(project, shown, seen, done, prompts, teaching.leaks))
    path, stop = project.llm_dir / CALLS_FILE, threading.Event()
    log, earlier = CallLog(path), list(read_calls(path))
    run = _Run(tasks, monitor or Silent())
    asker: ChatBackend
    if recording:
        asker = Replay(recording, {spot: known for spot, known in matched.items() if known}, log)
    else:
        require(project.root, [server_use(settings.llm, prompts.own)])
        budget = Budget(max_cost, max_tokens, settings.cost.prices.get(name))
        budget.count_earlier(earlier, since)
        asker = Client(
            settings.llm, log, budget=budget, check_prompt=PromptGuard(project), stop=stop, note=run.questions.note
        )
    writer = AnswerWriter(project, teaching, asker.teacher)
    try:
        run.go(asker, writer, parallel=settings.llm.parallel)
    finally:
        stop.set()
        asker.close()
    calls = list(read_calls(path))[len(earlier) :]
    return TeachReport(
        teacher=asker.teacher,
        author=teaching.author,
        blind_spots=len(evidence),
        finished=len(run.finished),
        already=sum(not task.done.open for task in tasks),
        patterns=writer.patterns,
        samples=writer.counts(),
        missing=run.missing(),
        refused=dict(writer.refused.most_common()),
        failed=run.failed,
        unrecorded=tuple(spot for spot, known in matched.items() if not known),
        stopped=run.questions.stopped,
        calls=call_totals(calls),
        cost=paid_for_calls(calls, settings.cost).value,
        currency=settings.cost.currency,
    )


class _Run:
    """Tasks that are asked in threads, and kept in the thread that calls `go`.

    Attributes:
        questions: that are asked.
        finished: blind spots with all their answers. failed: why one has not all of them, by its id.
    """

    def __init__(self, tasks: Sequence[TeachingTask], monitor: Monitor) -> None:
        self._open = [task for task in tasks if task.done.open]
        self._monitor = monitor
        self.questions: QuestionRun[tuple[TeachingTask, CallStep, _Either]] = QuestionRun(monitor)
        self._done = 0
        self._taken: dict[str, Counter[Role]] = {}
        self.finished = {task.spot_id for task in tasks if not task.done.open}
        self.failed: dict[str, str] = {}

    def go(self, asker: ChatBackend, writer: AnswerWriter, *, parallel: int) -> None:
        """Ask and keep everything.

        Raises:
            Stopped: the monitor said so.
            ServerRefused, StoreError: as `teach`.
        """

        def work(task: TeachingTask) -> None:
            for step, answer in task.answers(asker):
                self.questions.tell((task, step, answer))

        def look() -> None:
            self._take_in(writer)

        for task, error in self.questions.results(self._open, work, parallel=parallel, look=look):
            self._take_in(writer)
            if error is None:
                self.finished.add(task.spot_id)
            else:
                self.failed[task.spot_id] = str(error)
                self._monitor.note(visible(str(error)))
        self._take_in(writer)

    def missing(self) -> dict[Role, int]:
        """Samples that were asked for in this run and are not there."""
        short: Counter[Role] = Counter()
        for task in self._open:
            if not task.done.samples:
                short.update(task.sample_request.count)
                short.subtract(self._taken.get(task.spot_id, Counter()))
        return {role: max(0, short[role]) for role in ROLES}

    def _take_in(self, writer: AnswerWriter) -> None:
        """Write the answers that have come, and tell how far it is."""
        for task, step, answer in self.questions.told():
            self._taken[task.spot_id] = writer.keep(task, step, answer)
            self._done += 1
        total = sum(task.done.open for task in self._open)
        self._monitor.step("teach", self._done, total, failed=len(self.failed))
