"""Choice of device, precision and CPU threads for a job."""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import torch
import transformers

from engine.counted import counted
from engine.errors import SettingsError
from engine.extras import installing
from engine.model.text_classifier import Purpose
from engine.schema import Record
from engine.settings import ComputeSettings, Precision

Backend = Literal["torch", "openvino"]


@dataclass(frozen=True, slots=True)
class Compute(Record):
    """Where and how tensors are computed.

    Attributes:
        device: as torch calls it. precision: of products. threads: of the CPU.
        reason: why so many threads, and what else is to be known.
        backend: what computes forward passes; trained and differentiated is by torch alone.
    """

    device: str
    precision: Precision
    threads: int
    reason: str = ""
    backend: Backend = "torch"

    def __str__(self) -> str:
        threads = counted(self.threads, "CPU thread")
        where = f"{self.device} by OpenVINO" if self.backend == "openvino" else self.device
        return f"{where}, {self.precision}, {threads}" + (f" ({self.reason})" if self.reason else "")

    def prepare(self) -> None:
        """Give this process the chosen threads, repeatable kernels, and libraries that keep the log readable."""
        torch.set_num_threads(self.threads)
        if self.device == "cuda":
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
            torch.use_deterministic_algorithms(True, warn_only=True)
            torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # nothing reads it
        transformers.logging.set_verbosity_error()
        transformers.logging.disable_progress_bar()
        logging.getLogger("sentence_transformers").setLevel(logging.WARNING)

    def seed(self, number: int) -> None:
        """Seed what is drawn on this device. On a CPU without a walk through the stack for each kind of GPU: 0.3 ms."""
        if self.device == "cpu":
            torch.default_generator.manual_seed(number)
        else:
            torch.manual_seed(number)


@lru_cache(maxsize=8)
def choose_compute(settings: ComputeSettings) -> Compute:
    """Decide what to use; a setting wins over what is found.

    The choice is made once per process, because the load found later would be our own.

    Raises:
        SettingsError: the settings name a device that this machine does not have.
    """
    device = _device(settings.device)
    precision: Precision = "bf16" if settings.precision == "bf16" else "fp32"
    if settings.precision == "auto" and _bf16_pays(device):
        precision = "bf16"
    if settings.threads:
        return Compute(device, precision, settings.threads, "set in compute.threads")
    threads, reason = _free_threads()
    return Compute(device, precision, threads, reason)


def scoring_compute(settings: ComputeSettings, purpose: Purpose, *, settles: bool = False) -> Compute:
    """Where rows are scored or embedded.

    What has to be exact is computed by torch in fp32. OpenVINO's fp32 differs in the sixth digit, as that of another
    processor or of another batch does. So it may be used for scans and for live verdicts, and bf16 for scans alone.
    A live verdict takes one thread (see `engine.scorer.resident`).

    Args:
        settings: of the project.
        purpose: what rows are scored or embedded for.
        settles: rows whose label, or whether they are a UU, is in doubt are scored again in fp32. On a GPU that costs
            more than it saves, so it is done there only where the settings ask for bf16: an H200 scored 200,000 rows
            of 75 tokens with MiniLM in 20 to 21 s so and in 10 s in fp32, 5 s of which were tokenising.

    Raises:
        SettingsError: as `choose_compute`, or OpenVINO is asked for and cannot be used.
    """
    chosen = choose_compute(replace(settings, threads=1) if purpose == "live" else settings)
    if purpose != "scan" or (settles and chosen.device == "cuda" and settings.precision == "auto"):
        chosen = replace(chosen, precision="fp32")
    return chosen if purpose == "exact" else replace(chosen, backend=_backend(settings.backend, chosen.device))


def _backend(wanted: str, device: str) -> Backend:
    installed = find_spec("openvino") is not None
    if wanted != "openvino":
        return "openvino" if wanted == "auto" and installed and device == "cpu" else "torch"
    if not installed:
        raise SettingsError(
            "OpenVINO is not installed", where="compute.backend", hint=f'set it to "auto", or: {installing("openvino")}'
        )
    if device != "cpu":
        raise SettingsError(
            f"OpenVINO computes on the CPU and the device is {device}",
            where="compute.backend",
            hint='set it to "auto", or compute.device to "cpu"',
        )
    return "openvino"


def _device(wanted: str) -> str:
    found = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return next(name for name, there in found.items() if there)
    if not found[wanted]:
        raise SettingsError(
            f"torch finds no {wanted} device on this machine",
            where="compute.device",
            hint='set it to "auto", or install a torch build for the device',
        )
    return wanted


def _bf16_pays(device: str) -> bool:
    """On CUDA and CPUs that multiply bf16 in hardware.

    Where it is emulated it costs dearly: MiniLM on a Xeon with avx512_vnni, one thread, trains 11 rows a CPU second in
    bf16 and 30 in fp32, and scores 18 and 165.
    """
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device != "cpu":
        return False
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def _free_threads() -> tuple[int, str]:
    """One thread for each core that nobody uses, and never more than torch takes by itself (physical cores)."""
    cores, busy = usable_cores(), busy_cores()
    threads = max(1, min(torch.get_num_threads(), round(cores - busy)))
    return threads, f"{busy:.1f} of {cores:g} cores busy"


def usable_cores() -> float:
    """Cores this process may use: its affinity, cut by the CPU quota of its container (cgroup v2)."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = float(len(affinity(0)) if affinity else os.cpu_count() or 1)
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="utf-8").split()
        return cores if quota == "max" else min(cores, int(quota) / int(period))
    except (OSError, ValueError):
        return cores


def busy_cores(seconds: float = 0.5) -> float:
    """Cores that others keep busy now, watched for ``seconds``; without /proc the load of the last minute.

    The load of the last minute still counts what has just ended, such as the installation before a first run,
    and would give that run one thread on an idle machine.
    """
    stat = Path("/proc/stat")
    if not stat.is_file():
        return os.getloadavg()[0]

    def ticks() -> tuple[int, int]:
        user, nice, system, idle, iowait, *rest = (int(word) for word in stat.open().readline().split()[1:9])
        return idle + iowait, user + nice + system + idle + iowait + sum(rest)

    idle, total = ticks()
    time.sleep(seconds)
    idle_after, total_after = ticks()
    return (os.cpu_count() or 1) * (1 - (idle_after - idle) / max(1, total_after - total))
