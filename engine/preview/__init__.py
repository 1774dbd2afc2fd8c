"""An estimate, within seconds, of which UUs of a blind spot would flip if the model were retrained with one's samples.

`estimate` has the model and takes a few real steps; `record` is light: it keeps estimates and holds them against what
retraining really did.
"""
