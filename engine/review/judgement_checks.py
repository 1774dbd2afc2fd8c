"""Which judgements are taken: with answers to all that is asked, and none whose mended text would leak."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.data.leak_guard import LeakGuard
from engine.errors import StoreError
from engine.project import Project
from engine.review.review_questions import PATTERN_ANSWERS, PATTERN_ASKED, SAMPLE_ANSWERS
from engine.schema import PREFERENCES, SAMPLE_VERDICTS, Judgement, SampleJudgement, SideJudgement
from engine.text import normalise

if TYPE_CHECKING:
    from engine.review.blind_review import SampleView, SideView


def judgement_from(item_id: str, values: Any) -> Judgement:
    """A judgement from JSON values as `Judgement.as_json` gives them; ``item`` and ``own`` need not be there.

    Raises:
        StoreError: they do not have that form.
    """
    try:
        return Judgement.from_json({**values, "item": item_id, "own": False})
    except (TypeError, ValueError) as error:
        raise StoreError(
            f"the judgement does not have the form of one: {error}",
            where=f"item {item_id}",
            hint="see the example of `blindspot review --help`",
        ) from error


def checked(project: Project, judgement: Judgement, *, left: SideView, right: SideView) -> Judgement:
    """The judgement as it is taken: with an entry for every sample, None for those that were not judged.

    Args:
        project: gives the labels, and the proof rows that a mended text may not repeat.
        judgement: the answers; of each side either one entry for each sample that is asked about, or one for each
            sample, None for those that are not judged.
        left: what they are about.
        right: and on the other side.

    Raises:
        StoreError: an answer that is asked for is missing, or one does not fit, naming it.
    """
    where, guard = f"item {judgement.item}", LeakGuard(project)
    if judgement.preference not in PREFERENCES:
        raise StoreError("the preference is missing", where=where, hint=f"give one of {', '.join(PREFERENCES)}")
    return replace(
        judgement,
        left=_checked_side(project, guard, left, judgement.left, f"{where}, left"),
        right=_checked_side(project, guard, right, judgement.right, f"{where}, right"),
    )


def _checked_side(
    project: Project, guard: LeakGuard, side: SideView, answers: SideJudgement, where: str
) -> SideJudgement:
    for name in PATTERN_ANSWERS:
        given = getattr(answers, name)
        if side.pattern is None and given is not None:
            raise StoreError(f"there is no pattern for `{name}`", where=where, hint="leave it out")
        if side.pattern is not None and given is None and name == PATTERN_ASKED:
            raise StoreError(f"the pattern lacks an answer to `{name}`", where=where, hint="say true or false")
        _check_answer(name, given, where)
    places = _places(side, len(answers.samples), where)
    judged: list[SampleJudgement | None] = [None] * len(side.samples)
    for number, (place, answer) in enumerate(zip(places, answers.samples, strict=True), start=1):
        judged[place] = answer
        _check_sample(project, guard, side.samples[place], answer, f"{where}, sample {number}")
    return replace(answers, samples=tuple(judged))


def _places(side: SideView, given: int, where: str) -> Sequence[int]:
    """Places of the samples that so many entries are about: of all of them, else of those that are asked about."""
    if given == len(side.samples):
        return range(given)
    asked = [place for place, sample in enumerate(side.samples) if sample.asked]
    if given == len(asked):
        return asked
    number = len(asked) if len(asked) == len(side.samples) else f"{len(asked)}, or of all {len(side.samples)},"
    raise StoreError(
        f"{given} of {number} samples are judged",
        where=where,
        hint="give an entry for each sample that is shown, in their order",
    )


def _check_answer(name: str, given: object, where: str) -> None:
    if given is not None and not isinstance(given, bool):
        raise StoreError(
            f"the answer to `{name}` is neither yes nor no", where=where, hint="say true or false, or leave it out"
        )


def _check_sample(
    project: Project, guard: LeakGuard, sample: SampleView, answer: SampleJudgement | None, where: str
) -> None:
    if answer is None:
        if sample.asked:
            raise StoreError("the verdict is missing", where=where, hint=f"give one of {', '.join(SAMPLE_VERDICTS)}")
        return
    for name in SAMPLE_ANSWERS:
        _check_answer(name, getattr(answer, name), where)
    if answer.verdict not in SAMPLE_VERDICTS:
        raise StoreError("the verdict is missing", where=where, hint=f"give one of {', '.join(SAMPLE_VERDICTS)}")
    mended = (answer.text, answer.text_pair, answer.label)
    if answer.verdict != "fix":
        if any(part is not None for part in mended):
            raise StoreError(f"`{answer.verdict}` mends nothing", where=where, hint="say fix, or leave the text out")
        return
    if all(part is None for part in mended):
        raise StoreError("`fix` needs a text or a label", where=where, hint="write what it should be, or reject it")
    if answer.label is not None and answer.label not in project.labels:
        labels = ", ".join(project.labels)
        raise StoreError(f"there is no label `{answer.label}`", where=where, hint=f"give one of {labels}")
    if answer.text_pair is not None and sample.text_pair is None:
        raise StoreError("there is no second text to mend", where=where, hint="leave text_pair out")
    for text in (answer.text, answer.text_pair):
        if text is not None and not (isinstance(text, str) and normalise(text)):
            raise StoreError("the mended text is empty", where=where, hint="write one, or reject the sample")
    text = answer.text if answer.text is not None else sample.text
    pair = answer.text_pair if answer.text_pair is not None else sample.text_pair
    if guard.is_leak(text, pair):
        raise StoreError("the mended text nearly equals a held-out row", where=where, hint="write another one")
