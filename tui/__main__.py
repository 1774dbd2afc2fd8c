"""`python -m tui` is the command `blindspot`."""

from __future__ import annotations

import os
import sys

# `-m` looks for modules in the current folder first, and that may be anybody's. It goes before anything is imported
# from there; where it is our own checkout it goes to the end.
if sys.path[:1] in ([""], [os.getcwd()]) and not getattr(sys.flags, "safe_path", False):  # noqa: PTH109
    here = sys.path.pop(0)
    if __file__.rpartition("/tui/")[0] == os.getcwd():  # noqa: PTH109 - pathlib is not imported yet
        sys.path.append(here)

from tui.start import main

sys.exit(main())
