"""`blindspot teach`: let an LLM explain blind spots and write samples, as a background job, or replay one's answers."""

from __future__ import annotations

import argparse
import shlex
import time
from dataclasses import replace
from pathlib import Path

from engine import jobs
from engine.errors import TeacherError
from engine.llm.address import Address, server_use
from engine.llm.budget import Budget
from engine.llm.cost_estimate import estimate
from engine.llm.prompts import Prompts, write_prompts
from engine.llm.questions import asking, chosen_spots, model_of
from engine.llm.replay import RECORDED_FILE
from engine.llm.reports import TeachReport
from engine.operations.job_records import TeachOptions
from engine.project import Project
from engine.settings import LlmSettings
from engine.trust import agree, file_use, untrusted
from tui.commands.annotating import counted
from tui.commands.following import follow_to_end
from tui.commands.shared import SubParsers, add_json, add_project, add_waiting, new_parser
from tui.flows.ask_for_trust import ask
from tui.terminal.printing import print_json, print_line


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(
        subparsers,
        "teach",
        "let an LLM explain blind spots and write samples",
        "  blindspot teach work --estimate\n  blindspot teach work --spot B1 --spot B4 --max-cost 0.50\n"
        "  blindspot teach work --model qwen3 --base-url http://127.0.0.1:8000/v1\n"
        "  blindspot teach work --replay          answers recorded before; no network\n"
        "  blindspot teach work --write-prompts   then edit work/prompts/*.txt; task.txt says what labels mean\n\n"
        "model, server and the name of the variable with the key are in [llm] of blindspot.toml, prices in [cost].\n"
        "What is answered is kept and never asked twice: the same command goes on where it stopped.",
    )
    add_project(parser)
    parser.add_argument("--spot", action="append", dest="spots", metavar="ID", help="repeatable; default: all")
    parser.add_argument("--estimate", action="store_true", help="print what a run would take, and ask nobody")
    parser.add_argument("--max-cost", type=float, metavar="X", help="stop before it costs more; needs a price")
    parser.add_argument("--max-tokens", type=int, metavar="N", help="stop before it takes more tokens, in and out")
    parser.add_argument("--model", metavar="NAME", help="default: llm.model of blindspot.toml")
    parser.add_argument("--base-url", metavar="URL", help="default: llm.base_url of blindspot.toml")
    parser.add_argument(
        "--replay", nargs="?", const="", metavar="FILE", help=f"recorded answers; default: llm/{RECORDED_FILE} of DIR"
    )
    parser.add_argument("--write-prompts", action="store_true", help="copy the prompts into DIR, to be edited")
    add_waiting(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the estimate, run the job, and print what it brought and what is missing; 1 if nothing is finished."""
    named = Project.open(options.project)
    project = asking(named, model=options.model, base_url=options.base_url)
    if options.write_prompts:
        for path in write_prompts(project):
            print_line(str(path))
        return 0
    chosen_spots(project.discovered(), options.spots)  # refuses an id that is none before a job is made of it
    replay = None if options.replay is None else _recording(project, options.replay)
    if replay is None:
        guess = estimate(project, options.spots)
        if options.estimate:
            print_json(guess.as_json()) if options.json else print_line(guess.sentence)
            return 0
        model = model_of(project)
        Budget(options.max_cost, options.max_tokens, project.settings.cost.prices.get(model))
        _agree(named, project, options)
        if not (options.json or options.detach):
            print_line(f"{model} at {Address.of(project.settings.llm.base_url).server}: {guess.sentence}")
    elif options.estimate:
        print_line("a replay asks nobody and costs nothing")
        return 0
    elif use := file_use(project.root, replay):
        agree(project.root, [use])  # the user has just named it
    asked = TeachOptions(
        spots=tuple(options.spots) if options.spots else None,
        replay=str(replay) if replay else None,
        model=options.model,
        base_url=options.base_url,
        max_cost=options.max_cost,
        max_tokens=options.max_tokens,
        since=time.time(),
    )
    job_id = jobs.start(project.root, asked)
    if options.detach:
        print_line(job_id)
        return 0
    report = TeachReport.from_json(follow_to_end(project.root, job_id).result)
    if options.json:
        print_json(report.as_json())
    else:
        for line in _lines(report, options.project):
            print_line(line)
    return 0 if report.finished else 1


def _agree(named: Project, asked: Project, options: argparse.Namespace) -> None:
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


def _recording(project: Project, name: str) -> Path:
    """The file to replay, which is there.

    Raises:
        TeacherError: it is not.
    """
    path = Path(name).expanduser().resolve() if name else project.llm_dir / RECORDED_FILE
    if not path.is_file():
        raise TeacherError("there is no such recording", where=str(path), hint="name a file with --replay FILE")
    return path


def _lines(report: TeachReport, project: Path) -> list[str]:
    """A report for people."""
    teacher, calls = report.teacher, report.calls
    roles = ", ".join(f"{count} {role}" for role, count in report.samples.items())
    taken = sum(report.samples.values())
    lines = [
        report.sentence,
        f"{counted(report.patterns, 'pattern')} and {counted(taken, 'sample')} by {teacher.name} "
        f"({teacher.title}; {roles})",
    ]
    if report.refused:
        lines.append(f"{counted(sum(report.refused.values()), 'sample')} refused:")
        lines += [f"  {count:>4}  {reason}" for reason, count in report.refused.items()]
    lines += report.failed.values()
    cost = "price unknown" if report.cost is None else f"{report.cost:.4f} {report.currency}"
    if calls.calls > calls.recorded:
        lines.append(
            f"{counted(calls.calls, 'call')}, {calls.failed} of them in vain; "
            f"{calls.tokens_in:,} tokens in, {calls.tokens_out:,} out; {cost}"
        )
    if report.patterns or taken:
        lines.append(
            f"what others wrote on a blind spot shows once you have committed yours: blindspot commit {project} ID"
        )
        author = shlex.quote(report.author)
        lines.append(
            f"to take back the last answer: blindspot undo {project} --annotator {author} (--times N: the last N)"
        )
    return lines
