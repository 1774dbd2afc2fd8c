"""Batched inference over all rows: windows, batches of rows of one length, tokenization ahead in a thread.

Invariants: memory depends on `WINDOW_ROWS`, not on how many rows there are; a row's result depends on its window, never
on which thread took its batch or on whether the sweep was interrupted at a window's end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from engine.model.batches import scoring_batches
from engine.model.device import Compute
from engine.model.token_rows import Features, TokenRows
from engine.progress import Monitor

Row = TypeVar("Row")
Forward = Callable[[Features], Sequence[torch.Tensor]]

# Rows that are sorted by length together, and the unit that is kept when a sweep is interrupted (16 s of MiniLM on two
# cores). Sorting 4,096 rows leaves 2 % padding in batches of 1,024 tokens, 512 rows 5 %. A GPU's batches are larger, so
# that rows of one length that fill them are among more.
WINDOW_ROWS = {"cpu": 4096, "mps": 4096, "cuda": 65536}
# Tokens with padding in one forward pass. Two CPU threads that take a batch each score 284, 281 and 254 rows a second
# at 512, 1,024 and 2,048; two threads inside one batch 235, 245 and 256 (MiniLM, 1,000 texts of 24 tokens, AVX2). An
# H200 takes 4.5, 2.4, 1.9 and 1.7 s for 200,000 rows of 75 tokens in bf16 at 32,768, 65,536, 131,072 and 262,144.
TOKEN_BUDGET = {"cpu": 1024, "mps": 16384, "cuda": 131072}


def run_in_batches(
    rows: Sequence[Row],
    outs: Sequence[NDArray[np.float32]],
    *,
    tokens: Callable[[Sequence[Row]], TokenRows],
    forward: Forward,
    compute: Compute,
    monitor: Monitor,
    stage: str,
    start: int = 0,
) -> Iterator[int]:
    """Write what a model says of each row, and yield after each window how many rows are written.

    Args:
        rows: of the whole set.
        outs: one array (rows, width) for each tensor that ``forward`` gives; may lie on disk.
        tokens: of the rows of a window.
        forward: of one batch on the device; its tensors have a line for each row.
        compute: on a CPU each of its threads takes whole batches.
        monitor: told of rows finished (on a GPU: of rows that it was given).
        stage: what this is called there.
        start: rows that are written already, the end of a window.

    Raises:
        Stopped: from the monitor.
    """
    size = WINDOW_ROWS[compute.device]
    windows = [rows[first : first + size] for first in range(start, len(rows), size)]
    workers = compute.threads if compute.device == "cpu" else 1
    done = start
    monitor.step(stage, done, len(rows))

    def prepare(window: Sequence[Row]) -> TokenRows:
        return tokens(window).on(compute.device)

    if workers == 1 and len(rows) == start + 1:  # a live verdict waits for no other threads
        made = prepare(rows[start:])
        for out, (value,) in zip(outs, _run(made, forward, compute.device, np.array([0])), strict=True):
            out[start] = value.cpu().numpy()
        monitor.step(stage, len(rows), len(rows))
        yield len(rows)
        return
    ahead = ThreadPoolExecutor(1)
    pool = ThreadPoolExecutor(workers, initializer=_take_one_thread if compute.device == "cpu" else None)
    try:
        coming = ahead.submit(prepare, windows[0]) if windows else None
        for number, window in enumerate(windows):
            assert coming is not None
            made, first = coming.result(), done
            if number + 1 < len(windows):
                coming = ahead.submit(prepare, windows[number + 1])
            batches = list(scoring_batches(made.lengths, TOKEN_BUDGET[compute.device]))
            parts = []
            for batch, part in zip(
                batches, pool.map(partial(_run, made, forward, compute.device), batches), strict=True
            ):
                parts.append(part)
                done += len(batch)
                monitor.step(stage, done, len(rows))
            assert done == first + len(window)
            places = first + np.concatenate(batches)
            for out, values in zip(outs, zip(*parts, strict=True), strict=True):
                out[places] = torch.cat(values).cpu().numpy()  # one copy back a window
            yield done
    finally:
        for executor in (ahead, pool):
            executor.shutdown(cancel_futures=True)


def _take_one_thread() -> None:
    torch.set_num_threads(1)  # of the calling thread alone


@torch.inference_mode()
def _run(made: TokenRows, forward: Forward, device: str, batch: NDArray[np.int64]) -> list[torch.Tensor]:
    rows = torch.from_numpy(batch).to(device)
    return [tensor.float() for tensor in forward(made.batch(rows, made.lengths[batch]))]
