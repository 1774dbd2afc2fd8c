"""A real HTTP server on 127.0.0.1 that speaks the protocols of chat servers and fails in every way asked of it."""

from __future__ import annotations

import json
import socket
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from typing_extensions import Self

FORMATS = ("json_schema", "json_object")


@dataclass(frozen=True)
class Fault:
    """A reply that is not simply a good answer.

    Attributes:
        status, headers, body: of the response.
        hold: send nothing until the server is closed.
        drip: send the body in pieces of this many bytes, each at once; 0: in one.
        reset_after: cut the connection hard after this many bytes of the body; None: do not.
        endless: send the body again and again until the client leaves.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    hold: bool = False
    drip: int = 0
    reset_after: int | None = None
    endless: bool = False


Answers = Callable[[dict[str, Any]], "str | Fault"]


def completion(
    text: str | None, *, usage: Mapping[str, Any] | None = None, finish: str = "stop", refusal: str | None = None
) -> dict[str, Any]:
    """The body of a chat completion; without ``usage`` it has no such field."""
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if refusal is not None:
        message["refusal"] = refusal
    body: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "local",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
    }
    return {**body, "usage": dict(usage)} if usage is not None else body


def body_of(value: Any) -> bytes:
    return json.dumps(value).encode()


def no_usage(text: str) -> Fault:
    return Fault(body=body_of(completion(text)))


def with_usage(text: str, prompt: int, answer: int, cached: int = 0) -> Fault:
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": answer,
        "total_tokens": prompt + answer,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
    return Fault(body=body_of(completion(text, usage=usage)))


def response(
    text: str | None,
    *,
    usage: Mapping[str, Any] | None = None,
    stopped_by: str | None = None,
    refusal: str | None = None,
) -> Fault:
    """An answer by the responses protocol, after some reasoning; ``stopped_by``: why it is incomplete."""
    said = (
        {"type": "refusal", "refusal": refusal} if refusal else {"type": "output_text", "text": text, "annotations": []}
    )
    body = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": "local",
        "status": "incomplete" if stopped_by else "completed",
        "incomplete_details": {"reason": stopped_by} if stopped_by else None,
        "output": [
            {"type": "reasoning", "id": "rs_1", "summary": []},
            {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [said]},
        ],
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "tools": [],
        "usage": usage,
    }
    return Fault(body=body_of(body))


def cut(text: str) -> Fault:
    """An answer that stopped at the token limit."""
    return Fault(body=body_of(completion(text, finish="length")))


def refused(words: str) -> Fault:
    return Fault(body=body_of(completion(None, refusal=words)))


def filtered() -> Fault:
    return Fault(body=body_of(completion("", finish="content_filter")))


def no_choices() -> Fault:
    return Fault(body=body_of({**completion(""), "choices": []}))


def error(
    status: int, message: str, *, code: str | None = None, param: str | None = None, retry_after: str | None = None
) -> Fault:
    """An error in the words of the protocol."""
    body = body_of({"error": {"message": message, "type": "error", "code": code, "param": param}})
    return Fault(status, body, {} if retry_after is None else {"Retry-After": retry_after})


def wrong_key() -> Fault:
    return error(401, "Incorrect API key provided.", code="invalid_api_key")


def no_model(name: str = "local") -> Fault:
    return error(404, f"The model `{name}` does not exist.", code="model_not_found")


def busy(retry_after: str | None = None) -> Fault:
    return error(429, "Rate limit reached.", code="rate_limit_exceeded", retry_after=retry_after)


def broken() -> Fault:
    return error(500, "The server had an error.")


def silent() -> Fault:
    """No first byte before the client gives up."""
    return Fault(hold=True)


def reset(text: str) -> Fault:
    """The connection is reset in the middle of the body."""
    body = body_of(completion(text))
    return Fault(body=body, reset_after=len(body) // 2)


def dripped(text: str) -> Fault:
    """A good answer in pieces of seven bytes."""
    return Fault(body=body_of(completion(text)), drip=7)


class LlmServer:
    """The server; a context manager, which at its end raises what ``answer`` raised.

    Args:
        answer: from the JSON body of a request to the text of the answer, or to a fault. Called from one thread per
            connection, never twice at the same time.
        formats: kinds of ``response_format`` that it takes; others get a 400 that says so. None: ``answer`` decides.

    Attributes:
        formats: may be changed at any time.
        base_url: what a project has in ``llm.base_url``.
        requests: the JSON bodies of all requests, in order; those whose format was not taken as well.
        headers: those of each of them. keys: the Authorization header of each.
    """

    def __init__(self, answer: Answers, *, formats: tuple[str, ...] | None = FORMATS) -> None:
        self._answer = answer
        self.formats = formats
        self._lock = threading.Lock()
        self.closing = threading.Event()
        self.requests: list[dict[str, Any]] = []
        self.headers: list[Message] = []
        self._failures: list[BaseException] = []
        self._server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"owner": self}))
        self._server.failures = self._failures
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        if self._failures:
            raise self._failures[0]

    @property
    def keys(self) -> list[str]:
        return [headers.get("Authorization", "") for headers in self.headers]

    def reply(self, body: dict[str, Any], headers: Message) -> Fault:
        """What is sent for a request."""
        kind = (body.get("response_format") or body.get("text", {}).get("format", {})).get("type")
        with self._lock:
            self.requests.append(body)
            self.headers.append(headers)
            if kind is not None and self.formats is not None and kind not in self.formats:
                return error(400, f"response_format of type {kind} is not supported", param="response_format")
            answer = self._answer(body)
        if isinstance(answer, Fault):
            return answer
        if "input" in body:
            return response(answer)
        prompt = sum(len(message["content"]) for message in body["messages"]) // 4
        return with_usage(answer, prompt, len(answer) // 4)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    failures: list[BaseException]

    def handle_error(self, request: object, client_address: object) -> None:
        """An error of the test's own function is an error of the test; a client that left is none."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, OSError):
            self.failures.append(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: LlmServer

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:  # a client killed in the middle of asking is one that left
            self.close_connection = True
            return
        if self.path not in ("/v1/chat/completions", "/v1/responses"):
            self._send(error(404, f"nothing at {self.path}"))
            return
        self._send(self.owner.reply(json.loads(body), self.headers))

    def _send(self, fault: Fault) -> None:
        if fault.hold:
            self.owner.closing.wait()
            self.close_connection = True
            return
        try:
            self.send_response(fault.status)
            for name, value in {"Content-Type": "application/json", **fault.headers}.items():
                self.send_header(name, value)
            if fault.endless:
                self.close_connection = True
                self.end_headers()
                while not self.owner.closing.is_set():
                    self.wfile.write(fault.body)
                return
            self.send_header("Content-Length", str(len(fault.body)))
            self.end_headers()
            sent = fault.body if fault.reset_after is None else fault.body[: fault.reset_after]
            step = fault.drip or len(sent) or 1
            for start in range(0, len(sent), step):
                self.wfile.write(sent[start : start + step])
                self.wfile.flush()
            if fault.reset_after is not None:
                linger = struct.pack("ii", 1, 0)  # close() then sends RST rather than FIN
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True
                self.connection.close()
        except OSError:
            self.close_connection = True  # the client is gone

    def log_message(self, format: str, *args: object) -> None:
        pass
