"""A provider that costs next to nothing: one asyncio protocol on httptools, OpenAI and Anthropic.

``python -m llmgate.bench.mock --port 0`` prints ``{"port": N}`` and serves until it is ended.
"""

import argparse
import asyncio
import json
import ssl
import sys
import time
from pathlib import Path
from typing import cast

import httptools

from llmgate.bench import loops
from llmgate.bench.payloads import (
    CHAT_ANSWER,
    MESSAGES_ANSWER,
    MODEL,
    closing,
    opening,
    whole,
    word,
)

MODELS = whole(b'{"object":"list","data":[{"id":"bench","object":"model","created":1700000000}]}')


class Mock(asyncio.Protocol):
    """One connection; requests come one after the other."""

    def __init__(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._body: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the stream under way."""
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Feeds the parser; what is no HTTP ends the connection."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.close()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._url = b""
        self._body.clear()

    def on_url(self, url: bytes) -> None:
        """More of the target."""
        self._url += url

    def on_body(self, body: bytes) -> None:
        """More of the body."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Answers."""
        messages = b"/messages" in self._url
        asked = MODEL.search(b"".join(self._body)[:4096])
        if asked is not None:
            self._stream(int(asked[1]), int(asked[2]), messages=messages)
        elif not self._body:
            self._transport.write(MODELS)
        else:
            self._transport.write(MESSAGES_ANSWER if messages else CHAT_ANSWER)

    def _stream(self, chunks: int, per_second: int, *, messages: bool) -> None:
        begin = self._loop.time()
        sent = 0

        def tick() -> None:
            nonlocal sent
            if self._transport.is_closing():
                return
            text = word(time.monotonic_ns(), messages=messages)
            sent += 1
            if sent == 1:
                text = opening(messages=messages) + text
            if sent == chunks:
                self._transport.write(text + closing(messages=messages))
                return
            self._transport.write(text)
            self._timer = self._loop.call_at(begin + sent / per_second, tick)

        tick()


async def serve(port: int, tls: ssl.SSLContext | None) -> None:
    """Serves for ever."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Mock, "127.0.0.1", port, ssl=tls, backlog=1024)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    async with server:
        await server.serve_forever()


def main(arguments: list[str]) -> None:
    """Reads the command line and serves."""
    parser = argparse.ArgumentParser(prog="llmgate.bench.mock")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--certificate", type=Path, help="PEM file with key and chain: serve TLS")
    options = parser.parse_args(arguments)
    tls = None
    if options.certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(options.certificate)
    loops.run(serve(options.port, tls))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(0)
