"""The audit: how often the model is wrong, by people's labels of held-out rows that were drawn with known chances."""
