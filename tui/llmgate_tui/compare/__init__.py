"""The comparison of two exchanges: pure functions that make pairs of lines of it."""
