"""What secrets look like: the keys of providers and services, tokens, private keys, passwords.

Each shape has anchors, bytes that it cannot be without: they are looked for first, since finding
them costs next to nothing and most texts hold none.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from llmgate.config.credentials import CREDENTIAL_PARAMETERS

_START: Final = rb"(?<![A-Za-z0-9])"
_ASSIGNED: Final = rb"""[\\"']{0,4}\s{0,4}[:=]\s{0,4}[\\"']{0,4}"""


class Shape(msgspec.Struct, frozen=True):
    """One kind of secret; ``anchors`` in lower case when ``folded``.

    A shape with ``leads`` begins with its anchor and is tried only there; others are searched for
    in the whole text once an anchor is in it. What is secret is the first group, if there is one.
    """

    name: str
    anchors: tuple[bytes, ...]
    regex: re.Pattern[bytes]
    leads: bool = True
    folded: bool = False

    def places(self, text: bytes, lower: bytes) -> Iterator[tuple[int, int]]:
        """Where such secrets stand; ``lower`` is the text in lower case."""
        within = lower if self.folded else text
        if not self.leads:
            if any(anchor in within for anchor in self.anchors):
                yield from map(_secret, self.regex.finditer(text))
            return
        for anchor in self.anchors:
            at = within.find(anchor)
            while at >= 0:
                found = self.regex.match(text, at)
                if found is not None:
                    yield _secret(found)
                at = within.find(anchor, at + 1 if found is None else found.end())


def _secret(found: re.Match[bytes]) -> tuple[int, int]:
    return found.span(1 if found.re.groups else 0)


def _leading(name: str, anchor: str, rest: bytes, *more: str) -> Shape:
    anchors = tuple(word.encode() for word in (anchor, *more))
    begin = b"(?:" + b"|".join(map(re.escape, anchors)) + b")"
    return Shape(name, anchors, re.compile(_START + begin + rest))


def _parameters() -> Shape:
    names = sorted(CREDENTIAL_PARAMETERS, key=lambda name: (-len(name), name))
    words = b"|".join(re.escape(name.encode()) for name in names)
    value = rb"""([^&\s"'<>#\\{}*$]{6,})"""
    regex = re.compile(rb"[?&](?:" + words + rb")=" + value, re.IGNORECASE)
    return Shape("url", (b"?", b"&"), regex, leads=False)


_AFTER_A_NAME: Final = re.compile(
    rb"(?:aws_?)?secret_?access_?key" + _ASSIGNED + rb"([A-Za-z0-9/+=]{40})(?![A-Za-z0-9/+=])",
    re.IGNORECASE,
)
_ASSIGNMENT: Final = re.compile(
    rb"(?:authorization|api[-_]?key|access[-_]?token|auth[-_]?token|client[-_]?secret|password)"
    + _ASSIGNED
    + rb"(?:basic\s{1,4}|(?:bearer\s{1,4}|token\s{1,4})?(?=[A-Za-z._~+/=-]{0,200}[0-9]))"
    rb"([A-Za-z0-9._~+/=-]{12,})",
    re.IGNORECASE,
)
_BEARER: Final = re.compile(
    rb"bearer[ \t]{1,8}((?=[A-Za-z._~+/=-]{0,200}[0-9])[A-Za-z0-9._~+/=-]{16,})", re.IGNORECASE
)
_PRIVATE_KEY: Final = re.compile(
    rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    rb"(?:(?!-----)[\sA-Za-z0-9+/=\\:,.()_-])*"
    rb"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?"
)
_USERINFO: Final = re.compile(rb"""://[^\s/:@"'<>\\]{0,100}:([^\s/:@"'<>\\{}*$]{3,200})@""")

SHAPES: Final[tuple[Shape, ...]] = (
    Shape("private-key", (b"-----BEGIN ",), _PRIVATE_KEY),
    _leading("key:anthropic", "sk-ant-", rb"[A-Za-z0-9_-]{10,}"),
    _leading("key:openrouter", "sk-or-", rb"[A-Za-z0-9_-]{10,}"),
    _leading(
        "key:openai",
        "sk-",
        rb"(?:(?:proj|svcacct|admin|test|live)-[A-Za-z0-9_-]{8,}"
        rb"|(?=[A-Za-z_-]{0,200}[0-9])[A-Za-z0-9_-]{12,}|[A-Za-z0-9]{20,})",
    ),
    _leading("key:stripe", "sk_live_", rb"[A-Za-z0-9]{10,}", "rk_live_", "sk_test_", "whsec_"),
    _leading("key:groq", "gsk_", rb"[A-Za-z0-9]{12,}"),
    _leading("key:google", "AIza", rb"[A-Za-z0-9_-]{20,}"),
    _leading("key:google-oauth", "ya29.", rb"[A-Za-z0-9_-]{20,}"),
    _leading("key:xai", "xai-", rb"[A-Za-z0-9_-]{16,}"),
    _leading("key:huggingface", "hf_", rb"[A-Za-z0-9]{12,}"),
    _leading("key:nvidia", "nvapi-", rb"[A-Za-z0-9_-]{16,}"),
    _leading("key:perplexity", "pplx-", rb"[A-Za-z0-9]{16,}"),
    _leading("key:replicate", "r8_", rb"[A-Za-z0-9]{20,}"),
    _leading("key:cerebras", "csk-", rb"[A-Za-z0-9]{16,}"),
    _leading("key:fireworks", "fw_", rb"[A-Za-z0-9]{16,}"),
    _leading("token:github", "github_pat_", rb"[A-Za-z0-9_]{16,}"),
    _leading("token:github", "ghp_", rb"[A-Za-z0-9]{16,}", "gho_", "ghu_", "ghs_", "ghr_"),
    _leading("token:gitlab", "glpat-", rb"[A-Za-z0-9_-]{16,}"),
    _leading("token:npm", "npm_", rb"[A-Za-z0-9]{30,}"),
    _leading("token:slack", "xox", rb"[a-z]-[A-Za-z0-9-]{10,}"),
    _leading("token:slack", "xapp-", rb"[A-Za-z0-9-]{10,}"),
    _leading("token:sendgrid", "SG.", rb"[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    _leading("key:aws", "AKIA", rb"[A-Z0-9]{16}(?![A-Z0-9])", "ASIA", "ABIA", "ACCA"),
    Shape("key:aws", (b"access",), _AFTER_A_NAME, leads=False, folded=True),
    _leading(
        "token:jwt", "eyJ", rb"[A-Za-z0-9_-]{8,400}\.eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?"
    ),
    Shape("token:bearer", (b"bearer",), _BEARER, folded=True),
    Shape(
        "assigned",
        (b"authorization", b"api", b"access", b"auth", b"client", b"password"),
        _ASSIGNMENT,
        folded=True,
    ),
    _parameters(),
    Shape("url", (b"://",), _USERINFO),
)
"""The more particular shape first: of two that fit, the first gives the name."""
