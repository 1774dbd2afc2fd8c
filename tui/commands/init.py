"""`blindspot init`: make a project from data files, and say what it holds."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from engine.data.create import create_project
from engine.project import Project, SplitManifest
from engine.settings import DEFAULT_BASE
from tui.commands.shared import SubParsers, add_json, new_parser
from tui.printing import StatusLine, print_json, print_line

_LABELS = 6  # labels counted in one line

_EXAMPLES = """\
  blindspot init work --train reviews.csv --pool new.csv --text review --label stars
  blindspot init work --train train.jsonl --pool pool.jsonl --proof proof.jsonl --test test.jsonl --dev dev.jsonl \\
      --text text --label label --tau 0.9 --seed 13
  blindspot init nli --train train.parquet --pool pool.parquet --text premise --pair hypothesis --label label \\
      --model org/fine-tuned-classifier

files end in .jsonl, .csv, .tsv or .parquet; a column `id`, if there is one, names the rows
without --proof half of the pool is held out: every label in equal shares, near-duplicates on one side"""


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(subparsers, "init", "make a project from data files", _EXAMPLES)
    parser.add_argument("project", metavar="DIR", type=Path, help="the new project folder")
    data = parser.add_argument_group("data")
    data.add_argument("--train", metavar="F", type=Path, required=True, help="labelled rows that the classifier learns")
    data.add_argument("--pool", metavar="F", type=Path, required=True,
                      help="labelled rows of another kind, in which blind spots are looked for")  # fmt: skip
    data.add_argument(
        "--proof", metavar="F", type=Path, help="held-out rows like the pool's; default: half of the pool"
    )
    data.add_argument("--test", metavar="F", type=Path, help="held-out rows like train's")
    data.add_argument("--dev", metavar="F", type=Path, help="rows like train's, for the temperature")
    data.add_argument("--text", metavar="COL", required=True, help="column of the text")
    data.add_argument("--pair", metavar="COL", help="column of the second text, if rows are pairs")
    data.add_argument("--label", metavar="COL", required=True, help="column of the label")
    model = parser.add_argument_group("model")
    weights = "PATH_OR_HUB_ID"
    model.add_argument("--model", metavar=weights, help="fine-tuned classifier; default: --base is fine-tuned on train")
    model.add_argument("--base", metavar=weights, help=f"where fine-tuning starts; default: {DEFAULT_BASE}")
    model.add_argument("--encoder", metavar=weights, help=f"sentence encoder for clusters; default: {DEFAULT_BASE}")
    model.add_argument("--tau", metavar="T", type=float, help="confidence threshold of a UU; default: 0.9")
    model.add_argument("--seed", metavar="N", type=int, help="of the split, the clusters and training; default: 13")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Make the project, then print its splits, where the proof came from, what to know, and the next command."""
    told = _Told()
    try:
        project = create_project(
            options.project, train=options.train, pool=options.pool, proof=options.proof, test=options.test,
            dev=options.dev, text=options.text, pair=options.pair, label=options.label, model=options.model,
            encoder=options.encoder, base=options.base, tau=options.tau, seed=options.seed, monitor=told,
        )  # fmt: skip
    finally:
        told.clear()
    splits = project.manifest.splits
    following = f"blindspot discover {shlex.quote(str(options.project))}"
    if options.json:
        print_json({
            "project": str(project.root), "labels": project.labels, "proof_origin": project.manifest.proof_origin,
            "splits": {name: {"rows": split.rows, "labels": split.labels} for name, split in splits.items()},
            "notes": told.notes, "next": following,
        })  # fmt: skip
        return 0
    rows = "pairs of texts" if project.settings.task.pair else "single texts"
    tau = project.settings.discovery.tau
    print_line(f"made the project {options.project}: {len(project.labels)} labels, {rows}, tau {tau}")
    for name, split in splits.items():
        print_line(f"  {name:<5}  {split.rows:>7,} rows   {_counts(split)}")
    print_line(f"proof: {_proof(project)}")
    for note in told.notes:
        print_line(f"note: {note}")
    print_line(f"next: {following}")
    return 0


def _counts(split: SplitManifest) -> str:
    shown = [f"{label} {count:,}" for label, count in split.labels.items()]
    return ", ".join(shown[:_LABELS]) + (f", and {len(shown) - _LABELS} more labels" if len(shown) > _LABELS else "")


def _proof(project: Project) -> str:
    source = Path(project.manifest.splits["proof"].source).name
    if project.manifest.proof_origin == "file":
        return f"all of {source}; only the evaluator reads it"
    how = f"every label in equal shares, near-duplicates on one side, seed {project.manifest.seed}"
    return f"half of {source} ({how}); only the evaluator reads it"


class _Told:
    """Keeps what the work notes; shows its step on stderr if that is a terminal."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self._line = StatusLine()

    def step(self, stage: str, done: int, total: int, **facts: float | int | str) -> None:
        """Show the step in place of the last."""
        self._line.show(f"{stage} ...")

    def note(self, message: str) -> None:
        """Keep it for the end."""
        self.notes.append(message)

    def clear(self) -> None:
        """Leave no step on the screen."""
        self._line.clear()
