"""Regression suite: blind spots that were closed, frozen with their rows, so that a later model cannot reopen them."""
