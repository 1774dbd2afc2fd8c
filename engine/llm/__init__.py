"""Asking a large language model: prompts, the calls and their ledger, the teacher and the judge."""
