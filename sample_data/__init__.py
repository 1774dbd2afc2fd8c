"""The bundled demo project: see README.md here for how it was written."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
