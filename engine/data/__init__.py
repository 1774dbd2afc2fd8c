"""Reading labelled files, splitting them, and finding duplicates and leaks between splits."""
