"""What the round's current model says of a text, while it is typed: one process with the model resident.

`protocol` and `client` are light, so that the app can use them; `resident` has the model and `worker` is its process.
"""
