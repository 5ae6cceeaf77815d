"""Who is calling and which models they may ask for.

Keys are found by their SHA-256 in a dict and then compared in constant time, so neither the number
of keys nor how much of one was guessed shows in the time taken.
"""

import hmac
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final
from urllib.parse import unquote_to_bytes

from llmgate.config.credentials import CALLER_KEY_HEADERS, CALLER_KEY_PARAMETER
from llmgate.config.model import Config, KeyConfig
from llmgate.config.patterns import Patterns
from llmgate.errors import InvalidKey, ModelNotAllowed

_HEADERS: Final = frozenset(name.encode() for name in CALLER_KEY_HEADERS)
_PARAMETER: Final = f"{CALLER_KEY_PARAMETER}=".encode()
_LONGEST: Final = 4096
_MOST_PARAMETERS: Final = 64
_SHORTEST_HINTED: Final = 12

_HOW: Final = (
    "`Authorization: Bearer KEY` or `x-api-key: KEY` with a key from `keys:` in config.yaml"
)


class Holder:
    """One configured key."""

    __slots__ = ("config", "hint", "models", "name", "secret")

    def __init__(self, name: str, config: KeyConfig) -> None:
        self.name = name
        self.config = config
        self.secret = config.key.encode()
        self.hint = config.key[-4:] if len(config.key) >= _SHORTEST_HINTED else ""
        self.models = Patterns(config.models)


class Keys:
    """The keys of one config."""

    def __init__(self, config: Config) -> None:
        self.holders = {name: Holder(name, key) for name, key in config.keys.items()}
        self._by_digest = {sha256(h.secret).digest(): h for h in self.holders.values()}
        prefix = config.server.model_prefix
        self._prefix = f"{prefix.rstrip('/')}/" if prefix else ""

    def identify(self, headers: Sequence[tuple[bytes, bytes]], query: bytes, loopback: bool) -> str:
        """The name of the caller's key, empty without configured keys. Raises ``InvalidKey``."""
        if not self.holders:
            if loopback:
                return ""
            raise InvalidKey(
                "no keys are configured, so only callers on this machine are let in:"
                " add one under `keys:` in config.yaml"
            )
        sent, disabled = False, ""
        for secret in _credentials(headers, query):
            sent = True
            holder = self._holder_of(secret)
            if holder is not None and holder.config.enabled:
                return holder.name
            disabled = disabled or (holder.name if holder else "")
        raise _unknown(sent, disabled)

    def allows(self, key: str, model: str) -> bool:
        """Whether the key may use the model."""
        holder = self.holders.get(key)
        return holder is None or holder.models.match(model)

    def allow_model(self, key: str, model: str) -> None:
        """Raises ``ModelNotAllowed`` when the key may not use the model."""
        holder = self.holders.get(key)
        if holder is None:
            return
        if self._prefix:
            model = model.removeprefix(self._prefix)
        if not holder.models.match(model):
            allowed = ", ".join(holder.config.models[:8]) or "none"
            told = "".join(char if char.isprintable() else "\ufffd" for char in model[:96])
            raise ModelNotAllowed(
                f"key '{key}' may not use the model '{told}'; its models are: {allowed}"
            )

    def _holder_of(self, secret: bytes) -> Holder | None:
        if len(secret) > _LONGEST:
            return None
        holder = self._by_digest.get(sha256(secret).digest())
        if holder is not None and hmac.compare_digest(holder.secret, secret):
            return holder
        return None


def _unknown(sent: bool, disabled: str) -> InvalidKey:
    if disabled:
        return InvalidKey(
            f"the key '{disabled}' is disabled: set `enabled: true` under it in config.yaml,"
            " or send another one"
        )
    if sent:
        return InvalidKey(f"the key that was sent is none of the configured ones: send {_HOW}")
    return InvalidKey(f"a key is needed: send {_HOW}")


def _credentials(headers: Sequence[tuple[bytes, bytes]], query: bytes) -> Iterator[bytes]:
    """Everything in a request that may be a key."""
    for name, value in headers:
        if name in _HEADERS:
            scheme, space, secret = value.partition(b" ")
            if space and scheme.lower() == b"bearer":
                yield secret.strip()
            elif value:
                yield value.strip()
    if _PARAMETER in query:
        for pair in query.split(b"&", _MOST_PARAMETERS)[:_MOST_PARAMETERS]:
            if pair.startswith(_PARAMETER):
                yield unquote_to_bytes(pair[len(_PARAMETER) :].replace(b"+", b" "))
