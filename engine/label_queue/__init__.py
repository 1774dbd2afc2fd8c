"""Which rows people are asked to label: queues, who is at work on what, and sessions over a project. Light."""
