"""The lines of the review screen: which item it is, what each side is, and which side is better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from engine.text import visible
from tui.shell import shell
from tui.terminal.wrapping import fitted
from tui.view_models.judgement import JudgementDraft, SideName
from tui.widgets.line import Line

if TYPE_CHECKING:
    from engine.review.blind_review import Sources
    from engine.schema import Preference, Teacher
    from tui.view_models.review_queue import ReviewQueue

_BETTER: dict[Preference, str] = {
    "left": "the left side",
    "right": "the right side",
    "tie": "both equally good",
    "neither": "neither is good",
}


class ItemLine(Line):
    """Which item of the queue it is, and how much of it is answered."""

    DEFAULT_CSS = """
    ItemLine { padding: 0 1; }
    """
    queue: ReviewQueue | None = None
    draft: JudgementDraft | None = None

    def line(self, width: int) -> Text:
        """Place in the queue, state, blind spot, kind; what comes first is never cut."""
        app, queue, draft = shell(self), self.queue, self.draft
        entry = queue.entry if queue else None
        if queue is None or entry is None:
            return Text("Review", style=app.ink.strong)
        head = f"Review {queue.at + 1} of {len(queue.entries)}"
        parts: list[str] = [entry.state] if entry.state in ("skipped", "sealed") else []
        parts += ["your own"] if entry.own else []
        spot = visible(entry.blind_spot)
        if draft is not None:
            done = f"{draft.total - draft.left} of {draft.total} answered"
            parts.append("handed in" if draft.is_final else done)
            spot += f" {visible(draft.item.gold)} {app.glyphs.arrow} {visible(draft.item.predicted)}"
        parts += [spot, entry.kind]
        rest = fitted("   ".join(["", *parts]), max(0, width - len(head)), ellipsis=app.glyphs.ellipsis).rstrip()
        return Text.assemble((head, app.ink.strong), rest, no_wrap=True, end="")


class SideLine(Line):
    """The name of a side, and how many of its samples are shown; its teacher once the item has been handed in."""

    DEFAULT_CSS = """
    SideLine { padding: 0 1; }
    """

    def __init__(self, side: SideName) -> None:
        super().__init__()
        self._side = side
        self.source: Teacher | None = None
        self.samples = (0, 0)
        """Number of samples that are shown, and of all."""
        self.current = False
        """Whether its rows are the ones that are answered."""

    def line(self, width: int) -> Text:
        """A sign if it is the current one, name, source, and samples where not all are shown."""
        app, source, (shown, there) = shell(self), self.source, self.samples
        sign = app.glyphs.cursor if self.current else " "
        by = f"   by {visible(source.name)} ({source.title})" if source else ""
        name = (f"{self._side.capitalize()} side", app.ink.strong if self.current else "")
        some = f"   {shown} of {there} samples" if shown < there else ""
        text = Text.assemble((f"{sign} ", app.ink.accent), name, by, (some, app.ink.muted), no_wrap=True, end="")
        text.truncate(width, overflow="crop")
        return text


class PreferenceLine(Line):
    """Which side is better; beside it whether both had seen the same rows, once that may be known."""

    DEFAULT_CSS = """
    PreferenceLine { padding: 0 1; }
    """
    draft: JudgementDraft | None = None
    sources: Sources | None = None

    def line(self, width: int) -> Text:
        """The question with its keys, then the answer."""
        app, draft = shell(self), self.draft
        ink, text = app.ink, Text(no_wrap=True, end="")
        if draft is None:
            return text
        text.append("Better: ", ink.strong)
        answer = draft.preference
        text.append(_BETTER[answer] if answer else "?", "" if answer else ink.warn)
        if self.sources is not None:
            same = self.sources.same_evidence
            text.append("   Both saw the same rows." if same else "   Not known to have seen the same rows.")
        else:
            keys = "+ ask few" if draft.asks_everything else "s skip"
            for part in ("  < left, > right, E equal, N neither", f"  {keys}", ", z enlarge"):
                if text.cell_len + len(part) > width:  # a key without its end would be no help
                    break
                text.append(part, ink.muted)
        text.truncate(width, overflow="crop")
        return text
