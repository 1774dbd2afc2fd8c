"""The steps of an action that several screens share: what it asks, what it does, and how it is taken back."""
