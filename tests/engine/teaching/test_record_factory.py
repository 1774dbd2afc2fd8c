"""Patterns, samples, marks and perturbed pairs are made in one place, whoever writes them."""

from __future__ import annotations

import re
from pathlib import Path

import engine
import tui

PUTS = re.compile(r"""\.put\(\s*"(pattern|sample|mark|perturbation)\"""")


def test_records_are_put_into_an_edit_by_one_module() -> None:
    folders = [Path(package.__path__[0]) for package in (engine, tui)]
    found = {path.name for folder in folders for path in folder.rglob("*.py") if PUTS.search(path.read_text("utf-8"))}
    assert found == {"record_factory.py"}
