"""What the commands that ask an LLM do alike: the person's word on what leaves, recordings, and what calls took."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.counted import counted
from engine.errors import TeacherError
from engine.llm.address import Address, server_use
from engine.llm.budget import Budget
from engine.llm.call_costs import CallTotals
from engine.llm.prompts import Prompts
from engine.llm.questions import model_of
from engine.llm.replay import RECORDED_FILE
from engine.project import Project
from engine.settings import LlmSettings
from engine.trust import agree, file_use, untrusted
from tui.flows.ask_for_trust import ask
from tui.terminal.printing import print_json, print_line

if TYPE_CHECKING:
    from engine.llm.judge_estimate import JudgeEstimate
    from engine.llm.label_estimate import LabelEstimate
    from engine.llm.teach_estimate import TeachEstimate

    Estimate = TeachEstimate | LabelEstimate | JudgeEstimate


def may_start(
    named: Project,
    asked: Project,
    options: argparse.Namespace,
    replay: Path | None,
    estimated: Callable[[], Estimate],
    *,
    under: str = "",
    held_out: bool = False,
) -> bool:
    """Print the estimate, and ask for the person's word where it is needed; whether the run is to be started.

    It is not with ``--estimate``.

    Args:
        named: the project as it is.
        asked: with the model and the server of the options.
        options: what was typed.
        replay: recorded answers that are used instead of a server.
        estimated: makes the estimate of a run that asks the server.
        under: what else is told beside model and server.
        held_out: whether held-out rows are sent.

    Raises:
        NotTrusted: they do not agree to what leaves.
        SettingsError: no model is set, or a limit of cost has no price to count by.
    """
    if replay is not None:
        if options.estimate:
            print_line("a replay asks nobody and costs nothing")
        elif use := file_use(asked.root, replay):
            agree(asked.root, [use])  # the user has just named it
        return not options.estimate
    guess = estimated()
    if options.estimate:
        print_estimate(options, guess)
        return False
    check_limits(asked, options)
    _agree_to_server(named, asked, options, held_out=held_out)
    if not (options.json or options.detach):
        beside, llm = f", {under}" if under else "", asked.settings.llm
        print_line(f"{llm.model} at {Address.of(llm.base_url).server}{beside}: {guess.sentence}")
    return True


def print_estimate(options: argparse.Namespace, guess: Estimate) -> None:
    """What a run would take, for ``--estimate``."""
    print_json(guess.as_json()) if options.json else print_line(guess.sentence)


def check_limits(asked: Project, options: argparse.Namespace) -> None:
    """Refuse a run that could not ask, before there is a job.

    Raises:
        SettingsError: no model is set, or a limit of cost has no price to count by.
    """
    Budget(options.max_cost, options.max_tokens, asked.settings.cost.prices.get(model_of(asked)))


def _agree_to_server(named: Project, asked: Project, options: argparse.Namespace, *, held_out: bool) -> None:
    """Go on only if the person agrees, or has agreed, to what leaves.

    What they have just typed is their own word. So a model or server of the options needs no further one, if what the
    project adds (variable, prompts, and what was not typed) is the package's default or was agreed to.

    Args:
        named: the project as it is.
        asked: with the model and the server of the options.
        options: what was typed.
        held_out: whether held-out rows are sent.

    Raises:
        NotTrusted: they do not agree.
    """
    prompts, root = Prompts(named).own, named.root
    use = server_use(asked.settings.llm, prompts, held_out=held_out)
    if use is not None and (options.model or options.base_url):
        default = LlmSettings()
        left = replace(
            named.settings.llm,
            model=default.model if options.model else named.settings.llm.model,
            base_url=default.base_url if options.base_url else named.settings.llm.base_url,
        )
        whole = server_use(named.settings.llm, prompts, held_out=held_out)
        if server_use(left, prompts) is None or (whole is not None and not untrusted(root, [whole])):
            agree(root, [use])
    ask(root, [use] if use else [])


def recording(project: Project, name: str) -> Path:
    """The file to replay, which is there.

    Raises:
        TeacherError: it is not.
    """
    path = Path(name).expanduser().resolve() if name else project.llm_dir / RECORDED_FILE
    if not path.is_file():
        raise TeacherError("there is no such recording", where=str(path), hint="name a file with --replay FILE")
    return path


def calls_line(calls: CallTotals, cost: float | None, currency: str) -> str:
    """The calls of a run, their tokens and their cost."""
    paid = "price unknown" if cost is None else f"{cost:.4f} {currency}"
    thought = f" ({calls.tokens_thought:,} of them thinking)" if calls.tokens_thought else ""
    return (
        f"{counted(calls.calls, 'call')}, {calls.failed} of them failed; "
        f"{calls.tokens_in:,} tokens in, {calls.tokens_out:,} out{thought}; {paid}"
    )
