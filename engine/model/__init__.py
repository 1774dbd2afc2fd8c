"""Finding weights, training, scoring and embedding.

`model_registry` is where it begins. It needs no torch, nor do modules that call themselves light: what is cached is
read without it.
"""
