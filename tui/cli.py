"""The command `blindspot`: every screen's work as a plain command, for scripts and screen readers.

Exit status: 0 done, 1 refused or failed (one sentence on stderr), 2 wrong usage, 130 stopped by ctrl-c. Only the module
of the command that was asked for is imported, so that each starts fast.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import traceback
from importlib import import_module
from pathlib import Path

from engine import __version__, problems
from engine.child import COLLECT_AFTER
from engine.errors import BlindspotError, JobInterrupted
from engine.extras import missing_told
from engine.paths import REFUSED, is_read_only
from engine.project import READ_ONLY, SETTINGS_FILE
from engine.text import SURROGATE
from tui.commands.shared import CommandParser, Parser
from tui.hints import with_project
from tui.terminal.ending import tidy_ending
from tui.terminal.printing import exit_status, guarded, print_error, print_on_stderr

_MOST = 2**63 - 1
_INTERRUPTED = 130  # exit status after ctrl-c: 128 + SIGINT, as of a process that it ended
COMMANDS = {
    "label": "label rows of a project, or texts of a file, by single keys",
    "agreement": "how far people agree who labelled the same texts",
    "init": "make a project from data files",
    "add": "add later rows of a stream to a project",
    "watch": "compare a new batch of rows with the audit and the blind spots; has anything got worse?",
    "batches": "list the batches of rows that came into a project",
    "discover": "find the blind spots of the current model",
    "shard": "score and embed the pool in shards, on many machines",
    "audit": "queue a random sample of held-out rows for people to label, to estimate how often the model is wrong",
    "hunt": "queue rows where UUs are likely, for people to label",
    "list": "list the blind spots",
    "show": "show the evidence of a blind spot",
    "mark": "mark a row as label wrong, ambiguous or fine",
    "suspects": "list the UUs whose gold label may be wrong",
    "describe": "write a pattern for a blind spot",
    "sample": "write a labelled sample for a blind spot",
    "preview": "estimate which UUs of a blind spot your samples would flip",
    "commit": "hand in an answer for good, or decline to give one, and see the others'",
    "verdict": "what the current model says of a text, or of an edited row",
    "perturb": "add a minimal edit of a row, which the model gets right, to the evidence",
    "undo": "undo or redo an annotation",
    "export": "write labels, marks, samples, patterns or judgements for other tools",
    "import": "import an export, or labels from Argilla, Label Studio or Prodigy",
    "import-teaching": "import patterns and samples from files",
    "import-labels": "import labels of rows from files, of people or an LLM",
    "labels": "who has labelled how many rows, how far they agree, how good an LLM's labels are",
    "guidelines": "the versions of the guideline, and what an edit has made stale",
    "trust": "see what of a project reaches outside its folder or runs, and agree to it",
    "teach": "let an LLM explain blind spots and write samples",
    "test-pattern": "test a pattern on rows that its teacher has not seen",
    "find-rows": "find pool rows without a label by a pattern, by samples or by a text",
    "review": "judge what two teachers wrote, without knowing who wrote what",
    "compare": "compare people and LLMs: win rate, acceptance, agreement, diversity",
    "costs": "what teaching and labels cost, and what was got for it",
    "retrain": "train the arms and prove them on held-out rows",
    "jobs": "list, follow, stop or resume background jobs",
    "report": "show what a retrain proved",
    "check": "run the regression suite of closed blind spots against a model",
    "flips": "the rows that an arm fixed, and those it newly broke",
    "rounds": "the history of a project: what became of its blind spots",
    "promote": "make an arm's model the current one and start the next round",
    "clean": "list the trained models that could go and what each frees, and remove them",
    "verify": "recompute and compare every part of a project: has anything been changed?",
    "doctor": "check this machine and a project",
    "demo": "open the workbench over the bundled project",
    "open": "open the workbench over a project",
    "serve": "let people without an account here work in a browser, each by a link",
    "completion": "let a shell complete commands and options",
}
_MODULES = {"import": "import_", "test-pattern": "pattern_testing"}
"""Of commands by whose names Python or pytest would mean something else."""
FORMER_NAMES = {"ledger": "costs"}
"""Commands by the names that they had before 0.2.0; scripts go on to work."""

_EPILOG = """\
a first session:
  blindspot demo                               the workbench over a bundled project
  blindspot init work --train train.csv --pool new.csv --text review --label stars
  blindspot open work

