"""The scikit-learn adapter: what it trains it scores, files that could run something are refused."""

from __future__ import annotations

import io
import json
import pickle
from pathlib import Path

import pytest
import skops.io
from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from engine.adapters.scikit_learn import MODEL, main
from tests.builders.tiny_bert import rows
from tests.engine.adapters.talk import talk
from tests.test_library_page import examples

ROWS = [row.as_json() for row in rows(40)]
TEXTS, LABELS = [row["text"] for row in ROWS], [row["label"] for row in ROWS]


def request_for(folder: Path) -> Path:
    """The file that asks to train a model into the folder `out` beside it."""
    (folder / "out").mkdir(parents=True)
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    request = {"protocol": 1, "rows": str(folder / "rows.jsonl"), "labels": ["bad", "good"], "pair": False, "seed": 3}
    request |= {"start": None, "out": str(folder / "out")}
    (folder / "request.json").write_text(json.dumps(request))
    return folder / "request.json"


def trained(folder: Path) -> Path:
    """The folder of a model that the program has trained."""
    assert main(["train", str(request_for(folder))]) == 0
    return folder / "out"


def test_what_it_trains_it_scores(tmp_path: Path) -> None:
    model = trained(tmp_path)
    assert [path.name for path in model.iterdir()] == [MODEL]
    asked = [[{"text": text} for text in TEXTS[:3]], [{"text": TEXTS[3]}]]
    status, (hello, first, second) = talk(main, ["score"], asked, model=model)
    assert (status, hello["protocol"], hello["labels"]) == (0, 1, ["bad", "good"])
    assert (first["id"], second["id"]) == (1, 2)
    said = [*first["probabilities"], *second["probabilities"]]
    assert [hello["labels"][one.index(max(one))] for one in said] == LABELS[:4]
    assert all(abs(sum(one) - 1) < 1e-9 for one in said)


def test_the_programs_of_the_page_train_and_score(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scores, trains, *_ = examples("own-classifier.md")
    monkeypatch.setattr("sys.argv", ["train.py", str(request_for(tmp_path))])
    exec(trains)
    asked = [{"labels": ["bad", "good"], "model": str(tmp_path / "out")}, {"id": 1, "rows": ROWS[:2]}]
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(json.dumps(line) + "\n" for line in asked)))
    exec(scores)
    hello, answer = map(json.loads, capsys.readouterr().out.splitlines())
    assert [hello["labels"][one.index(max(one))] for one in answer["probabilities"]] == LABELS[:2]


def test_equal_rows_make_an_equal_file(tmp_path: Path) -> None:
    first, second = (trained(tmp_path / name) / MODEL for name in ("one", "two"))
    assert first.read_bytes() == second.read_bytes()


def test_a_pair_is_read_as_one_text(tmp_path: Path) -> None:
    model = trained(tmp_path)
    asked = [[{"text": "it", "text_pair": "fine"}, {"text": "it", "text_pair": "slow"}]]
    _, (_, answer) = talk(main, ["score"], asked, model=model, pair=True)
    good, bad = answer["probabilities"]
    assert (good[1] > good[0], bad[0] > bad[1]) == (True, True)


@pytest.mark.parametrize("name", ["model.pkl", "model.pickle", "model.joblib"])
def test_a_pickle_is_opened_on_request_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    path, ran = tmp_path / name, tmp_path / "ran"
    path.write_bytes(pickle.dumps(_Runs(ran)))
    status, lines = talk(main, ["score"], [], model=path)
    assert (status, lines, ran.exists()) == (1, [], False)
    told = capsys.readouterr().err
    assert f"{path}: this is a pickle: whoever wrote it can run anything here when it is opened" in told
    assert "save the model with skops.io.dump; or, if you wrote the file yourself, add --allow-pickle" in told
    fitted = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, LABELS)
    path.write_bytes(pickle.dumps(fitted))
    status, (hello, answer) = talk(main, ["score", "--allow-pickle"], [[{"text": TEXTS[0]}]], model=path)
    assert (status, hello["labels"]) == (0, ["bad", "good"])
    assert answer["probabilities"] == [pytest.approx(fitted.predict_proba(TEXTS[:1])[0].tolist())]


class _Runs:
    """Runs something when it is opened."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self._path,)


def test_types_that_are_not_known_to_be_harmless_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "svm.skops"
    skops.io.dump(make_pipeline(TfidfVectorizer(), CalibratedClassifierCV(LinearSVC())).fit(TEXTS, LABELS), path)
    status, lines = talk(main, ["score"], [], model=path)
    assert (status, lines) == (1, [])
    told = capsys.readouterr().err
    assert "it holds types that are not known to be harmless: sklearn.calibration._CalibratedClassifier" in told
    words = told[told.index("add ") : told.index(" to the command")].split()[1:]
    status, (hello, _) = talk(main, ["score", *words], [[{"text": TEXTS[0]}]], model=path)
    assert (status, hello["labels"]) == (0, ["bad", "good"])


def test_what_is_no_model_is_told_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broken.skops").write_bytes(b"no zip")
    skops.io.dump(LinearSVC(), tmp_path / "svm.skops")
    for model, sentence in (
        (None, "no model is named; name a model (`classifier.model` in blindspot.toml), or a program that trains."),
        (tmp_path, "model.skops: there is no model; name the file that was written by skops."),
        (tmp_path / "broken.skops", "broken.skops: this is no file of skops; save the model with skops.io.dump."),
        (tmp_path / "svm.skops", "a LinearSVC gives no probabilities; fit one with `predict_proba`"),
    ):
        assert talk(main, ["score"], [], model=model) == (1, [])
        assert sentence in capsys.readouterr().err
