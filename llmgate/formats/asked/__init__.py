"""Requests as conversations: what was asked, read for people, never for sending on."""
