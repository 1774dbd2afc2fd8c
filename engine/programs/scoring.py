"""A program that scores, kept as long as rows come; one that ends meanwhile is started once more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from typing_extensions import Self

from engine.errors import ModelError
from engine.programs.commands import Command
from engine.programs.process import Process, ProgramEnded, no_look
from engine.programs.protocol import Hello, ProgramSays, read_answer, read_hello, request_line, start_line
from engine.schema import Example
from engine.settings import ClassifierSettings

LOG = "classifier-score.log"
"""In the cache: what the last program that failed had to say."""


class ScoringProgram:
    """A program that has loaded its model.

    Args:
        command: that starts it; its owner has agreed to it.
        settings: how long it is waited for.
        root: of the project, in whose folder it works.
        labels: the project's.
        pair: rows are pairs of texts.
        model: what it scores with; None: what it has by itself.
        look: called now and then while it loads; what it raises ends the wait.

    Raises:
        ModelError: it cannot be started, or says nothing, or not what the protocol asks for.
    """

    def __init__(
        self,
        command: Command,
        settings: ClassifierSettings,
        *,
        root: Path,
        labels: Sequence[str],
        pair: bool,
        model: Path | None,
        look: Callable[[], None] = no_look,
    ) -> None:
        self._command, self._settings, self._root = command, settings, root
        self._labels = labels
        self._start = start_line(labels, pair, model)
        self._number = 0
        self._process: Process | None = None
        self.hello = self._begin(look)

    def probabilities(self, rows: Sequence[Example], look: Callable[[], None] = no_look) -> list[list[float]]:
        """The answer to one request, (rows, labels) in the project's order.

        Raises:
            ModelError: there is none, not in time, or it is not what the protocol asks for.
        """
        self._number += 1
        line = request_line(self._number, rows)
        try:
            said = self._ask(line, look)
        except ProgramEnded:
            said = self._ask(line, look)
        try:
            return read_answer(said, self._number, rows, self.hello)
        except ValueError as error:
            raise self._refused(error) from error

    @property
    def name(self) -> str:
        """What it calls itself, else its command."""
        return self.hello.name or self._command.text

    def close(self) -> bool:
        """Let it end; whether it did by itself."""
        process, self._process = self._process, None
        return process is None or process.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, line: bytes, look: Callable[[], None]) -> bytes:
        """What the program says to a line; one that has not answered is killed, as its answer might still come."""
        if self._process is None:
            self.hello = self._begin(look)
        assert self._process is not None
        try:
            return self._process.ask(line, self._settings.timeout, look)
        except BaseException:
            self._kill()
            raise

    def _begin(self, look: Callable[[], None]) -> Hello:
        log = self._root / "cache" / LOG
        self._process = Process(self._command.text, self._command.argv, root=self._root, log=log)
        try:
            return read_hello(self._process.ask(self._start, self._settings.start_timeout, look), self._labels)
        except ValueError as error:
            self.close()
            raise self._refused(error) from error
        except BaseException:
            self._kill()
            raise

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process = None

    def _refused(self, error: ValueError) -> ModelError:
        """What is wrong stands first, as a line of the screen may have no room for more."""
        where, hint = str(self._root), f"`blindspot doctor {self._root} --classifier` tries all that is asked of it"
        if isinstance(error, ProgramSays):
            return ModelError(f"{str(error).removesuffix('.')} (`{self._command.text}` says so)", where=where)
        return ModelError(f"{error} (`{self._command.text}`)", where=where, hint=f"mend the program; {hint}")
