"""Rows that are longer than the model's input limit, and where in their text the limit falls.

Only the tokenizer is needed, and it is read by the `tokenizers` library alone (0.2 s); transformers takes seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import FileError, ModelError
from engine.files import read_json
from engine.progress import Monitor
from engine.schema import Example, Prediction

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

_WINDOW = 2_000  # rows at once: 10,000 tokens of the longest rows a second, so that a job can be stopped between
_LONGEST = 10_000_000  # bytes of a configuration
_AROUND = 24  # characters on either side of a cut


class Reading:
    """How much of a row a classifier reads.

    Args:
        folder: its weights, with the tokenizer beside them.
        max_length: tokens per row by the settings; the tokenizer and the model may take fewer.

    Attributes:
        tokens: how many it reads. known: False where the folder has no tokenizer.json; then no row counts as cut.

    Raises:
        ModelError: a configuration is damaged.
    """

    def __init__(self, folder: Path, max_length: int) -> None:
        limits = [max_length, _number(folder / "tokenizer_config.json", "model_max_length")]
        limits.append(_number(folder / "config.json", "max_position_embeddings"))
        self.tokens = min(limit for limit in limits if limit)
        self.known = (folder / "tokenizer.json").is_file()
        self._folder = folder

    def cut(self, rows: Sequence[Example], *, monitor: Monitor) -> list[int]:
        """Places of the rows that have more tokens than are read, in their order.

        Raises:
            Stopped: from the monitor.
        """
        # A token is at least one byte of the text, so most rows need not be tokenised to know that they fit.
        long = [place for place, row in enumerate(rows) if _bytes(row) > self.tokens - 4] if self.known else []
        tokenizer = self._tokenizer() if long else None
        found = []
        for start in range(0, len(long), _WINDOW):
            monitor.step("length of texts", start, len(long))
            window = long[start : start + _WINDOW]
            encoded = _encoded(tokenizer, [rows[place] for place in window])
            found += [place for place, one in zip(window, encoded, strict=True) if len(one.ids) > self.tokens]
        if long:
            monitor.step("length of texts", len(long), len(long))
        return found

    def ends(self, rows: Sequence[Example]) -> Iterator[tuple[int, ...]]:
        """For each row how many characters of its text, or of both its texts, are read."""
        if not rows:
            return
        tokenizer = self._tokenizer()
        tokenizer.enable_truncation(self.tokens, strategy="longest_first")  # what transformers does with a pair
        for row, one in zip(rows, _encoded(tokenizer, rows), strict=True):
            texts = range(1 if row.text_pair is None else 2)
            yield tuple(
                max(
                    (end for (_, end), part in zip(one.offsets, one.sequence_ids, strict=True) if part == text),
                    default=0,
                )
                for text in texts
            )

    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer


def cut_sentence(cut: int, rows: int, split: str, tokens: int) -> str:
    """What the user should know of rows that are cut."""
    are, rest = ("is", "its rest") if cut == 1 else ("are", "the rest of each")
    return f"{cut:,} of {rows:,} {split} rows {are} longer than the {tokens} tokens the model reads; {rest} is not seen"


def cut_place(row: Prediction, ends: Sequence[int], tokens: int) -> str:
    """Where the reading of a row that is cut ends, in one sentence with a few of the words on either side."""
    texts = [text for text in (row.text, row.text_pair) if text is not None]
    places = [
        f'"...{text[max(0, end - _AROUND) : end]}" | "{text[end : end + _AROUND].rstrip()}..."'
        for text, end in zip(texts, ends, strict=False)
        if text[end:].strip()
    ]
    return f"cut: the model reads {tokens} tokens, as far as the bar: {'; '.join(places)}"


def _encoded(tokenizer: Any, rows: Sequence[Example]) -> list[Encoding]:
    texts = [row.text if row.text_pair is None else (row.text, row.text_pair) for row in rows]
    encoded: list[Encoding] = tokenizer.encode_batch(texts)
    return encoded


def _bytes(row: Example) -> int:
    return len(row.text.encode()) + len((row.text_pair or "").encode())


def _number(path: Path, key: str) -> int:
    """A whole number of a JSON file; 0 where it has none, or is not there.

    Raises:
        ModelError: the file is damaged, too large or none that may be read.
    """
    try:
        values = read_json(path, limit=_LONGEST)
    except FileNotFoundError:
        return 0
    except FileError as error:
        raise ModelError(error.what, where=error.where, hint="save or download the model again") from error
    value = values.get(key) if isinstance(values, dict) else None
    return value if type(value) is int and value > 0 else 0
