r"""The one way from the command line to a terminal: what came from data is shown, never obeyed.

Everything is written through `Output`, which stands in for stdout and stderr while a command runs. It shows control,
invisible and direction characters as escapes (`engine.text.visible`), so that no file, label or answer can move
the cursor, change a title or write to the clipboard, whoever prints it: a command, argparse or a traceback. What an
encoding cannot express is shown as an escape too, and a full disk or a reader that has left ends no command halfway.

Only newlines pass. Commands therefore print data by `print_line` and `say`, which keep a text on its own line; plain
`print` is not used. Our own colours and the clearing of a line go through `Output.own`, after data were made visible.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TextIO

from engine.text import INVISIBLE, visible, without_surrogates

if TYPE_CHECKING:
    from tui.terminal.console import Console

_CLEAR_LINE = "\r\x1b[K"
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


class _Own:
    """Writes as it is what the program itself has made: colours, and the clearing of a line.

    Args:
        stream: the real stdout or stderr.

    Attributes:
        failure: why nothing can be written any more; None while all is well.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.failure: OSError | None = None

    def __getattr__(self, name: str) -> Any:
        """Everything else (``isatty``, ``encoding``, ``fileno``) is the stream's."""
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write, or drop the text once the stream cannot be written."""
        if self.failure is None:
            try:
                self._stream.write(text)
            except UnicodeEncodeError:
                encoding = self._stream.encoding
                self._stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
            except OSError as error:
                self._give_up(error)
        return len(text)

    def flush(self) -> None:
        """Hand on what was written."""
        if self.failure is None:
            try:
                self._stream.flush()
            except OSError as error:
                self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        """Send what is still in the buffer nowhere; else Python fails on it at its end and changes the exit status."""
        self.failure = error
        with contextlib.suppress(OSError, ValueError):  # a stream without a file has no such buffer
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())


class Output(_Own):
    """Stands in for stdout or stderr; lets through printable characters and newlines, and shows all else as escapes.

    Attributes:
        own: the way for what the program itself has made.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self.own = _Own(stream)

    def write(self, text: str) -> int:
        """Write what is safe to see."""
        self.own.write("\n".join(map(visible, text.split("\n"))))
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Hand on what was written."""
        self.own.flush()


@contextlib.contextmanager
def guarded() -> Iterator[Output]:
    """Stdout and stderr as `Output` while the context lasts; yields stdout."""
    _open_standard_streams()
    before = sys.stdout, sys.stderr
    out, errors = Output(sys.stdout), Output(sys.stderr)
    sys.stdout, sys.stderr = out, errors
    try:
        yield out
    finally:
        out.flush()
        errors.flush()
        sys.stdout, sys.stderr = before


def _open_standard_streams() -> None:
    """Open what the caller has closed: a file of a project must never be opened in its place.

    Writing to a closed stdout then fails, and is told, as with any other command; stderr goes nowhere.
    """
    for number, flags in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, flags)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
    sys.stdin = sys.stdin or os.fdopen(os.open(os.devnull, os.O_RDONLY))
    sys.stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_RDONLY), "w")
    sys.stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")


def exit_status(out: Output, status: int) -> int:
    """The status of a command whose output is complete, or 1 and a sentence if it is not.

    A reader that has left (``blindspot list work | head``) has what it wanted.
    """
    out.flush()
    if out.own.failure is None or isinstance(out.own.failure, BrokenPipeError):
        return status
    print_error(f"the output cannot be written ({out.own.failure.strerror}).")
    return status or 1


def reader_left() -> bool:
    """Whether nobody reads stdout any more, so that work without an end may stop."""
    return isinstance(sys.stdout, Output) and sys.stdout.own.failure is not None


def print_line(text: str = "") -> None:
    """Print a text on one line, and hand it on at once."""
    sys.stdout.write(visible(text) + "\n")
    sys.stdout.flush()


def print_error(text: str) -> None:
    """Print one line for people on stderr, named so that it is known where it comes from."""
    print_on_stderr(f"blindspot: {text}")


def print_on_stderr(text: str, *, end: str = "\n") -> None:
    """Print one line on stderr, or a question that is answered on its line."""
    sys.stderr.write(visible(text) + end)
    sys.stderr.flush()


def print_json(value: Any) -> None:
    """Print one JSON value over several lines."""
    sys.stdout.write(_json(value, lines=True) + "\n")


def print_json_line(value: Any) -> None:
    """Print one JSON value on one line, and hand it on at once."""
    sys.stdout.write(_json(value, lines=False) + "\n")
    sys.stdout.flush()


def _json(value: Any, *, lines: bool) -> str:
    r"""Valid JSON that is safe to see: what `visible` would change stands in it as ``\u001b``.

    A lone surrogate, from a file name that is not UTF-8, is no text; it becomes the six characters of its escape.
    """
    import orjson

    options = orjson.OPT_INDENT_2 if lines else 0
    try:
        text = orjson.dumps(value, option=options).decode()
    except orjson.JSONEncodeError:
        text = orjson.dumps(_as_utf8(value), option=options).decode()
    text = "\n".join(INVISIBLE.sub(_escape, line) for line in text.split("\n"))
    encoding = (sys.stdout.encoding or "ascii").lower().replace("_", "-")
    return text if encoding in ("utf-8", "utf8") else _NOT_ASCII.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _as_utf8(value: Any) -> Any:
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, dict):
        return {_as_utf8(key): _as_utf8(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_as_utf8(one) for one in value]
    return value


class RewrittenLine:
    """One line on stderr that is written over again; silent unless stderr is a terminal."""

    def __init__(self) -> None:
        self._out = sys.stderr.own if isinstance(sys.stderr, Output) else sys.stderr
        self._tty = self._out.isatty()

    def show(self, text: str, *, stays: bool = False) -> None:
        """Show a text in place of the last, as much as a line holds; one that stays whole, and then a new line."""
        if self._tty:
            self._write(visible(text) + "\n" if stays else self._fitted(text))

    def _fitted(self, text: str) -> str:
        from tui.terminal.wrapping import fitted

        columns = 0  # as of a terminal whose size nobody has told
        with contextlib.suppress(OSError):  # what stands in for one may have no number
            columns = os.get_terminal_size(self._out.fileno()).columns
        return fitted(text, (columns or 80) - 1).rstrip()

    def clear(self) -> None:
        """Leave the line empty."""
        self._write("")

    def _write(self, text: str) -> None:
        if self._tty:
            self._out.write(_CLEAR_LINE + text)
            self._out.flush()


def console() -> Console:
    """For people: wrapped to the width of a terminal; whole lines without colours for any other reader."""
    from tui.terminal.console import Console

    return Console()


def say(out: Console, text: str, *, indent: int = 0) -> None:
    """Print one paragraph of data, indented."""
    out.say(text, indent=indent)
