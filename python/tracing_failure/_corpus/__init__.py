"""All computations of a directory: as tables, and where they fail."""
