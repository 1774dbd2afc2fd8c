"""What was found of one part of a project."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from typing_extensions import ParamSpec

from engine.errors import BlindspotError
from engine.schema import Record

Given = ParamSpec("Given")
State = Literal["ok", "changed", "missing", "not checkable"]


@dataclass(frozen=True, slots=True)
class Finding(Record):
    """One part of a project, and whether it still is what was written.

    Attributes:
        part: what was looked at. file: where it is, relative to the project.
        state: ``changed``: it is not what was recorded or does not follow from what it was made from; ``missing``:
            something needs it and it is not there; ``not checkable``: nothing to compare it with is there.
        what: the same in a sentence. hint: what to do about it; empty where nothing is to be done.
    """

    part: str
    state: State
    what: str
    file: str = ""
    hint: str = ""

    @property
    def bad(self) -> bool:
        """Whether the part is not to be trusted."""
        return self.state in ("changed", "missing")


def looked_at(
    part: str, file: str, hint: str, look: Callable[Given, Iterable[Finding]], *args: Given.args, **named: Given.kwargs
) -> Iterator[Finding]:
    """What a look at one part finds; a file that cannot even be read is a finding too, and the next part comes."""
    try:
        yield from look(*args, **named)
    except FileNotFoundError as error:
        yield Finding(part, "missing", f"{Path(error.filename or file).name} is not there", file, hint)
    except BlindspotError as error:
        yield Finding(part, "changed", error.what, file, error.hint or hint)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, MemoryError) as error:
        yield Finding(part, "changed", f"this is damaged ({type(error).__name__}: {error})", file, hint)
