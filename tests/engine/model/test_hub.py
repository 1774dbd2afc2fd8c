"""The hub, played by a server of our own: a new process fetches a model, and the next one needs the hub no more."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from engine.model.weights import find_weights
from tests.builders.tiny_bert import classifier

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FIND = """
import sys
from engine.errors import ModelError
from engine.model.weights import find_weights


class Last:
    steps = []
    def step(self, stage, done, total, **facts):
        self.steps = [(done, total)]


last = Last()
try:
    found = find_weights(sys.argv[1], monitor=last)
    print(found.origin, found.sha256, sorted(path.name for path in found.path.iterdir()), last.steps)
except ModelError as error:
    print(error)
"""


class Hub:
    """Serves the files of one folder as org/model, and remembers what was asked for."""

    def __init__(self, folder: Path) -> None:
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
        asked = self.asked = []

        class Handler(BaseHTTPRequestHandler):
            def answer(self, body: bool) -> None:
                asked.append(self.path)
                name = self.path.rpartition("/")[2]
                if self.path.startswith("/api/models/org/model"):
                    siblings = [{"rfilename": name, "size": len(data)} for name, data in files.items()]
                    data = json.dumps({"id": "org/model", "sha": COMMIT, "siblings": siblings}).encode()
                elif self.path.startswith("/org/model/resolve/") and name in files:
                    data = files[name]
                else:
                    self.send_response(404)
                    self.send_header("X-Error-Code", "RepoNotFound")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
                self.send_header("X-Repo-Commit", COMMIT)
                self.end_headers()
                if body:
                    self.wfile.write(data)

            def do_GET(self) -> None:
                self.answer(body=True)

            def do_HEAD(self) -> None:
                self.answer(body=False)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = classifier(tmp_path / "model")
    (folder / "README.md").write_text("not wanted")
    (folder / "training_args.bin").write_bytes(b"not wanted")
    (folder / "model.fp16.safetensors").write_bytes(b"not wanted")
    return folder


@pytest.fixture
def hub(model: Path) -> Iterator[Hub]:
    served = Hub(model)
    yield served
    served.close()


def find(name: str, endpoint: str, cache: Path, **more: str) -> str:
    """What a new process, connected to that hub, says of a name."""
    environment = {key: value for key, value in os.environ.items() if "proxy" not in key.lower() and key != "HF_TOKEN"}
    environment |= {
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(cache),
        "HF_HUB_OFFLINE": "0",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    } | more
    done = subprocess.run(
        [sys.executable, "-c", FIND, name], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_model_is_fetched_once_only_what_is_loaded_and_what_was_interrupted_is_completed(
    hub: Hub, model: Path, tmp_path: Path
) -> None:
    wanted = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]
    sha256 = find_weights(str(model)).sha256
    size = sum((model / name).stat().st_size for name in wanted)
    assert find("org/model", hub.url, tmp_path / "cache") == f"hub {sha256} {wanted} [({size}, {size})]"
    (weights,) = (tmp_path / "cache").glob("hub/*/snapshots/*/model.safetensors")
    weights.unlink()  # as after an interrupted download
    assert find("org/model", hub.url, tmp_path / "cache").startswith("hub ")
    assert weights.exists()
    hub.close()
    assert find("org/model", hub.url, tmp_path / "cache") == f"hub cache {sha256} {wanted} []"


def test_a_model_that_is_only_pickled_is_not_fetched(hub: Hub, model: Path, tmp_path: Path) -> None:
    hub.close()
    for path in model.glob("*.safetensors"):
        path.unlink()
    (model / "pytorch_model.bin").write_bytes(b"pickle")
    other = Hub(model)
    assert "the weights are pickled (pytorch_model.bin)" in find("org/model", other.url, tmp_path / "cache")
    assert all(path.startswith("/api/") for path in other.asked)
    other.close()


def test_a_name_that_is_nowhere_is_said_so(hub: Hub, tmp_path: Path) -> None:
    answer = find("org/misspelt", hub.url, tmp_path / "cache")
    assert answer.startswith("org/misspelt: this is neither a folder nor a public model on the hub; check the spelling")


def test_offline_is_one_sentence_without_a_request(hub: Hub, tmp_path: Path) -> None:
    answer = find("org/model", hub.url, tmp_path / "cache", HF_HUB_OFFLINE="1")
    assert answer == (
        "org/model: this is no folder and not in the hub cache, and HF_HUB_OFFLINE forbids to fetch it; "
        "name a local folder, or unset HF_HUB_OFFLINE."
    )
    assert hub.asked == []


@pytest.mark.parametrize("listening", [True, False])
def test_a_hub_that_does_not_answer_ends_the_search(listening: bool, tmp_path: Path) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        if listening:
            mute.listen()
        answer = find("org/model", f"http://127.0.0.1:{mute.getsockname()[1]}", tmp_path / "cache")
    assert "the hub cannot be reached" in answer
    assert answer.endswith("name a local folder, or connect to the network once.")
