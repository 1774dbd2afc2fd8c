"""`blindspot init`: make a project from data files, and say what it holds."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.counted import counted
from engine.data.left_out import FILE as LEFT_OUT
from engine.files import read_lines
from engine.manifest import SplitManifest
from engine.operations.create_project import create_project
from engine.project import Project
from engine.proof.request import FEWEST_LABELLED
from engine.settings import DEFAULT_BASE
from tui.commands.reading_files import Told, add_file_choices, file_choices
from tui.commands.shared import SubParsers, add_json, new_parser
from tui.terminal.printing import print_json, print_line

_LABELS = 6  # labels counted in one line
_LEFT_OUT = 5  # rows named on the screen

_OF_FILES = (
    ("--column", "[FILE:]ROLE=COL", "column of the text, label or pair of one file (a split, or the file's name)"),
    ("--map", "[FILE:]LABEL=LABEL", "a label of the files, or of one, and what it means, e.g. 1=positive"),
    ("--encoding", "[FILE:]NAME", "of files that are not UTF-8, e.g. cp1252; byte order marks are recognised"),
)
_SKIP_BAD = (
    "leave out broken lines, and rows without text (of train, test and dev: or label) or with a label not in train"
)
_DROP_DUPLICATES = "leave out rows whose text or id was there before: train counts before pool before proof"

_EXAMPLES = """\
  blindspot init work --train reviews.csv --stream new.csv --text review --label stars
  blindspot init work --train reviews.csv --pool new.csv --text review --label stars
  blindspot init work --train train.jsonl --pool pool.jsonl --proof proof.jsonl --test test.jsonl --dev dev.jsonl \\
      --text text --label label --tau 0.9 --seed 13
  blindspot init nli --train train.parquet --pool pool.parquet --text premise --pair hypothesis --label label \\
      --model org/fine-tuned-classifier
  blindspot init work --pool scored.csv --predictions scored.csv --text text --label label
  blindspot init work --pool pool.csv --proof proof.csv --predictions scores.csv --text text --label label

  blindspot init work --train train.csv --stream new.csv --text review --label stars \\
      --score "python score.py" --train-with "python train.py"

  blindspot init work --train train.csv --pool new.csv --text text --label label \\
      --column pool:text=comment --column pool:label=stars --map 1=negative --map 5=positive --encoding new.csv:cp1252

