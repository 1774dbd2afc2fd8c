from __future__ import annotations

import os

import pytest
import torch

from engine.errors import SettingsError
from engine.model.device import busy_cores, choose_compute, scoring_compute, usable_cores
from engine.model.text_classifier import Purpose
from engine.settings import ComputeSettings


def test_settings_override_what_the_machine_offers() -> None:
    chosen = choose_compute(ComputeSettings(device="cpu", precision="bf16", threads=3))
    assert (chosen.device, chosen.precision, chosen.threads) == ("cpu", "bf16", 3)
    assert str(chosen) == "cpu, bf16, 3 CPU threads (set in compute.threads)"


def test_threads_are_at_least_one_and_at_most_what_torch_would_take() -> None:
    chosen = choose_compute(ComputeSettings(device="cpu"))
    assert 1 <= chosen.threads <= torch.get_num_threads()
    assert "cores busy" in chosen.reason


def test_the_choice_is_made_once() -> None:
    assert choose_compute(ComputeSettings(device="cpu")) is choose_compute(ComputeSettings(device="cpu"))


def test_usable_and_busy_cores_are_within_those_of_the_machine() -> None:
    cores = os.cpu_count() or 1
    assert 0 < usable_cores() <= cores
    assert 0 <= busy_cores(0.05) <= cores


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(SettingsError, match="torch finds no cuda device"):
        choose_compute(ComputeSettings(device="cuda"))


@pytest.mark.parametrize(
    ("backend", "installed", "purpose", "expected"),
    [
        ("auto", True, "scan", "openvino"),
        ("auto", True, "live", "openvino"),
        ("auto", True, "exact", "torch"),
        ("auto", False, "scan", "torch"),
        ("torch", True, "scan", "torch"),
        ("openvino", True, "live", "openvino"),
    ],
)
def test_openvino_scans_and_answers_where_it_is_installed(
    backend: str, installed: bool, purpose: Purpose, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.model.device.find_spec", lambda _: object() if installed else None)
    chosen = scoring_compute(ComputeSettings(device="cpu", precision="bf16", threads=3, backend=backend), purpose)
    assert chosen.backend == expected
    assert chosen.precision == ("bf16" if purpose == "scan" else "fp32")
    assert chosen.threads == (1 if purpose == "live" else 3)


@pytest.mark.parametrize(
    ("precision", "settles", "expected"), [("auto", True, "fp32"), ("auto", False, "bf16"), ("bf16", True, "bf16")]
)
def test_a_gpu_scores_once_in_fp32_unless_bf16_is_asked_for(
    precision: str, settles: bool, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: True)
    chosen = scoring_compute(ComputeSettings(device="cuda", precision=precision, threads=9), "scan", settles=settles)
    assert (chosen.device, chosen.precision) == ("cuda", expected)


def test_openvino_that_is_asked_for_has_to_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.model.device.find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"compute.backend: OpenVINO is not installed.*\[openvino\]"):
        scoring_compute(ComputeSettings(device="cpu", backend="openvino"), "scan")
