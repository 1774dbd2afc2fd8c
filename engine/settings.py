"""`blindspot.toml`: the settings of one project, with their comments, defaults and limits."""

from __future__ import annotations

import math
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_type_hints

import tomlkit
from tomlkit.exceptions import ParseError

from engine.errors import FileError, SettingsError
from engine.files import read_text, write_atomic

if sys.version_info >= (3, 11):
    import tomllib

_LONGEST = 1 << 20  # bytes of the file
_SHOWN = 80  # characters of a wrong value that a message repeats
_BYTE_ORDER_MARK = "\ufeff"  # which Windows' editor writes
DEFAULT_BASE = "all-MiniLM-L6-v2"
MOST_SEED = 2**31 - 1


def read_seeds(text: str) -> tuple[int, ...]:
    """Seeds as people write them, with commas or spaces between: each once, in their order.

    Raises:
        SettingsError: there is none, or none between two commas, or one is no whole number, or too large.
    """
    words = [word for part in text.split(",") for word in part.split() or [""]]
    digits = len(str(MOST_SEED))  # `int` refuses texts of thousands of digits
    if not all(word.isdecimal() and len(word) <= digits and int(word) <= MOST_SEED for word in words):
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
        hint = f"seeds are whole numbers from 0 to {MOST_SEED:,}, such as 13, 14, 15"
        raise SettingsError(f"{shown!r} names no seeds", hint=hint)
    return tuple(dict.fromkeys(map(int, words)))


def _key(
    default: Any, comment: str, *, low: float | None = None, high: float | None = None, choices: tuple[str, ...] = ()
) -> Any:
    """A setting: its default, its comment in the file, and what values it, or each item of a list, may take."""
    meta = {"comment": comment, "low": low, "high": high, "choices": choices}
    if isinstance(default, list):
        return field(default_factory=lambda: tuple(default), metadata=meta)
    if isinstance(default, dict):
        return field(default_factory=dict, metadata=meta)
    return field(default=default, metadata=meta)


@dataclass(frozen=True)
class TaskSettings:
    """What the data are about."""

    labels: tuple[str, ...] = _key([], "the labels, in the order of every probability list")
    pair: bool = _key(False, "true: each row is a pair of texts")


@dataclass(frozen=True)
class ModelSettings:
    """Which weights are used."""

    classifier: str = _key("", "folder or hub id of a fine-tuned classifier; empty: `base` is fine-tuned on train")
    classifier_labels: tuple[str, ...] = _key([], "labels of its outputs in order, if its config names none")
    base: str = _key(DEFAULT_BASE, "where training starts if `classifier` is empty: folder or hub id")
    encoder: str = _key(DEFAULT_BASE, "sentence encoder for clusters, neighbours and the map")
    max_length: int = _key(128, "tokens per row; longer rows are cut", low=8, high=8192)


@dataclass(frozen=True)
class ClassifierSettings:
    """A classifier that is a program or a Python class, in place of Hugging Face weights."""

    score: str = _key("", "command that scores rows, or `class NAME`; empty: [model] says what is examined")
    train: str = _key("", "command that trains, or `class NAME`; empty: it cannot be retrained")
    model: str = _key(
        "", "file or folder that `score` loads; empty: what `train` makes of the train rows, if there is one"
    )
    files: tuple[str, ...] = _key([], "what the programs load beside that: files and folders whose change asks anew")
    continues: bool = _key(False, "true: `train` can go on from a model (recipe continue)")
    rows: int = _key(64, "rows in one request", low=1, high=100000)
    start_timeout: float = _key(120.0, "seconds to wait for the first line of `score`", low=0.1, high=86400.0)
    timeout: float = _key(60.0, "seconds to wait for the answer to one request", low=0.1, high=86400.0)
    train_timeout: float = _key(3600.0, "seconds that one training may take", low=0.1, high=1e7)


