"""Attacks with random input, each seeded: a short form runs with the tests, the long one is `make fuzz`.

Each part is a module with `main(trials, seed)`, which returns how many attacks the program survived, how many were
tried, and a line for each that it did not survive.
"""
