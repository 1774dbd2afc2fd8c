"""Asking a large language model: prompts, the calls and their log, the teacher and the judge."""
