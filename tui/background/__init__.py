"""What runs beside the screens: jobs that are watched, the scorer, active time, and what is saved of the session."""
