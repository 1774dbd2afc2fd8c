"""Labels for annotation tools: by row, each label as somebody's answer or as a suggestion. Light.

What a person said is an answer there. All else, an LLM's labels and bundled examples, is a suggestion, so that it comes
back as no person's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import DataError, FileError
from engine.exchange.export_tables import COLUMNS, Row, Value
from engine.exchange.gather import Gathered
from engine.exchange.table_files import typed
from engine.files import read_json, write_json
from engine.schema import TEACHER_KINDS, label_key

ANNOTATORS_FILE = "annotators.json"
"""Who is behind the numbers that a tool gives to people, with the kind of each."""

_OF_LABEL = (
    *("label", "certainty", "labeller", "labeller_kind", "recorded", "queue", "chance", "guideline", "guideline_hash"),
    *("seconds", "overlap", "note", "reason", "time"),
)
"""What is kept of a label beside its row where a tool lets us keep what it does not know."""
_OF_ROW = ("id", "split", "withheld", "blind_spot", "round", "model", "predicted", "confidence")


@dataclass(slots=True)
class LabelledRow:
    """A row with all labels that were given to it."""

    key: str
    text: str
    text_pair: str | None
    about: dict[str, Value]
    answers: list[Row] = field(default_factory=list)
    suggestions: list[Row] = field(default_factory=list)


def labelled_rows(out: Gathered) -> list[LabelledRow]:
    """The rows with labels, in the order of their first one."""
    rows: dict[str, LabelledRow] = {}
    for table in out.tables:
        for row in table.rows if table.kind == "labels" else ():
            key = label_key("proof" if row["split"] == "proof" else "pool", str(row["id"]))
            if key not in rows:
                about = {name: row[name] for name in _OF_ROW}
                pair = row["text_pair"]
                rows[key] = LabelledRow(key, str(row["text"]), None if pair is None else str(pair), about)
            found = rows[key]
            (found.answers if row["labeller_kind"] == "human" else found.suggestions).append(row)
    return list(rows.values())


def label_fields(row: Row) -> dict[str, Value]:
    """What a label says beside its row."""
    return {name: row[name] for name in _OF_LABEL if row[name] not in (None, "")}


def names_of(labels: Iterable[Row]) -> list[str]:
    """Who gave labels, sorted."""
    return sorted({str(row["labeller"]) for row in labels})


def kept_fields(values: object, where: str) -> dict[str, Value]:
    """What we kept beside a label (`label_fields`), out of a file that others may have changed; empty if nothing.

    Raises:
        DataError: it is not as it was written.
    """
    if not isinstance(values, dict):
        return {}
    columns = tuple(column for column in COLUMNS["labels"] if column.name in _OF_LABEL)
    fields = typed(values, columns, where)
    if fields["labeller_kind"] not in (None, *TEACHER_KINDS):
        hint = f"it must be one of {', '.join(TEACHER_KINDS)}"
        raise DataError("`labeller_kind` is no kind of labeller", where=where, hint=hint)
    return {name: value for name, value in fields.items() if value is not None}


def write_annotators(folder: Path, people: Mapping[str, str], others: Mapping[str, str] | None = None) -> None:
    """Keep who is behind the numbers of people, and of what kind the others are, by their names."""
    write_json(folder / ANNOTATORS_FILE, {"people": dict(people), "others": dict(others or {})})


def read_annotators(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """People by number, and kinds of others by name, from the file beside; empty where there is none.

    Raises:
        DataError: it is damaged.
    """
    file = (path if path.is_dir() else path.parent) / ANNOTATORS_FILE
    try:
        found = read_json(file)
        people, others = ({str(name): str(one) for name, one in found[part].items()} for part in ("people", "others"))
    except FileNotFoundError:
        return {}, {}
    except (FileError, ValueError, LookupError, TypeError, AttributeError) as error:
        hint = 'write {"people": {"NUMBER": "NAME"}, "others": {}}'
        raise DataError("the file of annotators is damaged", where=str(file), hint=hint) from error
    if not set(others.values()) <= {"llm", "example"}:
        hint = "write llm or example: people are under `people`"
        raise DataError("the file of annotators has another kind", where=str(file), hint=hint)
    return people, others
