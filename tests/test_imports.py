"""The wall: what may be imported by what, proved in a fresh interpreter (the import contracts prove the rest)."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from engine.operations import job_kinds

HEAVY = {
    "torch",
    "transformers",
    "sentence_transformers",
    "openvino",
    "sklearn",
    "scipy",
    "numpy",
    "pyarrow",
    "openai",
    "httpx2",
    "datasketch",
}
ROOT = Path(__file__).parents[1]
LIGHT = [
    "engine.api",
    "engine.schema",
    "engine.settings",
    "engine.project",
    "engine.jobs",
    "engine.jobs.job_process",
    "engine.operations.job_kinds",
    "engine.data.leak_guard",
    "engine.data.proof_rows",
    "engine.text",
    "engine.proof.report",
    "engine.regression.promotion",
    "engine.proof.closed",
    "engine.proof.report_closed",
    "engine.proof.request",
    "engine.model.text_classifier",
    "engine.model.hugging_face",
    "engine.model.predictions_classifier",
    "engine.model.program_classifier",
    *(f"engine.programs.{path.stem}" for path in (ROOT / "engine" / "programs").glob("[a-z]*.py")),
    "engine.proof.figures",
    "engine.proof.arms",
    "engine.proof.budget_matching",
    "engine.proof.controls",
    "engine.proof.recipes",
    "engine.regression.frozen_spots",
    "engine.operations.history",
    "engine.scorer.scorer_client",
    "engine.scorer.protocol",
    "engine.preview.record",
    "engine.label_queue.row_chooser",
    "engine.hunt.hunt_files",
    "engine.operations.verdict_process",
    "engine.proof.proof_labels",
    "engine.hunt.hunt_status",
    "engine.audit.audit_files",
    "engine.audit.audit_status",
    "engine.audit.draw",
    "engine.audit.estimate",
    "engine.monitoring.confidence_sequence",
    "engine.monitoring.read_batch",
    "engine.monitoring.watch_status",
    "engine.monitoring.watched_batches",
    *(f"engine.exchange.{path.stem}" for path in (ROOT / "engine" / "exchange").glob("[a-z]*.py")),
    *(f"engine.exchange.formats.{path.stem}" for path in (ROOT / "engine" / "exchange" / "formats").glob("[a-z]*.py")),
    *(f"engine.costs.{path.stem}" for path in (ROOT / "engine" / "costs").glob("[a-z]*.py")),
    *(
        f"engine.review.{name}"
        for name in (
            "answers",
            "blinding",
            "comparison",
            "items",
            "judgement_checks",
            "outcome",
            "review_questions",
            "blind_review",
        )
    ),
    *(f"engine.labelling.{path.stem}" for path in (ROOT / "engine" / "labelling").glob("[a-z]*.py")),
    *(f"engine.label_queue.{path.stem}" for path in (ROOT / "engine" / "label_queue").glob("[a-z]*.py")),
    *(f"engine.teaching.{path.stem}" for path in (ROOT / "engine" / "teaching").glob("[a-z]*.py")),
    *(f"engine.llm.{path.stem}" for path in (ROOT / "engine" / "llm").glob("[a-z]*.py")),
]
COMMON = ["engine.exchange.gather", "engine.jobs", "engine.llm.call_log"]
TUI = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in sorted((ROOT / "tui").rglob("*.py"))
    if path.stem not in ("__init__", "__main__")
]


def modules_after(code: str) -> set[str]:
    """Top-level modules that are loaded after running code in a fresh interpreter."""
    script = f"{code}\nimport sys; print(' '.join(name for name in sys.modules if '.' not in name))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


EACH_ALONE = """
import gc, importlib, os, sys
gc.disable()
for name in [name for name in sys.modules if name.partition(".")[0] in ("engine", "tui")]:
    del sys.modules[name]  # in a fork of the test
import {libraries}
for module in sys.argv[1:]:
    if os.fork() == 0:
        importlib.import_module(module)
        print(module, *{{name.partition(".")[0] for name in sys.modules}}, flush=True)
        os._exit(0)
    os.wait()
"""


def each_alone(modules: list[str], libraries: str) -> dict[str, set[str]]:
    """What is loaded after importing each module, in a fork of one interpreter that has these libraries."""
    command = [sys.executable, "-c", EACH_ALONE.format(libraries=libraries), *modules]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    return {words[0]: set(words[1:]) for words in map(str.split, done.stdout.splitlines())}


@pytest.fixture(scope="module")
def loaded() -> dict[str, set[str]]:
    """What each light module loads, beside small libraries and light modules that most of the others stand on."""
    return each_alone(LIGHT, f"asyncio, orjson, pydantic.main, rapidfuzz, tomlkit, {', '.join(COMMON)}")


@pytest.mark.xdist_group("light modules")  # one process for all
@pytest.mark.parametrize("module", LIGHT)
def test_light_modules_load_no_model_library_and_no_terminal(module: str, loaded: dict[str, set[str]]) -> None:
    assert "engine" in loaded[module]
    assert not loaded[module] & (HEAVY | {"textual", "rich", "tui"})


def test_the_work_of_each_kind_of_job_can_be_imported_first(forked_processes: None) -> None:
    """As the process of a job does, which finds nothing of ours that others have imported."""
    tree = ast.parse(Path(job_kinds.__file__).read_text())
    works = [part for part in tree.body if isinstance(part, ast.FunctionDef)]
    imports = [part for work in works for part in ast.walk(work) if isinstance(part, ast.ImportFrom)]
    modules = sorted({str(part.module) for part in imports})
    assert {"engine.discovery.pipeline", "engine.hunt.begin_hunt", "engine.audit.begin_audit"} <= {*modules}
    assert each_alone(modules, "orjson, scipy.stats, sklearn, tomlkit, torch, transformers").keys() == {*modules}


def test_an_audit_loads_no_torch_before_a_model_is_asked() -> None:
    """With given predictions none is: 210 MB and some seconds are saved."""
    assert not modules_after("import engine.audit.begin_audit") & {"torch", "transformers"}


def test_no_module_of_the_terminal_loads_a_model_library() -> None:
    assert not modules_after("\n".join(f"import {module}" for module in TUI)) & HEAVY


def test_a_plain_command_does_not_load_the_app() -> None:
    code = "from tui.cli import main\ntry:\n    main(['jobs', '--help'])\nexcept SystemExit:\n    pass"
    assert not modules_after(code) & (HEAVY | {"textual"})
