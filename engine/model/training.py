"""Fine-tuning with checkpoints: the finished model depends on plan, rows and machine, interrupted or not.

The order of batches depends on seed and epoch, the dropout noise of a step on seed and step, the learning rate on the
step. So a checkpoint holds weights, optimizer and the number of steps done, and a resumed run repeats, bit for bit,
what the undisturbed run would have done (on one machine with one number of threads, which the checkpoint holds too).

The recipe is that of transformers' Trainer: AdamW, no decay on biases and norms, linear warm-up over 10 % of the steps,
linear decay to zero, gradients clipped to norm 1, rows grouped by length.
"""

from __future__ import annotations

import math
import pickle
import random
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from torch.nn import functional
from torch.nn.utils import clip_grad_norm_

import engine
from engine.errors import ModelError, Stopped
from engine.files import checked, make_folder, publish, replacing, sha256_file, write_json
from engine.model.batches import SharedTokens, Tokens, training_batches
from engine.model.classifier import Classifier
from engine.model.device import Compute
from engine.model.layer_freezing import freeze, keep_still
from engine.model.output_bias import fit_output_bias
from engine.model.training_plan import DistillationTarget, TrainingPlan
from engine.model.weights import folder_hashes
from engine.progress import Monitor
from engine.schema import Example

WARMUP = 0.1
CLIP_NORM = 1.0
CHECKPOINT = "training.pt"  # before 0.2.0 it was checkpoint.pt, with weights of other shapes
CHECKPOINT_SECONDS = 20.0  # MiniLM's takes 273 MB and 0.4 to 2 s, so no more often, at an epoch's end neither
CURVE_POINTS = 100

_SHARED = SharedTokens()


