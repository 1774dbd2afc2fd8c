"""What the round's current model says of a text, while it is typed: one process with the model resident.

`protocol` and `scorer_client` are light, so that the app can use them; `resident` has the model, in `scorer_process`.
"""
