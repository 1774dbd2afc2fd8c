"""The terminal: the workbench app, and every screen's work also as a plain command."""
