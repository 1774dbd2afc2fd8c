"""The scorer: a process beside the app with the round's model in memory, which answers while somebody types.

One JSON line in, one out. `client` is light and runs in the app; `worker` is the process.
"""
