"""From scores to blind spots: confidence, clusters, words, map, ids.

Only `run` is imported by others, and it is light: what needs numpy, scipy or scikit-learn is imported when there is
something to compute.
"""
