"""The scores and embeddings of many rows in shards: written as Parquet, computed here, on Ray or by an array job.

A shard is a whole number of windows of `engine.model.batched_inference`, so what is computed of a row is the same, bit
for bit, whoever computes it on a machine of the same kind. What is whole is not computed again.
"""

SHARDS = "shards"
"""The folder in that of the cache; a folder each plan."""
SHARD_ROWS = 16 * 4096
"""Rows of a shard unless told otherwise: a window of a GPU, 16 of a CPU; 4 minutes of MiniLM on two cores."""
