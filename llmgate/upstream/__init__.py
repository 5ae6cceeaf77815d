"""Step 6, send: how a request reaches a provider and how its answer comes back."""
