"""A finished proof as people read it: in the terminal, as one HTML page, as Markdown; all from the same tables."""
