"""Every part that somebody changes behind the tools is found, also where the hash beside it was changed with it."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from engine.errors import BlindspotError
from engine.files import sha256_file
from engine.operations.add_batch import add_batch
from engine.operations.clean_project import clean
from engine.operations.verify_project import verify
from engine.progress import Silent
from engine.project import Project
from engine.proof.evaluate import evaluate
from engine.proof.report import read_report
from engine.proof.request import RetrainRequest
from engine.proof.run import retrain
from engine.regression.promotion import promote
from engine.regression.run_suite import check
from engine.verify.finding import Finding
from engine.verify.seal import keep_seal
from tests.builders.whole import write_call
from tests.engine.verify.conftest import edit_json

pytestmark = pytest.mark.xdist_group("whole project")  # it is made once


def bad(root: Path) -> list[Finding]:
    return [finding for finding in verify(root) if finding.bad]


def only(folder: Path, pattern: str) -> Path:
    return sorted(folder.glob(pattern))[0]


def seal_manifest(root: Path, name: str) -> None:
    """Write a split's present sha256 into the manifest."""
    edit_json(
        root / "manifest.json",
        lambda found: found["splits"][name].update(  # type: ignore[index]
            sha256=sha256_file(root / "splits" / f"{name}.jsonl")
        ),
    )


def edit_rows(root: Path, name: str, old: bytes, new: bytes) -> None:
    path = root / "splits" / f"{name}.jsonl"
    path.write_bytes(path.read_bytes().replace(old, new, 1))


def edit_array(path: Path, change: Callable[[Any], object], *, hashed: bool = False) -> None:
    array = np.load(path)
    change(array)
    np.save(path, array)
    if hashed:
        Path(f"{path}.sha256").write_text(sha256_file(path))


def proof_of(root: Path) -> Path:
    return only(root / "proofs", "*")


def put(array: Any, value: Any) -> None:
    array[0] = value


def split(root: Path) -> None:
    edit_rows(root, "pool", b"the ", b"The ")


def split_and_hash(root: Path) -> None:
    edit_rows(root, "pool", b" was ", b" was so ")
    seal_manifest(root, "pool")


def gold_of_split_and_hash(root: Path) -> None:
    edit_rows(root, "proof", b'"good"', b'"bad"')
    edit_rows(root, "proof", b'"bad"', b'"good"')  # of another row, so that the counts stay
    seal_manifest(root, "proof")


def split_hash_and_row_hashes(root: Path) -> None:
    from engine.text import row_hash

    edit_rows(root, "train", b" was ", b" was so ")
    seal_manifest(root, "train")
    rows = [orjson.loads(line) for line in (root / "splits" / "train.jsonl").read_bytes().splitlines()]
    hashes = root / "splits" / "train.hashes"
    hashes.write_bytes(b"".join(bytes.fromhex(row_hash(row["text"], None)) for row in rows))
    edit_json(
        root / "manifest.json",
        lambda found: found["splits"]["train"].update(hashes_sha256=sha256_file(hashes)),  # type: ignore[index]
    )


def predictions(root: Path) -> None:
    edit_array(only(proof_of(root), "human-scratch-5-proof.npy"), lambda array: put(array, [9, -9]))


def predictions_and_their_hash(root: Path) -> None:
    predictions(root)
    path = only(proof_of(root), "human-scratch-5-proof.npy")
    for name in ("spec.json", "report.json"):
        edit_json(proof_of(root) / name, lambda found: found["files"].update({path.name: sha256_file(path)}))  # type: ignore[attr-defined]


def gold(root: Path) -> None:
    edit_array(proof_of(root) / "gold-proof.npy", lambda array: put(array, 1 - array[0]))


def report_figure(root: Path) -> None:
    edit_json(proof_of(root) / "report.json", lambda found: found["arms"][0]["proof"]["accuracy"].update(mean=0.99))  # type: ignore[index]


def report_verdict(root: Path) -> None:
    edit_json(proof_of(root) / "report.json", lambda found: found["arms"][0].update(verdict="proven"))  # type: ignore[index]


def margin_of_the_spec_and_its_report(root: Path) -> None:
    edit_json(proof_of(root) / "spec.json", lambda found: found.update(margin=0.5))
    report = evaluate(proof_of(root))
    (proof_of(root) / "report.json").write_bytes(orjson.dumps(report))


def record(root: Path) -> None:
    path = root / "teaching" / "ann.json"
    path.write_bytes(path.read_bytes().replace(b"ann 2", b"ann two", 1))


