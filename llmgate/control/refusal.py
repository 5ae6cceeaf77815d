"""What the control API says when it cannot do what it was asked, for its OpenAPI document."""

import msgspec
from litestar.openapi import ResponseSpec


class Reason(msgspec.Struct, frozen=True):
    """What is wrong and what to do."""

    message: str
    status: int


class Refusal(msgspec.Struct, frozen=True, omit_defaults=True):
    """Every answer of the control API but a 200; ``problems`` lists parameters that are wrong."""

    error: Reason
    problems: list[dict[str, str]] = []


def refusal(text: str) -> ResponseSpec:
    """A status that answers in this shape."""
    return ResponseSpec(Refusal, description=text, generate_examples=False)


REFUSALS = {
    400: refusal("A parameter or the body cannot be used"),
    401: refusal("The token is missing or wrong"),
    404: refusal("There is nothing of that name"),
}

STORED = {**REFUSALS, 503: refusal("What is recorded cannot be read now")}
