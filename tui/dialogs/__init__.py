"""Modal dialogs of the app, one class a file; each returns its answer, or None when it was left with esc."""
