"""The project of tested patterns with a pool of which some rows have no label: where the tests of searches start."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.files import read_json, write_json
from engine.operations.outside_uses import outside_uses
from engine.project import SETTINGS_FILE, Project
from engine.schema import UNLABELLED, Sample
from engine.settings import read_settings, write_settings
from engine.teaching.records import Teaching
from engine.text import row_hash
from engine.trust import agree
from tests.builders.project import put_split
from tests.builders.tiny_bert import body, words_of
from tests.engine.teaching.tested_patterns import ANN, pattern_project

BITTER = {
    "w0": "Thanks so much, the sheets were still wet.",
    "w1": "Thanks a lot, nobody came to the door.",
    "w2": "Thank you so much for losing both of our coats.",
}
PLAIN = {
    "o0": "The train leaves at nine.",
    "o1": "They sell bread, milk and stamps.",
    "o2": "A museum of clocks, open on Sundays.",
    "o3": "Our room had a view of the lake.",
}
WITHHELD = {"x0": "Thanks so much, the towels were wet again."}
STREAM = BITTER | PLAIN | WITHHELD
"""Pool rows without a label."""


def search_project(root: Path, *, encoder: str | None = None, pair: str | None = None) -> Project:
    """B1 and B2 as in `pattern_project`, and the rows above; x0 is withheld.

    Args:
        root: the folder.
        pair: the second text of each row, if rows are pairs.
        encoder: name of it; None: a very small one with random weights, to which equal texts alone are alike.
    """
    project = pattern_project(root, pair=pair)
    rows = [(row.id, row.text, row.label) for row in project.discovered().predictions.values()]
    rows += [(name, text, UNLABELLED) for name, text in STREAM.items()]
    second = {} if pair is None else {"text_pair": pair}
    put_split(root, "pool", [{"id": name, "text": text, "label": label, **second} for name, text, label in rows])
    manifest = read_json(root / "manifest.json")
    manifest["withheld"] = [row_hash(text, pair) for text in WITHHELD.values()]
    write_json(root / "manifest.json", manifest)
    if encoder is None:
        encoder = str(body(root.parent / "encoder", words_of([root / "splits" / "pool.jsonl"])))
    settings = read_settings(root / SETTINGS_FILE)
    write_settings(root / SETTINGS_FILE, replace(settings, model=replace(settings.model, encoder=encoder)))
    project = Project.open(root)
    agree(root, outside_uses(project))
    return project


def write_sample(project: Project, author: str, text: str, *, pattern: str | None, role: str = "target") -> Sample:
    """A sample of an author for B1, as the store keeps it."""
    teaching = Teaching(project.teaching_dir, author)
    with teaching.store.edit("sample") as edit:
        name = edit.new_id("S")
        sample = Sample(name, "B1", text, "negative", role, replace(ANN, name=author), pattern=pattern)  # type: ignore[arg-type]
        edit.put("sample", name, sample)
    return sample
