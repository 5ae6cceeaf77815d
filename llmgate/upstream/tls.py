"""TLS settings for providers: made once for each way of checking certificates, on first use."""

import ssl
from functools import lru_cache
from pathlib import Path

import certifi

from llmgate.config.model import Tls


def tls_context(tls: Tls) -> ssl.SSLContext:
    """The system's authorities and certifi's, plus ``ca_bundle``; nothing is checked when off."""
    return _context(tls.verify, tls.ca_bundle)


@lru_cache(maxsize=32)
def _context(verify: bool, ca_bundle: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    if ca_bundle:
        context.load_verify_locations(Path(ca_bundle))
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
