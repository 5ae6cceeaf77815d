"""Tokens to money: prices reported, configured or from the shipped table; and token estimates."""
