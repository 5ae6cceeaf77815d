"""Records every exchange in one SQLite file: one writer, many readers, age and size caps."""
