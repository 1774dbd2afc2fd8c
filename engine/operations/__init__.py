"""Work over several packages: making a project, looking after it, its history, and what each kind of job does."""
