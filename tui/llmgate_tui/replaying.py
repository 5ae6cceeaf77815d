"""The part of the control API that sends recorded requests again."""

from typing import TypeVar
from urllib.parse import quote

import msgspec

from llmgate.wire.replays import Matrix, ReplayEstimate, ReplaySpec, ReplayView
from llmgate_tui.api import Api, ApiProblem

_T = TypeVar("_T")


class Replaying:
    """Typed calls over ``Api.send``; every one raises ``ApiProblem`` when it cannot be made."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def estimate(self, spec: ReplaySpec) -> ReplayEstimate:
        """What would be sent and cost; nothing is sent."""
        return await self._ask("POST", "replays/estimate", ReplayEstimate, spec)

    async def start(self, spec: ReplaySpec) -> ReplayView:
        """Begins to send."""
        return await self._ask("POST", "replays", ReplayView, spec)

    async def replays(self) -> list[ReplayView]:
        """Newest first."""
        return await self._ask("GET", "replays", list[ReplayView])

    async def replay(self, id: str) -> ReplayView:  # noqa: A002
        """How one stands."""
        return await self._ask("GET", _path(id), ReplayView)

    async def matrix(self, id: str) -> Matrix:  # noqa: A002
        """What came of it."""
        return await self._ask("GET", f"{_path(id)}/matrix", Matrix)

    async def stop(self, id: str) -> ReplayView:  # noqa: A002
        """Sends nothing new; what runs ends by itself, or is cancelled when asked again."""
        return await self._ask("POST", f"{_path(id)}/stop", ReplayView)

    async def resume(self, id: str, limit_usd: float | None = None) -> ReplayView:  # noqa: A002
        """Sends the rest; a limit takes the place of the one there was."""
        params = {} if limit_usd is None else {"limit_usd": f"{limit_usd:g}"}
        return await self._ask("POST", f"{_path(id)}/resume", ReplayView, params=params)

    async def delete(self, id: str) -> None:  # noqa: A002
        """Forgets it; its exchanges stay."""
        await self._api.send("DELETE", _path(id))

    async def _ask(
        self,
        method: str,
        path: str,
        kind: type[_T],
        body: object = None,
        *,
        params: dict[str, str] | None = None,
    ) -> _T:
        answer = await self._api.send(method, path, body, params=params)
        try:
            return msgspec.json.decode(answer, type=kind)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise ApiProblem(
                f"the gateway's answer is not one this version understands: {error}",
                200,
                foreign=True,
            ) from error


def _path(id: str) -> str:  # noqa: A002
    return f"replays/{quote(id, safe='')}"
