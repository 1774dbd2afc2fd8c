"""Benchmarks: each prints its figure as a ratio against a named peer, measured in turn in the same run."""
