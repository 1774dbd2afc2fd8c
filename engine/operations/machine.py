"""What this machine offers: Python, packages, weights, device, disk and terminal. Looks only; nothing is downloaded."""

from __future__ import annotations

import locale
import os
import platform
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from engine.errors import BlindspotError
from engine.extras import installing
from engine.schema import Record
from engine.settings import ComputeSettings

State = Literal["ok", "warning", "problem"]

_PACKAGES = ("textual", "rich", "tinydb", "tomlkit", "orjson", "rapidfuzz", "numpy")
_OF_MODELS = (
    "torch",
    "transformers",
    "sentence-transformers",
    "safetensors",
    "huggingface-hub",
    "scikit-learn",
    "scipy",
)
# A trained MiniLM takes 90 MB: three arms, two recipes and three seeds make 1.6 GB.
_ROOMY, _TIGHT = 2_000_000_000, 200_000_000


@dataclass(frozen=True, slots=True)
class MachineFinding(Record):
    """One thing that was looked at.

    Attributes:
        name: what was looked at.
        state: ``warning`` does no harm now; ``problem`` keeps something from working.
        detail: what was found.
        hint: what to do about it, if anything.
    """

    name: str
    state: State
    detail: str
    hint: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing is kept from working."""
        return self.state != "problem"


def failed(name: str, error: BlindspotError) -> MachineFinding:
    """The finding for something that raised."""
    detail = f"{error.where}: {error.what}" if error.where else error.what
    return MachineFinding(name, "problem", detail, error.hint or "")


def check_python() -> MachineFinding:
    """Which Python this is; one that is too old could not have come so far."""
    return MachineFinding("python", "ok", f"{platform.python_version()} at {sys.executable}")


def check_packages() -> MachineFinding:
    """Whether every package that Blindspot needs is installed, and which version."""
    found, missing = _versions(_PACKAGES)
    if missing:
        return MachineFinding(
            "packages", "problem", f"missing: {', '.join(missing)}", f"pip install {' '.join(missing)}"
        )
    return MachineFinding("packages", "ok", ", ".join(found))


def check_models() -> MachineFinding:
    """Whether models can be loaded, trained and asked here; who labels, teaches and reads needs none of that."""
    found, missing = _versions(_OF_MODELS)
    if missing:
        return MachineFinding("models", "warning", f"not installed: {', '.join(missing)}", installing("models"))
    return MachineFinding("models", "ok", ", ".join(found))


def _versions(packages: Iterable[str]) -> tuple[list[str], list[str]]:
    """The packages that are installed, with their versions, and those that are not."""
    found, missing = [], []
    for name in packages:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    return found, missing


def check_weights(names: Iterable[str], root: Path | None = None) -> Iterator[MachineFinding]:
    """Where each of the named weights comes from, without asking the network.

    Args:
        names: folders or names on the hub.
        root: of the project that names them, which must be trusted before anything outside it is read; None: of none.
    """
    from engine.model.weights import PACKAGE_NAMES, PACKAGE_SHA256, find_weights, weights_use
    from engine.trust import require

    for name in dict.fromkeys(names):
        title = f"weights {name}"
        if root is not None:
            try:
                require(root, [weights_use(root, name)])
            except BlindspotError as error:
                yield failed(title, error)
                continue
        if _must_be_fetched(name):
            yield MachineFinding(
                title, "warning", "not on this machine", "they are fetched from the hub when first needed"
            )
            continue
        try:
            weights = find_weights(name, fetch=False, root=root)
        except BlindspotError as error:
            yield failed(title, error)
            continue
        detail = f"from the {weights.origin} {weights.path}, sha256 {weights.sha256}"
        if name not in PACKAGE_NAMES:
            yield MachineFinding(title, "ok", detail)
        elif weights.sha256 == PACKAGE_SHA256:
            yield MachineFinding(title, "ok", f"{detail} (the official weights)")
        else:
            yield MachineFinding(
                title,
                "warning",
                f"{detail}, the official weights have {PACKAGE_SHA256}",
                "fine if you fine-tuned them yourself",
            )


def _must_be_fetched(name: str) -> bool:
    from engine.model.hub import cached_snapshot
    from engine.model.weights import PACKAGE, PACKAGE_NAMES

    if Path(name).expanduser().is_dir() or (name in PACKAGE_NAMES and find_spec(PACKAGE)):
        return False
    try:
        return cached_snapshot(PACKAGE_NAMES[1] if name in PACKAGE_NAMES else name) is None
    except ValueError:  # a path, and no hub id
        return False


def check_compute(settings: ComputeSettings) -> MachineFinding:
    """Which device, precision and threads a scan of the pool would take now. Imports torch."""
    try:
        from engine.model.device import scoring_compute

        return MachineFinding("compute", "ok", str(scoring_compute(settings, "scan")))
    except BlindspotError as error:
        return failed("compute", error)
    except (ImportError, OSError) as error:  # OSError: a shared library of torch is missing
        return MachineFinding(
            "compute", "problem", f"torch or transformers cannot be loaded ({error})", "install them again"
        )


def check_disk(folder: Path) -> MachineFinding:
    """Whether models have room."""
    free = shutil.disk_usage(folder).free
    state: State = "ok" if free >= _ROOMY else "warning" if free >= _TIGHT else "problem"
    return MachineFinding(
        "disk",
        state,
        f"{free / 1e9:.1f} GB free at {folder}",
        ""
        if state == "ok"
        else "free disk space: each trained model takes about 0.1 GB; `blindspot clean DIR` lists those that can go",
    )


def check_terminal() -> MachineFinding:
    """What the environment says of the terminal."""
    env = os.environ
    term, encoding = env.get("TERM", ""), (sys.stdout.encoding or locale.getpreferredencoding(False)).lower()
    colours = "256 colours" if "256" in term else "16 colours"
    if env.get("COLORTERM") in ("truecolor", "24bit"):
        colours = "16 million colours"
    if env.get("NO_COLOR"):
        colours = "no colour (NO_COLOR)"
    size = shutil.get_terminal_size()
    facts = [f"TERM={term or '(unset)'}", colours, f"{size.columns}x{size.lines}", encoding]
    facts += [name for name, key in (("tmux", "TMUX"), ("screen", "STY"), ("ssh", "SSH_CONNECTION")) if env.get(key)]
    detail = ", ".join(facts)
    if term in ("", "dumb"):
        return MachineFinding(
            "terminal", "warning", detail, "the app needs a terminal that moves its cursor; commands work anywhere"
        )
    if encoding.replace("-", "") != "utf8":
        return MachineFinding(
            "terminal", "warning", detail, "set a UTF-8 locale, e.g. LC_ALL=C.UTF-8, or start the app with --ascii"
        )
    return MachineFinding("terminal", "ok", detail)
