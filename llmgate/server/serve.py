"""Runs the gateway on a socket: uvicorn, told when to listen and how to leave."""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import uvicorn

from llmgate.config.watch import ConfigHolder
from llmgate.logs import Log
from llmgate.server.app import build
from llmgate.server.protocol import Protocol
from llmgate.server.runtime import Options, running_gateway

_SHUTDOWN_S = 3


class Server(uvicorn.Server):
    """uvicorn, telling when it listens and when it begins to leave."""

    def __init__(
        self, config: uvicorn.Config, on_ready: Callable[[], None], on_leave: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._on_leave = on_leave

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves on the first signal, at once on the second; uvicorn's own dies of it after."""
        loop = asyncio.get_running_loop()
        handled: list[signal.Signals] = []
        with suppress(NotImplementedError):  # Windows: Ctrl-C arrives as KeyboardInterrupt
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, self.handle_exit, number, None)
                handled.append(number)
        try:
            yield
        finally:
            for number in handled:
                loop.remove_signal_handler(number)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listens, then says so."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Lets viewers go first: they would hold the shutdown up."""
        self._on_leave()
        await super().shutdown(sockets)


async def serve(
    holder: ConfigHolder,
    options: Options,
    sock: socket.socket,
    on_ready: Callable[[], None],
    until: asyncio.Event | None = None,
) -> None:
    """Runs the gateway on a bound socket until a signal, or ``until`` is set."""
    host, port = sock.getsockname()[:2]
    async with running_gateway(holder, options, f"{host}:{port}") as runtime:
        _catch_uvicorn(runtime.log)
        app = build(runtime.core, runtime.log, options.token)
        server = Server(
            _uvicorn_config(app), on_ready, lambda: runtime.hub.close("the gateway is stopping")
        )
        async with asyncio.TaskGroup() as group:
            leaving = group.create_task(_leave_when(until, server))
            await server.serve(sockets=[sock])
            leaving.cancel()
            await _end_calls(server)


async def _end_calls(server: uvicorn.Server) -> None:
    """Ends what is still carried while the store is open to record it."""
    calls = list(server.server_state.tasks)
    for call in calls:
        call.cancel()
    if calls:
        await asyncio.wait(calls, timeout=1)


def _uvicorn_config(app: object) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        http=Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # a header must not decide who counts as local
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_SHUTDOWN_S,
    )


async def _leave_when(until: asyncio.Event | None, server: uvicorn.Server) -> None:
    if until is not None:
        await until.wait()
        server.should_exit = True


def _catch_uvicorn(log: Log) -> None:
    """uvicorn's own words go to our log, but for those about answers we broke off on purpose."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            text = record.getMessage()
            stopped = record.exc_info and record.exc_info[0] is asyncio.CancelledError
            if "without completing response" not in text and not stopped:
                log.write("warning", f"server: {text}")

    for name in ("uvicorn", "uvicorn.error", "uvicorn.asgi"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [Handler()] if name == "uvicorn" else []
        logger.setLevel(logging.WARNING)
        logger.propagate = name != "uvicorn"
