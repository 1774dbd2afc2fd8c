"""From scores to blind spots: confidence, clusters, words, map, ids.

`pipeline` is where it begins, and is light: what needs numpy, scipy or scikit-learn is imported when there is something
to compute.
"""
