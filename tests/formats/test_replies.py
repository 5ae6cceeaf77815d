"""Errors as the official SDKs read them, and what is found in a provider's errors."""

import json
from typing import Any

import anthropic
import openai
import pytest

from llmgate.formats.catalog import (
    ModelEntry,
    error_body,
    error_event,
    model_body,
    models_body,
    reader_for,
    upstream_message,
)
from llmgate.wire.exchanges import Protocol
from llmgate.wire.sse import Decoder


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, "invalid_request_error", None),
        (401, "invalid_request_error", "invalid_api_key"),
        (403, "permission_error", None),
        (404, "invalid_request_error", "model_not_found"),
        (413, "invalid_request_error", None),
        (426, "invalid_request_error", None),
        (429, "rate_limit_exceeded", "rate_limit_exceeded"),
        (500, "server_error", None),
        (501, "server_error", None),
        (502, "server_error", None),
        (504, "timeout", None),
        (529, "server_error", "overloaded"),
    ],
)
@pytest.mark.parametrize("protocol", ["openai.chat", "openai.raw", "raw"])
def test_errors_for_openai_callers(
    protocol: Protocol, status: int, kind: str, code: str | None
) -> None:
    assert json.loads(error_body(protocol, status, "why")) == {
        "error": {"message": "why", "type": kind, "param": None, "code": code}
    }


def test_a_given_code_replaces_the_usual_one() -> None:
    body = json.loads(error_body("openai.chat", 404, "why", code="path_unknown"))

    assert body["error"]["code"] == "path_unknown"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (413, "request_too_large"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (501, "api_error"),
        (502, "api_error"),
        (504, "timeout_error"),
        (529, "overloaded_error"),
    ],
)
def test_errors_for_anthropic_callers(status: int, kind: str) -> None:
    assert json.loads(error_body("anthropic.messages", status, "why")) == {
        "type": "error",
        "error": {"type": kind, "message": "why"},
    }


def test_other_protocols_have_their_own_shape() -> None:
    assert json.loads(error_body("ollama", 404, "why")) == {"error": "why"}
    assert json.loads(error_body("gemini", 429, "why"))["error"]["status"] == "RESOURCE_EXHAUSTED"


@pytest.mark.parametrize(
    "protocol", ["openai.chat", "openai.completions", "openai.responses", "anthropic.messages"]
)
def test_a_mid_stream_error_fails_the_answer_for_our_own_reader(protocol: Protocol) -> None:
    event = error_event(protocol, 502, "the provider went away")
    assert event is not None
    reader = reader_for(protocol, "text/event-stream")
    reader.feed(event)
    reader.close()

    assert event.endswith(b"\n\n")
    assert b"[DONE]" not in event
    assert (reader.ending().state, reader.ending().message) == ("failed", "the provider went away")


def test_a_failed_response_is_told_twice() -> None:
    event = error_event("openai.responses", 504, "too slow") or b""
    payloads = [(e.name, json.loads(e.data)) for e in Decoder().feed(event)]

    assert [name for name, _ in payloads] == ["error", "response.failed"]
    assert payloads[1][1]["response"]["error"] == {"code": "timeout", "message": "too slow"}


@pytest.mark.parametrize("protocol", ["openai.embeddings", "openai.models", "raw"])
def test_protocols_without_a_stream_have_no_mid_stream_error(protocol: Protocol) -> None:
    assert error_event(protocol, 502, "x") is None


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        (b'{"error":{"message":"No such model","type":"x"}}', "application/json", "No such model"),
        (b'{"error":"plain"}', "", "plain"),
        (b'{"message":"m","error":{}}', "", "m"),
        (b'{"detail":[{"msg":"field required","loc":[]}]}', "", "field required"),
        (b'{"detail":"nope"}', "", "nope"),
        (b'{"errors":[{"message":"e1"}]}', "", "e1"),
        (b'[{"error":{"message":"in a list"}}]', "", "in a list"),
        (b'data: {"error":{"message":"as event"}}\n\n', "text/event-stream", "as event"),
        (b'event: error\ndata: {"error":{"message":"named"}}\n\n', "", "named"),
        (b"<!DOCTYPE html><TITLE>504:\n Gateway</TITLE>", "text/html", "504: Gateway"),
        (b"<html>no title", "text/html; charset=utf-8", "an HTML page"),
        (b"upstream\n connect  error", "text/plain", "upstream connect error"),
        (b'{"unknown":1}', "", '{"unknown":1}'),
        (b"", "", "the answer has no body"),
        (b"x" * 9000, "", "x" * 499 + "…"),
    ],
)
def test_the_message_is_found_in_any_error(body: bytes, content_type: str, message: str) -> None:
    assert upstream_message(body, content_type) == message


ENTRIES = [
    ModelEntry(id="gpt-4o", created=1_700_000_000, owned_by="openai"),
    ModelEntry(id="claude", display_name="Claude"),
]


def test_one_model_list_satisfies_three_readers() -> None:
    body: dict[str, Any] = json.loads(models_body(ENTRIES))
    page = anthropic.types.ModelInfo.model_validate(body["data"][0])
    entry = openai.types.Model.model_validate(body["data"][0])

    assert (body["object"], body["has_more"]) == ("list", False)
    assert (body["first_id"], body["last_id"]) == ("gpt-4o", "claude")
    assert (entry.id, entry.created, entry.owned_by) == ("gpt-4o", 1_700_000_000, "openai")
    assert page.created_at.isoformat() == "2023-11-14T22:13:20+00:00"
    assert body["data"][1]["display_name"] == "Claude"
    assert {row["type"] for row in body["data"]} == {"model"}


def test_an_empty_list_and_a_single_model() -> None:
    assert json.loads(models_body([]))["first_id"] is None
    assert json.loads(model_body(ENTRIES[0]))["object"] == "model"
