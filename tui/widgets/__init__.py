"""Widgets of the app, one class a file."""