def record_gone(root: Path) -> None:
    edit_json(root / "teaching" / "ann.json", lambda found: found["revisions"].pop("2"))  # type: ignore[attr-defined]


def discovery_gold(root: Path) -> None:
    def change(found: Any) -> None:
        row = next(iter(found["predictions"].values()))
        row["label"] = "good" if row["label"] == "bad" else "bad"

    edit_json(root / "rounds" / "001" / "discovery.json", change)


def discovery_confidence(root: Path) -> None:
    def change(found: Any) -> None:
        row = found["predictions"][found["blind_spots"][0]["rows"][0]]
        row["confidence"] = max(row["probabilities"]) - 0.01
        row["probabilities"] = [abs(value - 0.01) for value in row["probabilities"]]

    edit_json(root / "rounds" / "001" / "discovery.json", change)


def discovery_accuracy(root: Path) -> None:
    edit_json(root / "rounds" / "001" / "discovery.json", lambda found: found.update(accuracy=0.99))


def discovery_lacks_a_uu(root: Path) -> None:
    edit_json(root / "rounds" / "001" / "discovery.json", lambda found: found["blind_spots"][0]["rows"].pop())  # type: ignore[index]


def weights(root: Path) -> None:
    path = only(root / "models", "*/model.safetensors")
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)


def weights_and_their_hash(root: Path) -> None:
    weights(root)
    path = only(root / "models", "*/model.safetensors")
    edit_json(
        path.parent / "training.json",
        lambda found: found.update(sha256=sha256_file(path), files=found["files"] | {path.name: sha256_file(path)}),
    )  # type: ignore[operator]


def model_config(root: Path) -> None:
    path = only(root / "models", "*/config.json")
    path.write_bytes(path.read_bytes().replace(b'"good"', b'"fine"'))


def tokenizer(root: Path) -> None:
    path = only(root / "models", "*/tokenizer.json")
    path.write_bytes(path.read_bytes().replace(b'"warm"', b'"mild"'))


def added_pickle(root: Path) -> None:
    (only(root / "models", "*/model.safetensors").parent / "pytorch_model.bin").write_bytes(b"\x80\x04N.")


def cache(root: Path) -> None:
    edit_array(only(root / "cache", "logits-pool-*.npy"), lambda array: put(array, [5, -5]))


def cache_and_its_hash(root: Path) -> None:
    for path in (root / "cache").glob("logits-pool-*.npy"):
        edit_array(path, lambda array: put(array, [50, -50] if array[0, 0] < array[0, 1] else [-50, 50]), hashed=True)


def cache_of_nan(root: Path) -> None:
    edit_array(only(root / "cache", "logits-pool-*.npy"), lambda array: put(array, np.nan), hashed=True)


def suite_row(root: Path) -> None:
    edit_json(only(root / "suite", "B*.json"), lambda found: found["cases"][0].update(text="all is well"))  # type: ignore[index]


def suite_lacks_a_row(root: Path) -> None:
    edit_json(only(root / "suite", "B*.json"), lambda found: found["cases"].pop())  # type: ignore[attr-defined]


def suite_gone(root: Path) -> None:
    only(root / "suite", "B*.json").unlink()


def promotion(root: Path) -> None:
    edit_json(root / "rounds" / "002" / "model.json", lambda found: found.update(verdict="proven"))


def promoted_model(root: Path) -> None:
    edit_json(root / "rounds" / "002" / "model.json", lambda found: found.update(seed=6))


def calls(root: Path) -> None:
    path = root / "llm" / "calls.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"key":"k0"', b'"key":0', 1))


def withheld(root: Path) -> None:
    edit_json(root / "manifest.json", lambda found: found.update(withheld=[]))


def proof_row_in_train(root: Path) -> None:
    leaked = (root / "splits" / "proof.jsonl").read_bytes().splitlines()[0]
    path = root / "splits" / "train.jsonl"
    path.write_bytes(leaked + b"\n" + b"\n".join(path.read_bytes().splitlines()[1:]) + b"\n")
    seal_manifest(root, "train")


