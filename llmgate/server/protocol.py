"""uvicorn's HTTP protocol, with the bounds and the patience that a gateway needs.

Four things differ. A head has a size limit. Trailers of a chunked body stay out of the headers, or
a caller could add an ``authorization`` after the request was judged. And an ``Upgrade`` that nobody
serves is passed over as RFC 9110 (section 7.8) wants: the parser stops at one and drops the body,
while Java's HTTP client offers h2c with every first request. And a caller who leaves is noticed
even if the next request came before.
"""

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

MAX_HEAD_BYTES = 1 << 18
_TOO_LARGE = b"the request's headers are over 256 kB"


class Protocol(HttpToolsProtocol):
    """One connection of a caller."""

    _head_bytes = 0  # of a head that is still incomplete
    _in_head = False
    _passed_over = False  # an upgrade that nobody serves
    _running: RequestResponseCycle | None = None  # not the newest, where requests are pipelined

    def connection_lost(self, exc: Exception | None) -> None:
        """The caller has left."""
        super().connection_lost(exc)
        running = self._running
        if running is not None and not running.response_complete:
            running.disconnected = True
            running.message_event.set()

    def data_received(self, data: bytes) -> None:
        """Feeds the parser."""
        self._unset_keepalive_if_required()
        if self.transport.is_closing():
            return
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self.parser.get_method() == b"CONNECT":  # read again it would be one again
                self.send_400_response("CONNECT is not served: llmgate is no proxy for tunnels.")
            elif self._passed_over:
                self._feed_again(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self.logger.warning("Invalid HTTP request received.")
            self.send_400_response("Invalid HTTP request received.")
        if self._in_head:
            self._bound_head(len(data))

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        """The head is complete: starts the request, unless it must be read without its upgrade."""
        self._in_head, self._head_bytes = False, 0
        if self.parser.should_upgrade() and self._get_upgrade() != b"websocket":
            self._passed_over = True
            return
        super().on_headers_complete()
        if self.expect_100_continue:  # its body may never come: no next request can be told from it
            self.cycle.keep_alive = False
        self.headers = []  # the request keeps its own: what follows the body are trailers

    def on_message_complete(self) -> None:
        """The body is complete; one that was passed over is still to come."""
        if not self._passed_over:
            super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _bound_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD_BYTES:
            self.transport.write(
                b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain\r\n"
                b"connection: close\r\ncontent-length: %d\r\n\r\n%b" % (len(_TOO_LARGE), _TOO_LARGE)
            )
            self.transport.close()

    def _feed_again(self, rest: bytes) -> None:
        """Reads the same head once more without the upgrade, then what follows it."""
        self._passed_over = False
        lines = [self.parser.get_method() + b" " + self.url + b" HTTP/1.1"]
        lines += [name + b": " + value for name, value in self.headers if name != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self.data_received(b"\r\n".join(lines) + b"\r\n\r\n" + rest)
