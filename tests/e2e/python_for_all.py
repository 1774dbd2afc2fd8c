"""This Python where every user of the machine may run it, also if it lies below a folder that only root may enter."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import sysconfig
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
_UNUSED = shutil.ignore_patterns("site-packages", "dist-packages", "test", "idlelib", "config-*", "ensurepip")


def python_for_all(folder: Path) -> tuple[str, dict[str, str]]:
    """A Python with the packages of this one, and the variables that it needs.

    What other users cannot reach (the installation, packages, this repository) is copied; the machine stays as it is.

    Args:
        folder: empty, and open to everybody; holds the copies.
    """
    packages = [Path(entry) for entry in sys.path if Path(entry).name in ("site-packages", "dist-packages")]
    needed = [*packages, REPOSITORY]
    installed = Path(sysconfig.get_path("stdlib"))
    if all(map(_reachable, (Path(sys.executable), installed, *needed))):
        return sys.executable, {}
    library = folder / "lib" / installed.name
    shutil.copytree(installed, library, ignore=_UNUSED)
    for shared in installed.parent.glob("libpython*.so*"):
        shutil.copy(shared, folder / "lib")
    executable = folder / "bin" / "python3"
    executable.parent.mkdir()
    shutil.copy(os.path.realpath(sys.executable), executable)
    entries = []
    for number, entry in enumerate(needed):
        if not _reachable(entry):
            copied = folder / f"packages{number}"
            shutil.copytree(entry, copied, ignore=shutil.ignore_patterns(".*"))  # hidden: .git, .venv
            entry = copied
        entries.append(str(entry))
    (library / "site-packages").mkdir()
    (library / "site-packages" / "needed.pth").write_text("\n".join(entries))
    subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
    return str(executable), {"LD_LIBRARY_PATH": str(folder / "lib")}  # where the executable names its first place


def _reachable(path: Path) -> bool:
    """Whether everybody may enter all folders on the way, links followed and as it is named."""
    ways = (path.absolute(), path.resolve())
    return all(one.stat().st_mode & stat.S_IXOTH for way in ways for one in (way, *way.parents))
