"""What a capture's own payloads say, worked out apart from the readers: usage, text, tool calls."""

from typing import Any

from llmgate.wire.blocks import Usage
from tests.conformance.captures import Capture


def usage_of(capture: Capture) -> Usage | None:
    """The usage a capture reports, None when it reports none."""
    reports = [report for payload in capture.payloads for report in _reports(payload)]
    if not reports:
        return None
    last: dict[str, Any] = {}
    for report in reports:
        last |= {k: v for k, v in report.items() if v or (v == 0 and not last.get(k))}
    return _anthropic(last) if capture.protocol == "anthropic.messages" else _openai(last)


def text_of(capture: Capture) -> str:
    """All text said, in order."""
    return "".join(text for payload in capture.payloads for text in _texts(payload))


def calls_of(capture: Capture) -> list[str]:
    """The names of the tools that the caller is asked to run, in order."""
    found = [call for payload in capture.payloads for call in _calls(payload)]
    return [name for name, _ in dict.fromkeys(found)]  # some hosts repeat the name in every piece


def _reports(payload: Any) -> list[dict[str, Any]]:
    if not isinstance(payload, dict):
        return []
    places = (payload, payload.get("message"), payload.get("response"), payload.get("x_groq"))
    found = [place.get("usage") for place in places if isinstance(place, dict)]
    return [usage for usage in found if isinstance(usage, dict)]


def _openai(last: dict[str, Any]) -> Usage:
    given = last.get("prompt_tokens_details") or last.get("input_tokens_details") or {}
    made = last.get("completion_tokens_details") or last.get("output_tokens_details") or {}
    prompt: Any = last.get("prompt_tokens", last.get("input_tokens"))
    output: Any = last.get("completion_tokens", last.get("output_tokens"))
    reasoning = made.get("reasoning_tokens", last.get("reasoning_tokens"))
    if reasoning and last.get("total_tokens") == prompt + output + reasoning:
        output += reasoning
    ticks = last.get("cost_in_usd_ticks")
    cost = last.get("cost")
    if isinstance(cost, dict):
        cost = cost["total_cost"]
    read = given.get("cached_tokens", last.get("cached_tokens"))
    return Usage(
        input_tokens=prompt,
        output_tokens=output,
        cache_read_tokens=last.get("prompt_cache_hit_tokens", read),
        cache_write_tokens=given.get("cache_write_tokens"),
        reasoning_tokens=None if reasoning is None else min(reasoning, output),
        input_audio_tokens=given.get("audio_tokens"),
        output_audio_tokens=made.get("audio_tokens"),
        cost_usd=cost if ticks is None else ticks * 1e-10,
    )


def _anthropic(last: dict[str, Any]) -> Usage:
    read, write = last.get("cache_read_input_tokens"), last.get("cache_creation_input_tokens")
    return Usage(
        input_tokens=last["input_tokens"] + (read or 0) + (write or 0),
        output_tokens=last.get("output_tokens"),
        cache_read_tokens=read,
        cache_write_tokens=write,
        cache_write_1h_tokens=(last.get("cache_creation") or {}).get("ephemeral_1h_input_tokens"),
        reasoning_tokens=(last.get("output_tokens_details") or {}).get("thinking_tokens"),
    )


def _texts(payload: Any) -> list[str]:
    return _streamed_texts(payload) or _whole_texts(payload)


def _streamed_texts(payload: Any) -> list[str]:
    found: list[str] = []
    match payload:
        case {"choices": [{"delta": {"content": str(text)}}, *_]}:
            found = [text]
        case {"choices": [{"delta": {"content": list(parts)}}, *_]}:
            found = [p["text"] for p in parts if p.get("type") == "text"]
        case {"choices": [{"text": str(text)}, *_]}:
            found = [text]
        case {"type": "response.output_text.delta", "delta": str(text)}:
            found = [text]
        case {"type": "content_block_delta", "delta": {"type": "text_delta", "text": str(text)}}:
            found = [text]
        case _:
            pass
    return found


def _whole_texts(payload: Any) -> list[str]:
    found: list[str] = []
    match payload:
        case {"choices": [{"message": {"content": str(text)}}, *_]} if "delta" not in str(payload):
            found = [text]
        case {"object": "response", "output": list(items)}:
            parts = [p for item in items for p in item.get("content") or ()]
            found = [p["text"] for p in parts if p.get("type") == "output_text"]
        case {"type": "message", "content": list(parts)}:
            found = [p["text"] for p in parts if p.get("type") == "text"]
        case _:
            pass
    return found


def _calls(payload: Any) -> list[tuple[str, str]]:
    """Names and ids."""
    found: list[tuple[str, str]] = []
    match payload:
        case {"choices": [{"delta": {"tool_calls": list(calls)}}, *_]}:
            found = [(c["function"]["name"], c["id"]) for c in calls if c["function"].get("name")]
        case {"choices": [{"message": {"tool_calls": list(calls)}}, *_]}:
            found = [(c["function"]["name"], c["id"]) for c in calls]
        case {"type": "response.output_item.added", "item": {"type": "function_call"} as item}:
            found = [(item["name"], item["call_id"])]
        case {"type": "content_block_start", "content_block": {"type": "tool_use"} as block}:
            found = [(block["name"], block["id"])]
        case {"object": "response", "output": list(items)}:
            calls = [item for item in items if item.get("type") == "function_call"]
            found = [(item["name"], item["call_id"]) for item in calls]
        case {"type": "message", "content": list(parts)}:
            found = [(p["name"], p["id"]) for p in parts if p.get("type") == "tool_use"]
        case _:
            pass
    return found
