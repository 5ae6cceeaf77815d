"""Binds the listening socket before anything else starts, so that a busy port is one clear line."""

import errno
import socket

from llmgate.errors import StartupProblem


def listen(host: str, port: int) -> socket.socket:
    """A bound socket. Raises ``StartupProblem`` saying what to do."""
    if not 0 <= port <= 65535:
        raise StartupProblem(f"there is no port {port}; choose one up to 65535 with --port")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    except (socket.gaierror, UnicodeError) as error:
        raise StartupProblem(f"server.host '{host}' is no address of this machine") from error
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(2048)
    except OSError as error:
        sock.close()
        raise StartupProblem(_why(host, port, error)) from error
    return sock


def _why(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} is in use, perhaps by another llmgate (`llmgate tui` opens its terminal);"
            " choose another with --port"
        )
    if error.errno == errno.EACCES:
        return (
            f"port {port} needs more rights than this user has; choose one above 1023 with --port"
        )
    return f"cannot listen on {host}:{port}: {error.strerror}"