@dataclass(frozen=True)
class DiscoverySettings:
    """What counts as a blind spot."""

    tau: float = _key(0.9, "confidence threshold of a UU; frozen once a proof exists", low=0.0, high=1.0)
    apply_temperature: bool = _key(
        False, "true: confidence is calibrated on dev before tau is applied; frozen as tau is"
    )
    min_size: int = _key(4, "smallest blind spot; smaller groups are listed as scattered", low=2, high=1000)
    clusterer: str = _key(
        "average-linkage",
        "clustering method; kmeans: the number of clusters by silhouette, hardly a row scattered",
        choices=("average-linkage", "kmeans"),  # the names in `engine.discovery.clusterers`
    )
    seed: int = _key(13, "of clusters and map", low=0, high=2**31)


@dataclass(frozen=True)
class LabellingSettings:
    """How rows are labelled."""

    people: int = _key(1, "people who label each row, blind to each other", low=1, high=20)
    overlap: float = _key(0.1, "share of rows, drawn at random, that one more person labels", low=0.0, high=1.0)
    llm_batch: int = _key(20, "rows in one question to an LLM that labels", low=1, high=100)
    llm_votes: int = _key(1, "times that an LLM reads each row it labels; the majority counts", low=1, high=9)
    llm_floor: float = _key(
        0.85,
        "agreement with people (lower bound) below which nothing trains on an LLM's labels; 0: anything does",
        low=0.0,
        high=1.0,
    )
    hunt_at_random: float = _key(0.2, "share of a hunt's rows that is drawn at random", low=0.0, high=1.0)


@dataclass(frozen=True)
class TeachingSettings:
    """What a teacher sees and how much is asked of one."""

    held_back: float = _key(
        0.2, "share of a blind spot's rows that no teacher sees: patterns are tested on them", low=0.0, high=0.5
    )
    patterns: int = _key(1, "patterns of each kind asked of an LLM for a blind spot", low=1, high=10)
    targets: int = _key(6, "samples per pattern", low=0, high=1000)
    counters: int = _key(3, "counter-samples per pattern: minimal edits with another label", low=0, high=1000)
    anchors: int = _key(6, "anchors per blind spot: ordinary texts that should stay right", low=0, high=1000)
    live_verdict: bool = _key(True, "false: nobody is shown what the model says of a text before it is handed in")


@dataclass(frozen=True)
class TrainingSettings:
    """How a classifier is trained."""

    # Measured with MiniLM on 900 SST-2 rows (batch 32, seed 13, 600 pool rows): at 5e-5 three passes leave 5 UUs, at
    # 1e-4 79, at equal dev accuracy (.857, .862); a model that is never sure has no blind spots to find.
    epochs: int = _key(3, "passes over train (recipe scratch)", low=1, high=1000)
    continue_epochs: int = _key(2, "passes over samples and replay (recipes that go on)", low=1, high=1000)
    # On the pools of three public tasks (tests/bench/README.md) two keep more of what dev asks than one, at equal gain.
    replay: float = _key(2.0, "train rows replayed per sample (recipes that go on)", low=0.0, high=1000.0)
    batch_size: int = _key(32, "rows per step", low=1, high=4096)
    learning_rate: float = _key(1e-4, "peak, after a warm-up; 2e-5 to 5e-5 for large models", low=0.0, high=1.0)
    weight_decay: float = _key(0.01, "of AdamW", low=0.0, high=1.0)
    frozen_layers: int = _key(
        0, "lowest layers kept as they are, embeddings too; -1: all but the head", low=-1, high=1000
    )
    early_stop: bool = _key(False, "true: passes of an arm are chosen by cross-validation over the pool's blind spots")


@dataclass(frozen=True)
class ProofSettings:
    """How an arm is judged."""

    seeds: tuple[int, ...] = _key([13, 14, 15, 16, 17], "one training run per arm and seed", low=0, high=MOST_SEED)
    margin: float = _key(0.01, "accuracy an arm may lose and still be proven", low=0.0, high=1.0)
    bootstrap: int = _key(2000, "resamples behind every interval", low=100, high=1000000)
    interval: float = _key(0.95, "coverage of the intervals", low=0.5, high=0.999)
    labels: int = _key(150, "proof rows that people are asked to label, where few have a label", low=20, high=100000)


