"""The tables that leave a project and come back: which columns each kind of record has, and what they mean. Light."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from engine.frames import data_frame

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["labels", "marks", "samples", "patterns", "judgements"]
ColumnType = Literal["text", "whole", "number", "flag"]
Value = str | int | float | bool | None
Row = Mapping[str, Value]

_FRAME_TYPES: Mapping[ColumnType, str] = {
    "text": "string",
    "whole": "Int64",
    "number": "float64",
    "flag": "boolean",
}
"""What pandas calls them; a value may be missing in each."""

KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Column:
    """A column. ``meaning``: in a few words, for the data card. A value that is not known is None."""

    name: str
    meaning: str
    type: ColumnType = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """Records of one kind, one a row, each with the values of all columns of its kind."""

    kind: Kind
    rows: Sequence[Row]

    @property
    def columns(self) -> tuple[Column, ...]:
        """In their order."""
        return COLUMNS[self.kind]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def to_frame(self) -> pd.DataFrame:
        """A data frame with a line for each row, and the columns with their types; what is not known is missing there.

        Raises:
            MissingExtra: pandas is not installed.
        """
        columns = {column.name: [row[column.name] for row in self.rows] for column in self.columns}
        return data_frame(columns, {column.name: _FRAME_TYPES[column.type] for column in self.columns})


_TEXTS = (Column("text", "the text, or the first of two"), Column("text_pair", "the second text, where rows are pairs"))
_TEACHER = (
    Column("teacher", "who wrote it"),
    Column("teacher_kind", "human, llm or example (bundled with the program)"),
    Column("recorded", "whether an LLM's answer was replayed from a file", "flag"),
)
_LLM = (
    Column("prompt", "of an LLM: hash of the templates of its prompt"),
    Column("llm_model", "of an LLM: the model that its server was asked for"),
)
_TIME = Column("time", "when it was written as it stands (UTC)")
_MODEL = (
    Column("round", "the latest round that found the blind spot, or looked at the row", "whole"),
    Column("model", "the classifier of that round"),
    Column("model_key", "content key of its weights"),
)
_PREDICTION = (
    Column("predicted", "what that classifier says, where it is kept: of UUs, rows beside them and flagged rows"),
    Column("confidence", "how sure it is, 0..1", "number"),
)
_SPOT = (
    Column("blind_spot", "id of the blind spot"),
    Column("gold", "its gold label"),
    Column("predicted", "the label that the classifier gives there"),
)

COLUMNS: Mapping[Kind, tuple[Column, ...]] = {
    "labels": (
        Column("id", "id of the row"),
        Column("split", "pool, or proof: held-out rows, whose labels prove and train nothing"),
        Column("withheld", "whether the row nearly equals a proof row, so that nothing trains with it", "flag"),
        *_TEXTS,
        Column("label", "the label that was given; empty: unsure"),
        Column("certainty", "3 sure, 2 likely, 1 a guess, 0 unsure", "whole"),
        Column(
            "settled", "the label of the row that counts: people agree on it, or it was decided; empty: there is none"
        ),
        Column("labeller", "who gave the label"),
        Column("labeller_kind", "human, llm or example (bundled with the program)"),
        Column("recorded", "whether an LLM's answer was replayed from a file", "flag"),
        Column("queue", "why the row was asked for; conflict: this is the decision where people differed"),
        Column("chance", "with which the row was drawn at random, 0..1; none: it was chosen otherwise", "number"),
        Column("guideline", "version of the guideline; 0: none, or not known", "whole"),
        Column("guideline_hash", "content key of that version's text and the labels"),
        *_LLM,
        Column("seconds", "time spent on it; 0: not known", "number"),
        Column("overlap", "whether others were asked for the row too", "flag"),
        Column("note", "in the labeller's words"),
        Column("reason", "why a conflict was decided so"),
        _TIME,
        Column("blind_spot", "id of the blind spot that has the row as a UU"),
        *_MODEL,
        *_PREDICTION,
    ),
    "marks": (
        Column("id", "id of the pool row"),
        *_TEXTS,
        Column("verdict", "label wrong, ambiguous or fine: a word on the row's gold label"),
        Column("label", "the right label, where the gold label is wrong"),
        Column("gold", "the row's gold label"),
        Column("annotator", "who marked it"),
        _TIME,
        Column("blind_spot", "id of the blind spot that has the row as a UU"),
        *_MODEL,
        *_PREDICTION,
    ),
    "samples": (
        Column("id", "id of the sample"),
        *_SPOT,
        *_TEXTS,
        Column("label", "its right label"),
        Column("role", "target (fails like the blind spot), counter (an edit with another label) or anchor"),
        Column("pattern", "id of the pattern that it was written for"),
        Column("pattern_kind", "abstraction or extrapolation"),
        Column("pattern_text", "the pattern in words"),
        *_TEACHER,
        Column("evidence", "hash of the evidence that its teacher had seen"),
        *_LLM,
        _TIME,
        *_MODEL,
    ),
    "patterns": (
        Column("id", "id of the pattern"),
        *_SPOT,
        Column("kind", "abstraction (why these rows fail) or extrapolation (what else should fail)"),
        Column("text", "the pattern in words"),
        *_TEACHER,
        Column("evidence", "hash of the evidence that its teacher had seen"),
        *_LLM,
        Column("refined", "whether it was reworded after a test", "flag"),
        Column("rewords", "id of the pattern that it is a new wording of"),
        _TIME,
        *_MODEL,
    ),
    "judgements": (
        Column("item", "id of the item of the blind review"),
        *_SPOT,
        Column("kind", "what the item is about: abstraction, extrapolation or anchors"),
        Column("reviewer", "who judged"),
        Column("own", "whether a side is the reviewer's own work", "flag"),
        Column("about", "what this line answers about: item, pattern or sample"),
        Column("preference", "of the item: the teacher whose side is better, tie or neither"),
        Column("id", "id of the pattern or sample"),
        Column("text", "the text of the pattern or sample"),
        Column("text_pair", "the second text of a sample, where rows are pairs"),
        Column("label", "of the sample"),
        Column("teacher", "who wrote the pattern or sample"),
        Column("teacher_kind", "human, llm or example"),
        Column("verdict", "on the sample: accept, reject or fix"),
        Column("right_label", "whether the sample's label is right", "flag"),
        Column("natural", "whether the sample reads like a real text", "flag"),
        Column("fits", "whether the pattern fits the rows, or the sample its pattern", "flag"),
        Column("precise", "whether the pattern is precise", "flag"),
        Column("useful", "whether the pattern is useful", "flag"),
        Column("fixed_text", "the text as the reviewer would have it"),
        Column("fixed_text_pair", "the second text as the reviewer would have it"),
        Column("fixed_label", "the label as the reviewer would have it"),
        _TIME,
        *_MODEL,
    ),
}
"""The columns of each kind of record, in their order."""
