"""Every key of the app in one place: id, default key, action, the word for it, and the sentence that explains it.

Ids are ``group.name``; a screen or widget takes a whole group with `keys("group")`. No key is ctrl with a, b, h, i, m,
q, s or z: terminals, tmux and screen use them themselves. ``show=True`` puts a key into the footer, at most seven.

A letter means the same on every screen: d describes, o changes what a list shows and in which order, e changes what is
under the cursor, s sets aside, x throws away, t tests. Capitals are for what is larger: D, S, L, R, U, X start and stop
jobs, P promotes, C commits, Q leaves. Where a screen asks questions, the answers come first: y, n, a, <, >, E, N.
tests/tui/test_keys.py holds the whole table to it.
"""

# ruff: noqa: E501 - a table is read by its columns

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from textual.binding import ActiveBinding, Binding
from textual.keys import key_to_character

from engine.guest import is_guest

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.screen import Screen

FOOTER_KEYS = 7
_COMMON = {"filter": -1, "list": 1, "pane": 1, "screen": 2, "app": 3}  # groups that come before or after a screen's own


def _key(id: str, key: str, action: str, label: str, help: str, *, show: bool = False, display: str = "") -> Binding:
    return Binding(key, action, label, show=show, key_display=display or None, tooltip=help, id=id)


