"""Edits of config.yaml that touch nothing but what they are about."""
