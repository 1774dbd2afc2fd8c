"""Which judgements are taken: only complete ones that fit their item, and none whose mended text would leak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.data.leak_guard import LeakGuard
from engine.errors import StoreError
from engine.project import Project
from engine.schema import PREFERENCES, SAMPLE_VERDICTS, Judgement, SampleJudgement, SideJudgement
from engine.text import normalise

if TYPE_CHECKING:
    from engine.review.review import SampleView, SideView

_PATTERN_ANSWERS = ("fits", "precise", "useful")
_SAMPLE_ANSWERS = ("right_label", "natural", "fits")


def judgement_from(item_id: str, values: Any) -> Judgement:
    """A judgement from JSON values as `Judgement.as_json` gives them; ``item`` and ``own`` need not be there.

    Raises:
        StoreError: they do not have that form.
    """
    try:
        return Judgement.from_json({**values, "item": item_id, "own": False})
    except (TypeError, ValueError) as error:
        raise StoreError(f"the judgement does not have the form of one: {error}", where=f"item {item_id}",
                         mend="see the example of `blindspot review --help`") from error  # fmt: skip


def check_judgement(project: Project, judgement: Judgement, *, left: SideView, right: SideView) -> None:
    """Return if the judgement may be taken.

    Args:
        project: gives the labels, and the proof rows that a mended text may not repeat.
        judgement: the answers.
        left: what they are about.
        right: and on the other side.

    Raises:
        StoreError: an answer is missing, or does not fit, naming it.
    """
    where, guard = f"item {judgement.item}", LeakGuard(project)
    if judgement.preference not in PREFERENCES:
        raise StoreError("the preference is missing", where=where, mend=f"give one of {', '.join(PREFERENCES)}")
    for name, side, answers in (("left", left, judgement.left), ("right", right, judgement.right)):
        _check_side(project, guard, side, answers, f"{where}, {name}")


def _check_side(project: Project, guard: LeakGuard, side: SideView, answers: SideJudgement, where: str) -> None:
    for name in _PATTERN_ANSWERS:
        given = getattr(answers, name)
        if side.pattern is None and given is not None:
            raise StoreError(f"there is no pattern for `{name}`", where=where, mend="leave it out")
        if side.pattern is not None and not isinstance(given, bool):
            raise StoreError(f"the pattern lacks an answer to `{name}`", where=where, mend="say true or false")
    if len(answers.samples) != len(side.samples):
        raise StoreError(f"{len(answers.samples)} of {len(side.samples)} samples are judged", where=where,
                         mend="judge each sample, in their order")  # fmt: skip
    for number, (sample, verdict) in enumerate(zip(side.samples, answers.samples, strict=True), start=1):
        _check_sample(project, guard, sample, verdict, f"{where}, sample {number}")


def _check_sample(project: Project, guard: LeakGuard, sample: SampleView, answer: SampleJudgement, where: str) -> None:
    for name in _SAMPLE_ANSWERS:
        if not isinstance(getattr(answer, name), bool):
            raise StoreError(f"there is no answer to `{name}`", where=where, mend="say true or false")
    if answer.verdict not in SAMPLE_VERDICTS:
        raise StoreError("the verdict is missing", where=where, mend=f"give one of {', '.join(SAMPLE_VERDICTS)}")
    mended = (answer.text, answer.text_pair, answer.label)
    if answer.verdict != "fix":
        if any(part is not None for part in mended):
            raise StoreError(f"`{answer.verdict}` mends nothing", where=where, mend="say fix, or leave the text out")
        return
    if all(part is None for part in mended):
        raise StoreError("`fix` needs a text or a label", where=where, mend="write what it should be, or reject it")
    if answer.label is not None and answer.label not in project.labels:
        labels = ", ".join(project.labels)
        raise StoreError(f"there is no label `{answer.label}`", where=where, mend=f"give one of {labels}")
    if answer.text_pair is not None and sample.text_pair is None:
        raise StoreError("there is no second text to mend", where=where, mend="leave text_pair out")
    for text in (answer.text, answer.text_pair):
        if text is not None and not (isinstance(text, str) and normalise(text)):
            raise StoreError("the mended text is empty", where=where, mend="write one, or reject the sample")
    text = answer.text if answer.text is not None else sample.text
    pair = answer.text_pair if answer.text_pair is not None else sample.text_pair
    if guard.is_leak(text, pair):
        raise StoreError("the mended text nearly equals a held-out row", where=where, mend="write another one")
