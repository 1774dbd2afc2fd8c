"""What the tools' own libraries read of an export, and what they write comes in again: `make test-formats`.

Without a library its test is skipped. Prodigy is not on PyPI; CheckList does not install from there.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from engine.project import Project
from tests.engine.exchange.world import contents, exported, imported, make_source, out_of, rows_of
from tests.engine.teaching.world import make_project


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_source(tmp_path_factory.mktemp("source") / "work")


def test_datasets_reads_every_kind_with_its_splits_and_classes(source: Project, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    exported(source, "hf", tmp_path / "out")
    out = out_of(source)
    for table in out.tables:
        found = datasets.load_dataset(str(tmp_path / "out"), table.kind, cache_dir=str(tmp_path / "cache"))
        assert set(found) == ({"pool", "proof"} if table.kind == "labels" else {"train"})
        read = [row for split in found.values() for row in split]
        for one in ("label", "settled"):
            names = next(iter(found.values())).features.get(one)
            if hasattr(names, "int2str"):
                assert names.names == list(source.labels)
                read = [row | {one: None if row[one] is None else names.int2str(row[one])} for row in read]
        wanted = [{name: None if value == "" else value for name, value in row.items()} for row in table.rows]
        read = [{name: None if value == "" else value for name, value in row.items()} for row in read]
        assert Counter(map(json.dumps, _sorted(read))) == Counter(map(json.dumps, _sorted(wanted)))


def test_what_datasets_has_written_comes_in_again(source: Project, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    exported(source, "hf", tmp_path / "out")
    found = datasets.load_dataset(str(tmp_path / "out"), "labels", cache_dir=str(tmp_path / "cache"))
    for split, rows in found.items():
        rows.filter(lambda row: row["labeller_kind"] == "human").to_parquet(
            str(tmp_path / f"new/labels/{split}.parquet")
        )
    fresh = make_project(tmp_path / "fresh")
    imported(fresh, tmp_path / "new", format="hf")
    people = [row for row in rows_of(out_of(source), "labels") if row["labeller_kind"] == "human"]
    columns = ("id", "split", "label", "labeller", "certainty", "queue")
    wanted = Counter(tuple(row[name] for name in columns) for row in people)
    assert contents(out_of(fresh), "labels", columns) == wanted


def test_argilla_reads_settings_and_records_and_what_it_writes_comes_in_again(
    source: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    argilla = pytest.importorskip("argilla")
    from argilla._api._client import APIClient
    from argilla.records._io import JsonIO

    monkeypatch.setattr(APIClient, "_validate_connection", lambda self: None)  # there is no server
    client = argilla.Argilla(api_url="http://127.0.0.1:9", api_key="none")
    exported(source, "argilla", tmp_path / "out")
    settings = argilla.Settings.from_json(tmp_path / "out" / ".argilla" / "settings.json")
    settings.validate()
    assert [question.name for question in settings.questions] == ["label", "certainty", "note", "label_2"]
    assert settings.questions[0].labels == list(source.labels)
    model = argilla.Dataset._load_dataset_model(tmp_path / "out" / ".argilla" / "dataset.json")
    data = argilla.Dataset(name=model.name, settings=settings, client=client)
    raw = json.loads((tmp_path / "out" / "records.json").read_bytes())
    for record in (argilla.Record.from_dict(one, dataset=data) for one in raw):
        record.api_model()  # what is sent to a server, as its schema has it
    records = JsonIO._records_from_json(tmp_path / "out" / "records.json")
    assert [record.id for record in records] == [one["id"] for one in raw]
    JsonIO.to_json(records, tmp_path / "again.json")
    (tmp_path / "annotators.json").write_bytes((tmp_path / "out" / "annotators.json").read_bytes())
    fresh = make_project(tmp_path / "fresh")
    imported(fresh, tmp_path / "again.json", format="argilla")
    columns = ("id", "split", "label", "labeller", "labeller_kind", "certainty")
    sure = [row for row in rows_of(out_of(source), "labels") if row["label"] and row["queue"] != "conflict"]
    assert contents(out_of(fresh), "labels", columns) == Counter(tuple(row[name] for name in columns) for row in sure)


def test_label_studio_reads_the_interface_and_every_annotation_and_prediction(source: Project, tmp_path: Path) -> None:
    pytest.importorskip("label_studio_sdk")
    from label_studio_sdk.converter import Converter
    from label_studio_sdk.label_interface import LabelInterface

    exported(source, "label-studio", tmp_path / "out")
    config = (tmp_path / "out" / "config.xml").read_text(encoding="utf-8")
    interface = LabelInterface(config)
    interface.validate()
    tasks: list[dict[str, Any]] = json.loads((tmp_path / "out" / "tasks.json").read_bytes())
    for task in tasks:
        assert all(interface.validate_annotation(one) for one in task["annotations"])
        assert all(interface.validate_prediction(one) for one in task["predictions"])
    converter = Converter(config, project_dir=None, download_resources=False)
    converter.convert_to_json_min(str(tmp_path / "out" / "tasks.json"), str(tmp_path / "min"), is_dir=False)
    people = json.loads((tmp_path / "out" / "annotators.json").read_bytes())["people"]
    read = json.loads((tmp_path / "min" / "result.json").read_bytes())
    found = Counter((one["row"], people[str(one["annotator"])], one["label"]) for one in read if "label" in one)
    said = [row for row in rows_of(out_of(source), "labels") if row["labeller_kind"] == "human" and row["label"]]
    assert found == Counter((row["id"], row["labeller"], row["label"]) for row in said)


def _sorted(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """With their columns in one order."""
    return [dict(sorted(row.items())) for row in rows]
