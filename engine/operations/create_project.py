"""Creating a project: all input is validated first, and the folder appears whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from typing_extensions import Unpack

from engine import __version__
from engine.data.batches import first_batch, name_of_file
from engine.data.checks import in_label_order, near_proof, notes, refuse_shared, refuse_unknown_labels, task_labels
from engine.data.left_out import FILE as LEFT_OUT
from engine.data.left_out import LeftOutList, with_known_labels, with_own_ids, without_duplicates
from engine.data.options import FileChoices, file_options, refuse_unused
from engine.data.reading import Columns, FileNews, FileOptions, rows_of
from engine.data.row_hashes import as_texts
from engine.data.row_store import RowStore
from engine.data.splits import split_pool
from engine.errors import DataError, ModelError, ProjectError, SettingsError
from engine.extras import has_models
from engine.files import replacing, sha256_file, write_atomic, write_json
from engine.manifest import MANIFEST_FILE, Manifest, SplitManifest, hashes_file, split_file
from engine.model.text_classifier import classifier_of
from engine.model.truncation import Reading, cut_sentence
from engine.model.weights import find_weights, named_weights, weights_use
from engine.operations.new_folder import appearing, remove_left
from engine.operations.take_predictions import GivenFiles
from engine.programs.new_settings import classifier_settings
from engine.progress import Monitor, Silent
from engine.project import SETTINGS_FILE, Project
from engine.schema import SPLITS, UNLABELLED, SplitName
from engine.settings import Settings, TaskSettings, write_settings
from engine.tau import checked_tau
from engine.text import visible, without_surrogates
from engine.trust import NotTrusted, agree
from engine.verify.seal import keep_seal

_LARGEST_SEED = 2**31 - 1000  # the training runs take the next numbers
_SHOWN = 6  # labels named in a message
_AT_ONCE = 5_000  # rows whose texts are in memory
_COUNTED = 20_000  # pool rows whose tokens are counted here: some seconds if all are long


def create_project(
    root: Path,
    *,
    train: Path | None = None,
    pool: Path | None = None,
    stream: Path | None = None,
    proof: Path | None = None,
    test: Path | None = None,
    dev: Path | None = None,
    text: str,
    pair: str | None = None,
    label: str,
    one_label: str = "",
    model: str | None = None,
    predictions: Sequence[str] = (),
    score: str | None = None,
    train_with: str | None = None,
    classifier_class: str | None = None,
    continues: bool = False,
    encoder: str | None = None,
    base: str | None = None,
    tau: float | None = None,
    seed: int | None = None,
    monitor: Monitor | None = None,
    **choices: Unpack[FileChoices],
) -> Project:
    """Make a project folder from a user's files.

    Args:
        root: the new folder; it may exist if it is empty.
        train: rows of the source distribution; needed unless `predictions` are given.
        pool: rows of another distribution, in which blind spots are looked for; their labels may be blank.
        stream: the same in the place of `pool`, for rows whose file need not have the column of labels either.
        proof: held-out rows like the pool's; without it the pool is split 50/50.
        test: held-out rows like train's.
        dev: rows like train's, for the temperature.
        text: column of the text.
        pair: column of the second text, if rows are pairs.
        label: column of the label.
        one_label: where rows have several labels, the one that the project is about: each row has it or not.
        model: fine-tuned classifier, a folder or hub id; without it `base` is fine-tuned on train. With a program that
            scores, the file or folder that it loads.
        predictions: files of what a classifier that is not run here says of the rows, each for all of them, or, as
            ``FILE:PREDICTIONS``, for those of a split or a file (`engine.operations.take_predictions`).
        score: command of a program that scores rows, in place of Hugging Face weights.
        train_with: command of a program that trains it.
        classifier_class: a Python class in place of both.
        continues: training can start from a model.
        encoder: sentence encoder, a folder or hub id.
        base: where fine-tuning starts, a folder or hub id.
        tau: confidence threshold of a UU, 0..1.
        seed: of the split, the clusters and, with the two numbers after it, the training runs.
        monitor: is told of long steps, and of what the user should know about the data.
        choices: how the files are read (`engine.data.options.file_options`).

    Raises:
        DataError: a file cannot be used, or the splits do not fit together.
        ModelError: a folder of weights is named that cannot be used.
        ProjectError: the folder is taken, or cannot be written.
        SettingsError: tau or seed is out of range.
    """
    monitor = monitor or Silent()
    root = root.expanduser().resolve()
    remove_left(root)
    _refuse_taken(root)
    columns = Columns(text, label, pair)
    given: dict[SplitName, Path | None] = {
        "train": train,
        "pool": _one_of(pool, stream),
        "proof": proof,
        "test": test,
        "dev": dev,
    }
    files = {name: path.expanduser() for name, path in given.items() if path is not None}
    options = {
        name: replace(
            one,
            one_label=one_label,
            blank_labels=name in ("pool", "proof"),
            stream=name in ("pool", "proof") and stream is not None,
            named_by="--text, --pair, --label; --column for this file alone",
        )
        for name, one in file_options(files, columns, **choices).items()
    }
    predicted = GivenFiles(predictions, files, options) if predictions else None
    _refuse_lack(train, predicted, model or base or score or classifier_class)
    program = classifier_settings(
        score=score, train=train_with, class_name=classifier_class, model=model, continues=continues
    )
    if program.score and base is not None:
        raise SettingsError("--base is for Hugging Face weights, and a program is named", hint="leave one of them out")
    settings = _settings(
        monitor,
        pair=pair is not None,
        model=None if program.score else model,
        encoder=encoder,
        base=base,
        tau=tau,
        seed=seed,
    )
    settings = replace(settings, classifier=program)

    with appearing(root) as folder:
        staging = folder / "staging"
        left_out = LeftOutList(staging)
        rows, labels = _read_all(files, options, predicted, staging, left_out, monitor)
        read = rows
        rows = _usable(rows, labels, options, left_out)
        if predicted:
            predicted.keep(folder, rows, read, labels, batch=name_of_file(files["pool"]), monitor=monitor)
        if proof is None:
            monitor.step("parting the pool", 0, 1, rows=len(rows["pool"]))
            rows["pool"], rows["proof"] = split_pool(rows["pool"], settings.discovery.seed)
            rows = {name: rows[name] for name in SPLITS if name in rows}
        refuse_shared(rows)
        for sentence in notes(rows, labels, pair=pair is not None):
            monitor.note(sentence)
        if not predicted:
            tell_cut(settings, rows["pool"], "pool", monitor)
        monitor.step("comparing proof with pool", 0, 1, rows=len(rows["pool"]))
        near = near_proof(rows["pool"], rows["proof"], pair=pair is not None, one_file=proof is None)
        if near.proof:
            monitor.note(near.sentence)

        write_settings(folder / SETTINGS_FILE, replace(settings, task=replace(settings.task, labels=labels)))
        manifest = Manifest(
            version=__version__,
            splits=_write_splits(folder, rows, labels, {"proof": options["pool"], **options}, monitor),
            proof_origin="file" if proof is not None else "half of pool",
            seed=settings.discovery.seed,
            columns=columns.by_role,
            withheld=tuple(as_texts(rows["pool"].hashes[list(near.pool)].tolist())),
            one_label=one_label,
        )
        manifest = replace(manifest, batches=(first_batch(manifest, folder, left_out=left_out.count),))
        left_out.write(folder / LEFT_OUT)
        shutil.rmtree(staging)
        write_json(folder / MANIFEST_FILE, manifest.as_json())
    project = Project.open(root)
    _agree_to_named(project, monitor, trains_base=not (predicted or program.score))
    keep_seal(project, anew=True)
    return project


def _agree_to_named(project: Project, monitor: Monitor, *, trains_base: bool) -> None:
    """Agree to what of the project reaches outside its folder: the user has just named it."""
    named = project.settings.model
    weights = (named.base, named.encoder) if trains_base else (named.encoder,)
    uses = [*classifier_of(project).uses(), *(weights_use(project.root, name) for name in weights)]
    try:
        agree(project.root, [use for use in uses if use is not None])
    except NotTrusted as error:
        monitor.note(str(error))


def _refuse_no_such_label(one_label: str, rows: RowStore, news: FileNews) -> None:
    """Refuse to split rows by a label that none of them has."""
    if one_label and news.several and one_label not in news.several:
        there = ", ".join(repr(visible(label)) for label in sorted(news.several)[:_SHOWN])
        hint = f"name one of {there}{', ...' if len(news.several) > _SHOWN else ''}"
        raise DataError(f"no row has the label {visible(one_label)!r}", where=str(rows.source), hint=hint)


def _refuse_lack(train: Path | None, predicted: GivenFiles | None, weights: str | None) -> None:
    if train is None and predicted is None:
        hint = "give the rows that the classifier learned: --train"
        raise DataError("without --predictions of a classifier there must be train rows", hint=hint)
    if predicted and weights:
        what = "--predictions take the place of a classifier, and another option names one"
        raise DataError(what, hint="give one of the two")


def _one_of(pool: Path | None, stream: Path | None) -> Path:
    if pool is not None and stream is not None:
        raise DataError("--pool and --stream are both given", hint="give one: --stream if its rows have no labels")
    if found := pool or stream:
        return found
    hint = "give rows from where the model is used: --stream, or --pool if they have labels"
    raise DataError("neither --stream nor --pool is given", hint=hint)


def _read_all(
    files: Mapping[SplitName, Path],
    options: Mapping[SplitName, FileOptions],
    predicted: GivenFiles | None,
    folder: Path,
    left_out: LeftOutList,
    monitor: Monitor,
) -> tuple[dict[SplitName, RowStore], tuple[str, ...]]:
    """The rows of all files, on the disk, and the labels: those of train, without it all that there are.

    Raises:
        DataError: a file cannot be used.
    """
    rows: dict[SplitName, RowStore] = {}
    news: list[FileNews] = []
    labels: tuple[str, ...] = ()
    for name, path in files.items():
        news.append(FileNews(left_out.add))
        found = rows_of(path, options[name], name, news=news[-1], monitor=monitor)
        rows[name] = RowStore.write(folder / f"{name}.jsonl", found, path)
        for sentence in news[-1].notes:
            monitor.note(sentence)
        if len(rows) == 1:  # train, which has all labels; without it the pool
            _refuse_no_such_label(options[name].one_label, rows[name], news[-1])
        if name == "train":
            labels = task_labels(rows[name], options[name].columns.label)
    mapped = [label for one in options.values() for label in one.labels]
    refuse_unused(mapped, news, [label for one in rows.values() for label in one.names])
    if labels or predicted is None:
        return rows, labels
    spoken = {label for store in rows.values() for label in store.names if label != UNLABELLED} | predicted.labels()
    if len(spoken) < 2:
        hint = "give train rows, or predictions with a column for each label"
        raise DataError(f"rows and predictions have {len(spoken)} different labels", where="--predictions", hint=hint)
    return rows, in_label_order(spoken)


def _usable(
    rows: Mapping[SplitName, RowStore],
    labels: Sequence[str],
    options: Mapping[SplitName, FileOptions],
    left_out: LeftOutList,
) -> dict[SplitName, RowStore]:
    """The rows without those that the user has let be left out; what else is wrong with them is refused.

    Raises:
        DataError: two rows share an id, a label is not of the task, or nothing is left of a file.
    """
    usable: dict[SplitName, RowStore] = {}
    for name, store in rows.items():
        own = with_own_ids(store, name, left_out, drop=options[name].drop_duplicates)
        usable[name] = with_known_labels(own, name, labels, left_out) if options[name].skip_bad else own
        refuse_unknown_labels(usable[name], labels)
    if any(one.drop_duplicates for one in options.values()):
        usable = without_duplicates(usable, left_out)
    for name, store in usable.items():
        if not len(store):
            hint = "give a file with other rows"
            raise DataError(f"no row of {name} is left", where=str(store.source), hint=hint)
    return usable


def _settings(
    monitor: Monitor,
    *,
    pair: bool,
    model: str | None,
    encoder: str | None,
    base: str | None,
    tau: float | None,
    seed: int | None,
) -> Settings:
    """The defaults with what the user chose."""
    settings = Settings(task=TaskSettings(pair=pair))
    if seed is not None and not 0 <= seed <= _LARGEST_SEED:
        raise SettingsError(f"the seed is {seed}", hint=f"it must be between 0 and {_LARGEST_SEED}")
    weights = settings.model
    weights = replace(
        weights,
        classifier=weights.classifier if model is None else named_weights(model, monitor=monitor),
        encoder=weights.encoder if encoder is None else named_weights(encoder, monitor=monitor),
        base=weights.base if base is None else named_weights(base, monitor=monitor),
    )
    settings = replace(settings, model=weights)
    if model is not None:
        # The default suits the small base. Fine-tuning a classifier of base size or more wants 2e-5 to 5e-5 (Devlin et
        # al. 2019, arXiv 1810.04805, appendix A.3).
        settings = replace(settings, training=replace(settings.training, learning_rate=3e-5))
    if tau is not None:
        settings = replace(settings, discovery=replace(settings.discovery, tau=checked_tau(tau)))
    if seed is not None:
        seeds = tuple(seed + number for number in range(len(settings.proof.seeds)))
        settings = replace(
            settings, discovery=replace(settings.discovery, seed=seed), proof=replace(settings.proof, seeds=seeds)
        )
    return settings


def tell_cut(settings: Settings, rows: RowStore, name: str, monitor: Monitor) -> None:
    """Say how many rows are longer than the model reads, if its tokenizer is at hand and they are not many."""
    if settings.classifier.score or not has_models():
        return  # only the program knows, or `discover` will tell
    try:
        weights = find_weights(settings.model.classifier or settings.model.base, fetch=False)
    except ModelError:
        return  # `discover`, which fetches what is missing, counts them
    reading = Reading(weights.path, settings.model.max_length)
    cut = 0
    for start in range(0, len(rows) if len(rows) <= _COUNTED else 0, _AT_ONCE):
        some = list(rows.examples(range(start, min(len(rows), start + _AT_ONCE))))
        cut += len(reading.cut(some, monitor=monitor))
    if cut:
        monitor.note(cut_sentence(cut, len(rows), name, reading.tokens))


def _write_splits(
    folder: Path,
    rows: Mapping[SplitName, RowStore],
    labels: Sequence[str],
    options: Mapping[SplitName, FileOptions],
    monitor: Monitor,
) -> dict[str, SplitManifest]:
    """Write the project's own copies; returns their entries in the manifest."""
    splits: dict[str, SplitManifest] = {}
    for name, store in rows.items():
        monitor.step(f"writing {name}", 0, 1, rows=len(store))
        splits[name] = _write_split(folder, name, store, labels, options[name])
    return splits


