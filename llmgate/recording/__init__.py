"""Recordings: one exchange per file, its wire chunks and their timing; read, write, look up."""
