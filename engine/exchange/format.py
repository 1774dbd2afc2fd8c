"""What a format of other tools is: which kinds of record it holds, and how it is written and read. Light."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from engine.exchange.export_tables import Kind, Row
from engine.exchange.gather import Gathered

EXPORT_FILE = "export.json"
"""Says of a folder which format it has, and which files are of the export."""
CARD = "README.md"
_FOLDER = Path(__file__).with_name("formats")


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """What is to be written. ``escape_formulas``: whether no cell of a spreadsheet may be read as a formula."""

    out: Gathered
    escape_formulas: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """What became of it.

    Attributes:
        told: what the files do not hold, or what to look out for, a sentence each.
        front: lines that stand before the data card, for programs.
    """

    told: Sequence[str] = ()
    front: str = ""


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """What is to be read.

    Attributes:
        path: a folder or a file.
        labels: of the project.
        suggestions: take what no person gave too, as labels of an LLM.
        text, pair: what the texts are called in files that other tools have written.
        question: the name of the question that asks for the label; None: the only one.
        escaped: whether formulas were escaped (`WriteRequest`).
    """

    path: Path
    labels: tuple[str, ...]
    suggestions: bool = False
    text: str = "text"
    pair: str = "text_pair"
    question: str | None = None
    escaped: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A record that came in. ``where``: file and line, or task, for messages. ``values``: of columns of its kind."""

    where: str
    kind: Kind
    values: Row


@dataclass(slots=True)
class Incoming:
    """What files hold. ``left_out``: what was not taken, a sentence each."""

    lines: list[Line] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Format:
    """A format of other tools.

    Attributes:
        about: what it is, in a few words.
        kinds: what it can hold.
        write: puts files into an empty folder. Raises DataError for what it cannot express.
        read: gives back what such files hold, whoever wrote them; None: it goes out alone. Raises DataError.
        has_formulas: whether a text may be taken for one, and can be escaped.
    """

    about: str
    kinds: tuple[Kind, ...]
    write: Callable[[Path, WriteRequest], Written]
    read: Callable[[ReadRequest], Incoming] | None
    has_formulas: bool = False


def format_names() -> tuple[str, ...]:
    """All formats: each is a module of the folder `formats`, and its name is the module's."""
    return tuple(sorted(module.name.replace("_", "-") for module in iter_modules([str(_FOLDER)])))


def format_of(name: str) -> Format:
    """A format by its name; only its module is imported."""
    module = import_module(f"engine.exchange.formats.{name.replace('-', '_')}")
    found: Format = module.FORMAT
    return found
