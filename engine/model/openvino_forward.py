"""Forward passes through OpenVINO: a model of torch's, compiled for this CPU, once it is shown to agree with torch.

Nothing is kept on disk: MiniLM is taken over in 0.7 s of CPU, where a saved one takes 0.2 s, 90 MB a model and a folder
that has to be believed. The compiled model reads the weights where torch has them.
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from queue import SimpleQueue
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.model.batched_inference import Forward
from engine.model.device import Compute
from engine.model.side_by_side import free_memory
from engine.model.token_rows import MASK, Features, TokenRows
from engine.settings import Precision

# Of logits and of the parts of unit vectors, relative to the largest of a batch if that is above 1. MiniLM differs by
# 6e-6; a branch or a shape that tracing has frozen by whole logits.
TOLERANCE = 1e-3
_LENGTHS = (1, 2, 3, 5, 9, 17, 33, 65, 129, 257, 512)  # of the rows on which both must agree
_SEED = 13
_LONGEST_TOLD = 200  # characters of an error


def usual_ids(tokenizer: Any) -> NDArray[np.int64]:
    """(n,) the ids of a tokenizer that stand for text."""
    return np.setdiff1d(np.arange(len(tokenizer)), tokenizer.all_special_ids)


class _NotTaken(Exception):
    """Why OpenVINO cannot be used for a model, in a few words."""


@dataclass(frozen=True)
class TorchForward:
    """What is taken over.

    Attributes:
        forward: of one batch, to tensors with a line for each row; with or without a mask.
        modules: whose weights it reads.
        tokens: some rows as the model gets them, which name its inputs.
        vocabulary: (n,) ids that may stand in a row.
        longest: tokens of a row at most.
    """

    forward: Forward
    modules: Sequence[torch.nn.Module]
    tokens: TokenRows
    vocabulary: NDArray[np.int64]
    longest: int


def take_over(
    given: TorchForward, compute: Compute, *, precisions: Sequence[Precision]
) -> tuple[Mapping[Precision, Forward], Compute]:
    """Forward passes in each precision, and where they are computed.

    As many threads as ``compute`` has may call one at a time, each of which takes one core. Where OpenVINO cannot be
    used for the model there are none, and the reason says why.
    """
    try:
        _refuse_too_large(given)
        graph, names = _converted(given)
        made = {one: _compiled(graph, names, one, compute.threads) for one in {"fp32", *precisions}}
        if not _agrees_on_padded_rows(made["fp32"], given):
            made = {one: partial(_left_where_padded, forward, given.forward) for one, forward in made.items()}
        return {one: made[one] for one in precisions}, compute
    except Exception as error:  # tracing runs the model's own code, and both libraries raise what they like
        why = f"torch, as OpenVINO cannot be used for this model: {_told(error)}"
        return {}, replace(compute, backend="torch", reason="; ".join(filter(None, (compute.reason, why))))


def _told(error: Exception) -> str:
    """What an error says, in one line; OpenVINO's begin with places in its code, each with a colon behind it."""
    lines = [line.strip() for line in str(error).splitlines() if not line.rstrip().endswith(":")]
    return next(filter(None, lines), type(error).__name__).removesuffix(".")[:_LONGEST_TOLD]


