"""What travels in a benchmark: the requests, the answers, the chunks with their moment in them.

The model name says what the mock answers: ``bench`` one JSON body, ``bench-stream-30x100`` thirty
chunks at a hundred a second. Every chunk carries the moment it was written (``@1234@``, nanoseconds
of the monotonic clock, which all processes of one machine share), so that a reader can tell how
late it is.
"""

import json
import re

MODEL = re.compile(rb"bench-stream-(\d+)x(\d+)")
MOMENT = re.compile(rb"@(\d+)@")

_QUESTION = "Which of these functions can be removed without changing what the program does? " * 8
_WORDS = "The second one is never called, and the fourth repeats what the third already does. " * 4

CHAT_PATH = "/v1/chat/completions"
MESSAGES_PATH = "/v1/messages"


def stream_model(chunks: int, per_second: int, prefix: str = "") -> str:
    """The model name that asks the mock for a stream."""
    return f"{prefix}bench-stream-{chunks}x{per_second}"


def request(host: str, model: str, key: str, *, stream: bool) -> bytes:
    """A chat request of about a kilobyte, ready for the socket."""
    body = json.dumps(
        {
            "model": model,
            "messages": [
                {"role": "system", "content": "You are a careful reviewer."},
                {"role": "user", "content": _QUESTION},
            ],
            "temperature": 0.2,
        }
        | ({"stream": True, "stream_options": {"include_usage": True}} if stream else {})
    ).encode()
    lines = [
        f"POST {CHAT_PATH} HTTP/1.1",
        f"host: {host}",
        f"authorization: Bearer {key}",
        "content-type: application/json",
        "accept: application/json",
        "user-agent: llmgate-bench",
        f"content-length: {len(body)}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def _chat_answer() -> bytes:
    return json.dumps(
        {
            "id": "chatcmpl-bench",
            "object": "chat.completion",
            "created": 1700000000,
            "model": "bench",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": _WORDS},
                    "finish_reason": "stop",
                }
            ],
            "usage": {"prompt_tokens": 160, "completion_tokens": 72, "total_tokens": 232},
        }
    ).encode()


def _messages_answer() -> bytes:
    return json.dumps(
        {
            "id": "msg_bench",
            "type": "message",
            "role": "assistant",
            "model": "bench",
            "content": [{"type": "text", "text": _WORDS}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 160, "output_tokens": 72},
        }
    ).encode()


def whole(body: bytes) -> bytes:
    """A complete HTTP answer."""
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
        len(body),
        body,
    )


CHAT_ANSWER = whole(_chat_answer())
MESSAGES_ANSWER = whole(_messages_answer())

STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
_CHAT_CHUNK = (
    b'data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,'
    b'"model":"bench","system_fingerprint":"fp_bench","choices":[{"index":0,"delta":'
    b'{"content":" word @%d@"},"logprobs":null,"finish_reason":null}]}\n\n'
)
_CHAT_END = (
    b'data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,'
    b'"model":"bench","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b'data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,'
    b'"model":"bench","choices":[],"usage":{"prompt_tokens":160,"completion_tokens":72,'
    b'"total_tokens":232}}\n\ndata: [DONE]\n\n'
)
_MESSAGES_START = (
    b'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_bench","type":'
    b'"message","role":"assistant","model":"bench","content":[],"stop_reason":null,"usage":'
    b'{"input_tokens":160,"output_tokens":1}}}\n\nevent: content_block_start\ndata: '
    b'{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n'
)
_MESSAGES_CHUNK = (
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":'
    b'{"type":"text_delta","text":" word @%d@"}}\n\n'
)
_MESSAGES_END = (
    b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n'
    b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},'
    b'"usage":{"output_tokens":72}}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n'
)


def chunk(data: bytes) -> bytes:
    """One piece of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def opening(*, messages: bool) -> bytes:
    """The head of a stream, and what its protocol says before the first word."""
    return STREAM_HEAD + (chunk(_MESSAGES_START) if messages else b"")


def word(now_ns: int, *, messages: bool) -> bytes:
    """One word of a stream, with the moment it is written."""
    return chunk((_MESSAGES_CHUNK if messages else _CHAT_CHUNK) % now_ns)


def closing(*, messages: bool) -> bytes:
    """The proper end of a stream."""
    return chunk(_MESSAGES_END if messages else _CHAT_END) + b"0\r\n\r\n"
