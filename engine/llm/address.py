"""Validation of an LLM server's address and of the environment variable with its key.

So what is shown to a person is what is used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv6Address

from engine.errors import SettingsError
from engine.settings import LlmSettings
from engine.trust import OutsideUse, outside_use, shown_name

OPENAI = "api.openai.com"
HELD_OUT = "--held-out"
"""Option of `blindspot trust`: it asks about held-out rows too."""
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?)*"
# No name and password, no query and no fragment: a key belongs into the environment, and a host that stands behind an @
# is easily read wrongly. Nothing outside ASCII: a name in other letters is written as it is looked up (xn--...).
_ADDRESS = re.compile(
    rf"(?P<scheme>https?)://(?P<host>{_HOST}\.?|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{{1,5}}))?"
    r"(?:/[A-Za-z0-9._~!$&'()*+,;=:%-]*)*"
)
_LONGEST = 200  # characters: it is shown whole where somebody is asked whether they know it
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_DEFAULTS = LlmSettings()
_LOCAL = re.compile(r"localhost|127\.[0-9.]+|\[::1\]")


@dataclass(frozen=True)
class Address:
    """Where requests go. ``host`` in small letters; ``port`` None: that of the scheme."""

    scheme: str
    host: str
    port: int | None

    @classmethod
    def of(cls, url: str) -> Address:
        """Take an address apart.

        Raises:
            SettingsError: it is none.
        """
        found = _ADDRESS.fullmatch(url)
        port = int(found["port"]) if found and found["port"] else None
        if found is None or len(url) > _LONGEST or not _is_host(found["host"]) or not 0 < (port or 1) < 65536:
            shown = "an address with an @, not shown as it may hold a key" if "@" in url else repr(url[:_LONGEST])
            raise SettingsError(
                f"`llm.base_url` is {shown}",
                where="blindspot.toml",
                hint="it must be an address such as https://api.openai.com/v1: host, port and path, nothing else",
            )
        return cls(found["scheme"], found["host"].lower(), port)

    @property
    def server(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}" if self.port else self.host

    @property
    def is_openai(self) -> bool:
        """Whether it is OpenAI's own, encrypted."""
        return self.scheme == "https" and (self.host == OPENAI or self.host.endswith(f".{OPENAI}")) and not self.port

    @property
    def is_readable(self) -> bool:
        """Whether others can read along: it is not encrypted and leaves this machine."""
        return self.scheme == "http" and _LOCAL.fullmatch(self.host) is None


def checked_variable(name: str) -> str:
    """The name of an environment variable; empty: none is named.

    Raises:
        SettingsError: it is no such name. It is not shown: it may be the key itself.
    """
    if name and not _VARIABLE.fullmatch(name):
        raise SettingsError(
            "this is not the name of an environment variable",
            where="llm.key_env",
            hint="write the name, such as OPENAI_API_KEY, and never the key itself, and export the key under that name",
        )
    return name


def _is_host(host: str) -> bool:
    if not host.startswith("["):
        return len(host) <= 253  # the longest name that can be looked up
    try:
        return bool(IPv6Address(host[1:-1]))
    except ValueError:
        return False


def server_use(llm: LlmSettings, prompts: Mapping[str, str], *, held_out: bool = False) -> OutsideUse | None:
    """The server that an LLM that teaches, judges or labels would ask; None where all is the package's default.

    Args:
        llm: of the project, as they will be used.
        prompts: sha256 of the project's own prompts, by file name.
        held_out: whether it would be sent held-out rows, to be labelled, which is agreed to apart.

    Raises:
        SettingsError: the address, or the name of the variable, is none.
    """
    address = Address.of(llm.base_url)
    variable = checked_variable(llm.key_env)
    if not prompts and (llm.base_url, llm.key_env, llm.model) == (_DEFAULTS.base_url, _DEFAULTS.key_env, ""):
        return None
    key = f" and the value of ${variable}" if variable else ""
    rows = "held-out (proof) rows of this project, to be labelled," if held_out else "rows of this project"
    what = f"{rows}{key} would go to {llm.base_url} (model {shown_name(llm.model)})"
    if prompts:
        what += "; prompts: " + ", ".join(f"{name} (sha256 {digest[:12]})" for name, digest in prompts.items())
    cautions = []
    if variable and variable != _DEFAULTS.key_env:
        cautions.append(f"${variable} is not the usual variable for such a key, which is ${_DEFAULTS.key_env}.")
    if variable and not address.is_openai and variable == _DEFAULTS.key_env:
        cautions.append(f"${variable} may hold your key for OpenAI, and {address.server} is not OpenAI.")
    if address.is_readable:
        cautions.append(f"The way to {address.server} is not encrypted: others on it can read along.")
    values = [llm.base_url, llm.key_env, llm.model, sorted(prompts.items())]
    if held_out:
        return replace(outside_use("server", what, cautions, *values, "held-out rows"), option=HELD_OUT)
    return outside_use("server", what, cautions, *values)