without a command, in a project folder: opens the workbench over it

`blindspot COMMAND --help` gives examples of each."""
_SHORT = """\
There is no project in this folder, so there is nothing to open.

  blindspot demo            the workbench over a bundled project
  blindspot init --help     make a project from data files
  blindspot open DIR        the workbench over a project
  blindspot label FILE      label the texts of a file
  blindspot --help          all commands"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    if arguments is None:  # helpers of libraries (multiprocessing's) are started with `-c`, which looks here first
        os.environ.setdefault("PYTHONSAFEPATH", "1")
        gc.set_threshold(COLLECT_AFTER)
    words = sys.argv[1:] if arguments is None else arguments
    with guarded() as out, tidy_ending():
        try:
            return exit_status(out, _run(words))
        except KeyboardInterrupt:
            return _INTERRUPTED
        except SystemExit as left:  # help, version, wrong usage
            status = left.code if isinstance(left.code, int) else 0
            raise SystemExit(exit_status(out, status)) from None


def _run(words: list[str]) -> int:
    if words and words[0] in FORMER_NAMES:
        words = [FORMER_NAMES[words[0]], *words[1:]]
    if not words:
        if not Path(SETTINGS_FILE).is_file():
            for line in _SHORT.splitlines():
                print_on_stderr(line)
            return 2
        words = ["open", str(Path.cwd())]
    parser = parser_for(words)
    if words[0].startswith("-") and not any(option.startswith(words[0]) for option in parser.options):
        parser.refuse_words(words[:1])
    options = parser.parse_args(words)
    for name, value in vars(options).items():
        if isinstance(value, str) and SURROGATE.search(value):  # paths are no texts and stay as they are
            try:
                setattr(options, name, os.fsencode(value).decode())  # the locale has no say in what a text means
            except UnicodeDecodeError:
                parser.error(f"{name} is not UTF-8: {value}")
        elif isinstance(value, int) and abs(value) > _MOST:  # no file of ours holds it
            parser.error(f"{name} is {value}; give a smaller number")
    project: Path | None = getattr(options, "project", None)
    try:
        with missing_told():
            status: int = options.run(options)
    except BlindspotError as error:
        print_error(str(error) if project is None else with_project(str(error), project))
        return _INTERRUPTED if isinstance(error, JobInterrupted) else 1
    except Exception as error:
        if isinstance(error, OSError) and error.errno in REFUSED:
            print_error(f"{error.filename or 'a file'}: {error.strerror}; free disk space, or get write permission.")
            return 1
        traceback.print_exc()
        print_error("this is a fault of the program; nothing that was written before is lost. Please report the above.")
        return 1
    finally:
        for sentence in problems.take():
            print_error(f"warning: {sentence}")
    if status == 0 and project is not None and project.is_dir() and is_read_only(project):
        print_error(f"{READ_ONLY}.")
    return status


def module_of(command: str) -> str:
    """The module of a command."""
    return f"tui.commands.{_MODULES.get(command, command.replace('-', '_'))}"


def parser_for(words: list[str]) -> Parser:
    """The parser of the command that is named first, of which alone the module is imported; else of all commands.

    Parsers of the 30 commands that were not asked for take 4 ms to make.
    `completion` is about every command: it imports them all (0.3 s) and is given the parser.
    """
    parser = Parser(
        prog="blindspot",
        description="Find where a text classifier is confidently wrong, teach it, and prove whether it learned.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"blindspot {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=CommandParser)
    wanted = next((word for word in words if not word.startswith("-")), None)
    alone = [wanted] if wanted in words[:1] and wanted in COMMANDS and wanted != "completion" else COMMANDS
    for name in alone:
        if wanted in (name, "completion"):
            import_module(module_of(name)).add_parser(subparsers)
        else:
            subparsers.add_parser(name, help=COMMANDS[name])
    if wanted == "completion":
        subparsers.choices[wanted].set_defaults(every_command=parser)
    return parser
