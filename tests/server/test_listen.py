"""Binding the listening socket: one line for each way it can fail."""

import os
import socket

import pytest

from llmgate.errors import StartupProblem
from llmgate.server.listen import listen


def test_a_bound_socket_listens_on_a_free_port() -> None:
    with listen("127.0.0.1", 0) as sock, socket.create_connection(sock.getsockname()) as peer:
        assert peer.getpeername() == sock.getsockname()


def test_ipv6_is_listened_on_when_it_is_asked_for() -> None:
    try:
        sock = listen("::1", 0)
    except StartupProblem:
        pytest.skip("this machine has no IPv6")
    with sock:
        assert sock.family == socket.AF_INET6


def test_a_busy_port_says_what_to_do() -> None:
    with listen("127.0.0.1", 0) as sock:
        port = sock.getsockname()[1]
        with pytest.raises(StartupProblem, match=rf"^port {port} is in use.*--port$"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "999.1.1.1", "x" * 80, "a..b"])
def test_a_host_that_is_none_is_named(host: str) -> None:
    with pytest.raises(StartupProblem, match="is no address of this machine"):
        listen(host, 0)


def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(StartupProblem, match=r"192\.0\.2\.1"):
        listen("192.0.2.1", 0)


@pytest.mark.parametrize("port", [-1, 65_536, 1_000_000])
def test_a_port_that_is_none_is_named(port: int) -> None:
    with pytest.raises(StartupProblem, match=f"{port}"):
        listen("127.0.0.1", port)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may use every port")
def test_a_port_below_1024_needs_rights() -> None:
    with pytest.raises(StartupProblem, match="above 1023"):
        listen("127.0.0.1", 1)
