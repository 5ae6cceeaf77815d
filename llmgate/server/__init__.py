"""Step 1, accept: the Litestar application and the server under it."""
