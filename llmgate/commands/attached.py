"""The control API for a command: of the gateway that serves the data folder, or of one that is
started for as long as the command runs.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, TypeVar

import httpx
import msgspec

from llmgate.commands.child import Child, child_command
from llmgate.errors import LlmgateError, Misuse, StartupProblem
from llmgate.server.run_file import owned, running
from llmgate.server.token import TOKEN_FILE
from llmgate.store.folder import data_folder
from llmgate.wire.safe_text import safe_text

_PATIENCE: Final = httpx.Timeout(600, connect=5)  # a large import or a vacuum takes its time
_STARTING_S: Final = 5
_LONGEST: Final = 2_000
_MISUSED: Final = frozenset({400, 404, 413, 422})  # asking the same again would change nothing

T = TypeVar("T")
Parameters = Mapping[str, str | int | float | bool | list[str]]


class _Reason(msgspec.Struct, frozen=True):
    message: str


class _Refused(msgspec.Struct, frozen=True):
    """What the control API answers when it cannot do what it was asked."""

    error: _Reason
    problems: object = None


@asynccontextmanager
async def attached(
    data_dir: str | None,
    *,
    config: str | None = None,
    env_file: str | None = None,
    start: bool = True,
) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose paths are below ``/admin/v1/``.

    Without a running gateway one is started on the folder and ended afterwards (``config`` and
    ``env_file`` are for that one only), or, with ``start=False``, this raises ``StartupProblem``.
    """
    folder = data_folder(data_dir, create=False)
    url = await _serving(folder)
    if url:
        async with _client(url, folder / TOKEN_FILE) as client:
            yield client
        return
    if not start:
        raise StartupProblem(f"no gateway serves {folder}: start one with `llmgate up`")
    options = {"port": 0, "data_dir": str(folder), "config": config, "env_file": env_file}
    child = Child(child_command(options), detach=False)
    try:
        ready = await asyncio.to_thread(child.wait_ready)
        async with _client(ready.url, Path(ready.token_file)) as client:
            yield client
    finally:
        child.stop()


async def ask(
    client: httpx.AsyncClient,
    method: str,
    path: str,
    kind: type[T],
    *,
    params: Parameters | None = None,
    body: object = None,
) -> T:
    """The answer to a request, as ``kind``. Raises ``LlmgateError``.

    A ``body`` of bytes is sent as it is, anything else as JSON.
    """
    answer = await fetch(client, method, path, params=params, body=body)
    try:
        return msgspec.json.decode(answer.content, type=kind)
    except msgspec.DecodeError as error:
        raise LlmgateError(f"the gateway's answer to {method} {path} is not understood") from error


async def fetch(
    client: httpx.AsyncClient,
    method: str,
    path: str,
    *,
    params: Parameters | None = None,
    body: object = None,
) -> httpx.Response:
    """A good answer as it came. Raises ``LlmgateError`` with what the gateway said of a bad one,
    ``Misuse`` where what was asked for makes no sense.
    """
    content = body if body is None or isinstance(body, bytes) else msgspec.json.encode(body)
    raw = isinstance(body, bytes) or body is None
    headers = {} if raw else {"content-type": "application/json"}
    try:
        answer = await client.request(
            method, path.lstrip("/"), params=params, content=content, headers=headers
        )
    except httpx.TimeoutException as error:
        raise LlmgateError(f"the gateway at {_host(client)} does not answer") from error
    except httpx.TransportError as error:
        raise LlmgateError(f"the connection to the gateway at {_host(client)} is lost") from error
    if answer.status_code in _MISUSED:
        raise Misuse(_why(answer))
    if answer.is_error:
        raise LlmgateError(_why(answer))
    return answer


async def _serving(folder: Path) -> str:
    """The address of the gateway of this folder, empty without one; waits for one that starts."""
    for _ in range(_STARTING_S * 20):
        if found := running(folder):
            return found.url
        if not owned(folder):
            return ""
        await asyncio.sleep(0.05)
    raise StartupProblem(
        f"a gateway holds the data folder {folder} but does not say where it serves: stop it, or"
        " choose another folder with --data-dir"
    )


def _client(url: str, token_file: Path) -> httpx.AsyncClient:
    try:
        token = token_file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StartupProblem(f"cannot read the gateway's token in {token_file}") from error
    return httpx.AsyncClient(
        base_url=f"{url}/admin/v1/",
        headers={"authorization": f"Bearer {token}"},
        timeout=_PATIENCE,
        trust_env=False,  # a company proxy must not see loopback traffic
    )


def _why(answer: httpx.Response) -> str:
    try:
        refused = msgspec.json.decode(answer.content, type=_Refused)
    except msgspec.DecodeError:
        return f"the gateway answered {answer.status_code}"
    words = [refused.error.message]
    if isinstance(refused.problems, list):
        words += [_problem(one) for one in refused.problems if isinstance(one, dict)]
    return safe_text("; ".join(filter(None, words)), newlines=False)[:_LONGEST]


def _problem(problem: dict[str, object]) -> str:
    where, what = problem.get("key") or "", problem.get("message") or ""
    return f"{where}: {what}" if where else str(what)


def _host(client: httpx.AsyncClient) -> str:
    return client.base_url.netloc.decode("ascii", "replace")
