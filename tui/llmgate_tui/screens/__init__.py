"""Screens and the big parts of the main one: one per file."""
