"""The files that the tests of reading have."""

from __future__ import annotations

from tests.engine.data.conftest import files as files
