"""The terminal itself: how it is driven, what is sent to it, and which characters it can show."""
