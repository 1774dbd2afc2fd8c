"""Builds the documentation site: the pages beside this file, and the reference pages made from the code.

`python docs/build.py` writes `build/docs/site/index.html`. A link to a page or heading that is not there ends it with
status 1 (`zensical build --strict`).
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent
BUILD = ROOT / "build" / "docs"
sys.path.insert(0, str(ROOT))

from engine.settings import Settings  # noqa: E402 - found in this checkout, installed or not
from tui.cli import COMMANDS, module_of  # noqa: E402
from tui.keys import BINDINGS  # noqa: E402


def commands() -> str:
    """Every command with its help, as `blindspot COMMAND --help` prints it."""
    page = ["# Commands", "", "| command | what it does |", "| --- | --- |"]
    page += [f"| [`{name}`](#{name}) | {summary} |" for name, summary in COMMANDS.items()]
    for name in COMMANDS:
        parser = argparse.ArgumentParser(prog="blindspot")
        subparsers = parser.add_subparsers()
        import_module(module_of(name)).add_parser(subparsers)
        page += ["", f"## {name}", "", "```text", subparsers.choices[name].format_help().rstrip(), "```"]
    return "\n".join(page) + "\n"


def settings() -> str:
    """Every key of `blindspot.toml` with its default and limits."""
    page = ["# Settings", "", "Keys of `blindspot.toml`; each is optional."]
    for section in fields(Settings):
        values = section.default_factory() if callable(section.default_factory) else section.default
        if not is_dataclass(values):
            continue
        page += ["", f"## [{section.name}]", "", (type(values).__doc__ or "").strip(), ""]
        page += ["| key | default | meaning | limits |", "| --- | --- | --- | --- |"]
        for key in fields(values):
            meta, value = key.metadata, getattr(values, key.name)
            limits = ", ".join(meta["choices"]) or ("" if meta["low"] is None else f"{meta['low']} to {meta['high']}")
            shown = list(value) if isinstance(value, tuple) else value
            page.append(f"| `{key.name}` | `{shown!r}` | {meta['comment']} | {limits} |")
    return "\n".join(page) + "\n"


def keys() -> str:
    """Every key of the app; the id is what a keymap names."""
    page = ["# Keys", "", "`?` shows the keys of what has focus.", ""]
    page += ["| id | key | what it does |", "| --- | --- | --- |"]
    page += [f"| `{key.id}` | `{key.key_display or key.key}` | {key.tooltip} |" for key in BINDINGS.values()]
    return "\n".join(page) + "\n"


def main() -> int:
    """Collect the pages and build the site."""
    shutil.rmtree(BUILD, ignore_errors=True)
    shutil.copytree(FOLDER / "pages", BUILD / "pages")
    reference = BUILD / "pages" / "reference"
    reference.mkdir(exist_ok=True)
    for page in (commands, settings, keys):
        (reference / f"{page.__name__}.md").write_text(page(), encoding="utf-8")
    shutil.copy(FOLDER / "zensical.toml", BUILD)
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--config-file", str(BUILD / "zensical.toml")]
    return subprocess.run(command, cwd=BUILD, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
