"""The library behind Blindspot: no module here knows the terminal, and light modules load no model."""

from __future__ import annotations

__version__ = "0.1.0"
