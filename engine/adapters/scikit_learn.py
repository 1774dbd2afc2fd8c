"""scikit-learn as a classifier: `python -m engine.adapters.scikit_learn score` and `... train REQUEST.json`.

`train` fits TF-IDF of words and pairs of words with logistic regression. `score` takes that, or any pipeline of your
own that maps a list of texts to probabilities (`predict_proba`). Of a pair both texts are read as one, on two lines.

Models are files of skops: they name the types they consist of, and nothing but known ones is made. A pickle (.pkl,
.pickle, .joblib) runs whatever its writer has put into it when it is opened, and is opened on request alone.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from engine.errors import ModelError
from engine.extras import missing_told
from engine.programs.answering import answers_alone, examples, serve
from engine.schema import Example

MODEL = "model.skops"
_SCHEMA = "schema.json"  # of skops: the objects, and the files of their arrays
_PICKLES = (".pkl", ".pickle", ".joblib")
_MOST_STEPS = 1000  # of the solver; 100, the default, is too few for some thousand texts with C = 10


class Pipeline:
    """A fitted pipeline that says how probable each label is.

    Args:
        fitted: of scikit-learn, with `classes_` and `predict_proba`.

    Raises:
        ModelError: it has neither.
    """

    name = "scikit-learn"

    def __init__(self, fitted: Any) -> None:
        if not hasattr(fitted, "predict_proba") or not hasattr(fitted, "classes_"):
            raise ModelError(
                f"a {type(fitted).__name__} gives no probabilities",
                hint="fit one with `predict_proba`, e.g. a CalibratedClassifierCV around it",
            )
        self._fitted = fitted
        self.labels = [str(label) for label in fitted.classes_]

    def probabilities(self, rows: Sequence[Example]) -> Any:
        """Of each row a probability for each label."""
        return self._fitted.predict_proba(list(map(_text, rows)))


def load(path: Path | None, *, trusted: Sequence[str] = (), allow_pickle: bool = False) -> Pipeline:
    """A model from its file, or from the folder into which `train` wrote it.

    Args:
        path: file or folder.
        trusted: further types that a file of skops may hold.
        allow_pickle: open a pickle too.

    Raises:
        ModelError: there is none, or it may not be opened.
    """
    if path is None:
        hint = "name a model (`classifier.model` in blindspot.toml), or a program that trains"
        raise ModelError("no model is named", hint=hint)
    path = path / MODEL if path.is_dir() else path
    if not path.is_file():
        raise ModelError("there is no model", where=str(path), hint="name the file that was written by skops")
    if path.suffix in _PICKLES:
        return Pipeline(_unpickled(path, allowed=allow_pickle))
    io = _skops()
    try:
        unknown = sorted(set(io.get_untrusted_types(file=path)) - set(trusted))
        if unknown:
            raise ModelError(
                f"it holds types that are not known to be harmless: {', '.join(unknown)}",
                where=str(path),
                hint=f"if you know them, add {' '.join(f'--trust {name}' for name in unknown)} to the command",
            )
        return Pipeline(io.load(path, trusted=list(trusted)))
    except (BadZipFile, KeyError, ValueError) as error:
        raise ModelError(
            "this is no file of skops", where=str(path), hint="save the model with skops.io.dump"
        ) from error


def train(request: Mapping[str, Any]) -> None:
    """Fit the rows of a request, and write the model.

    Args:
        request: as docs/pages/tasks/own-classifier.md says: ``rows``, ``seed``, ``out``.

    Raises:
        ModelError: skops is not installed.
    """
    io = _skops()  # which brings scikit-learn
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    with Path(request["rows"]).open(encoding="utf-8") as source:
        rows = list(examples(map(json.loads, source)))
    model = make_pipeline(
        # A word that no letter or digit is part of, such as :), may decide; the default pattern leaves it out.
        TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), token_pattern=r"\w+|[^\w\s]+"),
        LogisticRegression(C=10, max_iter=_MOST_STEPS, random_state=request["seed"]),
    )
    model.fit(list(map(_text, rows)), [row.label for row in rows])
    (Path(request["out"]) / MODEL).write_bytes(_alike(io.dumps(model)))


def _alike(dumped: bytes) -> bytes:
    """A file of skops, packed, whose bytes are the same for equal models: objects are numbered as they come.

    skops names them by their places in memory, and gives each part the time.
    """
    numbers: dict[str, str] = {}

    def renumbered(found: re.Match[str]) -> str:
        return f"{found[1]}{numbers.setdefault(found[2], str(len(numbers) + 1))}"

    packed = BytesIO()
    with ZipFile(BytesIO(dumped)) as old, ZipFile(packed, "w", ZIP_DEFLATED) as new:
        # Inside a text both would have their quotation marks escaped.
        schema = re.sub(r'("__id__": |"file": ")(\d+)', renumbered, old.read(_SCHEMA).decode())
        parts = {name: old.read(name) for name in old.namelist() if name != _SCHEMA}
        parts = {f"{numbers[name.partition('.')[0]]}.{name.partition('.')[2]}": data for name, data in parts.items()}
        for name, data in {**dict(sorted(parts.items())), _SCHEMA: schema.encode()}.items():
            new.writestr(ZipInfo(name), data, ZIP_DEFLATED)
    return packed.getvalue()


def _unpickled(path: Path, *, allowed: bool) -> Any:
    if not allowed:
        raise ModelError(
            "this is a pickle: whoever wrote it can run anything here when it is opened",
            where=str(path),
            hint="save the model with skops.io.dump; or, if you wrote the file yourself, add --allow-pickle",
        )
    import joblib  # reads both, and comes with scikit-learn

    return joblib.load(path)


def _skops() -> Any:
    with missing_told():
        import skops.io
    return skops.io


def _text(row: Example) -> str:
    return row.text if row.text_pair is None else f"{row.text}\n{row.text_pair}"


def main(words: Sequence[str] | None = None, source: IO[str] | None = None, out: IO[str] | None = None) -> int:
    """Score or train, as the words say; scores go by default from standard input to standard output."""
    parser = argparse.ArgumentParser(prog="python -m engine.adapters.scikit_learn", description=__doc__)
    parts = parser.add_subparsers(dest="part", required=True)
    scores = parts.add_parser("score", help="answer requests with a model")
    scores.add_argument("--trust", metavar="TYPE", action="append", default=[], help="a further type it may hold")
    scores.add_argument("--allow-pickle", action="store_true", help="open a pickle: it can run anything here")
    trains = parts.add_parser("train", help="fit TF-IDF and logistic regression")
    trains.add_argument("request", metavar="REQUEST", type=Path, help="JSON file that says what is to be trained")
    options = parser.parse_args(words)
    try:
        if options.part == "score":
            opened = partial(load, trusted=options.trust, allow_pickle=options.allow_pickle)
            return serve(lambda labels, pair, model: opened(model), source or sys.stdin, out or answers_alone())
        train(json.loads(options.request.read_text(encoding="utf-8")))
    except ModelError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
