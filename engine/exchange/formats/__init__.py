"""The formats, a module each: found by the folder, with a `Format` called FORMAT."""