def train(
    plan: TrainingPlan,
    examples: Sequence[Example],
    *,
    kept: Sequence[DistillationTarget] = (),
    dev: Sequence[Example] = (),
    out: Path,
    compute: Compute,
    monitor: Monitor,
    after_pass: Callable[[Classifier], None] | None = None,
) -> Path:
    """Fine-tune, or go on with an interrupted run, and return ``out``.

    Rows that are ``kept`` are trained towards their probabilities (learning without forgetting: Li & Hoiem 2016, arXiv
    1606.09282, section 3, with a temperature of 1).

    ``dev`` are the rows that `TrainingPlan.output_bias` names.

    ``after_pass`` is shown the classifier, ready to score, after each pass; such a run begins anew if interrupted.

    While it runs, `<out>.partial` holds the checkpoint; the finished folder appears in one piece. It holds weights,
    tokenizer, a config with the project's labels, and training.json (plan, loss curve, seconds, versions).

    Raises:
        Stopped: from the monitor; a checkpoint is left to go on from.
        ModelError: the start weights cannot be used, or the loss is no longer finite.
    """
    if (out / "training.json").is_file():
        return out
    partial = out.with_name(out.name + ".partial")
    make_folder(partial)
    key = plan.key(examples, kept)
    saved = None if after_pass else _read_checkpoint(partial / CHECKPOINT, key)
    if saved and saved["compute"]["device"] == compute.device:
        compute = Compute.from_json(saved["compute"])
    monitor.note(f"training on {compute}" + (f", from step {saved['done']} on" if saved else ""))

    classifier = start_of(plan, compute)
    model = classifier.model
    start = {name: value.clone() for name, value in model.state_dict().items()} if plan.average < 1 else None
    targets = _targets(plan, examples, kept).to(compute.device)
    freeze(model, plan.frozen_layers)
    rows = _SHARED.get((plan.start_key, plan.max_length), [*examples, *(one.row for one in kept)], classifier.tokens)
    lengths = [len(row["input_ids"]) for row in rows]
    weights = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = _optimizer(weights, plan.weight_decay)
    losses: list[float] = []
    done, seconds = 0, 0.0
    if saved:
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        losses, done, seconds = saved["losses"], saved["done"], saved["seconds"]

    steps = math.ceil(len(rows) / plan.batch_size)
    total = plan.steps or plan.epochs * steps
    last = min(total, plan.stop * steps or total)
    began = checkpointed = time.monotonic()
    seen = 0

    def checkpoint() -> None:
        nonlocal checkpointed
        _write_checkpoint(
            partial / CHECKPOINT,
            {
                "key": key,
                "done": done,
                "losses": losses,
                "seconds": seconds + time.monotonic() - began,
                "compute": compute.as_json(),
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            },
        )
        checkpointed = time.monotonic()

    while done < last:
        epoch, first = divmod(done, steps)
        for batch in training_batches(lengths, plan.batch_size, plan.seed, epoch)[first : first + last - done]:
            compute.seed(random.Random(f"{plan.seed}/{done}").getrandbits(32))
            for group in optimizer.param_groups:
                group["lr"] = plan.learning_rate * rate(done, total)
            losses.append(_step(classifier, [rows[row] for row in batch], targets[batch], weights, optimizer))
            done += 1
            seen += len(batch)
            if not math.isfinite(losses[-1]):
                raise ModelError(
                    f"the loss is not finite at step {done}",
                    where=str(out),
                    hint="lower training.learning_rate, or set compute.precision to fp32",
                )
            if time.monotonic() - checkpointed > CHECKPOINT_SECONDS:
                checkpoint()
            recent = losses[-20:]
            try:
                monitor.step(
                    "train",
                    done,
                    total,
                    loss=round(sum(recent) / len(recent), 4),
                    epoch=epoch + 1,
                    rows_per_second=round(seen / (time.monotonic() - began), 1),
                )
            except Stopped:
                checkpoint()
                raise

        if after_pass:
            model.eval()
            after_pass(classifier)
            model.train()
            keep_still(model)

    seconds += time.monotonic() - began
    finish(classifier, plan, start, merged_weights(plan, compute), dev)
    told = {
        "key": key,
        "plan": plan.as_json(),
        "rows": len(rows),
        "steps": done,
        "loss": _curve(losses),
        "seconds": round(seconds, 1),
        "rows_per_second": round(len(rows) * done / steps / max(seconds, 1e-9), 1),
        "compute": compute.as_json(),
    }
    publish(_saved(classifier, partial / "finished", told), out)
    shutil.rmtree(partial)
    return out


def _step(
    classifier: Classifier,
    rows: Sequence[Tokens],
    targets: torch.Tensor,
    weights: Sequence[torch.nn.Parameter],
    optimizer: torch.optim.Optimizer,
) -> float:
    """Move the weights by one batch; its mean loss before that.

    Args:
        classifier: of which the weights are.
        rows: of the batch.
        targets: probabilities that they are trained towards, (rows, labels).
        weights: that are trained.
        optimizer: of these, with the learning rate of the step.
    """
    loss = functional.cross_entropy(classifier.forward(rows), targets)
    loss.backward()  # type: ignore[no-untyped-call]
    clip_grad_norm_(weights, CLIP_NORM)
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


def _optimizer(weights: Sequence[torch.nn.Parameter], decay: float) -> torch.optim.AdamW:
    """AdamW without decay on biases and norms, which have one dimension."""
    decayed = [parameter for parameter in weights if parameter.ndim > 1]
    plain = [parameter for parameter in weights if parameter.ndim <= 1]
    return torch.optim.AdamW(
        [{"params": decayed, "weight_decay": decay}, {"params": plain, "weight_decay": 0.0}], fused=True
    )


def _saved(classifier: Classifier, folder: Path, told: dict[str, Any]) -> Path:
    """The folder with the model, and with what its training.json says: ``told``, hashes and versions."""
    shutil.rmtree(folder, ignore_errors=True)  # what a kill left of an earlier end would count as a file of the model
    classifier.save(folder)
    versions = {
        "blindspot": engine.__version__,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }
    hashes = {"sha256": sha256_file(folder / "model.safetensors"), "files": folder_hashes(folder)}
    write_json(folder / "training.json", {**told, **hashes, "versions": versions})
    return folder


