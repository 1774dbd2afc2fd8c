"""Classifiers that are programs (docs/pages/tasks/own-classifier.md), ready to be used or to be copied."""
