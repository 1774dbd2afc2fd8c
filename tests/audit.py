"""`make audit`: licences, hashes, the bundled model and known vulnerabilities of what is installed to run Blindspot.

Says plainly what it could not look at. Exit status: 0 all that was looked at is well, 1 something is not.
``python -m tests.audit --licences`` prints docs/licences.md.
"""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import tomlkit
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from engine.errors import ModelError
from engine.model.weights import PACKAGE_NAMES, find_weights

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
_COPYLEFT = re.compile(r"\bA?GPL|\bLGPL|\bAFFERO|\bGNU\b|\bSSPL|\bEUPL|\bCC-BY-NC", re.IGNORECASE)
# Every licence that is allowed at run time names one of these; files under the MPL keep it, which binds nobody else.
_KNOWN = re.compile(r"\bMIT|BSD|Apache|ISC|PSF|Python Software Foundation|MPL-2\.0|Zlib|0BSD|CC0|CNRI|BSL-1\.0", re.I)


def runtime() -> dict[str, Distribution]:
    """All that is installed because Blindspot needs it to run, by canonical name."""
    found: dict[str, Distribution] = {}
    project = tomlkit.parse((ROOT / "pyproject.toml").read_text(encoding="utf-8")).unwrap()["project"]
    extras = project["optional-dependencies"]
    used = (one for name in ("models", "parquet", "serve", "frames", "sklearn") for one in extras[name])
    waiting = [Requirement(one) for one in (*project["dependencies"], *used)]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if name in found:
            continue
        found[name] = distribution(name)
        needs = map(Requirement, found[name].requires or ())
        waiting += [one for one in needs if one.marker is None or one.marker.evaluate({"extra": ""})]
    return dict(sorted(found.items()))


def licence(one: Distribution) -> str:
    """What a package says of its licence: its expression, else its classifiers, else the first line of its text."""
    told = one.metadata
    named = [value.rpartition(" :: ")[2] for value in told.get_all("Classifier") or () if "License ::" in value]
    classified = "; ".join(name for name in named if name != "OSI Approved")  # which says nothing of which one
    texts = [told.get("License") or ""]
    texts += [
        file.read_text() for file in one.files or () if file.name.startswith("LICENSE") and ".dist-info/" in str(file)
    ]
    first = next((text.strip().partition("\n")[0] for text in texts if text.strip()), "")
    return told.get("License-Expression") or classified or first


def forbidden(text: str) -> str | None:
    """Why a licence may not be used at run time; None if it may. One of several to choose from is enough."""
    choices = re.split(r"\bOR\b", text.strip("()")) if " AND " not in text else [text]
    if all(_COPYLEFT.search(choice) for choice in choices):
        return "copyleft"
    return None if _KNOWN.search(text) else "unknown"


def _licences(found: dict[str, Distribution]) -> Iterator[str]:
    for name, one in found.items():
        if why := forbidden(licence(one)):
            yield f"{name} {one.version}: {why} licence: {licence(one) or 'none told'}"


def locked() -> dict[str, set[str]]:
    """The versions of each package in requirements.lock; Pythons differ in them."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([^ ;\\]+)", LOCK.read_text(encoding="utf-8"), flags=re.MULTILINE):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


def _versions(found: dict[str, Distribution]) -> Iterator[str]:
    pins = locked()
    for name, one in found.items():
        if not _of_torch(name) and one.version not in pins.get(name, ()):
            yield f"{name} {one.version}: requirements.lock has {', '.join(pins.get(name, {'none'}))}"


def _of_torch(name: str) -> bool:
    return name.startswith(("torch", "nvidia-", "cuda-", "triton"))


def changed_files(one: Distribution) -> Iterator[str]:
    """Files of a package whose bytes are not those that its installer wrote down."""
    for file in one.files or ():
        if file.hash is None:
            continue
        path = Path(str(file.locate()))
        if not path.is_file():
            yield f"{one.name} {one.version}: {file} is missing"
            continue
        digest = hashlib.new(file.hash.mode, path.read_bytes()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != file.hash.value:
            yield f"{one.name} {one.version}: {file} has changed since it was installed"


def _files(found: dict[str, Distribution]) -> Iterator[str]:
    for one in found.values():
        yield from changed_files(one)


def _model(found: dict[str, Distribution]) -> Iterator[str]:
    try:
        find_weights(PACKAGE_NAMES[0], fetch=False)
    except ModelError as error:
        yield str(error)


def _vulnerabilities() -> tuple[list[str], str]:
    """What pip-audit finds, and why it could not look."""
    program = shutil.which("pip-audit") or shutil.which("pip-audit", path=str(Path(sys.executable).parent))
    if program is None:
        return [], "pip-audit is not installed"
    pins = [f"{name}=={one.version.partition('+')[0]}" for name, one in runtime().items()]
    command = [program, "--no-deps", "--disable-pip", "--progress-spinner", "off", "-r", "/dev/stdin"]
    done = subprocess.run(command, input="\n".join(pins), capture_output=True, text=True, check=False)
    rows = [line for line in done.stdout.splitlines() if re.search(r"\b(CVE|GHSA|PYSEC)-", line)]
    if done.returncode and not rows:
        return [], f"pip-audit could not ask: {(done.stderr.strip().splitlines() or ['no reason told'])[-1]}"
    return rows, ""


def _markdown(found: dict[str, Distribution]) -> str:
    head = """# Licences

Blindspot is Apache-2.0. This is what it needs to run, as installed with Python 3.11 on Linux and written down by
`make licences`. None of it is under the GPL, LGPL or AGPL; `make audit` fails if that changes. The page of
`blindspot serve` brings xterm.js with two of its addons, under the MIT licence (`tui/web/assets/LICENSE.xterm`).

| package | version | licence |
| --- | --- | --- |
"""
    rows = (f"| {name} | {one.version.partition('+')[0]} | {licence(one)} |" for name, one in found.items())
    return head + "\n".join(rows) + "\n"


def main() -> int:
    """Look at everything and print what is wrong and what could not be looked at."""
    try:
        found = runtime()
    except PackageNotFoundError as error:
        print(f"audit: {error.name} is not installed; run `make demo` or `make test` first", file=sys.stderr)
        return 1
    if "--licences" in sys.argv[1:]:
        print(_markdown(found), end="")
        return 0
    wrong = 0
    for what, look in (
        ("licences", _licences),
        ("versions against requirements.lock", _versions),
        ("files against what was installed", _files),
        ("the bundled model", _model),
    ):
        problems = list(look(found))
        wrong += len(problems)
        print(f"{what}: {f'{len(problems)} wrong' if problems else 'well'} ({len(found)} packages)")
        for problem in problems:
            print(f"  {problem}")
    known, why_not = _vulnerabilities()
    print(f"known vulnerabilities: {(why_not and f'not looked at: {why_not}') or f'{len(known)} found'}")
    for row in known:
        print(f"  {row}")
    print("not looked at: torch, which has no hash in the lock, but for its licence and its files since the install")
    return 1 if wrong or known else 0


if __name__ == "__main__":
    sys.exit(main())
