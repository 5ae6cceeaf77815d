"""Widgets: one per file, without logic of their own."""
