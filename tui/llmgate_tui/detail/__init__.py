"""The detail pane: one exchange from eight sides, each a pure function with its own module."""