def _openvino() -> Any:
    """The library, without its telemetry: where that package is installed, the import alone sends a message."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino


def _refuse_too_large(given: TorchForward) -> None:
    """OpenVINO lays the weights out anew, once for each precision; that must not push out of memory what ran before."""
    needed = 2 * sum(weight.nbytes for module in given.modules for weight in module.parameters())
    if 0 < (free := free_memory()) < needed:
        raise _NotTaken(f"it would take {needed / 1e9:.1f} GB and {free / 1e9:.1f} are free")


class _Positional(torch.nn.Module):
    """A forward pass whose inputs have an order, as tracing asks."""

    def __init__(self, given: TorchForward) -> None:
        super().__init__()
        self.read = torch.nn.ModuleList(given.modules)
        self._given = given

    def forward(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        tokens = self._given.tokens
        named = dict(zip([*tokens.fields, MASK], inputs, strict=True))
        return tuple(self._given.forward({**tokens.others, **named}))


def _converted(given: TorchForward) -> tuple[Any, list[str]]:
    """The graph and its inputs, by OpenVINO's frontend itself: `openvino.convert_model` reports on what it converts."""
    _openvino()
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    names = [*given.tokens.fields, MASK]
    example = [torch.ones((2, 3), dtype=torch.int64) for _ in names]
    example[-1][1, 2] = 0  # where nothing is hidden models leave the mask out, and so would their graph
    with _quiet(), torch.no_grad():
        frontend = FrontEndManager().load_by_framework("pytorch")
        decoder = TorchScriptPythonDecoder(
            _Positional(given).eval(), example_input=tuple(example), trace_kwargs={"check_trace": False}
        )
        graph = frontend.convert(frontend.load(decoder))
    if len(graph.inputs) != len(names):
        raise _NotTaken("its graph does not read all that torch reads")
    return graph, names


@contextmanager
def _quiet() -> Iterator[None]:
    """Without warnings: of what tracing has frozen, which shows where both are compared, and of old attributes."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _compiled(graph: Any, names: Sequence[str], precision: Precision, threads: int) -> Forward:
    """Its threads are not bound to cores, which others may use."""
    options = {
        "NUM_STREAMS": threads,
        "INFERENCE_NUM_THREADS": threads,
        "ENABLE_CPU_PINNING": False,
        "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32",
    }
    compiled = _openvino().Core().compile_model(graph, "CPU", options)
    free: SimpleQueue[Any] = SimpleQueue()
    for _ in range(threads):
        free.put(compiled.create_infer_request())

    def forward(part: Features) -> Sequence[torch.Tensor]:
        inputs = [part[name] if name in part else torch.ones_like(part["input_ids"]) for name in names]
        request = free.get()
        try:
            made = request.infer([tensor.numpy() for tensor in inputs], share_inputs=True, share_outputs=True)
            return [torch.from_numpy(np.array(values, dtype=np.float32)) for values in made.values()]
        finally:
            free.put(request)

    return forward


def _left_where_padded(mine: Forward, of_torch: Forward, part: Features) -> Sequence[torch.Tensor]:
    return of_torch(part) if MASK in part else mine(part)


@torch.inference_mode()
def _agrees_on_padded_rows(forward: Forward, given: TorchForward) -> bool:
    """Whether both agree on rows that are padded together.

    Raises:
        _NotTaken: they do not on rows of one length, whichever.
    """
    rows = _made_up(given)
    every = np.arange(len(rows.lengths))

    def differ(some: NDArray[np.int64]) -> float:
        part = rows.batch(torch.from_numpy(some), rows.lengths[some])
        pairs = zip(forward(part), given.forward(part), strict=True)
        return max(float((one - two).abs().max() / max(1.0, float(two.abs().max()))) for one, two in pairs)

    for row in every[:, None]:
        if not (apart := differ(row)) <= TOLERANCE:  # nan too
            raise _NotTaken(f"it differs from torch by {apart:.2g} on rows of {rows.lengths[row[0]]} tokens")
    return len(every) == 1 or differ(every[[0, len(every) // 2, -1]]) <= TOLERANCE


def _made_up(given: TorchForward) -> TokenRows:
    """Rows of each length, of ids that are drawn."""
    tokens, dice = given.tokens, np.random.default_rng(_SEED)
    lengths = np.array(sorted({min(length, given.longest) for length in _LENGTHS}), dtype=np.int64)
    total = int(lengths.sum())
    fields = {name: torch.zeros(total, dtype=torch.int64) for name in tokens.fields}
    fields["input_ids"] = torch.from_numpy(dice.choice(given.vocabulary, total))
    starts = torch.from_numpy(np.cumsum(lengths) - lengths)
    return TokenRows(fields, lengths, starts, tokens.padding, tokens.left, tokens.others)
