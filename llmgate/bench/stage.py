"""The processes of a benchmark: mock, gateway and load, started here and ended by their own ids."""

import importlib
import importlib.util
import json
import socket
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from llmgate.bench.child import READY_S, BenchProblem, Child, answer_of, start
from llmgate.bench.load import Job, Result
from llmgate.wire.gateway import HealthDetail

KEY = "sk-llmgate-bench-0123456789"


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def run_load(job: Job) -> Result:
    """Runs the load generator to its end."""
    command = [sys.executable, "-m", "llmgate.bench.load"]
    given = msgspec.json.encode(job)
    done = answer_of(command, given, folder=Path.cwd(), seconds=job.seconds + 60)
    return msgspec.json.decode(done, type=Result)


def certificate(folder: Path) -> tuple[Path, Path] | None:
    """A throw-away certificate (key and chain, authority); None without the trustme package."""
    if importlib.util.find_spec("trustme") is None:
        return None
    trustme = importlib.import_module("trustme")
    authority = trustme.CA()
    chain, root = folder / "server.pem", folder / "authority.pem"
    authority.issue_cert("127.0.0.1", "localhost").private_key_and_cert_chain_pem.write_to_path(
        chain
    )
    authority.cert_pem.write_to_path(root)
    return chain, root


class Stage:
    """A mock, a TLS mock where possible, and a gateway in front of them, recording everything."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Starts everything."""
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends everything."""
        self._stack.close()

    def _start(self) -> None:
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="llmgate-bench-"))
        self.folder = Path(folder)
        self.mock_port = self._mock("mock", [])
        pair = certificate(self.folder)
        self.tls = pair is not None
        tls_lines = ""
        if pair is not None:
            port = self._mock("TLS mock", ["--certificate", str(pair[0])])
            tls_lines = _TLS.format(port=port, authority=pair[1])
        self.config = self.folder / "config.yaml"
        self.config.write_text(_config(self.mock_port, tls_lines))
        self.port = free_port()
        self.gateway = self.start_gateway(self._stack, self.port, "data")
        wait_until_served(self.port, self.gateway)

    def _mock(self, name: str, arguments: list[str]) -> int:
        command = [sys.executable, "-m", "llmgate.bench.mock", *arguments]
        child = start(self._stack, name, command, folder=self.folder)
        line = child.line()
        if not line.startswith("{"):
            raise BenchProblem(f"{name} could not start: {line.strip()}")
        port: int = json.loads(line)["port"]
        return port

    def start_gateway(self, stack: ExitStack, port: int, data: str) -> Child:
        """Starts a gateway of this config on its own data folder; it ends with ``stack``."""
        command = [sys.executable, "-m", "llmgate", "up", "--headless"]
        command += ["--config", str(self.config), "--data-dir", str(self.folder / data)]
        return start(stack, "the gateway", [*command, "--port", str(port)], folder=self.folder)


def wait_until_served(port: int, gateway: Child) -> None:
    """Asks until a request is answered through the gateway."""
    end = time.monotonic() + READY_S
    while time.monotonic() < end:
        if gateway.process.poll() is not None:
            while gateway.line():
                pass
        if _served(port):
            return
        time.sleep(0.005)
    raise BenchProblem(f"the gateway served no request within {READY_S:.0f} s")


def _served(port: int) -> bool:
    body = b'{"model":"bench","messages":[{"role":"user","content":"hi"}]}'
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n"
        f"authorization: Bearer {KEY}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
            sock.sendall(head.encode() + body)
            answer = sock.recv(65536)
    except OSError:
        return False
    if answer and b" 200 " not in answer[:20]:
        raise BenchProblem(f"the gateway answers {answer[:300].decode('utf-8', 'replace')!r}")
    return bool(answer)


def _config(mock_port: int, tls_lines: str) -> str:
    secure = "secure" if tls_lines else "mock"
    return _CONFIG.format(mock=mock_port, key=KEY, tls=tls_lines, secure=secure)


def dropped(port: int) -> int:
    """How many exchanges, or their bodies, a gateway could not record so far."""
    head = f"GET /health/detailed HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\r\n"
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
        sock.sendall(head.encode())
        while data := sock.recv(65536):
            answer += data
    detail = msgspec.json.decode(answer.partition(b"\r\n\r\n")[2], type=HealthDetail)
    return detail.recording.dropped_exchanges + detail.recording.dropped_bodies


_CONFIG = """\
providers:
  mock: {{kind: openai-compatible, base_url: "http://127.0.0.1:{mock}/v1", api_key: sk-upstream}}
  spare: {{kind: openai-compatible, base_url: "http://127.0.0.1:{mock}/v1", api_key: sk-upstream}}
{tls}
routes:
  secure: {{match: {{model: "tls-*"}}, targets: [{{provider: {secure}}}]}}
  bench:
    match: {{model: "bench*"}}
    strategy: weighted
    targets: [{{provider: mock, weight: 3}}, {{provider: spare, weight: 1}}]
keys:
  bench: {{key: {key}, models: ["*"], limits: {{requests_per_second: 100000, burst: 100000}}}}
health: {{every_s: 0}}
recording: {{bodies: full}}
"""
_TLS = """\
  secure:
    kind: openai-compatible
    base_url: "https://127.0.0.1:{port}/v1"
    api_key: sk-upstream
    tls: {{ca_bundle: "{authority}"}}
"""
