"""Finding weights, training, scoring and embedding.

`weights` and `library` are light: a result that is cached is had without importing torch. The others need it.
"""
