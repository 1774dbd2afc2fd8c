"""Agreement of labels: against values worked out by hand, and what is left out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.agreement import alpha_interval, krippendorff_alpha
from engine.labelling.label_agreement import agreement_of
from engine.labelling.label_file import FileLabel
from engine.labelling.texts import TextRow


def labels(**given: str) -> dict[str, FileLabel]:
    return {name: FileLabel(name, f"text {name}", None, said, 3, "", 1.0, "ada", "") for name, said in given.items()}


def test_shares_confusions_and_conflicts() -> None:
    one = labels(a="x", b="x", c="y", d="y", e="x")
    other = labels(a="x", b="y", c="y", d="x", f="x")
    found = agreement_of({"one": one, "other": other})
    assert (found.rows, found.agreed, found.unsure) == (4, 2, 0)
    assert found.share is not None
    assert found.share[1] < found.share[0] == 0.5 < found.share[2]
    assert found.confusions == (("x", "y", 2),)
    assert found.conflicts == (TextRow("b", "text b"), TextRow("d", "text d"))
    # 8 answers, 4 of each; observed 4 of 8, expected (64 - 32) / 7
    assert found.alpha == pytest.approx(1 - 4 / (32 / 7))


def test_who_was_unsure_and_another_text_under_the_same_id_are_left_out() -> None:
    one, other = labels(a="x", b="x", c="y"), labels(a="", b="y", c="y")
    other["c"] = replace(other["c"], text="another text")
    found = agreement_of({"one": one, "other": other})
    assert (found.rows, found.agreed, found.unsure) == (1, 0, 1)


def test_where_alpha_says_nothing_it_says_why() -> None:
    same = agreement_of({"one": labels(a="x", b="x"), "other": labels(a="x", b="x")})
    assert (same.alpha, same.agreed) == (None, 2)
    assert "same label" in same.why
    apart = agreement_of({"one": labels(a="x"), "other": labels(b="x")})
    assert (apart.alpha, apart.share, apart.rows) == (None, None, 0)
    assert "no row" in apart.why


def test_the_interval_holds_alpha_and_narrows_with_rows() -> None:
    units = [("x", "x"), ("y", "y"), ("x", "y"), ("y", "y"), ("x", "x")]
    widths = []
    for times in (4, 40):
        bounds = alpha_interval(units * times)
        assert bounds is not None
        assert bounds[0] < krippendorff_alpha(units * times) < bounds[1]
        widths.append(bounds[1] - bounds[0])
    assert widths[1] < widths[0] / 2
    assert alpha_interval([("x", "x"), ("x", "y")]) is None
