"""A labelled file becomes splits that are whole, parted without leaks, and known by their hashes."""
