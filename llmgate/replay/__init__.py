"""Sends recorded requests again, in batches that can be estimated, stopped and resumed."""
