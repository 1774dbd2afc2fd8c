"""Records of one kind in their order, and as a data frame. Light."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_args, overload

from typing_extensions import get_type_hints

from engine.frames import data_frame

if TYPE_CHECKING:
    import pandas as pd

R = TypeVar("R")
_Path = tuple[str, ...]


class RecordTable(Sequence[R], Generic[R]):
    """Records of one kind, in their order.

    Args:
        kind: the dataclass that each record is; it gives the columns where there is no record too.
        records: all of them.
    """

    def __init__(self, kind: type[R], records: Iterable[R]) -> None:
        self.kind = kind
        self._records = tuple(records)

    def __len__(self) -> int:
        return len(self._records)

    @overload
    def __getitem__(self, place: int) -> R: ...

    @overload
    def __getitem__(self, place: slice) -> RecordTable[R]: ...

    def __getitem__(self, place: int | slice) -> R | RecordTable[R]:
        if isinstance(place, slice):
            return RecordTable(self.kind, self._records[place])
        return self._records[place]

    def __repr__(self) -> str:
        return f"<{len(self)} records {self.kind.__name__}: {', '.join(self.columns)}>"

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of `to_frame`: the fields; those of a record inside one follow its name and ``_``."""
        return tuple(map("_".join, _paths(self.kind)))

    def to_frame(self) -> pd.DataFrame:
        """A data frame of ``len(self)`` rows and a column for each of `columns`.

        What is not known is None, or NaN among numbers. Tuples and dicts stay whole in their cells.

        Raises:
            MissingExtra: pandas is not installed.
        """
        return data_frame({"_".join(path): [_value(record, path) for record in self] for path in _paths(self.kind)})


def _value(record: Any, path: _Path) -> Any:
    for name in path:
        record = None if record is None else getattr(record, name)
    return record


def _paths(kind: Any) -> tuple[_Path, ...]:
    """The fields of a record that hold a plain value, by the names that lead to each."""
    hints, found = get_type_hints(kind), list[_Path]()
    for one in fields(kind):
        inner = next((part for part in (hints[one.name], *get_args(hints[one.name])) if is_dataclass(part)), None)
        is_many = getattr(hints[one.name], "__origin__", None) in (tuple, list, dict)
        if inner is None or is_many:
            found.append((one.name,))
        else:
            found += [(one.name, *path) for path in _paths(inner)]
    return tuple(found)
