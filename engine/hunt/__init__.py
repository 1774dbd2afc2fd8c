"""The hunt: which confident rows people label next, so that many UUs are found, of all kinds, at any time."""
