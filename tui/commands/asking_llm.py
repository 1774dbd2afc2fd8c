"""What the commands that ask an LLM do alike: the person's word on what leaves, recordings, and what calls took."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from engine.errors import TeacherError
from engine.llm.address import server_use
from engine.llm.call_costs import CallTotals
from engine.llm.prompts import Prompts
from engine.llm.replay import RECORDED_FILE
from engine.project import Project
from engine.settings import LlmSettings
from engine.trust import agree, untrusted
from tui.commands.annotating import counted
from tui.flows.ask_for_trust import ask


def agree_to_server(named: Project, asked: Project, options: argparse.Namespace) -> None:
    """Go on only if the person agrees, or has agreed, to what leaves.

    What they have just typed is their own word. So a model or server of the options needs no further one, if what the
    project adds (variable, prompts, and what was not typed) is the package's default or was agreed to.

    Args:
        named: the project as it is.
        asked: with the model and the server of the options.
        options: what was typed.

    Raises:
        NotTrusted: they do not agree.
    """
    prompts, root = Prompts(named).own, named.root
    use = server_use(asked.settings.llm, prompts)
    if use is not None and (options.model or options.base_url):
        default = LlmSettings()
        left = replace(
            named.settings.llm,
            model=default.model if options.model else named.settings.llm.model,
            base_url=default.base_url if options.base_url else named.settings.llm.base_url,
        )
        whole = server_use(named.settings.llm, prompts)
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
    return (
        f"{counted(calls.calls, 'call')}, {calls.failed} of them in vain; "
        f"{calls.tokens_in:,} tokens in, {calls.tokens_out:,} out; {paid}"
    )
