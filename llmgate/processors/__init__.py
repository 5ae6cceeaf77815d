"""The place of request transformations named in a route; a later version fills it."""
