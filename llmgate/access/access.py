"""Who is calling, may they use the model, is there room for one more: step 2 of a request.

Keys are found by their SHA-256 in a dict and then compared in constant time, so neither the number
of keys nor how much of one was guessed shows in the time taken.
"""

import hmac
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final
from urllib.parse import unquote_to_bytes

from llmgate.access.bucket import Bucket, bucket_for
from llmgate.config.credentials import CALLER_KEY_HEADERS, CALLER_KEY_PARAMETER
from llmgate.config.model import Config, KeyConfig
from llmgate.config.patterns import Patterns
from llmgate.errors import InvalidKey, LimitReached, ModelNotAllowed
from llmgate.wire.gateway import KeyView

_HEADERS: Final = frozenset(name.encode() for name in CALLER_KEY_HEADERS)
_PARAMETER: Final = f"{CALLER_KEY_PARAMETER}=".encode()
_LONGEST: Final = 4096
_MOST_PARAMETERS: Final = 64
_SHORTEST_HINTED: Final = 12

_HOW: Final = (
    "`Authorization: Bearer KEY` or `x-api-key: KEY` with a key from `keys:` in config.yaml"
)


class _Holder:
    """One configured key and what is left of its limits."""

    __slots__ = ("bucket", "config", "models", "name", "refused", "secret")

    def __init__(self, name: str, config: KeyConfig, previous: "_Holder | None") -> None:
        self.name = name
        self.config = config
        self.secret = config.key.encode()
        self.models = Patterns(config.models)
        self.bucket: Bucket | None = bucket_for(
            config.limits, previous.bucket if previous else None
        )
        self.refused: int = previous.refused if previous else 0


class Access:
    """The keys of one config; bucket levels and counts of keys that stay survive a reload."""

    def __init__(self, config: Config, previous: "Access | None" = None) -> None:
        before = previous.holders if previous else {}
        self.holders: dict[str, _Holder] = {
            name: _Holder(name, key, before.get(name)) for name, key in config.keys.items()
        }
        self._by_digest = {sha256(h.secret).digest(): h for h in self.holders.values()}
        prefix = config.server.model_prefix
        self._prefix = f"{prefix.rstrip('/')}/" if prefix else ""

    @property
    def keyless(self) -> bool:
        """No key is configured: callers on this machine need none."""
        return not self.holders

    def identify(self, headers: Sequence[tuple[bytes, bytes]], query: bytes, loopback: bool) -> str:
        """The name of the caller's key, empty without configured keys. Raises ``InvalidKey``."""
        if not self.holders:
            if loopback:
                return ""
            raise InvalidKey(
                "no keys are configured, so only callers on this machine are let in:"
                " add one under `keys:` in config.yaml"
            )
        sent = False
        for secret in _credentials(headers, query):
            sent = True
            if len(secret) > _LONGEST:
                continue
            holder = self._by_digest.get(sha256(secret).digest())
            if holder is not None and hmac.compare_digest(holder.secret, secret):
                return holder.name
        if sent:
            raise InvalidKey(f"the key that was sent is none of the configured ones: send {_HOW}")
        raise InvalidKey(f"a key is needed: send {_HOW}")

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

    def admit(self, key: str, now_s: float, counts: bool = True) -> None:
        """Takes one request from the key's limits. Raises ``LimitReached`` when none is left."""
        holder = self.holders.get(key)
        if holder is None or holder.bucket is None or not counts:
            return
        wait_s = holder.bucket.take(now_s)
        if wait_s > 0:
            holder.refused += 1
            rate = holder.bucket.rate
            raise LimitReached(
                f"key '{key}' is over its limit of {rate:g} requests per second"
                f" (burst {holder.bucket.size}): wait {wait_s:.2f} s",
                retry_after_s=wait_s,
                limit="requests_per_second",
            )

    def views(self, now_s: float) -> list[KeyView]:
        """The keys as the control API shows them."""
        return [_view(holder, now_s) for holder in self.holders.values()]


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


def _view(holder: _Holder, now_s: float) -> KeyView:
    limits, bucket, key = holder.config.limits, holder.bucket, holder.config.key
    return KeyView(
        name=holder.name,
        hint=key[-4:] if len(key) >= _SHORTEST_HINTED else "",
        models=list(holder.config.models),
        requests_per_second=limits.requests_per_second,
        burst=bucket.size if bucket else limits.burst,
        tokens_left=round(bucket.level_at(now_s), 3) if bucket else None,
        refused=holder.refused,
    )