def _write_split(
    folder: Path, name: SplitName, rows: RowStore, labels: Sequence[str], options: FileOptions
) -> SplitManifest:
    """Write the project's own copy of a split; returns its entry in the manifest."""
    path, hashes = split_file(folder, name), hashes_file(folder, name)
    with replacing(path) as out:
        out.writelines(rows.raw())
    write_atomic(hashes, rows.hash_bytes())
    counts = rows.label_counts()
    return SplitManifest(
        sha256=sha256_file(path),
        rows=len(rows),
        source=without_surrogates(str(rows.source.resolve())),
        source_sha256=sha256_file(rows.source),
        labels={label: counts[label] for label in labels if counts[label]},
        columns=options.columns.by_role,
        encoding=options.encoding,
        label_map=dict(options.labels),
        unlabelled=counts[UNLABELLED],
        size=int(rows.sizes.sum()),
        hashes_sha256=sha256_file(hashes),
    )


def _refuse_taken(root: Path) -> None:
    if (root / SETTINGS_FILE).is_file():
        raise ProjectError(
            "there is a project in this folder already",
            where=str(root),
            hint="open it with `blindspot open`, or name another folder",
        )
    if root.exists() and not root.is_dir():
        raise ProjectError("this is a file", where=str(root), hint="name another folder")
    if root.is_dir() and any(root.iterdir()):
        raise ProjectError("the folder is not empty", where=str(root), hint="name a new folder")
    place = next(folder for folder in (root, *root.parents) if folder.exists())
    if not (place.is_dir() and os.access(place, os.W_OK)):
        raise ProjectError("no folder can be made here", where=str(place), hint="name a place that you may write to")
