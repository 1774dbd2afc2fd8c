"""Every key of the app in one place: id, default key, action, the word for it, and the sentence that explains it.

Ids are ``group.name``; a screen or widget takes a whole group with `keys("group")`. No key is ctrl with a, b, h, i, m,
q, s or z: terminals, tmux and screen use them themselves. ``show=True`` puts a key into the footer, at most seven.
"""

from __future__ import annotations

from textual.binding import Binding

FOOTER_KEYS = 7


def _key(id: str, key: str, action: str, label: str, help: str, *, show: bool = False, display: str = "") -> Binding:
    return Binding(key, action, label, show=show, key_display=display or None, tooltip=help, id=id)


_TABLE = (
    # everywhere
    _key("app.help", "question_mark,f1", "app.help", "keys", "Explain the keys of what has focus.", show=True, display="?"),
    _key("app.palette", "colon,ctrl+p", "app.palette", "commands", "Find a command by its name; lists what is possible now.", display=":"),
    _key("app.undo", "u", "app.undo", "undo", "Take back the last annotation; works after a restart too."),
    _key("app.redo", "ctrl+r", "app.redo", "redo", "Do again what undo took back."),
    _key("app.theme", "T", "app.theme", "colours", "Change colours: dark, light, plain."),
    _key("app.quit", "Q", "app.quit", "leave", "Save everything and leave the app; background jobs go on."),
    _key("app.interrupt", "ctrl+c", "app.interrupt", "leave?", "Says how to leave; nothing is lost by it."),
    # screens
    _key("screen.back", "q", "back", "back", "Go back to the screen before; on the first screen leave the app."),
    _key("screen.escape", "escape", "escape", "back", "Clear the filter, or go back.", display="esc"),
    _key("screen.map", "m", "go('map')", "map", "Look at the blind spots as points in the plane."),
    _key("screen.retrain", "r", "go('retrain')", "retrain", "Train with the samples and prove the result."),
    _key("screen.proof", "p", "go('proof')", "proof", "See before and after with the verdict."),
    # lists of lines
    _key("list.down", "j,down", "down", "down", "Next row; a row taller than its window is scrolled first.", display="j"),
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
    _key("filter.clear", "escape", "clear", "show all", "Clear the filter and go back to the list.", show=True, display="esc"),
    _key("filter.keep", "down,tab", "keep", "to the list", "Keep the filter and go back to the list; so does enter.", show=True, display="enter"),
    # list of blind spots
    _key("spots.open", "enter,l,right", "open", "read", "Read the evidence of this blind spot.", show=True, display="enter"),
    _key("spots.describe", "d", "describe", "describe", "Write patterns and samples for this blind spot.", show=True),
    _key("spots.done", "c", "done", "done", "Mark this blind spot as done, or as open again.", show=True),
    _key("spots.skip", "x", "skip", "skip", "Set this blind spot aside with a reason, or take it up again.", show=True),
    _key("spots.filter", "slash", "filter", "filter", "Show only blind spots with these words, labels or state.", show=True, display="/"),
    _key("spots.sort", "s", "sort", "sort", "Sort by size, id, direction, confidence or state."),
    _key("spots.next", "n", "next", "next", "Go to the next blind spot that is neither done nor skipped."),
    _key("spots.discover", "D", "discover", "discover", "Find blind spots in the background."),
    _key("spots.cancel", "X", "cancel", "stop job", "Ask the running job to stop; what it has finished is kept."),
    # evidence of one blind spot
    _key("evidence.wrong", "w", "wrong", "label wrong", "The gold label is wrong: give the right one; the row leaves the count.", show=True),
    _key("evidence.ambiguous", "a", "ambiguous", "ambiguous", "Either label can be defended; the row leaves the count.", show=True),
    _key("evidence.fine", "f", "fine", "fine", "The gold label is right: the model is wrong here.", show=True),
    _key("evidence.clear", "backspace", "clear", "clear mark", "Take the mark off this row."),
    _key("evidence.next", "n", "next", "next", "Go to the next row without a mark.", show=True),
    _key("evidence.describe", "d", "describe", "describe", "Write patterns and samples for this blind spot.", show=True),
    _key("evidence.filter", "slash", "filter", "filter", "Show only rows with these words or this mark.", display="/"),
    _key("evidence.next_spot", "right_square_bracket", "spot(1)", "next spot", "Evidence of the next blind spot.", display="]"),
    _key("evidence.previous_spot", "left_square_bracket", "spot(-1)", "spot before", "Evidence of the blind spot before.", display="["),
    _key("evidence.copy", "y", "copy", "copy", "Copy this row; says how it was copied."),
    _key("evidence.left", "h,left", "back", "back", "Back to the list.", display="h"),
    # map
    _key("map.next", "n,j,down,l,right", "move(1)", "next", "Next blind spot.", show=True, display="n"),
    _key("map.previous", "N,k,up,h,left", "move(-1)", "before", "Blind spot before.", show=True, display="N"),
    _key("map.first", "g,home", "first", "first", "First blind spot.", display="g"),
    _key("map.last", "G,end", "last", "last", "Last blind spot.", display="G"),
    _key("map.open", "enter", "open", "read", "Read the evidence of this blind spot.", show=True, display="enter"),
    _key("map.describe", "d", "describe", "describe", "Write patterns and samples for this blind spot.", show=True),
    # command palette
    _key("palette.down", "down,ctrl+n", "move(1)", "down", "Next command.", display="down"),
    _key("palette.up", "up", "move(-1)", "up", "Command before.", display="up"),
    # text fields and dialogs
    _key("field.submit", "ctrl+j,alt+enter", "submit", "submit", "Hand in what is written.", show=True, display="ctrl+j"),
    _key("dialog.accept", "enter,ctrl+j,alt+enter", "accept", "choose", "Take this answer.", display="enter"),
    _key("dialog.cancel", "escape", "cancel", "cancel", "Leave without an answer.", display="esc"),
)  # fmt: skip

BINDINGS = {str(binding.id): binding for binding in _TABLE}


def keys(group: str) -> list[Binding]:
    """All bindings of a group, in the order of the table."""
    return [binding for name, binding in BINDINGS.items() if name.partition(".")[0] == group]


def label_of(binding: Binding, *, default: str = "") -> str:
    """The key as it is shown to people: ``?``, ``enter``, ``ctrl+r``."""
    return binding.key_display or default or binding.key.partition(",")[0]