TABLE = (
    # everywhere
    _key(
        "app.help",
        "question_mark,f1",
        "app.help",
        "keys",
        "Explain the keys of what has focus.",
        show=True,
        display="?",
    ),
    _key(
        "app.palette",
        "colon,ctrl+p",
        "app.palette",
        "commands",
        "Find a command by its name; lists what is possible now.",
        display=":",
    ),
    _key("app.undo", "u", "app.undo", "undo", "Take back what was done here last; asks before anything else."),
    _key("app.redo", "ctrl+r", "app.redo", "redo", "Do again what undo took back."),
    _key("app.theme", "T", "app.theme", "colours", "Change colours: dark, light, plain."),
    _key(
        "app.redraw",
        "f7",
        "app.redraw",
        "redraw",
        "Paint the screen anew, as when another program has written over it.",
    ),
    _key(
        "app.messages",
        "M,f6",
        "app.messages",
        "messages",
        "Read in full what was said in the line above the keys, the last first.",
    ),
    _key(
        "app.stop",
        "X",
        "app.stop_job",
        "stop job",
        "Ask the running job to stop; what it has finished is kept and it can go on.",
    ),
    _key("app.quit", "Q", "app.quit", "leave", "Save everything and leave the app; background jobs go on."),
    _key("app.interrupt", "ctrl+c", "app.interrupt", "leave?", "Says how to leave; nothing is lost by it."),
    # screens
    _key("screen.map", "m", "go('map')", "map", "Look at the blind spots as points in the plane.", show=True),
    _key(
        "screen.back",
        "q",
        "back",
        "back",
        "Go back to the screen before; on the first screen leave the app.",
        show=True,
    ),
    _key("screen.escape", "escape", "escape", "back", "Clear the filter, or go back.", display="esc"),
    _key("screen.retrain", "r", "go('retrain')", "retrain", "Train with samples or labels and prove the result."),
    _key(
        "screen.review", "v", "go('review')", "review", "Judge what two teachers wrote, without knowing who wrote what."
    ),
    _key(
        "screen.comparison",
        "equals_sign",
        "go('comparison')",
        "compare",
        "People against LLMs: who wins, how often accepted, how varied.",
        display="=",
    ),
    _key(
        "screen.costs",
        "dollar_sign",
        "go('costs')",
        "costs",
        "What the teaching cost, and what was got for it.",
        display="$",
    ),
    _key(
        "screen.label",
        "number_sign",
        "label_rows",
        "label rows",
        "Give rows of the stream their labels, one key a row.",
        display="#",
    ),
    _key(
        "screen.labels",
        "percent_sign",
        "go('labels')",
        "labels",
        "Who has labelled how much, how far people agree, and how good an LLM's labels are.",
        display="%",
    ),
    _key("screen.proof", "p", "go('proof')", "proof", "See before and after with the verdict."),
    _key(
        "screen.rounds",
        "H",
        "go('rounds')",
        "rounds",
        "The history: what became of the blind spots from round to round.",
    ),
    # lists of lines
    _key(
        "list.down", "j,down", "down", "down", "Next row; a row taller than its window is scrolled first.", display="j"
    ),
    _key("list.up", "k,up", "up", "up", "Row before.", display="k"),
    _key("list.top", "g,home", "top", "top", "First row.", display="g"),
    _key("list.bottom", "G,end", "bottom", "bottom", "Last row.", display="G"),
    _key("list.page_down", "pagedown,ctrl+d", "page(1)", "page down", "A windowful down.", display="pgdn"),
    _key("list.page_up", "pageup,ctrl+u", "page(-1)", "page up", "A windowful up.", display="pgup"),
    # panes of text
    _key("pane.down", "j,down", "down", "down", "Scroll down a line.", display="j"),
    _key("pane.up", "k,up", "up", "up", "Scroll up a line.", display="k"),
    _key("pane.top", "g,home", "top", "top", "Scroll to the start.", display="g"),
    _key("pane.bottom", "G,end", "bottom", "bottom", "Scroll to the end.", display="G"),
    _key("pane.page_down", "pagedown,ctrl+d,space", "page(1)", "page down", "A windowful down.", display="pgdn"),
    _key("pane.page_up", "pageup,ctrl+u", "page(-1)", "page up", "A windowful up.", display="pgup"),
    # filter
    _key(
        "filter.clear",
        "escape",
        "clear",
        "show all",
        "Clear the filter and go back to the list.",
        show=True,
        display="esc",
    ),
    _key(
        "filter.keep",
        "down,tab",
        "keep",
        "to the list",
        "Keep the filter and go back to the list; so does enter.",
        show=True,
        display="enter",
    ),
    # list of blind spots
    _key(
        "spots.open",
        "enter,l,right",
        "open",
        "read",
        "Read the evidence of this blind spot.",
        show=True,
        display="enter",
    ),
    _key("spots.describe", "d", "describe", "describe", "Write patterns and samples for this blind spot.", show=True),
    _key("spots.done", "c", "done", "done", "Mark this blind spot as done, or as open again.", show=True),
    _key("spots.skip", "s", "skip", "skip", "Set this blind spot aside with a reason, or take it up again.", show=True),
    _key(
        "spots.filter",
        "slash",
        "filter",
        "filter",
        "Show only blind spots with these words, labels or state.",
        show=True,
        display="/",
    ),
    _key("spots.sort", "o", "sort", "order", "Sort by size, id, direction, confidence or state."),
    _key("spots.next", "n", "next", "next", "Go to the next blind spot that is neither done nor skipped."),
    _key(
        "spots.commit",
        "C",
        "commit",
        "commit",
        "Hand in your answer for good, or decline to give one, and see the others'.",
    ),
    _key(
        "spots.teach",
        "L",
        "teach",
        "ask the LLM",
        "Let the LLM explain blind spots and write samples, in the background.",
    ),
    _key(
        "spots.hunt",
        "U",
        "hunt",
        "hunt",
        "Choose 200 rows on which the model may well be wrong, in the background: # then labels them.",
    ),
    _key("spots.discover", "D", "discover", "discover", "Find blind spots in the background."),
    # evidence of one blind spot
    _key(
        "evidence.wrong",
        "w",
        "wrong",
        "label wrong",
        "The gold label is wrong: give the right one; the row leaves the count.",
        show=True,
    ),
    _key(
        "evidence.ambiguous",
        "a",
        "ambiguous",
        "ambiguous",
        "Either label can be defended; the row leaves the count.",
        show=True,
    ),
    _key("evidence.fine", "f", "fine", "fine", "The gold label is right: the model is wrong here.", show=True),
    _key("evidence.clear", "backspace", "clear", "clear mark", "Take the mark off this row."),
    _key("evidence.next", "n", "next", "next", "Go to the next row without a mark.", show=True),
    _key(
        "evidence.describe", "d", "describe", "describe", "Write patterns and samples for this blind spot.", show=True
    ),
    _key(
        "evidence.commit",
        "C",
        "commit",
        "commit",
        "Hand in your answer for good, or decline to give one, and see the others'.",
    ),
    _key(
        "evidence.flags",
        "exclamation_mark",
        "check_flags",
        "check flags",
        "Label the flagged rows near this blind spot yourself, one key a row.",
        display="!",
    ),
    _key("evidence.filter", "slash", "filter", "filter", "Show only rows with these words or this mark.", display="/"),
    _key(
        "evidence.next_spot",
        "right_square_bracket",
        "spot(1)",
        "next spot",
        "Evidence of the next blind spot.",
        display="]",
    ),
    _key(
        "evidence.previous_spot",
        "left_square_bracket",
        "spot(-1)",
        "spot before",
        "Evidence of the blind spot before.",
        display="[",
    ),
    _key("evidence.copy", "y", "copy", "copy", "Copy this row; says how it was copied."),
    _key("evidence.left", "h,left", "back", "back", "Back to the list.", display="h"),
    # labels and their disagreements
    _key(
        "labels.next",
        "n,right_square_bracket",
        "step(1)",
        "differ",
        "Read the next row on which they differ.",
        show=True,
    ),
    _key(
        "labels.previous",
        "left_square_bracket",
        "step(-1)",
        "before",
        "Back to the one before.",
        show=True,
        display="[",
    ),
    # map
    _key("plane.next", "n,right_square_bracket", "step(1)", "next", "Next blind spot of the list.", show=True),
    _key(
        "plane.previous",
        "left_square_bracket",
        "step(-1)",
        "before",
        "Blind spot before it in the list.",
        show=True,
        display="[",
    ),
    _key("plane.left", "h,left", "look(-1, 0)", "left", "The nearest blind spot to the left.", display="h"),
    _key("plane.down", "j,down", "look(0, -1)", "down", "The nearest blind spot below.", display="j"),
    _key("plane.up", "k,up", "look(0, 1)", "up", "The nearest blind spot above.", display="k"),
    _key("plane.right", "l,right", "look(1, 0)", "right", "The nearest blind spot to the right.", display="l"),
    _key("plane.first", "g,home", "first", "first", "First blind spot of the list.", display="g"),
    _key("plane.last", "G,end", "last", "last", "Last blind spot of the list.", display="G"),
    _key("map.open", "enter", "open", "read", "Read the evidence of this blind spot.", show=True, display="enter"),
    _key("map.describe", "d", "describe", "describe", "Write patterns and samples for this blind spot.", show=True),
    # retrain
    _key("retrain.start", "S", "start", "start", "Start training in the background.", show=True),
    _key(
        "retrain.quick",
        "t",
        "quick",
        "quick test",
        "A first look within a minute: one short training with the last ticked arm that has samples; pool and test rows only, so no proof.",
    ),
    _key(
        "retrain.tick",
        "space,enter",
        "tick",
        "tick",
        "Tick this arm or recipe, or take the tick away; on the seeds, change them.",
        show=True,
        display="space",
    ),
    _key("retrain.seeds", "e", "seeds", "seeds", "Change the seeds."),
    _key(
        "retrain.resume",
        "R",
        "resume",
        "go on",
        "Go on with the job under the cursor that failed, was stopped or was killed.",
        show=True,
    ),
    # proof
    _key("proof.left", "h,left", "proof(1)", "older", "An older proof.", display="h"),
    _key("proof.right", "l,right", "proof(-1)", "newer", "A newer proof.", display="l"),
    _key("proof.next", "n", "next", "next", "Show the next arm; after the last the first."),
    _key(
        "proof.promote",
        "P",
        "promote",
        "promote",
        "Make the model of this arm the current one: the next round looks for its blind spots.",
        show=True,
    ),
    _key(
        "proof.flips",
        "F,enter",
        "flips",
        "flips",
        "Browse the rows that this arm fixed and those it newly broke.",
        show=True,
        display="F",
    ),
    # rows that an arm flipped
    _key(
        "flips.which",
        "o",
        "which",
        "which",
        "Show all rows, only the fixed ones, or only those newly broken.",
        show=True,
    ),
    _key("flips.filter", "slash", "filter", "filter", "Show only rows with these words.", show=True, display="/"),
    # command palette
    _key("palette.down", "down,ctrl+n", "move(1)", "down", "Next command.", display="down"),
    _key("palette.up", "up", "move(-1)", "up", "Command before.", display="up"),
    # patterns and samples of one blind spot: what is written, then the form
    _key(
        "written.change",
        "e,enter",
        "screen.change",
        "change",
        "Change the pattern or sample under the cursor.",
        show=True,
        display="e",
    ),
    _key(
        "written.delete",
        "x,delete",
        "screen.delete",
        "delete",
        "Delete it, a pattern with its samples; u brings it back.",
        show=True,
        display="x",
    ),
    _key(
        "written.test",
        "t",
        "screen.test",
        "test",
        "Test the pattern under the cursor on rows that nobody who wrote has seen.",
        show=True,
    ),
    _key(
        "written.find",
        "asterisk",
        "screen.find_rows",
        "find rows",
        "Find rows of the pool that are like this and that nobody has labelled.",
        display="*",
    ),
    _key("describe.write", "i", "write", "write", "Back to the field.", show=True, display="i"),
    _key(
        "describe.commit",
        "C",
        "commit",
        "commit",
        "Hand in your answer for good, or decline to give one, and see the others'.",
        show=True,
    ),
    _key(
        "field.hand_in",
        "ctrl+j,alt+enter",
        "hand_in",
        "hand in",
        "Hand in what is written.",
        show=True,
        display="ctrl+j",
    ),
    _key(
        "describe.form",
        "ctrl+t,f2",
        "form",
        "switch form",
        "Go to a new sample, or to a new pattern; what is typed in the other is kept.",
        show=True,
        display="ctrl+t",
    ),
    _key(
        "describe.kind",
        "ctrl+o,f3",
        "kind",
        "kind or role",
        "Next kind of pattern (abstraction, extrapolation) or role of sample (target, counter, anchor).",
        display="ctrl+o",
    ),
    _key(
        "describe.label",
        "ctrl+l,f4",
        "label",
        "label",
        "Another label of the sample: the next one, or of many the one you look for.",
        display="ctrl+l",
    ),
    _key("describe.about", "ctrl+n,f5", "about", "for", "Next pattern that the sample is for.", display="ctrl+n"),
    _key(
        "describe.copy",
        "ctrl+g,f8",
        "copy",
        "copy row",
        "Copy the row under the evidence cursor into the sample, to be changed.",
        show=True,
        display="ctrl+g",
    ),
    _key(
        "describe.flip",
        "ctrl+f,f9",
        "flip",
        "edit row",
        "Make a counter-sample from the row under the evidence cursor, or from the sample under the cursor: change it until the model's verdict flips.",
        display="ctrl+f",
    ),
    _key(
        "describe.verdict",
        "f12,V",
        "verdict",
        "live verdict",
        "Hide what the model says of the text, or show it again; the choice is yours alone.",
        display="f12",
    ),
    _key(
        "prose.down",
        "pagedown",
        "screen.turn(1)",
        "next row",
        "Look at the next row of the evidence.",
        show=True,
        display="pgdn",
    ),
    _key(
        "prose.up", "pageup", "screen.turn(-1)", "row before", "Look at the row of the evidence before.", display="pgup"
    ),
    _key(
        "prose.help",
        "f1",
        "app.help",
        "keys",
        "Explain the keys of what has focus; a question mark is typed here.",
        display="f1",
    ),
    _key(
        "prose.messages",
        "f6",
        "app.messages",
        "messages",
        "Read in full what was said in the line above the keys, the last first.",
    ),
    _key(
        "prose.redraw",
        "f7",
        "app.redraw",
        "redraw",
        "Paint the screen anew, as when another program has written over it.",
    ),
    # test of a pattern
    _key("pattern_test.applies", "y", "judge('applies')", "applies", "The pattern applies to this row.", show=True),
    _key("pattern_test.not", "n", "judge('not')", "does not", "The pattern does not apply to this row.", show=True),
    _key("pattern_test.clear", "backspace", "clear", "clear", "Take the answer off this row."),
    _key(
        "pattern_test.reword",
        "e",
        "reword",
        "reword",
        "Write a new wording of your own pattern, with its counter-examples in sight; that is done once.",
        show=True,
    ),
    _key("pattern_test.llm", "L", "llm", "ask the LLM", "Let the LLM judge the rows, in the background.", show=True),
    _key(
        "pattern_test.find",
        "asterisk",
        "find_rows",
        "find rows",
        "Find rows of the pool that are like this and that nobody has labelled.",
        display="*",
    ),
    # rows that a pattern or sample has found
    _key(
        "found.again",
        "asterisk",
        "find_rows",
        "find rows",
        "Search the pool anew, by what is written now.",
        show=True,
        display="*",
    ),
    _key(
        "found.llm",
        "L",
        "llm",
        "ask the LLM",
        "Let the LLM say to which rows the pattern applies, in the background.",
        show=True,
    ),
    # blind review
    _key("review.yes", "y", "answer('yes')", "yes", "Answer the first open question of this row with yes.", show=True),
    _key("review.no", "n", "answer('no')", "no", "Answer the first open question of this row with no.", show=True),
    _key(
        "review.accept",
        "a",
        "accept",
        "accept",
        "Accept this sample; what else is shown and open about it is answered with yes.",
        show=True,
    ),
    _key("review.reject", "x", "reject", "reject", "Reject this sample.", show=True),
    _key("review.fix", "e", "fix", "fix", "Mend the text or the label of this sample."),
    _key(
        "review.everything",
        "plus",
        "everything",
        "ask all",
        "Show all samples of this item and all questions about them, or only the few again; answers stay.",
        display="+",
    ),
    _key(
        "review.hand_in",
        "ctrl+j,alt+enter",
        "hand_in",
        "hand in",
        "Hand in the answers, for good; then the sources are shown.",
        show=True,
        display="ctrl+j",
    ),
    _key(
        "review.next",
        "enter",
        "next",
        "next",
        "Go to the next item that is to be judged; then to those that were skipped.",
        display="enter",
    ),
    _key("review.clear", "backspace", "clear", "clear", "Take the answers off this row."),
    _key(
        "review.prefer_left",
        "less_than_sign",
        "prefer('left')",
        "left better",
        "The left side is the better one.",
        display="<",
    ),
    _key(
        "review.prefer_right",
        "greater_than_sign",
        "prefer('right')",
        "right better",
        "The right side is the better one.",
        display=">",
    ),
    _key("review.tie", "E", "prefer('tie')", "equal", "Both sides are equally good."),
    _key("review.neither", "N", "prefer('neither')", "neither", "Neither side is good."),
    _key("review.left", "h,left", "side('left')", "left side", "Go to the left side.", display="h"),
    _key("review.right", "l,right", "side('right')", "right side", "Go to the right side.", display="l"),
    _key("review.enlarge", "z", "enlarge", "enlarge", "Show this side alone, or both sides and the rows again."),
    _key("review.down", "J", "turn(1)", "next row", "Look at the next row of the blind spot."),
    _key("review.up", "K", "turn(-1)", "row before", "Look at the row of the blind spot before."),
    _key("review.skip", "s", "skip", "skip", "Set this item aside, or take it up again; its answers are kept."),
    _key("review.later", "right_square_bracket", "step(1)", "item after", "The item after this one.", display="]"),
    _key("review.earlier", "left_square_bracket", "step(-1)", "item before", "The item before this one.", display="["),
    _key(
        "review.own",
        "o",
        "own",
        "your own",
        "Show the items in which you judge your own text too, or leave them out again.",
    ),
    _key(
        "review.commit",
        "C",
        "commit",
        "commit",
        "Hand in your answer to this blind spot for good, or decline to give one: its items open then.",
    ),
    _key("review.describe", "d", "describe", "describe", "Go to the form for the blind spot of this item."),
    _key(
        "fix.label",
        "ctrl+l,f4",
        "label",
        "label",
        "Another label of the sample: the next one, or of many the one you look for.",
        display="ctrl+l",
    ),
    # comparison
    _key("comparison.compare", "S", "compare", "start", "Draw up the comparison in the background.", show=True),
    _key(
        "comparison.own",
        "o",
        "own",
        "your own",
        "Count the judgements of people about their own text too, or leave them out again.",
        show=True,
    ),
    # dialogs
    _key("dialog.accept", "enter,ctrl+j,alt+enter", "accept", "choose", "Take this answer.", display="enter"),
    _key("dialog.cancel", "escape", "cancel", "cancel", "Leave without an answer.", display="esc"),
    _key("choices.cancel", "q", "cancel", "cancel", "Leave without an answer."),
    _key("page.leave", "q,question_mark,f1", "cancel", "leave", "Leave the page.", display="q"),
    _key("messages.leave", "M,f6", "cancel", "leave", "Leave the messages."),
)

