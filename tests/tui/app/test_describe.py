"""Patterns and samples written by keys: kept, refused, counted, changed, undone, and there again after a kill."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.project import Project
from engine.schema import Pattern, Sample
from engine.teaching.records import Teaching
from tests.builders.drafts import read_drafts
from tests.terminals import Terminal
from tests.tui.app.opening import Driver, opened
from tests.tui.app.projects import PROOF, SPOTS, write_project
from tui.screens.describe_screen import DescribeScreen

ROWS = SPOTS["negative", "positive"]
HAND_IN = "ctrl+j"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_project(tmp_path / "work")


def written(root: Path, kind: str) -> list[Pattern | Sample]:
    """What a fresh process reads from the disk."""
    teaching = Teaching(Project.open(root).teaching_dir, "ann")
    return list(teaching.patterns() if kind == "pattern" else teaching.samples())


async def describe(driver: Driver, spot: str = "B1") -> None:
    await driver.app.go("describe", spot=spot)
    await driver.until(lambda: isinstance(driver.screen, DescribeScreen) and driver.screen.focused is not None)


async def write_pattern(driver: Driver, text: str) -> None:
    if driver.screen.drafting.is_sample:
        await driver.press("ctrl+t")
    await driver.paste(text)
    await driver.press(HAND_IN)


async def write_sample(driver: Driver, text: str, *, choose_label: int = 0) -> None:
    await driver.paste(text)
    await driver.press(*["ctrl+l"] * choose_label, HAND_IN)


async def test_nobody_is_told_that_what_they_type_into_a_read_only_project_is_kept(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.project.is_read_only", lambda folder: True)
    async with opened(root) as driver:
        await describe(driver)
        await driver.type("faint praise")
        await driver.press("escape")
        await driver.sees("Read-only: what you typed is not kept.")
        await driver.press("escape", "escape")
        await driver.sees("q leaves the app; nothing is kept, as the project is read-only.")
        await driver.press("ctrl+c")
        await driver.sees("q goes back; nothing is kept, as the project is read-only.")


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_a_pattern_and_a_sample_for_it_are_written_with_the_evidence_in_sight(
    root: Path, size: tuple[int, int]
) -> None:
    async with opened(root, size=size) as driver:
        await describe(driver)
        await driver.type("faint praise")
        assert "Well, that was certainly an experience" in driver.words
        await driver.press("ctrl+o", HAND_IN)
        assert "P1 extrapolation faint praise" in driver.words
        assert "targets 0/6 counters 0/3 anchors 0/6" in driver.words
        await write_sample(driver, "I have stayed in hotels.", choose_label=1)
        assert "S1 target negative I have stayed in hotels." in driver.words
        assert "targets 1/6 counters 0/3 anchors 0/6" in driver.words
    (pattern,), (sample,) = written(root, "pattern"), written(root, "sample")
    assert isinstance(pattern, Pattern)
    assert (pattern.blind_spot, pattern.kind, pattern.teacher.kind) == ("B1", "extrapolation", "human")
    assert isinstance(sample, Sample)
    assert (sample.label, sample.role, sample.pattern) == ("negative", "target", pattern.id)


async def test_no_label_is_chosen_beforehand_and_each_role_remembers_its_own(root: Path) -> None:
    async with opened(root) as driver:
        await describe(driver)
        await write_pattern(driver, "faint praise")
        await write_sample(driver, "No label yet.")
        assert "! the sample has no label yet; choose one with ctrl+l." in driver.words
        await driver.press("ctrl+l", HAND_IN)
        await driver.press("ctrl+o")
        assert "counter (ctrl+o) label none" in driver.words
        await write_sample(driver, "And now a loud praise!", choose_label=3)
        await driver.press("ctrl+o", "ctrl+o")
        assert "target (ctrl+o) label negative" in driver.words
    assert [(s.role, s.label) for s in written(root, "sample") if isinstance(s, Sample)] == [
        ("target", "negative"),
        ("counter", "positive"),
    ]


async def test_a_refused_sample_says_why_at_the_field_and_the_text_stays(root: Path) -> None:
    refused = {
        ROWS[0]: "equals row",
        ROWS[0].replace("certainly", "surely"): "nearly equals row pool-10",
        PROOF[0]: "too close to a held-out proof row",
        "   ": "the text is empty",
    }
    others = ("This is now a wholly different text", "A kettle hums", "We drove home by night", "Nobody asked")
    async with opened(root) as driver:
        await describe(driver)
        await write_pattern(driver, "faint praise")
        await driver.press("ctrl+l")
        for number, (text, reason) in enumerate(refused.items(), start=1):
            await write_sample(driver, text)
            lines = driver.text.splitlines()
            said = next(place for place, line in enumerate(lines) if line.startswith(" ! "))
            assert reason in " ".join(lines[said : said + 2])
            assert f"targets {number - 1}/6" in " ".join(lines[said + 1 : said + 3])
            assert driver.screen.form.text.text == text
            assert driver.screen.focused is driver.screen.form.text
            driver.screen.form.text.clear()
            await driver.paste(others[number - 1])
            assert "!" not in driver.words
            await driver.press(HAND_IN)
            assert f"S{number} is written" in driver.words
    assert len(written(root, "sample")) == len(refused)


async def test_a_near_copy_of_an_own_sample_is_refused(root: Path) -> None:
    async with opened(root) as driver:
        await describe(driver)
        await write_pattern(driver, "faint praise")
        await write_sample(driver, "The lobby has a floor and some walls.", choose_label=1)
        await write_sample(driver, "The lobby has a floor and some walls!")
        assert "! the text equals sample S1@ann" in driver.words
    assert len(written(root, "sample")) == 1


async def test_quotas_are_counted_by_pattern_and_anchors_by_blind_spot(root: Path) -> None:
    async with opened(root) as driver:
        await describe(driver)
        await write_pattern(driver, "faint praise")
        await write_sample(driver, "One chair and one table.", choose_label=1)
        await write_pattern(driver, "bare facts")
        assert "targets 0/6 counters 0/3 anchors 0/6 (P2, 2 of 2)" in driver.words
        await write_sample(driver, "Breakfast ends at nine.")
        await driver.press("ctrl+o", "ctrl+o")
        await write_sample(driver, "A plain good meal.", choose_label=3)
        assert "targets 1/6 counters 0/3 anchors 1/6" in driver.words
        await driver.press("ctrl+o", "ctrl+n", "ctrl+n")
        assert "for P1 (ctrl+n)" in driver.words
        assert "targets 1/6 counters 0/3 anchors 1/6 (P1, 1 of 2)" in driver.words
        await write_sample(driver, "There was a lamp.")
        assert "targets 2/6" in driver.words
    by_pattern = [sample.pattern for sample in written(root, "sample") if isinstance(sample, Sample)]
    assert by_pattern == ["P1@ann", "P2@ann", None, "P1@ann"]


async def test_everything_can_be_undone_and_done_again_and_says_so(root: Path) -> None:
    async with opened(root) as driver:
        await describe(driver)
        await write_pattern(driver, "faint praise")
        await write_sample(driver, "There was a lamp.", choose_label=1)
        await driver.press("escape", "u")
        assert "Undone: write target sample of B1." in driver.words
        assert "There was a lamp." not in driver.words
        await driver.press("ctrl+r")
        assert "Done again: write target sample of B1." in driver.words
        assert "S1 target negative There was a lamp." in driver.words
        driver.app.save()
    async with opened(root) as driver:  # a restart later
        await driver.until(lambda: isinstance(driver.screen, DescribeScreen))
        await driver.until(lambda: driver.screen.focused is driver.screen.written)
        await driver.press("u", "u")
        assert "Undone: describe abstraction of B1." in driver.words
        assert "targets 0/6" in driver.words
        assert "P1" not in driver.words
    assert written(root, "pattern") == written(root, "sample") == []


async def test_undoing_what_is_being_changed_leaves_the_form_for_a_new_one(root: Path) -> None:
    async with opened(root) as driver:
        await describe(driver)
        await write_pattern(driver, "faint praise")
        await write_sample(driver, "There was a lamp.", choose_label=1)
        await driver.press("escape", "e", "escape")
        assert "Change S1" in driver.words
        await driver.press("u")
        assert "New sample" in driver.words
        assert driver.screen.form.text.text == ""
        await driver.press("u")
        assert "for no pattern" in driver.words
        await driver.press("ctrl+r", "ctrl+r")
        assert "S1 target negative There was a lamp." in driver.words


async def test_records_are_changed_and_deleted_where_they_are_listed(root: Path) -> None:
    async with opened(root) as driver:
        await describe(driver)
        await write_pattern(driver, "faint praise")
        await write_sample(driver, "There was a lamp.", choose_label=1)
        await driver.press("escape", "e")
        assert "Change S1" in driver.words
        await driver.press("end", "backspace")
        await driver.paste(", and it was on.")
        await driver.press(HAND_IN)
        assert "S1 is changed." in driver.words
        assert "There was a lamp, and it was on." in driver.words
        await driver.press("escape", "g", "x")
        assert "P1 is deleted with its sample; u brings it back." in driver.words
        await driver.press("u")
        assert "P1 abstraction faint praise" in driver.words
        assert "There was a lamp, and it was on." in driver.words
    (sample,) = written(root, "sample")
    assert sample.text == "There was a lamp, and it was on."


async def test_a_change_that_is_left_is_kept_until_it_is_dropped(root: Path) -> None:
    async with opened(root) as driver:
        await describe(driver)
        await write_pattern(driver, "faint praise")
        await driver.paste("a new sample, half")
        await driver.press("escape", "e")
        await driver.paste(" indeed")
        await driver.press("ctrl+t")
        assert driver.screen.form.text.text == "a new sample, half"
        assert "(change not handed in) faint praise" in driver.words
        await driver.press("escape", "e")
        assert driver.screen.form.text.text == "faint praise indeed"
        await driver.press("escape", "x")
        assert "The change of P1 is dropped" in driver.words
        assert "not handed in" not in driver.words
    (pattern,) = written(root, "pattern")
    assert pattern.text == "faint praise"


async def test_drafts_come_back_field_by_field_with_the_cursor_after_a_kill(root: Path) -> None:
    folder = Project.open(root).teaching_dir

    def saved() -> str:
        drafts = read_drafts(folder, "ann")
        return "".join(drafts.fields.values()) + str(drafts.place)

    async with opened(root) as driver:
        await describe(driver)
        await write_pattern(driver, "faint praise")
        await driver.press("ctrl+t")
        await driver.paste("second pattern")
        await driver.press("ctrl+o", "ctrl+t", "ctrl+o", "ctrl+l", "ctrl+l")
        await driver.paste("Half a sample")
        await driver.press("pagedown", "left", "left")
        await driver.until(lambda: "Half a sample" in saved() and "[0, 11]" in saved())
    assert [record.id for record in written(root, "pattern")] == ["P1@ann"]
    async with opened(root) as driver:
        await driver.until(lambda: isinstance(driver.screen, DescribeScreen))
        form = driver.screen.form
        await driver.until(lambda: driver.screen.focused is form.text)
        assert form.text.text == "Half a sample"
        assert form.text.cursor_location == (0, 11)
        assert "counter (ctrl+o) label neutral (ctrl+l) for P1" in driver.words
        assert driver.screen.evidence.cursor == 1
        await driver.type("goo")
        assert form.text.text == "Half a sampgoole"
        await driver.press("ctrl+t")
        assert form.text.text == "second pattern"
        assert "New pattern extrapolation" in driver.words


async def test_each_blind_spot_has_drafts_of_its_own(root: Path) -> None:
    async with opened(root) as driver:
        await describe(driver, "B1")
        await driver.paste("for one")
        await driver.app.go("describe", spot="B2")
        await driver.until(lambda: driver.screen.spot_id == "B2" and driver.screen.focused is not None)
        assert driver.screen.form.text.text == ""
        await driver.press("escape", "q")
        await describe(driver, "B1")
        assert driver.screen.form.text.text == "for one"


async def test_the_row_in_sight_is_copied_on_a_key_and_can_be_looked_at_while_writing(root: Path) -> None:
    async with opened(root) as driver:
        await describe(driver)
        await driver.press("ctrl+g")
        assert "That is for samples" in driver.words
        await write_pattern(driver, "faint praise")
        await driver.press("pagedown", "pagedown", "pagedown", "ctrl+g")
        text = driver.screen.form.text.text
        assert text.startswith("Tab here, bell")
        assert text.isprintable()
        assert driver.screen.focused is driver.screen.form.text


async def test_pasted_control_characters_do_not_reach_the_terminal(root: Path) -> None:
    async with opened(root) as driver:
        await describe(driver)
        await driver.paste("one\x1b[31m two\r\nthree\u202e")
        assert driver.screen.form.text.text == "one [31m two\nthree "


async def test_in_a_pair_project_both_texts_are_written_copied_and_kept(tmp_path: Path) -> None:
    root = write_project(tmp_path / "work", pairs=True)
    async with opened(root) as driver:
        await describe(driver)
        await write_pattern(driver, "word order")
        await driver.press("ctrl+g")
        form = driver.screen.form
        assert (form.text.text, form.pair.text) == ("A man is eating a red apple.", "A man is eating a green apple.")
        await driver.press("ctrl+u")
        await driver.paste("She gave him a book.")
        await driver.press("tab", "ctrl+u", "ctrl+l", "ctrl+l", HAND_IN)
        assert "the second text is empty" in driver.words
        assert driver.screen.focused is form.pair
        await driver.paste("He gave her a book.")
        await driver.press(HAND_IN)
        assert "She gave him a book. | He gave her a book." in driver.words
    (sample,) = written(root, "sample")
    assert isinstance(sample, Sample)
    assert (sample.text, sample.text_pair, sample.label) == ("She gave him a book.", "He gave her a book.", "different")


async def test_what_others_wrote_is_neither_shown_nor_counted(root: Path) -> None:
    async with opened(root, annotator="bob") as driver:
        await describe(driver)
        await write_pattern(driver, "what bob thinks")
    async with opened(root) as driver:
        await describe(driver)
        assert "others' answers are sealed" in driver.words
        assert "by others" not in driver.words
        assert "what bob thinks" not in driver.words


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_after_the_commitment_others_answers_are_there_to_be_read_and_ones_own_later_ones_say_so(
    root: Path, size: tuple[int, int]
) -> None:
    async with opened(root, annotator="bob") as driver:
        await describe(driver)
        await write_pattern(driver, "what bob thinks")
        await write_sample(driver, "Bob waits for a lamp.", choose_label=1)
    async with opened(root, size=size) as driver:
        await describe(driver)
        await write_pattern(driver, "faint praise")
        await driver.paste("half a sample")
        await driver.press("escape")
        assert "C commit" in driver.text.splitlines()[-1]
        await driver.press("C")
        await driver.sees("Commit: 1 pattern, 0 samples", "! What you have typed and not handed in does not count.")
        await driver.press("2")
        await driver.sees("B1 is committed.", "Others wrote 1 pattern, 1 sample.", "committed, 2 by others")
        assert "P1 abstraction faint praise" in driver.words
        assert "P1 abstraction bob (human): what bob thinks" in driver.words
        assert "S1 target negative bob: Bob waits for a lamp." in driver.words
        await driver.press("G", "x")
        await driver.sees("That is bob's: it is there to be read.")
        await driver.press("i", HAND_IN)
        await driver.press("ctrl+l", HAND_IN)
        assert "S1 target negative (later) half a sample" in driver.words
        assert driver.screen.written.cursor == 1, "the cursor is on what was handed in"
    assert len(written(root, "pattern")) == 2
    assert len(written(root, "sample")) == 2


async def test_what_was_committed_is_neither_changed_nor_deleted_nor_undone_by_a_key(root: Path) -> None:
    async with opened(root, size=(120, 36)) as driver:
        await describe(driver)
        await write_pattern(driver, "faint praise")
        await write_sample(driver, "There was a lamp.", choose_label=1)
        await driver.press("escape", "C", "2")
        await driver.sees("B1 is committed.")
        for key in ("e", "x"):
            await driver.press(key)
            await driver.sees("B1 is committed: what was handed in stays. ctrl+t writes something new beside it.")
        await driver.press("u")
        await driver.sees("B1 is committed: what was handed in stays; there is nothing else to undo.")
        assert "S1 target negative There was a lamp." in driver.words
        await driver.press("i")
        await write_sample(driver, "A chair and no table.", choose_label=0)
        assert "S2 target negative (later) A chair and no table." in driver.words
        await driver.press("escape", "u")
        assert "Undone: write target sample of B1." in driver.words
    assert [found.id for found in written(root, "sample")] == ["S1@ann"]


async def test_a_blind_spot_that_is_not_there_leads_back_to_the_list(root: Path) -> None:
    async with opened(root) as driver:
        await driver.app.go("describe", spot="B99")
        await driver.sees("There is no blind spot B99 in this round.", "Blind spots 3")


async def test_esc_goes_from_the_field_to_the_list_and_back_to_the_screen_before(root: Path) -> None:
    async with opened(root) as driver:
        await describe(driver)
        await driver.paste("kept")
        await driver.press("escape")
        assert driver.screen.focused is driver.screen.written
        await driver.press("i")
        assert driver.screen.focused is driver.screen.form.text
        await driver.press("escape", "escape")
        await driver.sees("Blind spots 3")


@pytest.mark.usefixtures("forked_processes")
def test_both_keys_hand_in_on_a_real_terminal(root: Path) -> None:
    terminal = Terminal(root)
    try:
        terminal.sees("15 UUs")
        terminal.send(b"d")
        terminal.sees("New pattern")
        terminal.send(b"faint praise\n")
        terminal.sees("P1 is written.")
        for number, keys in ((2, b"\x1b\r"), (3, b"\x1b[13;3u")):
            terminal.send(b"\x14")  # ctrl+t
            terminal.sees("New pattern")
            terminal.send(b"faint praise" + b"!" * number + keys)
            terminal.sees(f"P{number} is written.")
    finally:
        terminal.close()
    assert [pattern.text for pattern in written(root, "pattern")] == [f"faint praise{end}" for end in ("", "!!", "!!!")]


async def test_a_change_in_the_middle_comes_back_after_a_kill(root: Path) -> None:
    async with opened(root) as driver:
        await describe(driver)
        await write_pattern(driver, "faint praise")
        await driver.press("escape", "e")
        await driver.paste(" indeed")
        await driver.until(lambda: "faint praise indeed" in read_drafts(root / "teaching", "ann").fields.values())
    async with opened(root) as driver:
        await driver.until(lambda: isinstance(driver.screen, DescribeScreen))
        await driver.sees("Change P1")
        assert driver.screen.form.text.text == "faint praise indeed"
        await driver.press(HAND_IN)
        assert "P1 is changed." in driver.words
    assert [pattern.text for pattern in written(root, "pattern")] == ["faint praise indeed"]


async def test_a_refusal_goes_when_what_it_is_about_was_mended_by_a_key(root: Path) -> None:
    async with opened(root) as driver:
        await driver.app.go("describe", spot="B1")
        await driver.until(lambda: driver.app.focused is not None and driver.app.focused.id == "text")
        await driver.press("ctrl+t")
        await driver.paste("Great, late again.")
        await driver.press("ctrl+j")
        await driver.sees("! the sample has no label yet")
        await driver.press("ctrl+l")
        await driver.until(lambda: "no label yet" not in driver.text)
