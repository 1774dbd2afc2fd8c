"""One finished proof, read as Markdown, as HTML and in the terminal."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from rich.console import Console

from engine.operations.history import Round, SpotChange
from engine.proof.report_checks import checked_report
from engine.proof.report_types import Report
from engine.text import INVISIBLE
from tests.tui.app.proofs import VERDICTS, write_proof
from tui.reporting import plain_words
from tui.reporting.html_page import page
from tui.reporting.markdown import markdown
from tui.reporting.plots import plots
from tui.reporting.tables import before_after, overlap, reliability
from tui.reporting.terminal import show

WORK = Path("work")
ROUNDS = [
    Round(1, "m", 0.6, 0.7, 100, 4, None, ("aaaa1111",)),
    Round(2, "n", 0.7, 0.6, 60, 3, SpotChange(kept=("B1",), closed=("B2",)), (), "llm, scratch: proven"),
]


@pytest.fixture
def stored(tmp_path: Path) -> dict[str, Any]:
    return write_proof(tmp_path)


@pytest.fixture
def report(stored: dict[str, Any]) -> Report:
    return read(stored)


def read(stored: dict[str, Any]) -> Report:
    return checked_report(stored, stored["id"])


class Loads(HTMLParser):
    """What a page would load from elsewhere, and the words in it."""

    def __init__(self) -> None:
        super().__init__()
        self.outside: list[str] = []
        self.words: list[str] = []
        self.tags: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.outside += [
            value
            for name, value in attrs
            if value and (name in ("src", "srcset", "data", "action") or (name.endswith("href") and value[0] != "#"))
        ]

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


def test_the_page_loads_nothing_and_has_every_verdict_and_plot(report: Report) -> None:
    text = page(report, ROUNDS, WORK)
    seen = Loads()
    seen.feed(text)
    assert seen.outside == []
    assert "url(http" not in text
    assert "@import" not in text
    assert seen.tags.count("svg") == 4  # intervals, risk-coverage, reliability, rounds; this proof has no pool
    assert not {"script", "link", "iframe", "img"} & set(seen.tags)
    for (arm, recipe), verdict in VERDICTS.items():
        assert f"{arm}, {recipe}" in seen.words
        assert verdict in seen.words
    assert any("UUs at matched coverage" in word for word in seen.words)
    assert "mathdefault" not in text, "axes have numbers, no formulas"


def test_the_first_words_are_the_task_and_each_verdict_and_definitions_are_folded(report: Report) -> None:
    seen = Loads()
    seen.feed(page(report, ROUNDS, WORK))
    words = " ".join(" ".join(seen.words).split())
    words = words[words.index("work, round 1: 1 of 3 arms proven") :]
    parts = (
        "Task: texts labelled negative or positive; judged on 400 proof rows and 400 test rows",
        "human, scratch: proven ;",
        "The model trained with what people wrote makes 7.5 confident errors on proof where the baseline makes 29.5",
        "llm, scratch: worse ;",
        "What the terms mean",
        "confident errors Errors among as many of a model's most confident rows",
        "Arms",
    )
    places = [words.index(part) for part in parts]
    assert places == sorted(places)
    assert seen.tags.index("details") < seen.tags.index("dl") < seen.tags.index("table")


def test_arms_are_named_by_what_they_were_trained_with(stored: dict[str, Any]) -> None:
    names = {
        "labels+llm": "The model trained with people's labels and what an LLM wrote makes",
        "temperature": "The baseline with its confidence rescaled makes",
        "a <b>": "The model trained with `a <b>` makes",
    }
    for name, told in names.items():
        stored["arms"][0]["arm"] = name
        report = read(stored)
        assert plain_words.verdict(report, report.arms[0]).startswith(told)


def test_the_figures_of_the_sentence_are_those_of_the_table(report: Report) -> None:
    for arm in report.arms:
        table = before_after(report, arm, "proof")
        assert table is not None
        matched = table.rows[0]
        told = plain_words.verdict(report, arm)
        assert f"makes {matched[2]} confident errors on proof where the baseline makes {matched[1]}, " in told
        assert f"({matched[3]}, " in told
        assert f"% interval {matched[4]})" in told


def test_names_in_the_data_are_text_and_never_markup(stored: dict[str, Any]) -> None:
    stored["arms"][0]["reason"] = "<script>alert(1)</script> | [link](http://x)"
    assert "<script>" not in page(read(stored), ROUNDS, WORK)
    text = markdown(read(stored), ROUNDS, WORK)
    assert "<script>" not in text
    assert "\\[link\\](http" in text


def test_markdown_tables_are_whole(report: Report) -> None:
    lines = markdown(report, ROUNDS, WORK).splitlines()
    widths = {line.count("|") for line in lines if line.startswith("| human, scratch")}
    assert len(widths) >= 1
    assert "### human, scratch: proven" in lines
    starts = [number for number, line in enumerate(lines) if line.startswith("| --- |")]
    for start in starts:
        columns = lines[start].count("|")
        assert lines[start - 1].count("|") == columns
        assert lines[start + 1].replace("\\|", "").count("|") == columns


def test_the_history_stands_in_every_form(report: Report) -> None:
    for text in (markdown(report, ROUNDS, WORK), page(report, ROUNDS, WORK)):
        assert "0.700" in text
        assert "closed" in text


def shown(report: Report, *, terminal: bool) -> str:
    out = io.StringIO()
    show(report, Console(file=out, width=80, force_terminal=terminal, color_system=None, highlight=False, markup=False))
    return out.getvalue()


def test_in_the_terminal_the_arms_stand_on_one_scale_with_the_baseline_as_a_line(report: Report) -> None:
    lines = shown(report, terminal=False).splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("UUs at matched "))
    bars = {line[:22].strip(): line[24:] for line in lines[start + 1 : start + 5]}
    assert list(bars) == ["baseline", *(f"{arm}, {recipe}" for arm, recipe in VERDICTS)]
    mark = bars["baseline"].index("o")
    assert bars["human, scratch"].index("o") < mark  # proven: fewer
    assert bars["llm, scratch"].index("o") > mark  # worse: more
    assert bars["human, scratch"][mark] == "|"


def test_curves_are_drawn_only_where_there_is_a_terminal(report: Report) -> None:
    assert "risk-coverage on proof" in shown(report, terminal=True)
    assert "risk-coverage on proof" not in shown(report, terminal=False)


def test_lines_fit_a_narrow_terminal(report: Report) -> None:
    assert max(map(len, shown(report, terminal=True).splitlines())) <= 80


PLANTED = (
    "\x1b]0;planted\x07 \u202e \x85 \ufffe <script>x</script> ![p](http://planted.example/p) [l](javascript:x) | `a` "
    '$\\frac{1$ & www.planted.example " onload="x'
)


def planted(value: Any, name: str = "") -> Any:
    """A report in which every text that is not looked up by others carries what attackers write."""
    if isinstance(value, dict):
        return {key: planted(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [planted(one, name) for one in value]
    return f"{value} {PLANTED}" if isinstance(value, str) and name not in ("created", "recipe", "verdict") else value


def test_whatever_text_a_report_has_it_is_only_ever_text(stored: dict[str, Any]) -> None:
    stored["arms"][0]["arm"] = "$\\frac{1$ &"
    found = Report.from_json(planted(stored))
    rounds = [Round(1, PLANTED, 0.6, 0.7, 100, 4, SpotChange(kept=(PLANTED,)), (PLANTED,), PLANTED)]
    html, text = page(found, rounds, WORK), markdown(found, rounds, WORK)
    assert not INVISIBLE.search(html.replace("\n", ""))
    seen = Loads()
    seen.feed(html)
    assert seen.outside == []
    assert "script" not in seen.tags
    assert "onload" not in seen.attributes
    assert "<script>x</script>" in "".join(seen.words)
    for svg in re.findall(r"<svg.*?</svg>", html, flags=re.DOTALL):
        assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert "$\\frac{1$ &amp; \\x1b]0;" in html[html.index("<svg") : html.rindex("</svg>")]
    assert not INVISIBLE.search(text.replace("\n", ""))
    assert not re.search(r"(?<!\\)[<>`&$]|(?<!\\)\](?=\()|(?<!\\)://|www\.", text)
    for table in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


def test_a_paragraph_that_would_start_a_list_is_text(report: Report) -> None:
    text = markdown(replace(report, notes=("- a", "12. b", "= c")), ROUNDS, WORK)
    assert "\\- a\n\n12\\. b\n\n\\= c" in text


def test_overlapping_levels_beside_proven_are_explained(stored: dict[str, Any]) -> None:
    level = stored["baseline"]["proof"]["uu_at_matched_coverage"]
    assert overlap(read(stored)) == ""
    stored["arms"][0]["proof"]["uu_at_matched_coverage"]["high"] = level["low"]
    report = read(stored)
    told = "What decides is the interval of their paired difference"
    assert told in overlap(report)
    assert told in page(report, ROUNDS, WORK)
    assert told in " ".join(shown(report, terminal=False).split())


def test_a_bin_with_few_rows_has_no_accuracy_and_tells_its_rows(stored: dict[str, Any]) -> None:
    found = stored["baseline"]["proof"]["reliability"]
    found[0] |= {"share": 3 / stored["rows"]["proof"], "accuracy": 1.0}
    found[1] |= {"share": 20 / stored["rows"]["proof"], "accuracy": 0.5}
    table = reliability(read(stored), [])
    assert table is not None
    assert [row[1] for row in table.rows[:2]] == ["too few (3)", "0.500 (20)"]


def points_of_baseline(svg: str, axes: str) -> list[tuple[float, float]]:
    """Where the thick dashed line of the baseline goes in one of a plot's axes."""
    for path in ElementTree.fromstring(svg).iterfind(f".//*[@id='{axes}']//{{http://www.w3.org/2000/svg}}path"):
        style = path.get("style", "")
        if "stroke-dasharray" in style and style.endswith("stroke-width: 2"):
            numbers = [float(number) for number in re.findall(r"[\d.]+", path.get("d", ""))]
            return list(zip(numbers[::2], numbers[1::2], strict=True))
    return []


def test_no_line_of_the_plot_goes_through_a_bin_with_few_rows(stored: dict[str, Any]) -> None:
    bins = stored["baseline"]["proof"]["reliability"]
    for bin_ in bins:
        bin_["share"] = 3 / stored["rows"]["proof"]
    (svg,) = [svg for caption, svg in plots(replace(read(stored), arms=()), []) if "below the diagonal" in caption]
    assert points_of_baseline(svg, "axes_1") == []
    heights = [y for _, y in points_of_baseline(svg, "axes_2")]
    assert heights == [pytest.approx(heights[0])] * len(bins)
