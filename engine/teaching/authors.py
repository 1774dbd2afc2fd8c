"""Who writes, and in which file: every author has one, and no two authors share one."""

from __future__ import annotations

import getpass
import hashlib
import re

from engine.errors import StoreError

_UNSAFE = re.compile(r"[^a-z0-9_.-]+")


def default_author() -> str:
    """The login name; ``annotator`` where the machine knows none."""
    try:
        return getpass.getuser()
    except (KeyError, ImportError, OSError):  # no such user id: containers
        return "annotator"


def llm_author(name: str) -> str:
    """The author whose file takes what an LLM answers here; ``name``: of the model."""
    return f"llm-{name}"


def file_stem(author: str) -> str:
    """The author's name as a file name.

    A name that had to be changed carries a short hash, so that ``Ann Lee`` and ``ann-lee`` stay two authors, on file
    systems that ignore case too.

    Raises:
        StoreError: the name is empty.
    """
    name = author.strip()
    if not name:
        raise StoreError("an annotator without a name cannot write", hint="give one with --annotator NAME")
    safe = _UNSAFE.sub("-", name.casefold()).strip(".-")[:60]
    if safe == author:
        return safe
    digest = hashlib.sha256(name.encode(errors="surrogateescape")).hexdigest()
    return f"{safe or 'author'}-{digest[:6]}"
