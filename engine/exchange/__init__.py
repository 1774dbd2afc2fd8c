"""Records of a project as tables, out to files of other tools and in again."""
