"""Protocols as pure functions: bytes in, in any cut, neutral values out; no I/O and no clock."""
