"""Mends a sample: its text, both texts of a pair, or its label. What is typed is reported at once: nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.widgets import Static, TextArea

from engine.text import visible
from tui.dialogs.choose_label import choose_label
from tui.dialogs.dialog import Dialog
from tui.keys import keys
from tui.shell import shell
from tui.widgets.prose import Prose

_FIELDS = ("text", "text_pair")


class FixDialog(Dialog[dict[str, str]]):
    """Answers with the fields that differ from the sample: ``text``, ``text_pair``, ``label``.

    Args:
        sample: the fields as they are; ``text_pair`` is missing where there is one text.
        typed: fields as they were typed before.
        labels: those that can be chosen.
        keep: told of every change with all fields that differ.
    """

    DEFAULT_CSS = """
    FixDialog Prose, FixDialog Prose:focus { height: 4; background: $background; }
    """
    BINDINGS = [*keys("fix")]

    def __init__(
        self,
        sample: Mapping[str, str],
        typed: Mapping[str, str],
        labels: Sequence[str],
        keep: Callable[[dict[str, str]], None],
    ) -> None:
        super().__init__("Fix this sample", "ctrl+j  take it     ctrl+l  label     esc  leave")
        self._sample = dict(sample)
        self._fields = self._sample | dict(typed)
        self._labels = labels
        self._report = keep

    def body(self) -> ComposeResult:
        """Texts and label."""
        for name in _FIELDS:
            if name in self._sample:
                field = Prose(id=name)
                field.load_text(self._fields[name])
                yield field
                yield Static("")
        yield Static(self._label_line(), id="label", markup=False)

    def on_mount(self) -> None:
        """Write at the end of the text."""
        for field in self.query(Prose):
            field.move_cursor(field.document.end)
        self.query_one("#text").focus()

    def _label_line(self) -> Text:
        label, before = self._fields["label"], self._sample["label"]
        was = f", was {visible(before)}" if label != before else ""
        return Text.assemble("label ", (visible(label), shell(self).ink.accent), was)

    def _changes(self) -> dict[str, str]:
        changes = {name: value.strip() for name, value in self._fields.items()}
        return {name: value for name, value in changes.items() if value and value != self._sample[name]}

    @on(TextArea.Changed)
    def _typed(self, event: TextArea.Changed) -> None:
        event.stop()
        self.mended()
        self._fields[str(event.text_area.id)] = event.text_area.text
        self._report(self._changes())

    def action_label(self) -> None:
        """Take another label."""
        choose_label(self, self._labels, self._fields["label"], self._take_label)

    def _take_label(self, label: str) -> None:
        self._fields["label"] = label
        self.query_one("#label", Static).update(self._label_line())
        self._report(self._changes())

    def action_accept(self) -> None:
        """Take the correction, if it is one."""
        changes = self._changes()
        if changes:
            self.dismiss(changes)
        else:
            self.refuse("! Nothing is changed: esc leaves, a accepts the sample as it is.")