@dataclass(frozen=True)
class LlmSettings:
    """Which LLM is asked, and how. The key is read from the environment and nowhere else."""

    model: str = _key("", "name of the model at the server; empty: no LLM is asked")
    base_url: str = _key("https://api.openai.com/v1", "any server that speaks the protocol")
    protocol: str = _key(
        "chat-completions",
        "how the server is spoken to; responses: OpenAI's newer way, the only one of some of its models",
        choices=("chat-completions", "responses"),  # the names in `engine.llm.protocols`
    )
    key_env: str = _key("OPENAI_API_KEY", "environment variable that holds the key; a server without keys needs none")
    parallel: int = _key(4, "blind spots worked on at the same time", low=1, high=64)
    timeout: float = _key(60.0, "seconds to wait for an answer", low=1.0, high=3600.0)
    retries: int = _key(5, "further attempts when a server is busy, fails or is cut off", low=0, high=20)
    max_output_tokens: int = _key(4096, "longest answer that is accepted", low=64, high=1000000)
    temperature: float = _key(-1.0, "sampling temperature; -1: the server's own", low=-1.0, high=2.0)


@dataclass(frozen=True)
class Price:
    """Prices of one model, per million tokens."""

    input: float = _key(0.0, "prompt tokens", low=0.0, high=1e6)
    output: float = _key(0.0, "answer tokens", low=0.0, high=1e6)
    cached: float = _key(-1.0, "prompt tokens that the server had cached; -1: as input", low=-1.0, high=1e6)


@dataclass(frozen=True)
class CostSettings:
    """What people and LLMs are paid. What is not known is shown as unknown, never as nothing."""

    currency: str = _key("USD", "of wage and prices")
    wage: float = _key(0.0, "of an annotator per hour; 0: unknown", low=0.0, high=1e6)
    idle_after: float = _key(60.0, "seconds without a key after which a person counts as away", low=1.0, high=3600.0)
    prices_of: str = _key("", "the day the prices are of, such as 2026-11-01")
    prices: dict[str, Price] = _key(  # noqa: RUF009 - a fresh dict each time
        {}, 'per million tokens: [cost.prices."MODEL"] with input = 0.5, output = 2.0, cached = 0.05'
    )


@dataclass(frozen=True)
class ComputeSettings:
    """What the machine is used for."""

    device: str = _key("auto", "auto, cuda, mps or cpu", choices=("auto", "cuda", "mps", "cpu"))
    precision: str = _key("auto", "auto, bf16 or fp32", choices=("auto", "bf16", "fp32"))
    threads: int = _key(0, "CPU threads of a job; 0: chosen by the load it finds", low=0, high=1024)
    backend: str = _key(
        "auto",
        "what scores the pool and gives live verdicts on a CPU; auto: openvino if it is installed",
        choices=("auto", "torch", "openvino"),
    )


