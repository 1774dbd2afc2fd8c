"""Who writes, and in which file: every author has one, and no two authors share one."""

from __future__ import annotations

import getpass
import hashlib
import re
import unicodedata
from pathlib import Path

from engine.errors import StoreError

IMPORT_PREFIX = "import-"
"""Begins the name of the author whose file takes what is imported from somebody (`engine.teaching.import_records`)."""
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


def composed(name: str) -> str:
    """A name in Unicode's composed form (NFC): what is typed, pasted or read may have ``é`` as one character or two."""
    return unicodedata.normalize("NFC", name)


def known_name(folder: Path, name: str) -> str:
    """A name in the form that a project knows, composed if it knows none: both forms of one name are one person.

    Earlier versions kept a name as it came in, and what it stands in is never changed. Where they kept both forms,
    there are files of two authors, and each form stays the name of one.

    Args:
        folder: the project's teaching folder; it need not exist yet.
        name: of an author or a teacher, as it came in.
    """
    forms = dict.fromkeys((name, composed(name), unicodedata.normalize("NFD", name)))
    if len(forms) == 1 or not name.strip():
        return name
    for form in forms:
        if any((folder / f"{file_stem(author)}.json").exists() for author in (form, f"{IMPORT_PREFIX}{form}")):
            return form
    return composed(name)


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
