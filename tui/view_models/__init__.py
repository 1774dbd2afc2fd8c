"""What screens show and keep, without knowing the terminal: they can be tested without opening the app."""
