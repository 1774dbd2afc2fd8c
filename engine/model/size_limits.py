"""Checks a weights folder before loading: the sizes in its configuration against the files in it. Light.

A configuration is obeyed before the weights are looked at: one of 10 million layers takes all memory first. So its
sizes may not exceed those of the tensors that are there. And a module of an encoder is read from the folder that
modules.json names, pickled where it has no safetensors; only folders that are looked into for pickles, and hashed, may
be named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from engine.errors import FileError, ModelError
from engine.files import open_read, read_json

_LAYERS = re.compile(r"(num_|n_|encoder_|decoder_)?(hidden_)?layers?(_num)?")
_WIDTHS = re.compile(r"(hidden|intermediate|embedding|vocab)_size|d_model|d_ff|ffn_dim|(hidden_)?dim|n_(embd|inner)")
_HEADER = 100_000_000  # bytes of a safetensors header, the format's own limit
_MODULE = re.compile(r"(\d+_\w+)?")
_AGAIN = "save or download the model again"


def refuse_unfit(folder: Path) -> None:
    """Return if a folder may be loaded.

    Raises:
        ModelError: its configuration is of a larger model than its weights, a header is damaged, or modules.json names
            another folder than a numbered one.
    """
    try:
        config = read_json(folder / "config.json")
        modules = read_json(folder / "modules.json") if (folder / "modules.json").exists() else []
        shapes = [shape for path in sorted(folder.glob("*.safetensors")) for shape in _shapes(path)]
    except FileNotFoundError as error:
        raise ModelError("the folder has no config.json", where=str(folder), hint=_AGAIN) from error
    except (FileError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"the folder is damaged ({error})", where=str(folder), hint=_AGAIN) from error
    named = [str(one.get("path", "")) if isinstance(one, dict) else "?" for one in modules]
    if odd := next((name for name in named if not _MODULE.fullmatch(name)), None):
        raise ModelError(
            f"modules.json names the folder {odd!r}",
            where=str(folder),
            hint="modules lie in folders such as 1_Pooling: save the encoder again",
        )
    if not shapes or not isinstance(config, dict):
        return
    widest = max((max(shape, default=1) for shape in shapes), default=1)
    for key, value in _whole_numbers(config):
        most = len(shapes) if _LAYERS.fullmatch(key) else widest if _WIDTHS.fullmatch(key) else None
        if most is not None and not 1 <= value <= most:
            what = f"`{key}` of its config.json is {value}, and its weights have 1 to {most}"
            raise ModelError(what, where=str(folder), hint=_AGAIN)


def _whole_numbers(config: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """Whole numbers of a configuration, and of those inside it such as `text_config`."""
    for key, value in config.items():
        if type(value) is int:
            yield key, value
        elif isinstance(value, dict):
            yield from _whole_numbers(value)


def _shapes(path: Path) -> Iterator[list[int]]:
    """The shape of each tensor, from the header of a safetensors file."""
    with open_read(path) as source:
        length = int.from_bytes(source.read(8), "little")
        if length > _HEADER:
            raise ValueError(f"{path.name} is no safetensors file")
        header = orjson.loads(source.read(length))
    for name, tensor in header.items():
        if name != "__metadata__":
            yield [int(size) for size in tensor["shape"]]
