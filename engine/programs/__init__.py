"""A classifier that is a program: what it is told and answers, its process, and what of it is agreed to.

Nothing here knows of weights or of Hugging Face; `engine.model.program_classifier` makes a classifier of it.
"""