@dataclass(frozen=True)
class Settings:
    """Everything in `blindspot.toml`."""

    task: TaskSettings = field(default_factory=TaskSettings)
    model: ModelSettings = field(default_factory=ModelSettings)
    classifier: ClassifierSettings = field(default_factory=ClassifierSettings)
    discovery: DiscoverySettings = field(default_factory=DiscoverySettings)
    labelling: LabellingSettings = field(default_factory=LabellingSettings)
    teaching: TeachingSettings = field(default_factory=TeachingSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    proof: ProofSettings = field(default_factory=ProofSettings)
    llm: LlmSettings = field(default_factory=LlmSettings)
    cost: CostSettings = field(default_factory=CostSettings)
    compute: ComputeSettings = field(default_factory=ComputeSettings)


_hints = cache(get_type_hints)  # of all sections they take 1 ms, of the 3 of reading the settings


def read_settings(path: Path) -> Settings:
    """Read and check `blindspot.toml`.

    Raises:
        SettingsError: naming file and line of a syntax error, or the key and the nearest valid one.
    """
    try:
        document = _values(_read(path))
    except ParseError as error:
        raise SettingsError(
            f"this is not valid TOML ({error})", where=f"{path}:{error.line}", hint="correct the line"
        ) from error
    except FileError as error:
        raise SettingsError(error.what, where=error.where, hint=error.hint) from error
    types = _hints(Settings)
    _refuse_unknown(path, document, types, "")
    return Settings(**{name: _section(path, name, types[name], document.get(name, {})) for name in types})


def _read(path: Path) -> str:
    return read_text(path, limit=_LONGEST).removeprefix(_BYTE_ORDER_MARK)


def _values(text: str) -> dict[str, Any]:
    """What a TOML text says: in 0.3 ms where Python has a parser, else, or to name the line of an error, in 5."""
    if sys.version_info >= (3, 11):
        with suppress(ValueError, RecursionError):
            return tomllib.loads(text)
    return tomlkit.parse(text).unwrap()


def write_settings(path: Path, settings: Settings) -> None:
    """Write all settings with their comments."""
    document = tomlkit.document()
    document.add(tomlkit.comment("Settings of a Blindspot project. Every key is optional."))
    for section in fields(settings):
        values = getattr(settings, section.name)
        table = tomlkit.table()
        table.comment((type(values).__doc__ or "").strip())
        for key in fields(values):
            value = getattr(values, key.name)
            table.add(tomlkit.comment(key.metadata["comment"]))
            if isinstance(value, dict):
                if value:  # tables of their own end the section: such a key is the last one in it
                    table.add(key.name, {name: asdict(price) for name, price in value.items()})
                continue
            table.add(key.name, list(value) if isinstance(value, tuple) else value)
        document.add(section.name, table)
    write_atomic(path, tomlkit.dumps(document).encode())


def change_setting(path: Path, section: str, key: str, value: float | str | bool) -> None:
    """Change one key of `blindspot.toml` and leave the rest of the file as its owner wrote it.

    Raises:
        SettingsError: the file is not valid TOML.
    """
    try:
        document = tomlkit.parse(_read(path))
    except ParseError as error:
        raise SettingsError(
            f"this is not valid TOML ({error})", where=f"{path}:{error.line}", hint="correct the line"
        ) from error
    document.setdefault(section, tomlkit.table())[key] = value
    write_atomic(path, tomlkit.dumps(document).encode())


def _refuse_unknown(path: Path, values: dict[str, Any], known: Any, prefix: str) -> None:
    for name in values:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean `{prefix}{near[0]}`?" if near else f"known keys: {', '.join(known)}"
            raise SettingsError(f"unknown key `{prefix}{name}`", where=str(path), hint=f"correct or remove it ({hint})")


def _section(path: Path, name: str, kind: Any, values: Any) -> Any:
    if not isinstance(values, dict):
        raise SettingsError(f"`{name}` must be a table", where=str(path), hint=f"write it as [{name}]")
    known = {f.name: f for f in fields(kind)}
    hints = _hints(kind)
    _refuse_unknown(path, values, known, f"{name}.")
    checked = {}
    for key, value in values.items():
        checked[key] = _value(path, f"{name}.{key}", hints[key], known[key].metadata, value)
    return kind(**checked)


_NOUNS: dict[Any, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "a text in quotes"}


def _value(path: Path, key: str, kind: Any, limits: Any, value: Any) -> Any:
    def refuse(need: str) -> SettingsError:
        shown = repr(value) if len(repr(value)) <= _SHOWN else f"{repr(value)[:_SHOWN]}..."
        return SettingsError(f"`{key}` is {shown}", where=str(path), hint=f"it must be {need}")

    if kind == dict[str, Price]:
        if not isinstance(value, dict):
            raise refuse('tables such as [cost.prices."MODEL"]')
        return {name: _section(path, f"{key}.{name}", Price, prices) for name, prices in value.items()}
    items = {tuple[str, ...]: str, tuple[int, ...]: int}.get(kind)
    if items is not None:
        if not isinstance(value, list) or not all(type(item) is items for item in value):
            raise refuse(f"a list, each item {_NOUNS[items]}")
        if limits["low"] is not None and not all(limits["low"] <= item <= limits["high"] for item in value):
            raise refuse(f"a list, each item between {limits['low']} and {limits['high']}")
        return tuple(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value) if abs(value) < sys.float_info.max else math.inf
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise refuse(_NOUNS[kind])
    if limits["choices"] and value not in limits["choices"]:
        raise refuse("one of " + ", ".join(limits["choices"]))
    if limits["low"] is not None and not limits["low"] <= value <= limits["high"]:
        raise refuse(f"between {limits['low']} and {limits['high']}")
    return value


Precision = Literal["bf16", "fp32"]
