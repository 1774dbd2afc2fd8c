"""`make bench`: all benchmarks that need no data but the bundled project."""

from __future__ import annotations

from tests.bench import startup

startup.main()