TAMPERINGS = [
    (split, "split pool"),
    (split_and_hash, "split pool"),
    (gold_of_split_and_hash, "split proof"),
    (split_hash_and_row_hashes, "split train"),
    (predictions, "proof "),
    (predictions_and_their_hash, "proof "),
    (gold, "proof "),
    (report_figure, "proof "),
    (report_verdict, "proof "),
    (margin_of_the_spec_and_its_report, "proof "),
    (record, "records of ann"),
    (record_gone, "records of ann"),
    (discovery_gold, "discovery of round 1"),
    (discovery_confidence, "discovery of round 1"),
    (discovery_accuracy, "discovery of round 1"),
    (discovery_lacks_a_uu, "discovery of round 1"),
    (weights, "model "),
    (weights_and_their_hash, "proof "),
    (model_config, "model "),
    (tokenizer, "model "),
    (added_pickle, "model "),
    (cache, "cache logits-pool"),
    (cache_and_its_hash, "discovery of round 1"),
    (cache_of_nan, "cache logits-pool"),
    (suite_row, "suite B"),
    (suite_lacks_a_row, "suite B"),
    (suite_gone, "suite B"),
    (promotion, "promotion to round 002"),
    (promoted_model, "promotion to round 002"),
    (calls, "LLM calls"),
    (withheld, "proof rows kept apart"),
    (proof_row_in_train, "proof rows kept apart"),
]


def test_a_project_as_its_tools_left_it_is_sound_and_so_is_a_copy(whole: Path, copied: Path) -> None:
    findings = list(verify(whole))
    assert [finding for finding in findings if finding.state != "ok"] == []
    assert len(findings) > 20
    assert bad(copied) == []


@pytest.mark.parametrize(("tamper", "part"), TAMPERINGS, ids=[tamper.__name__ for tamper, _ in TAMPERINGS])
def test_what_was_changed_is_found(copied: Path, tamper: Callable[[Path], None], part: str) -> None:
    tamper(copied)
    found = bad(copied)
    assert any(finding.part.startswith(part) for finding in found), found
    assert all(finding.what and finding.file and finding.hint for finding in found)


def cut_off(root: Path) -> None:
    edit_json(root / "teaching" / "ann.json", lambda found: found["revisions"].popitem())  # type: ignore[attr-defined]


def calls_cut_off(root: Path) -> None:
    path = root / "llm" / "calls.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def chain_written_anew(root: Path) -> None:
    record(root)
    edit_json(root / "teaching" / "ann.json", lambda found: [one.pop("hash") for one in found["revisions"].values()])  # type: ignore[attr-defined]


def proof_gone(root: Path) -> None:
    shutil.rmtree(proof_of(root))


@pytest.mark.parametrize("tamper", [cut_off, calls_cut_off, chain_written_anew, proof_gone])
def test_what_agrees_with_itself_is_found_by_the_seal_of_this_machine(
    copied: Path, tamper: Callable[[Path], None]
) -> None:
    from engine.verify.seal import keep_seal

    keep_seal(Project.open(copied), anew=True)
    tamper(copied)
    assert "seal" in [finding.part for finding in bad(copied)]
    keep_seal(Project.open(copied))
    assert "seal" in [finding.part for finding in bad(copied)], "only a person may accept it"
    keep_seal(Project.open(copied), anew=True)
    assert "seal" not in [finding.part for finding in bad(copied)]


def test_the_seal_finds_that_the_end_of_a_journal_was_cut_off_and_agrees_when_it_goes_into_the_file(
    copied: Path,
) -> None:
    from engine.schema import RowMark
    from engine.teaching.records import Teaching
    from engine.verify.seal import keep_seal

    project = Project.open(copied)
    store = Teaching(project.teaching_dir, "cy").store
    for rows in ([f"pool-{number}" for number in range(2_000)], ["r1"], ["r2"]):
        with store.edit("mark rows") as edit:
            for row in rows:
                edit.put("mark", row, RowMark(row, "fine"))
    journal = project.teaching_dir / "cy.journal.jsonl"
    first, second = journal.read_bytes().splitlines(keepends=True)
    keep_seal(project, anew=True)
    journal.write_bytes(first)
    assert [finding.file for finding in bad(copied) if finding.part == "seal"] == ["teaching/cy.json"]
    journal.write_bytes(first + second)
    store.refresh()
    store.close()
    assert not journal.exists()
    assert [finding for finding in bad(copied) if finding.part == "seal"] == []


def test_work_that_goes_on_agrees_with_the_seal(copied: Path) -> None:
    from engine.schema import RowMark
    from engine.teaching.records import Teaching
    from engine.verify.seal import keep_seal

    project = Project.open(copied)
    keep_seal(project, anew=True)
    teaching = Teaching(project.teaching_dir, "ann")
    with teaching.store.edit("mark") as edit:
        edit.put("mark", "pool-1", RowMark("pool-1", "fine"))
    write_call(project, 9)
    shutil.rmtree(only(copied / "models", "*/"))
    assert [finding for finding in bad(copied) if finding.part == "seal"] == []


