"""A session over rows: which comes next, undo without limit, and the pace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.labelling.answers import GUESS, LIKELY, UNSURE
from engine.labelling.label_file import LabelFile
from engine.labelling.session import IDLE_AFTER, LabelSession
from engine.labelling.texts import TextRow

LABELS = ("positive", "negative")
ROWS = [TextRow(name, f"text {name}") for name in "abcd"]


class Watch:
    """A clock that goes on by hand."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def file(tmp_path: Path) -> Iterator[LabelFile]:
    with LabelFile(tmp_path / "out.csv") as made:
        yield made


def session(file: LabelFile, watch: Watch | None = None, rows: list[TextRow] = ROWS) -> LabelSession:
    return LabelSession.over_file(rows, LABELS, file, "ada", now=watch or Watch())


def front(one: LabelSession) -> str:
    assert one.row is not None
    return one.row.id


def said(file: LabelFile) -> dict[str, str]:
    return {name: given.label for name, given in file.labels.items()}


def test_a_label_is_saved_and_the_next_row_comes(file: LabelFile) -> None:
    one = session(file)
    one.label("positive")
    one.label("negative", LIKELY)
    one.unsure()
    assert front(one) == "d"
    assert said(file) == {"a": "positive", "b": "negative", "c": ""}
    assert [given.certainty for given in file.labels.values()] == [3, LIKELY, UNSURE]
    assert {given.labeller for given in file.labels.values()} == {"ada"}
    one.label("positive", GUESS)
    assert one.row is None
    with pytest.raises(StoreError, match="all rows are labelled"):
        one.label("positive")


def test_the_next_session_goes_on_where_this_one_was(file: LabelFile) -> None:
    one = session(file)
    one.label("positive")
    one.label("negative")
    again = session(file)
    assert front(again) == "c"
    assert (again.pace.done, again.pace.left) == (2, 2)


def test_a_skipped_row_comes_again_at_the_end(file: LabelFile) -> None:
    one = session(file)
    assert one.skip()
    order = []
    while one.row is not None:
        order.append(front(one))
        one.label("positive")
    assert order == ["b", "c", "d", "a"]


def test_undo_goes_back_over_all_that_was_done_also_in_earlier_sessions(file: LabelFile) -> None:
    one = session(file)
    one.label("positive")
    one.label("positive")
    again = session(file)
    again.label("negative")
    again.back()
    again.back()
    assert front(again) == "b"
    again.label("negative")  # another word on b
    assert said(file) == {"a": "positive", "b": "negative", "c": "negative"}
    steps = []
    while (row := again.undo()) is not None:
        steps.append((row.id, dict(said(file))))
    assert steps == [
        ("b", {"a": "positive", "b": "positive", "c": "negative"}),
        ("c", {"a": "positive", "b": "positive"}),
        ("b", {"a": "positive"}),
        ("a", {}),
    ]
    assert front(again) == "a"
    assert again.pace.left == 4


def test_back_shows_what_was_said_and_skip_returns(file: LabelFile) -> None:
    one = session(file)
    one.label("positive")
    one.label("negative")
    assert one.given is None
    assert one.back()
    assert one.given is not None
    assert one.given.label == "negative"
    assert one.back()
    assert not one.back()
    one.skip()
    assert front(one) == "c"
    assert said(file) == {"a": "positive", "b": "negative"}


def test_a_note_is_saved_with_its_row(file: LabelFile) -> None:
    one = session(file)
    one.write_note("odd")
    one.label("positive")
    assert one.note == ""
    one.back()
    assert one.note == "odd"
    one.write_note("not so odd")
    assert file.labels["a"].note == "not so odd"
    assert file.labels["a"].label == "positive"


def test_the_pace_leaves_breaks_out(file: LabelFile) -> None:
    watch = Watch()
    one = session(file, watch)
    for seconds in (2.0, 4.0, 3000.0):
        watch.time += seconds
        one.label("positive")
    pace = one.pace
    assert (pace.done, pace.left, pace.median_seconds) == (3, 1, 4.0)
    assert pace.an_hour == pytest.approx(3600 / (66 / 3))
    assert [given.seconds for given in file.labels.values()] == [2.0, 4.0, IDLE_AFTER]


def test_the_labels_given_last_are_at_hand(file: LabelFile) -> None:
    one = session(file)
    for label in ("positive", "negative", "positive"):
        one.label(label)
    assert one.recent == ("positive", "negative")


def test_a_file_of_other_rows_or_labels_is_refused(file: LabelFile) -> None:
    session(file).label("positive")
    with pytest.raises(StoreError, match="row a has another text"):
        session(file, rows=[TextRow("a", "another text")])
    with pytest.raises(StoreError, match="has the label 'positive', which --labels does not name"):
        LabelSession.over_file(ROWS, ("yes", "no"), file, "ada")


def test_an_unknown_label_is_refused_and_the_row_stays(file: LabelFile) -> None:
    one = session(file)
    with pytest.raises(StoreError, match=r"no label 'x'; give one of positive, negative"):
        one.label("x")
    assert front(one) == "a"
    assert said(file) == {}


def test_a_note_stays_with_its_row_over_skip_and_undo(file: LabelFile) -> None:
    one = session(file)
    one.write_note("odd")
    assert one.skip()
    assert (one.note, one.unsaved_notes) == ("", 1)
    for _ in "bcd":
        one.label("positive")
    assert (front(one), one.note) == ("a", "odd")
    one.label("negative")
    assert (file.labels["a"].note, one.unsaved_notes) == ("odd", 0)
    one.undo()
    assert (front(one), one.note) == ("a", "odd")


def test_skip_says_whether_there_is_another_row(file: LabelFile) -> None:
    one = session(file)
    for _ in "abc":
        one.label("positive")
    assert not one.skip()
    one.back()
    assert one.skip()
    assert front(one) == "d"
