"""Monitoring: whether new batches of rows from where the model is used got worse, however often somebody looks."""