@pytest.mark.parametrize(
    "tamper",
    [predictions, predictions_and_their_hash, gold, report_figure, report_verdict, margin_of_the_spec_and_its_report],
)
def test_what_does_not_follow_is_not_promoted_also_not_by_force(copied: Path, tamper: Callable[[Path], None]) -> None:
    tamper(copied)
    before = sorted(path.name for path in (copied / "rounds").iterdir())
    with pytest.raises(BlindspotError, match=r"proof [0-9a-f]{8} does not hold: "):
        promote(Project.open(copied), arm="human", force=True)
    assert sorted(path.name for path in (copied / "rounds").iterdir()) == before


def test_another_model_than_the_one_that_was_judged_is_not_promoted(copied: Path) -> None:
    model = Project.open(copied).root / orjson.loads((copied / "rounds" / "002" / "model.json").read_bytes())["path"]
    (model / "config.json").write_bytes((model / "config.json").read_bytes() + b"\n")
    with pytest.raises(BlindspotError, match=r"config\.json was changed; `blindspot verify` says more"):
        promote(Project.open(copied), arm="human", force=True)
    with pytest.raises(BlindspotError, match=r"config\.json was changed"):
        check(Project.open(copied), monitor=Silent())


@pytest.mark.parametrize("tamper", [suite_row, suite_lacks_a_row, suite_gone])
def test_a_suite_that_was_changed_is_not_asked(copied: Path, tamper: Callable[[Path], None]) -> None:
    check(Project.open(copied), monitor=Silent())
    tamper(copied)
    with pytest.raises(BlindspotError, match=r"the suite"):
        check(Project.open(copied), monitor=Silent())


def test_what_was_made_before_rows_were_added_stands_and_says_so(copied: Path, tmp_path: Path) -> None:
    later = tmp_path / "later.jsonl"
    later.write_bytes(
        b"".join(orjson.dumps({"text": f"{word} " * 6}) + b"\n" for word in ("kettle", "lamp", "harbour"))
    )
    add_batch(copied, later, proof_share=0.5)
    findings = list(verify(copied))
    assert not [finding for finding in findings if finding.bad]
    told = [finding.part for finding in findings if finding.what.endswith("when the pool had the batches up to pool")]
    assert {part.split()[0] for part in told} == {"discovery", "proof"}
    edit_json(copied / "manifest.json", lambda found: found.pop("batches"))
    assert {finding.part.split()[0] for finding in bad(copied)} >= {"discovery", "proof"}


def test_a_finding_never_shows_a_proof_row(copied: Path) -> None:
    gold_of_split_and_hash(copied)
    edit_rows(copied, "proof", b" was ", b" was so ")
    texts = [orjson.loads(line)["text"] for line in (copied / "splits" / "proof.jsonl").read_bytes().splitlines()]
    told = orjson.dumps([finding.as_json() for finding in verify(copied)]).decode()
    assert "split proof" in told
    assert not any(text in told for text in texts)


def test_the_printed_seal_is_one_line_that_tells_projects_apart(copied: Path) -> None:
    from engine.verify.seal import line_of, seal_of

    line = line_of(seal_of(Project.open(copied)))
    assert len(line) == len(hashlib.sha256().hexdigest())
    assert line_of(seal_of(Project.open(copied))) == line
    cut_off(copied)
    assert line_of(seal_of(Project.open(copied))) != line


def test_cleaned_models_are_no_damage_and_the_same_retrain_has_them_again(copied: Path) -> None:
    project = Project.open(copied)
    keep_seal(project, anew=True)
    first = project.report_files()[0].parent.name
    assert len(clean(project)) == 1
    assert bad(copied) == []
    told = [finding.what for finding in verify(copied) if finding.part == "cleaned models"]
    assert told == ["1 model removed by `blindspot clean`; what needs one says how to train it again"]
    assert read_report(project, first).arms
    assert check(project, monitor=Silent()).is_file()
    with pytest.raises(BlindspotError, match=r"removed by `blindspot clean`.*blindspot retrain"):
        promote(project, arm="human", seed=6, proof_id=first, force=True)
    retrain(project, RetrainRequest(recipes=("scratch",)), monitor=Silent())
    assert promote(project, arm="human", seed=6, proof_id=first, force=True).seed == 6
    assert bad(copied) == []