_OF_BROWSERS = frozenset({"ctrl+n", "ctrl+t", "ctrl+w"})  # new window, new tab, close: no page is given these


def bindings(*, browser: bool) -> dict[str, Binding]:
    """The table by id; in a browser without the keys that it keeps for itself, each of which has another beside it."""
    return {str(binding.id): _in_browser(binding) if browser else binding for binding in TABLE}


def _in_browser(binding: Binding) -> Binding:
    names = binding.key.split(",")
    left = [name for name in names if name not in _OF_BROWSERS]
    display = None if binding.key_display in _OF_BROWSERS else binding.key_display
    return binding if left == names else replace(binding, key=",".join(left), key_display=display)


BINDINGS = bindings(browser=is_guest())


def keys(group: str) -> list[Binding]:
    """All bindings of a group, in the order of the table."""
    return [binding for name, binding in BINDINGS.items() if name.partition(".")[0] == group]


@dataclass(frozen=True, slots=True)
class Live:
    """A binding that is active now.

    Attributes:
        binding: as in the table. owner: the widget, screen or app it belongs to.
        label: the key as it is shown to people; empty where all its keys go into the field that has the focus.
    """

    binding: Binding
    owner: DOMNode
    label: str


def in_order(screen: Screen[Any]) -> list[Live]:
    """Each active binding once: those of the screen or dialog first, then of what has focus, then the common ones."""
    found: dict[str, list[ActiveBinding]] = {}
    for one in screen.active_bindings.values():
        if one.binding.id in BINDINGS:
            found.setdefault(str(one.binding.id), []).append(one)
    places = {name: place for place, name in enumerate(BINDINGS)}
    names = sorted(found, key=lambda name: (_rank(name), places[name]))
    return [Live(BINDINGS[name], found[name][0].node, _label(screen, name, found[name])) for name in names]


def _rank(name: str) -> int:
    return _COMMON.get(name.partition(".")[0], 0)


def _label(screen: Screen[Any], name: str, active: Sequence[ActiveBinding]) -> str:
    """The first key of the binding that does what it says here: a field takes letters for itself."""
    field, first = screen.focused, BINDINGS[name].key.partition(",")[0].strip()
    keys_here = [one.binding.key for one in active]
    if field is not None:
        keys_here = [key for key in keys_here if not field.check_consume_key(key, _character(key))]
    if not keys_here:
        return ""
    return label_of(BINDINGS[name]) if first in keys_here else keys_here[0]


def _character(key: str) -> str | None:
    """What a key types, by Textual's name for it; None if nothing. Textual 8 knows two of the names in other words."""
    return {"slash": "/", "plus": "+"}.get(key) or key_to_character(key)


def label_of(binding: Binding) -> str:
    """The first key of a binding as it is shown to people: ``?``, ``enter``, ``ctrl+r``."""
    return binding.key_display or binding.key.partition(",")[0]


def key_of(id: str) -> str:
    """The first key of a binding of the table as it is shown to people."""
    return label_of(BINDINGS[id])
