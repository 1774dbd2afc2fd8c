"""Who comes in: tokens, names of hosts, pages that a request comes from."""

from __future__ import annotations

import pytest

from engine.errors import BlindspotError
from tui.web.gate import Gate, is_loopback


def test_each_annotator_has_a_link_that_nobody_can_guess_and_secrets_are_not_shown() -> None:
    gate = Gate(["ada", "ben"], host="127.0.0.1")
    ada, ben = gate.links
    assert gate.by_token(ada.token) is ada
    assert gate.by_ticket(ben.ticket) is ben
    for wrong in ("", "é\udcff", ada.token[:-1], ada.token + "x", ada.ticket):
        assert gate.by_token(wrong) is None
    assert gate.by_ticket(ada.token) is None
    assert len({ada.token, ada.ticket, ben.token, ben.ticket, Gate([], host="").links[0].token}) == 5
    assert min(map(len, (ada.token, ada.ticket))) >= 43  # 256 bits
    assert not any(secret in repr(ada) for secret in (ada.token, ada.ticket))


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("127.0.0.1:8123", True),
        ("localhost:9000", True),  # the port of a tunnel
        ("[::1]:8123", True),
        ("labels.example.org", True),
        ("LABELS.example.org:443", True),
        ("evil.example", False),
        ("127.0.0.1.evil.example:8123", False),
        ("localhost.evil.example", False),
        ("", False),
        ("[", False),
    ],
)
def test_a_request_names_an_address_or_a_name_of_this_server(host: str, known: bool) -> None:
    assert Gate([], host="127.0.0.1", public="https://labels.example.org/blindspot/").knows_host(host) is known


def test_a_terminal_is_for_the_page_of_this_server() -> None:
    gate = Gate([], host="127.0.0.1")
    assert gate.knows_origin("http://localhost:9000", "localhost:9000")
    for other in ("", "null", "http://localhost:9001", "http://evil.example", "http://localhost:9000.evil.example"):
        assert not gate.knows_origin(other, "localhost:9000")
    behind = Gate([], host="127.0.0.1", public="https://labels.example.org/blindspot/")
    assert behind.knows_origin("https://labels.example.org", "127.0.0.1:8123")
    assert not behind.knows_origin("http://labels.example.org", "127.0.0.1:8123")
    assert (behind.path, behind.secure) == ("/blindspot/", True)


def test_an_address_that_is_none_is_refused() -> None:
    for public in ("labels.example.org", "ftp://labels.example.org", "https://", "https://a.example/?x"):
        with pytest.raises(BlindspotError, match="is no address; give one such as"):
            Gate([], host="127.0.0.1", public=public)


def test_which_hosts_only_this_machine_reaches() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.0.0.2", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.1.5", "example.org", "")))
