"""What the review screen asks before it takes an answer for good, and why an answer cannot be given now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from engine.counted import counted
from engine.text import visible
from tui.flows.commit_answer import why_not
from tui.shell import shell
from tui.themes import Ink
from tui.view_models.judgement import VERDICT, JudgementDraft, SideName
from tui.widgets.notice import notice

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.review.blind_review import QueueEntry
    from tui.screens.work_screen import WorkScreen
    from tui.view_models.review_queue import ReviewQueue
    from tui.view_models.workbench import Workbench

_ANSWERS = ("answer", "accept", "reject", "fix", "clear", "prefer", "everything", "hand_in")
_VIEWS = ("side", "enlarge", "turn", "skip")


def ask_for_correction(
    screen: WorkScreen, draft: JudgementDraft, side: SideName, row: int, then: Callable[[dict[str, str]], None]
) -> None:
    """Ask for a correction of a sample, which is kept while it is typed.

    Args:
        screen: where it was asked for.
        draft: the answers to the item.
        side: of the sample.
        row: of the sample.
        then: takes it.
    """
    from tui.dialogs.fix_dialog import FixDialog

    sample = draft.sample(side, row)
    fields = {"text": sample.text, "label": sample.label}
    if sample.text_pair is not None:
        fields["text_pair"] = sample.text_pair

    def keep(mended: dict[str, str]) -> None:
        draft.type(side, row, mended)
        shell(screen).autosave()

    def take(mended: dict[str, str] | None) -> None:
        if mended is not None:
            then(mended)

    screen.app.push_screen(FixDialog(fields, draft.typed(side, row), screen.workbench.project.labels, keep), take)


def ask_to_hand_in(screen: WorkScreen, draft: JudgementDraft, then: Callable[[], None]) -> None:
    """Ask whether the answers stand; ``then`` is called if so."""
    from tui.dialogs.choice_dialog import ChoiceDialog

    def take(choice: int | None) -> None:
        if choice == 0:
            then()

    title = "Hand in this item? It cannot be changed then, and you see who wrote what."
    if draft.left:
        title += f" {counted(draft.left, 'question')} stay{'s' if draft.left == 1 else ''} unanswered."
    screen.app.push_screen(ChoiceDialog(title, ["hand in", "not yet"], current=1), take)


def still_open(draft: JudgementDraft) -> str:
    """What is left to be answered, as sentences."""
    better = " Which side is better?" if draft.preference is None else ""
    return f"{counted(draft.missing, 'question')} {'is' if draft.missing == 1 else 'are'} open.{better}"


def which_are_asked(draft: JudgementDraft) -> str:
    """What was shown or hidden by asking for all questions, or only the few again, as a sentence."""
    if draft.asks_everything:
        return f"All {draft.total} questions are shown; answer as many as you like. + shows the few again."
    return f"{draft.total} questions are shown; what you have answered stays."


def what_next(draft: JudgementDraft, side: SideName, row: int) -> str:
    """What is to be done after an answer to that row; empty where the screen shows it: at the next open row."""
    asks, still = draft.asks(side, row), draft.unanswered(side, row)
    if still and not draft.is_pattern(side, row) and draft.answer(side, row, VERDICT):
        return f"Answer about it too, with y and n: {', '.join(asks[name] for name in still)}."
    if draft.missing > (draft.preference is None) or (draft.left > 1 and draft.preference is None):
        return ""
    if draft.preference is None:
        return "Now say which side is better: < left, > right, E equal, N neither."
    if draft.left:
        return f"ctrl+j can hand it in, for good; the {counted(draft.left, 'question')} left may stay open."
    return "Everything is answered: ctrl+j hands it in, for good."


def why_not_now(
    workbench: Workbench, queue: ReviewQueue, draft: JudgementDraft | None, place: tuple[SideName, int], action: str
) -> str | None:
    """Why an action of the review cannot be used now, as a sentence; None if it can.

    Args:
        workbench: the project.
        queue: the items.
        draft: the answers to the item in front; None: there is none, or it is sealed.
        place: side and row that is answered.
        action: its name.
    """
    entry = queue.entry
    if action in (*_ANSWERS, *_VIEWS, "next", "step", "describe", "commit") and entry is None:
        return "There is nothing to review yet."
    if action in ("next", "step") and len(queue.entries) < 2:
        return "There is no other item."
    if action == "commit":
        return why_not(workbench, entry.blind_spot if entry else None)
    if action == "describe" and draft is not None and not draft.is_final:
        return "The form names the teachers: judge this item first."
    if action in (*_ANSWERS, *_VIEWS) and draft is None:
        return "It is sealed: C commits to your own answer, or declines to give one."
    if action in (*_ANSWERS, "skip") and draft is not None and draft.is_final:
        return "This item has been handed in: that is final."
    if draft is not None and action in ("answer", "accept", "reject", "fix"):
        return _not_answerable(draft, *place, action)
    return None


def _not_answerable(draft: JudgementDraft, side: SideName, row: int, action: str) -> str | None:
    if action != "answer":
        about_pattern = draft.is_pattern(side, row)
        return "That is for samples; a pattern is answered with y and n." if about_pattern else None
    asked = draft.unanswered(side, row)
    if not asked:
        return "This row is answered: backspace takes the answers off."
    return "The verdict is left: a accepts it, x rejects it, e fixes it." if asked[0] == VERDICT else None


def no_item(width: int, ink: Ink, entry: QueueEntry | None) -> list[Text]:
    """Why there is nothing to judge in front, and what can be done about it."""
    if entry is None:
        paragraphs = [
            "An item has two sides about one blind spot: one by a person, who has committed to it, or from the "
            "examples, and one by an LLM. d on a blind spot writes a side, L on the list asks the LLM, C commits.",
            "Your own text is left out; o shows the items with it.",
        ]
        return notice(width, ink, title="Nothing to review yet", paragraphs=paragraphs)
    paragraphs = [
        f"You have not handed in an answer of your own to {visible(entry.blind_spot)}, so you may not see the "
        "others' yet.",
        "C commits to your answer, or declines to give one, on all blind spots at once if you only review; d goes to "
        "the form. enter goes to the next item.",
    ]
    return notice(width, ink, title=f"Sealed: {visible(entry.blind_spot)}", paragraphs=paragraphs)
