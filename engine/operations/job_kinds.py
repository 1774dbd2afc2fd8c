"""What each kind of job does: the process is `python -m engine.operations.job_kinds ROOT JOB LOCK_FD ALIVE_FD`.

Heavy modules are imported here only when the work begins.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from engine.files import read_json
from engine.jobs.job_process import JobWork, main
from engine.progress import Monitor
from engine.project import Project
from engine.schema import Teacher
from engine.tau import with_tau
from engine.teaching.records import lost_spots
from engine.verify.seal import keep_seal


def discover(project: Project, options: dict[str, Any], monitor: Monitor) -> dict[str, Any]:
    """Find blind spots, with another tau if the options name one; then import the teaching files named, if any."""
    from engine.discovery.pipeline import discover as find
    from engine.trust import file_use, require

    if options.get("tau") is not None:
        project = with_tau(project, options["tau"])
    teaching = [Path(file) for file in options.get("teaching") or ()]
    require(project.root, [file_use(project.root, file) for file in teaching])
    found = find(project, monitor=monitor)
    keep_seal(project)
    if gone := lost_spots(project, found):
        monitor.note(gone)
    result = {
        "round": found.round,
        "blind_spots": len(found.blind_spots),
        "uus": len(found.uus),
        "tau": found.tau,
        "cut_rows": len(found.cut),
        "lower_taus": list(found.taus),
    }
    if teaching:
        from engine.teaching.import_records import import_teaching

        teacher = Teacher.from_json(options["teacher"])
        import_teaching(project, teaching, teacher, monitor=monitor)
    return result


def teach(project: Project, options: dict[str, Any], monitor: Monitor) -> dict[str, Any]:
    """Let an LLM, or a recording of one, explain blind spots and write samples."""
    from engine.llm.questions import asking
    from engine.llm.teacher import teach as ask
    from engine.trust import file_use, require

    project = asking(project, model=options.get("model"), base_url=options.get("base_url"))
    replay = Path(options["replay"]) if options.get("replay") else None
    if replay is not None:
        require(project.root, [file_use(project.root, replay)])
    limits = {name: options.get(name) for name in ("max_cost", "max_tokens", "since")}
    report = ask(project, spots=options.get("spots"), replay=replay, monitor=monitor, **limits)
    monitor.note(report.sentence)
    return report.as_json() | {"sentence": report.sentence}


def retrain(project: Project, options: dict[str, Any], monitor: Monitor) -> dict[str, Any]:
    """Train the arms with every seed and judge them on proof and test; ``quick``: a first look, no proof."""
    from engine.costs.cost_book import costs_of_kinds
    from engine.proof.run import look_quickly
    from engine.proof.run import retrain as prove

    if options.get("quick"):
        path = look_quickly(project, arms=options.get("arms"), monitor=monitor)
        result = read_json(path)
        monitor.note(result["sentence"])
        return {"quick": str(path.relative_to(project.root)), "sentence": result["sentence"]}
    chosen = {name: options.get(name) for name in ("arms", "seeds", "recipes", "equal")}
    report = prove(
        project,
        **chosen,
        costs=costs_of_kinds(project) if chosen["equal"] == "cost" else None,
        reviewed=bool(options.get("reviewed")),
        controls=bool(options.get("controls")),
        monitor=monitor,
    )
    keep_seal(project)
    return {"report": str(report.relative_to(project.root))}


def judge(project: Project, options: dict[str, Any], monitor: Monitor) -> dict[str, Any]:
    """Let the LLM judge patterns on rows that their teachers have not seen, and reword its own."""
    from engine.llm.pattern_judge import judge as test

    chosen = {name: options.get(name) for name in ("patterns", "max_cost", "max_tokens", "since")}
    report = test(project, **chosen, refine=bool(options.get("refine")), monitor=monitor)
    return {**report.as_json(), "sentence": report.sentence}


def compare(project: Project, options: dict[str, Any], monitor: Monitor) -> dict[str, Any]:
    """Compare people and LLMs; ``own``: judgements of one's own work count too."""
    from engine.review.draw_comparison import compare as draw_up

    found = draw_up(project, own=bool(options.get("own")), monitor=monitor)
    return {"judgements": found.judgements, "items": found.items}


def check(project: Project, options: dict[str, Any], monitor: Monitor) -> dict[str, Any]:
    """Run the regression suite against a model."""
    from engine.regression.run_suite import check as run_suite

    return {"check": str(run_suite(project, options.get("model"), monitor=monitor).relative_to(project.root))}


KINDS: dict[str, JobWork] = {
    "discover": discover,
    "teach": teach,
    "retrain": retrain,
    "judge": judge,
    "compare": compare,
    "check": check,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], KINDS))