files end in .jsonl, .csv, .tsv or .parquet; a column `id`, if there is one, names the rows
labels of --stream, --pool and --proof may be blank: then nobody has given them yet
without --proof half of the pool or stream is held out, near-duplicates on one side: every label in equal
shares, or at random where labels are missing
later rows of the stream: `blindspot add`"""


def add_parser(subparsers: SubParsers) -> None:
    """Describe the command."""
    parser = new_parser(subparsers, "init", "make a project from data files", _EXAMPLES)
    parser.add_argument("project", metavar="DIR", type=Path, help="the new project folder")
    data = parser.add_argument_group("data")
    data.add_argument(
        "--train",
        metavar="F",
        type=Path,
        help="labelled rows that the classifier learns; not needed with --predictions",
    )
    where_used = data.add_mutually_exclusive_group(required=True)
    where_used.add_argument(
        "--stream",
        metavar="F",
        type=Path,
        help="rows from where the model is used, in which blind spots are looked for; their column of labels may be "
        "missing",
    )
    where_used.add_argument(
        "--pool", metavar="F", type=Path, help="the same, for rows of which some or all have a label"
    )
    data.add_argument(
        "--proof", metavar="F", type=Path, help="held-out rows like the pool's; default: half of the pool"
    )
    data.add_argument("--test", metavar="F", type=Path, help="held-out rows like train's")
    data.add_argument("--dev", metavar="F", type=Path, help="rows like train's, for the temperature")
    data.add_argument("--text", metavar="COL", default="text", help="column of the text; default: text")
    data.add_argument("--pair", metavar="COL", help="column of the second text, if rows are pairs")
    data.add_argument("--label", metavar="COL", default="label", help="column of the label; default: label")
    data.add_argument(
        "--one-label",
        metavar="NAME",
        default="",
        help="where rows have several labels (a list, or joined by | ; or ,): each row is NAME or `not NAME`; "
        "a project for each label",
    )
    add_file_choices(data, _OF_FILES, skip_bad=_SKIP_BAD, drop_duplicates=_DROP_DUPLICATES)
    model = parser.add_argument_group("model")
    weights = "PATH_OR_HUB_ID"
    model.add_argument("--model", metavar=weights, help="fine-tuned classifier; default: --base is fine-tuned on train")
    model.add_argument(
        "--predictions",
        metavar="[FILE:]F",
        action="append",
        default=[],
        help="what a classifier that is not run here says of the rows: columns predicted and confidence, or p_LABEL "
        "for each label; by a column id, else in the order of the rows; for one split or file alone if that is named",
    )
    model.add_argument(
        "--score", metavar="COMMAND", help="program that scores rows, in place of weights; --model: what it loads"
    )
    model.add_argument("--train-with", metavar="COMMAND", help="program that trains what --score scores with")
    model.add_argument("--continues", action="store_true", help="--train-with can go on from a model it has made")
    model.add_argument("--classifier-class", metavar="NAME", help="a Python class in place of both programs")
    model.add_argument("--base", metavar=weights, help=f"where fine-tuning starts; default: {DEFAULT_BASE}")
    model.add_argument("--encoder", metavar=weights, help=f"sentence encoder for clusters; default: {DEFAULT_BASE}")
    model.add_argument("--tau", metavar="T", type=float, help="confidence threshold of a UU; default: 0.9")
    model.add_argument("--seed", metavar="N", type=int, help="of the split, the clusters and training; default: 13")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Make the project, then print its splits, where the proof came from, what to know, and the next command."""
    told = Told()
    try:
        project = create_project(
            options.project,
            train=options.train,
            pool=options.pool,
            stream=options.stream,
            proof=options.proof,
            test=options.test,
            dev=options.dev,
            text=options.text,
            pair=options.pair,
            label=options.label,
            one_label=options.one_label,
            model=options.model,
            predictions=options.predictions,
            score=options.score,
            train_with=options.train_with,
            classifier_class=options.classifier_class,
            continues=options.continues,
            encoder=options.encoder,
            base=options.base,
            tau=options.tau,
            seed=options.seed,
            monitor=told,
            **file_choices(options),
        )
    finally:
        told.clear()
    splits = project.manifest.splits
    proof = splits["proof"]
    if proof.labelled < min(proof.rows, FEWEST_LABELLED):
        told.note(
            f"{proof.labelled} of {proof.rows:,} proof rows have a label: `retrain` will ask people for the labels of "
            "those that can change its verdict"
        )
    if project.settings.classifier.score:
        told.note(f"`blindspot doctor {shlex.quote(str(options.project))} --classifier` tries the program")
    left_out = [json.loads(line) for line in read_lines(project.root / LEFT_OUT)]
    first = "discover" if splits["pool"].labelled else "hunt"
    following = f"blindspot {first} {shlex.quote(str(options.project))}"
    if options.json:
        print_json(
            {
                "project": str(project.root),
                "labels": project.labels,
                "proof_origin": project.manifest.proof_origin,
                "splits": {
                    name: {"rows": split.rows, "labels": split.labels, "unlabelled": split.unlabelled}
                    for name, split in splits.items()
                },
                "notes": told.notes,
                "left_out": left_out,
                "next": following,
            }
        )
    else:
        _print_made(project, options.project, told.notes, left_out)
        print_line(f"next: {following}")
    return 0


def _print_made(project: Project, folder: Path, notes: Sequence[str], left_out: Sequence[Mapping[str, str]]) -> None:
    """What the project holds, what to know of it, and which rows were left out; ``folder`` as the user named it."""
    rows = "pairs of texts" if project.settings.task.pair else "single texts"
    tau = project.settings.discovery.tau
    print_line(f"made the project {folder}: {len(project.labels)} labels, {rows}, tau {tau}")
    for name, split in project.manifest.splits.items():
        unlabelled = f", {split.unlabelled:,} without label" if split.unlabelled else ""
        print_line(f"  {name:<5}  {counted(split.rows, 'row'):>12}{unlabelled}   {_counts(split)}".rstrip())
    print_line(f"proof: {_proof(project)}")
    for note in notes:
        print_line(f"note: {note}")
    if left_out:
        print_line(f"left out: {counted(len(left_out), 'row')}, named in {folder / LEFT_OUT}")
    for one in left_out[:_LEFT_OUT]:
        print_line(f"  {one['place']}: {one['reason']}")
    if len(left_out) > _LEFT_OUT:
        print_line(f"  and {len(left_out) - _LEFT_OUT:,} more")


def _counts(split: SplitManifest) -> str:
    shown = [f"{label} {count:,}" for label, count in split.labels.items()]
    return ", ".join(shown[:_LABELS]) + (f", and {len(shown) - _LABELS} more labels" if len(shown) > _LABELS else "")


def _proof(project: Project) -> str:
    source = Path(project.manifest.splits["proof"].source).name
    if project.manifest.proof_origin == "file":
        return f"all of {source}; nothing teaches or trains with it"
    shares = "at random" if project.manifest.splits["proof"].unlabelled else "every label in equal shares"
    how = f"{shares}, near-duplicates on one side, seed {project.manifest.seed}"
    return f"half of {source} ({how}); nothing teaches or trains with it"
