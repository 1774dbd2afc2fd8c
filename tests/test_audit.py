"""What is needed to run is free to use, pinned with hashes, and as it was installed."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from tests.audit import ROOT, changed_files, forbidden, licence, locked, runtime


def test_nothing_that_runs_is_under_a_licence_that_binds_its_users() -> None:
    assert {name: licence(one) for name, one in runtime().items() if forbidden(licence(one))} == {}


_REFUSED = (
    "GPL-3.0-or-later",
    "AGPL-3.0-only",
    "GNU Lesser General Public License",
    "LGPLv2",
    "",
    "Commercial",
    "MIT AND GPL-2.0-only",
)


@pytest.mark.parametrize("text", _REFUSED)
def test_licences_that_are_refused(text: str) -> None:
    assert forbidden(text)


@pytest.mark.parametrize(
    "text",
    [
        "MIT",
        "Apache License",
        "MPL-2.0 AND (Apache-2.0 OR MIT)",
        "GPL-2.0-only OR MIT",
        "Python Software Foundation License",
        "BSD-3-Clause",
    ],
)
def test_licences_that_are_taken(text: str) -> None:
    assert forbidden(text) is None


def test_every_package_is_locked_with_hashes_but_torch() -> None:
    pins = locked()
    assert {name for name in runtime() if name not in pins} <= {"torch"} | {
        name for name in runtime() if name.startswith(("nvidia-", "cuda-", "triton"))
    }
    assert {"hatchling", "setuptools", "pytest", "ruff"} <= pins.keys()
    blocks = re.split(r"\n(?=[a-z])", (ROOT / "requirements.lock").read_text(encoding="utf-8"))
    assert all("--hash=sha256:" in block for block in blocks if "==" in block)


def test_the_pins_of_the_lock_are_those_of_the_constraints() -> None:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pins = {canonicalize_name(name): version for name, version in re.findall(r"^([\w.-]+)==([^ ;\n]+)", text, re.M)}
    found = locked()
    assert {name: version for name, version in pins.items() if name in found and version not in found[name]} == {}


def test_the_list_of_licences_has_every_package() -> None:
    listed = set(re.findall(r"^\| ([\w.-]+) \|", (ROOT / "docs" / "licences.md").read_text(encoding="utf-8"), re.M))
    assert {name for name in runtime() if not name.startswith(("nvidia-", "cuda-", "triton"))} <= listed


def test_a_file_that_was_changed_after_the_install_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "some-1.0.dist-info"
    folder.mkdir()
    (tmp_path / "some.py").write_text("x = 1\n")
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: some\nVersion: 1.0\n")
    digest = "sha256=JzTMZZZ2dvqk0n4KUOu7-F2o6bHD1QsIsV2oqmdSfhk"
    (folder / "RECORD").write_text(f"some.py,{digest},6\ngone.py,{digest},6\nsome-1.0.dist-info/RECORD,,\n")
    one: Distribution = PathDistribution(folder)
    assert list(changed_files(one)) == [
        "some 1.0: some.py has changed since it was installed",
        "some 1.0: gone.py is missing",
    ]