def start_of(plan: TrainingPlan, compute: Compute) -> Classifier:
    """What a plan starts from.

    Raises:
        ModelError: the start weights cannot be used.
    """
    return Classifier.start(
        Path(plan.start),
        labels=plan.labels,
        classifier_labels=plan.classifier_labels,
        seed=plan.seed,
        max_length=plan.max_length,
        compute=compute,
    )


def merged_weights(plan: TrainingPlan, compute: Compute) -> Mapping[str, torch.Tensor] | None:
    """The weights of the other training that a plan merges; None: it merges none.

    Raises:
        ModelError: they cannot be used.
    """
    if not plan.merged:
        return None
    other = Classifier.load(Path(plan.merged), labels=plan.labels, max_length=plan.max_length, compute=compute)
    weights: dict[str, torch.Tensor] = other.model.state_dict()
    return weights


def finish(
    classifier: Classifier,
    plan: TrainingPlan,
    start: Mapping[str, torch.Tensor] | None,
    merged: Mapping[str, torch.Tensor] | None,
    dev: Sequence[Example],
) -> None:
    """What a plan has done to the weights once they are trained: part of the way back, another training's way, biases.

    Args:
        classifier: trained all the way; it is ready to score afterwards.
        plan: says how far, and whether biases are fitted.
        start: the weights it was trained from; not needed all the way.
        merged: `merged_weights`.
        dev: rows with their labels.
    """
    model = classifier.model.eval()
    if plan.average < 1 and start is not None:
        with torch.no_grad():
            for name, value in model.state_dict().items():
                if value.is_floating_point():
                    value.copy_(torch.lerp(start[name], value, plan.average))
                    if merged is not None:
                        value.add_(merged[name] - start[name], alpha=plan.merged_share)
    if plan.output_bias:
        fit_output_bias(classifier, dev, plan.labels)


def _targets(plan: TrainingPlan, examples: Sequence[Example], kept: Sequence[DistillationTarget]) -> torch.Tensor:
    """Probabilities that rows are trained towards, (rows and kept rows, labels), float32."""
    labels = len(plan.labels)
    gold = torch.tensor([plan.labels.index(example.label) for example in examples])
    hard = functional.one_hot(gold, labels) * (1 - plan.smoothing) + plan.smoothing / labels
    soft = torch.tensor([one.probabilities for one in kept], dtype=hard.dtype).reshape(len(kept), labels)
    return torch.cat([hard, soft])


def rate(step: int, total: int) -> float:
    """Share of the peak learning rate at a step: a linear rise over the first tenth, then a linear fall to zero."""
    warmup = math.ceil(total * WARMUP)
    return (step + 1) / warmup if step < warmup else (total - step) / (total - warmup)


def _curve(losses: list[float]) -> list[list[float]]:
    """Mean loss of at most `CURVE_POINTS` stretches, each with its last step."""
    stride = max(1, math.ceil(len(losses) / CURVE_POINTS))
    stretches = [losses[start : start + stride] for start in range(0, len(losses), stride)]
    return [[min((i + 1) * stride, len(losses)), round(sum(s) / len(s), 5)] for i, s in enumerate(stretches)]


def _write_checkpoint(path: Path, state: dict[str, Any]) -> None:
    with replacing(path) as out:
        torch.save(state, out)


def _read_checkpoint(path: Path, key: str) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        state: dict[str, Any] = torch.load(checked(path), map_location="cpu", weights_only=True)
    except (RuntimeError, OSError, EOFError, pickle.UnpicklingError) as error:
        raise ModelError("the checkpoint cannot be read", where=str(path), hint="delete it and train again") from error
    return state if isinstance(state, dict) and state.get("key") == key else None
