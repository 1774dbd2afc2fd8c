"""A reviewer's answers about one item while they are being given: a draft, kept at every answer. Nothing is pre-filled.

Each side has rows: its pattern first, where it has one, then its samples; a row keeps its number, shown or not. Each
has questions, and one more asks which side is better. Shown are those that must be answered and those that are; the
others on request. What a judged item was answered looks the same. Knows nothing of the terminal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal

from engine.review.review_questions import PATTERN_ASKED
from engine.schema import PREFERENCES, SAMPLE_VERDICTS, Judgement, Preference, SampleJudgement, SideJudgement

if TYPE_CHECKING:
    from engine.review.blind_review import ItemView, SampleView, SideView
    from engine.schema import SampleVerdict
    from tui.view_models.workbench import Workbench

SideName = Literal["left", "right"]
SIDES: tuple[SideName, ...] = ("left", "right")
YES, NO = "yes", "no"
VERDICT = "verdict"
PATTERN_ASKS = {"fits": "fits", "precise": "precise", "useful": "useful"}
"""What can be asked about a pattern, with the word on the screen."""
SAMPLE_ASKS = {"right_label": "label", "natural": "natural", "fits": "fits"}
"""What can be asked about a sample, with the word on the screen; after them comes the verdict."""
_PREFERENCE = "preference"
_EVERYTHING = "everything"
_MENDED = ("text", "text_pair", "label")
_ANSWERS = {YES: True, NO: False}
_TYPED = "typed."  # in front of a field of a correction that was not taken yet


class JudgementDraft:
    """The answers about one item.

    Args:
        workbench: keeps the draft.
        item: what is judged.
        judged: the answers that were handed in; None: the draft is shown and can be changed.
    """

    def __init__(self, workbench: Workbench, item: ItemView, judged: Judgement | None = None) -> None:
        self.item = item
        self.is_final = judged is not None
        self._workbench = workbench
        self._name = f"review.{item.id}"
        self._given = _read(workbench.draft(self._name)) if judged is None else _given(judged, self.item)

    # what is asked

    def side(self, side: SideName) -> SideView:
        """One side of the item."""
        return self.item.left if side == "left" else self.item.right

    @property
    def asks_everything(self) -> bool:
        """Whether all questions about all rows are shown."""
        return self._given.get(_EVERYTHING) == YES

    def ask_everything(self, everything: bool) -> None:
        """Show all questions, or only those that must be answered and those that are."""
        self._given.pop(_EVERYTHING, None)
        self._given |= {_EVERYTHING: YES} if everything else {}
        self._keep()

    def rows(self, side: SideName) -> list[int]:
        """Numbers of the rows that are shown."""
        return [row for row in self._every_row(side) if self.names(side, row)]

    def is_pattern(self, side: SideName, row: int) -> bool:
        """Whether that row is the pattern, rather than a sample."""
        return row == 0 and self.side(side).pattern is not None

    def sample(self, side: SideName, row: int) -> SampleView:
        """The sample of that row."""
        view = self.side(side)
        return view.samples[row - (view.pattern is not None)]

    def samples(self, side: SideName) -> tuple[int, int]:
        """Number of samples that are shown, and of all."""
        shown = sum(not self.is_pattern(side, row) for row in self.rows(side))
        return shown, len(self.side(side).samples)

    def asks(self, side: SideName, row: int) -> dict[str, str]:
        """What is shown there to be answered with yes or no: name and word."""
        words = PATTERN_ASKS if self.is_pattern(side, row) else SAMPLE_ASKS
        shown = self.names(side, row)
        return {name: word for name, word in words.items() if name in shown}

    def names(self, side: SideName, row: int) -> tuple[str, ...]:
        """Names of the questions that are shown there, in the order in which they are answered."""
        shown = self._every_name(side, row)
        if self.asks_everything:
            return shown
        needed = self.needed(side, row)
        return tuple(name for name in shown if name == needed or self.answer(side, row, name))

    def needed(self, side: SideName, row: int) -> str:
        """Name of the one question there that must be answered: not about every sample, but if it has other answers."""
        if self.is_pattern(side, row):
            return PATTERN_ASKED
        begun = any(self.answer(side, row, name) for name in self._every_name(side, row))
        return VERDICT if begun or self.sample(side, row).asked else ""

    def _every_name(self, side: SideName, row: int) -> tuple[str, ...]:
        return tuple(PATTERN_ASKS) if self.is_pattern(side, row) else (*SAMPLE_ASKS, VERDICT)

    def _every_row(self, side: SideName) -> range:
        view = self.side(side)
        return range((view.pattern is not None) + len(view.samples))

    # what is answered

    def answer(self, side: SideName, row: int, name: str) -> str:
        """An answer; empty if there is none."""
        return self._given.get(_key(side, row, name), "")

    def unanswered(self, side: SideName, row: int) -> list[str]:
        """Names of the questions that are shown there and have no answer."""
        return [name for name in self.names(side, row) if not self.answer(side, row, name)]

    @property
    def preference(self) -> Preference | None:
        """Which side is better."""
        given = self._given.get(_PREFERENCE)
        return next((known for known in PREFERENCES if known == given), None)

    @property
    def total(self) -> int:
        """Number of questions that are shown."""
        return 1 + sum(len(self.names(side, row)) for side, row in self._rows())

    @property
    def left(self) -> int:
        """Number of them without an answer."""
        return (self.preference is None) + sum(len(self.unanswered(side, row)) for side, row in self._rows())

    @property
    def missing(self) -> int:
        """Number of questions that must be answered before it is handed in, and are not."""
        return (self.preference is None) + sum(self._lacks(side, row) for side, row in self._rows())

    def next_row(self, side: SideName, row: int, *, needed: bool = False) -> tuple[SideName, int] | None:
        """The first row with an unanswered question, looked for from a row on and around; None: there is none.

        Args:
            side: where to start.
            row: where to start.
            needed: look only for questions that must be answered.
        """
        order = list(self._rows())
        at = order.index((side, row)) if (side, row) in order else 0
        is_open = self._lacks if needed else self.unanswered
        return next((place for place in (*order[at:], *order[:at]) if is_open(*place)), None)

    def _lacks(self, side: SideName, row: int) -> bool:
        name = self.needed(side, row)
        return bool(name) and not self.answer(side, row, name)

    # answering

    @property
    def given(self) -> dict[str, str]:
        """All answers as they are, by a key of their own, to be handed to `put_back`."""
        return {key: value for key, value in self._given.items() if key != _EVERYTHING}

    def put_back(self, answers: Mapping[str, str]) -> None:
        """Set answers as they were; an empty one takes it off."""
        self._given = {key: value for key, value in {**self._given, **answers}.items() if value}
        self._keep()

    def set(self, side: SideName, row: int, name: str, value: str) -> None:
        """Take an answer."""
        self._given[_key(side, row, name)] = value
        self._keep()

    def prefer(self, preference: Preference) -> None:
        """Take the answer to which side is better."""
        self._given[_PREFERENCE] = preference
        self._keep()

    def accept(self, side: SideName, row: int) -> None:
        """Accept a sample; the questions about it that are shown and have no answer are answered with yes."""
        for name in self.unanswered(side, row):
            self._given[_key(side, row, name)] = YES
        self.decide(side, row, "accept")

    def decide(self, side: SideName, row: int, verdict: SampleVerdict) -> None:
        """Take the verdict on a sample; a correction is forgotten."""
        self._forget(side, row)
        self.set(side, row, VERDICT, verdict)

    def fix(self, side: SideName, row: int, mended: Mapping[str, str]) -> None:
        """Take a correction of a sample: text, text_pair and label, those that differ."""
        self.decide(side, row, "fix")
        for name, value in mended.items():
            self.set(side, row, name, value)

    def type(self, side: SideName, row: int, mended: Mapping[str, str]) -> None:
        """Remember a correction that is being typed."""
        self._forget(side, row, _TYPED)
        for name, value in mended.items():
            self._given[_key(side, row, _TYPED + name)] = value
        self._keep()

    def clear(self, side: SideName, row: int) -> None:
        """Take all answers off a row."""
        for name in self._every_name(side, row):
            self._given.pop(_key(side, row, name), None)
        self._forget(side, row)
        self._keep()

    def mended(self, side: SideName, row: int, prefix: str = "") -> dict[str, str]:
        """The correction of a sample, by field."""
        found = {name: self.answer(side, row, prefix + name) for name in _MENDED}
        return {name: value for name, value in found.items() if value}

    def typed(self, side: SideName, row: int) -> dict[str, str]:
        """The correction as it was typed last, else as it was taken."""
        return self.mended(side, row, _TYPED) or self.mended(side, row)

    def _forget(self, side: SideName, row: int, *prefixes: str) -> None:
        for prefix in prefixes or ("", _TYPED):
            for name in _MENDED:
                self._given.pop(_key(side, row, prefix + name), None)

    def judgement(self) -> Judgement:
        """The answers as they are handed in; none is missing."""
        assert self.preference is not None, "no answer is missing"
        return Judgement(self.item.id, self.preference, self._judgement_of("left"), self._judgement_of("right"))

    def forget(self) -> None:
        """Drop the draft: it has been handed in."""
        self._workbench.keep_draft(self._name, "")

    def _judgement_of(self, side: SideName) -> SideJudgement:
        samples: list[SampleJudgement | None] = []
        about_pattern: dict[str, bool | None] = {}
        for row in self._every_row(side):
            if self.is_pattern(side, row):
                about_pattern = {name: _ANSWERS.get(self.answer(side, row, name)) for name in PATTERN_ASKS}
                continue
            given = self.answer(side, row, VERDICT)
            verdict = next((known for known in SAMPLE_VERDICTS if known == given), None)
            if verdict is None:
                samples.append(None)
                continue
            right_label, natural, fits = (_ANSWERS.get(self.answer(side, row, name)) for name in SAMPLE_ASKS)
            mended = (self.mended(side, row).get(name) for name in _MENDED)
            samples.append(SampleJudgement(verdict, right_label, natural, fits, *mended))
        return SideJudgement(tuple(samples), **about_pattern)

    def _rows(self) -> Iterator[tuple[SideName, int]]:
        for side in SIDES:
            for row in self.rows(side):
                yield side, row

    def _keep(self) -> None:
        self._workbench.keep_draft(self._name, json.dumps(self._given) if self._given else "")


def _key(side: SideName, row: int, name: str) -> str:
    return f"{side}.{row}.{name}"


def _read(draft: str) -> dict[str, str]:
    """The answers of a draft; one that cannot be read is an empty one."""
    try:
        given = json.loads(draft) if draft else {}
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in given.items()} if isinstance(given, dict) else {}


def _given(judgement: Judgement, item: ItemView) -> dict[str, str]:
    """The answers that were handed in, by key."""
    given = {_PREFERENCE: str(judgement.preference)}
    for side in SIDES:
        view, judged = (item.left, judgement.left) if side == "left" else (item.right, judgement.right)
        first = 0
        if view.pattern is not None:
            first = 1
            given |= {_key(side, 0, name): _word(getattr(judged, name)) for name in PATTERN_ASKS}
        for row, sample in enumerate(judged.samples, start=first):
            if sample is None:
                continue
            given |= {_key(side, row, name): _word(getattr(sample, name)) for name in SAMPLE_ASKS}
            given[_key(side, row, VERDICT)] = sample.verdict
            given |= {_key(side, row, name): value for name in _MENDED if (value := getattr(sample, name))}
    return given


def _word(answer: bool | None) -> str:
    return {True: YES, False: NO, None: ""}[answer]
