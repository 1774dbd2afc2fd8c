from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from engine.costs.cost_book import project_costs
from engine.project import Project
from engine.schema import Teacher
from tests.builders.labels import by_llm, by_person, write_labels
from tests.engine.costs.world import ANN, GPT, ask, make_ledger_project, set_cost, teach, work
from tests.tui.app.proofs import write_proof
from tui.reporting.cost_tables import money, page
from tui.reporting.table import lines


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = make_ledger_project(tmp_path / "work")
    for teacher in (ANN, GPT, Teacher("試験-demo\x1b[31m", "llm", recorded=True)):
        teach(project, teacher, "B1", "abstraction")
    ask(project, "abstraction", "B1", tokens_in=1_234_567, estimated=True)
    work(project, "teach", "B1", 100)
    write_proof(project.root)
    return project


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0.00"), (0.00031, "0.00031"), (0.026, "0.026"), (0.5, "0.50"), (4.2, "4.20"), (1234.5, "1,234.50")],
)
def test_small_sums_keep_two_digits_that_count(value: float, text: str) -> None:
    assert money(value) == text


def test_tables_fit_into_the_width_and_their_columns_are_aligned(project: Project) -> None:
    for table in page(project_costs(set_cost(project))).tables:
        sizes = {cell_len(line) for line in lines(table, 78)}
        assert len(sizes) == 1
        assert max(sizes) <= 78


def test_each_reason_has_one_letter_and_every_unknown_figure_its_reason(project: Project) -> None:
    shown = page(project_costs(set_cost(project)))
    letters = [reason[:3] for reason in shown.reasons]
    assert letters[:3] == ["(a)", "(b)", "(c)"]
    assert len(set(shown.reasons)) == len(letters)
    cells = [cell for table in shown.tables for row in table.rows for cell in row if "unknown" in cell]
    assert cells
    assert {cell.split()[1] for cell in cells} <= set(letters)


def test_names_are_made_safe_and_guesses_marked(project: Project) -> None:
    shown = page(project_costs(project))
    text = "\n".join(line for table in shown.tables for line in lines(table, None))
    assert "\x1b" not in text
    assert "~1,234,567" in text
    assert "llm, recorded" in text


def test_labels_of_people_and_llms_stand_in_one_table(project: Project) -> None:
    write_labels(project, ANN, [replace(by_person("r0", "negative"), seconds=30.0)])
    write_labels(project, GPT, [by_llm("r0", "negative")])
    ask(project, "label", "", rows=("r0",))
    tables = {table.title: table.rows for table in page(project_costs(project)).tables}
    assert tables["Labels of rows"] == [
        ("ann", "human", "1", "30 s", "0.30", "0.30"),
        ("gpt", "llm", "1", "-", "0.0020", "0.0020"),
    ]
    calls = tables["Calls and tokens of LLMs (~ partly estimated)"]
    assert [row[:3] for row in calls] == [("gpt", "teaching", "1"), ("gpt", "labelling", "1")]
