"""JSON values into typed ones by their type hints, strictly: what a file holds is checked at the border, once.

A project may come from a stranger, or from a disk that failed, so nothing of a file is taken for what it should be.
pydantic would do this too; its import costs every command 0.2 s of a processor, and plain commands take as much.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin

from typing_extensions import NotRequired, get_type_hints, is_typeddict

T = TypeVar("T")
_Read = Callable[[Any], Any]

_NOUNS: dict[Any, str] = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    type(None): "null",
    list: "a list",
    dict: "an object",
}


class WrongShape(ValueError):
    """A value that is not of its type. ``need``: what it should be; ``place``: keys and numbers that lead to it."""

    def __init__(self, need: str, place: tuple[str, ...] = ()) -> None:
        self.need = need
        self.place = place
        where = f"`{'.'.join(place)}`" if place else "it"
        super().__init__(f"{where} is not {need}")

    def inside(self, name: str) -> WrongShape:
        """The same, seen from one level further out."""
        return WrongShape(self.need, (name, *self.place))


def fit(value: Any, kind: type[T] | Any) -> T:
    """A JSON value as the type that a hint names.

    Lists become tuples where the hint says so, objects become dataclasses (keys that they lack are ignored), whole
    numbers become floats; nothing else is converted.

    Args:
        value: what `orjson.loads` gave.
        kind: str, int, float, bool, None, Any, Literal of texts, tuple, list, Sequence, dict with keys of text, a
            dataclass, a TypedDict, or a union of these.

    Raises:
        WrongShape: it is of another type, or lacks something.
    """
    return cast("T", _reader(kind)(value))  # type: ignore[arg-type]  # a type is hashable


@cache
def _plain(kind: Any) -> frozenset[type]:
    """The types whose values are of a kind as they are, without a look inside or a change."""
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return frozenset[type]().union(*map(_plain, args))
    if origin is NotRequired:
        return _plain(args[0])
    if kind in _NOUNS or (kind is float):
        return frozenset({kind})
    return frozenset({dict}) if origin is dict and args[1] is Any else frozenset()


@cache
def _reader(kind: Any) -> _Read:
    origin, args = get_origin(kind), get_args(kind)
    if kind is Any:
        return lambda value: value
    if kind is float:
        return _float
    if kind in _NOUNS:
        return _exactly(kind)
    if origin is Literal:
        return _one_of(args)
    if origin in (Union, UnionType):
        return _any_of(args)
    if origin is NotRequired:
        return _reader(args[0])
    if origin in (tuple, list):
        if origin is tuple and args[-1:] != (...,):
            return _fixed(args)
        return _many(origin, args[0])
    if origin is Sequence:
        return _many(tuple, args[0])
    if origin in (dict, Mapping):
        return _mapping(args[1])
    if is_typeddict(kind):
        return _typed_dict(kind)
    if is_dataclass(kind):
        return _dataclass(kind)
    raise TypeError(f"no reader for {kind}")


def _exactly(kind: type) -> _Read:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise WrongShape(_NOUNS[kind])
        return value

    return read


def _float(value: Any) -> float:
    if type(value) is not float and type(value) is not int:
        raise WrongShape("a number")
    return float(value)


def _one_of(choices: tuple[Any, ...]) -> _Read:
    def read(value: Any) -> Any:
        if type(value) is not str or value not in choices:
            raise WrongShape("one of " + ", ".join(map(str, choices)))
        return value

    return read


def _any_of(kinds: tuple[Any, ...]) -> _Read:
    readers = [_reader(kind) for kind in kinds]

    def read(value: Any) -> Any:
        found: WrongShape | None = None
        for one in readers:
            try:
                return one(value)
            except WrongShape as error:
                if found is None or len(error.place) > len(found.place):  # that of the alternative it comes closest to
                    found = error
        raise found or WrongShape("of a known type")

    return read


def _many(container: Callable[[Any], Any], kind: Any) -> _Read:
    inner = _reader(kind)

    def read(value: Any) -> Any:
        if type(value) is not list and type(value) is not tuple:
            raise WrongShape("a list")
        found = []
        try:
            for item in value:
                found.append(inner(item))
        except WrongShape as error:
            raise error.inside(str(len(found))) from None
        return container(found)

    return read


def _fixed(kinds: tuple[Any, ...]) -> _Read:
    readers = [_reader(kind) for kind in kinds]

    def read(value: Any) -> Any:
        if type(value) not in (list, tuple) or len(value) != len(readers):
            raise WrongShape(f"a list of {len(readers)}")
        return tuple(one(item) for one, item in zip(readers, value, strict=True))

    return read


def _mapping(kind: Any) -> _Read:
    inner = _reader(kind)

    def read(value: Any) -> Any:
        if type(value) is not dict:
            raise WrongShape("an object")
        found = {}
        for key, item in value.items():
            try:
                found[key] = inner(item)
            except WrongShape as error:
                raise error.inside(key) from None
        return found

    return read


def _typed_dict(kind: Any) -> _Read:
    hints = get_type_hints(kind, include_extras=True)
    origins: dict[str, Any] = {name: get_origin(hint) for name, hint in hints.items()}
    needed = frozenset(name for name, origin in origins.items() if origin is not NotRequired)
    return _object(dict, hints, needed)


def _dataclass(kind: Any) -> _Read:
    hints = get_type_hints(kind)
    hints = {one.name: hints[one.name] for one in fields(kind) if one.init}
    needed = frozenset(one.name for one in fields(kind) if one.default is MISSING and one.default_factory is MISSING)
    return _object(kind, hints, needed)


def _object(make: Callable[..., Any], hints: dict[str, Any], needed: frozenset[str]) -> _Read:
    readers = [(name, _plain(hint), _reader(hint)) for name, hint in hints.items()]

    def read(value: Any) -> Any:
        if make is not dict and type(value) is make:  # built already
            return value
        if type(value) is not dict:
            raise WrongShape("an object")
        if not value.keys() >= needed:
            raise WrongShape("there", (sorted(needed - value.keys())[0],))
        found = {}
        for name, plain, one in readers:
            if name in value:
                item = value[name]
                if type(item) in plain:  # saves two thirds of the calls: a file may hold 30,000 records
                    found[name] = item
                    continue
                try:
                    found[name] = one(item)
                except WrongShape as error:
                    raise error.inside(name) from None
        return make(**found)

    return read
