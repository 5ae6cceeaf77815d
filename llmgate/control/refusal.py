"""What the control API says when it cannot do what it was asked, for its OpenAPI document."""

import msgspec
from litestar.openapi import ResponseSpec


class Reason(msgspec.Struct, frozen=True):
    """What is wrong and what to do."""

    message: str
    status: int


class Refusal(msgspec.Struct, frozen=True):
    """Every answer of the control API but a 200; ``problems`` lists parameters that are wrong."""

    error: Reason
    problems: list[dict[str, str]] = []


REFUSALS = {
    status: ResponseSpec(Refusal, description=text, generate_examples=False)
    for status, text in (
        (400, "A parameter cannot be used"),
        (401, "The token is missing or wrong"),
        (404, "There is nothing of that name"),
    )
}
