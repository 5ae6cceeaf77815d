"""The part of the control API that changes things: config edits, keys, limits, providers, spend."""

from typing import TypeVar
from urllib.parse import quote

import msgspec

from llmgate.wire.editing import (
    Conflict,
    EditRequest,
    History,
    NewKey,
    RevisionDetail,
    RouteAnswer,
    RouteQuestion,
    Verdict,
)
from llmgate.wire.gateway import ConfigView, KeyView, ProviderView, RouteView
from llmgate.wire.limits import LimitsView, Scope
from llmgate.wire.spend import By, Period, SpendReport
from llmgate_tui.api import Api, ApiProblem

_T = TypeVar("_T")


class Stale(Exception):
    """412: the file has moved since the edits were made."""

    def __init__(self, conflict: Conflict) -> None:
        super().__init__(conflict.message)
        self.conflict = conflict


class Refused(Exception):
    """422: the edited config has problems; nothing was written."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.problems[0].message if verdict.problems else "refused")
        self.verdict = verdict


class Steering:
    """Typed calls over ``Api.send``; every one raises ``ApiProblem`` when it cannot be made."""

    def __init__(self, api: Api) -> None:
        self._api = api

    # -- what there is -------------------------------------------------------

    async def config(self) -> ConfigView:
        """The running config; its ``etag`` is the base of edits."""
        return await self._ask("GET", "config", ConfigView)

    async def routes(self) -> list[RouteView]:
        """In the order they are tried."""
        return await self._ask("GET", "routes", list[RouteView])

    async def providers(self) -> list[ProviderView]:
        """How each is doing now; the feed tells it only while there is traffic."""
        return await self._ask("GET", "providers", list[ProviderView])

    async def keys(self) -> list[KeyView]:
        """Callers' keys with their limits."""
        return await self._ask("GET", "keys", list[KeyView])

    async def limits(self) -> list[LimitsView]:
        """Of keys, providers and models."""
        return await self._ask("GET", "limits", list[LimitsView])

    async def spend(self, period: Period, by: By) -> SpendReport:
        """Money and tokens."""
        params: dict[str, str] = {"period": period, "by": by}
        return await self._ask("GET", "spend", SpendReport, params=params)

    async def spend_csv(self, period: Period, by: By) -> bytes:
        """The same as comma-separated values."""
        return await self._api.send("GET", "spend/export", params={"period": period, "by": by})

    # -- the config file -----------------------------------------------------

    async def validate(self, request: EditRequest, etag: str) -> Verdict:
        """What the edits would do; problems are in the verdict. Raises ``Stale``."""
        return await self._edit("POST", "config/validate", request, etag)

    async def apply(self, request: EditRequest, etag: str) -> Verdict:
        """Writes the file. Raises ``Stale`` and ``Refused``."""
        return await self._edit("PATCH", "config", request, etag)

    async def undo(self, etag: str) -> Verdict:
        """Back by one revision."""
        return await self._edit("POST", "config/undo", None, etag)

    async def redo(self, etag: str) -> Verdict:
        """Forward again."""
        return await self._edit("POST", "config/redo", None, etag)

    async def roll_back(self, number: int, etag: str) -> Verdict:
        """To any revision."""
        return await self._edit("POST", f"config/rollback/{number}", None, etag)

    async def write_file(self) -> Verdict:
        """Gives a config that was built from the environment a file."""
        return await self._edit("POST", "config/file", None, "*")

    async def reload(self) -> ConfigView:
        """Reads the file again now; what is wrong with it is in ``problems``."""
        return await self._ask("POST", "config/reload", ConfigView)

    async def history(self, limit: int = 200) -> History:
        """Revisions, newest first."""
        return await self._ask("GET", "config/history", History, params={"limit": str(limit)})

    async def revision(self, number: int) -> RevisionDetail:
        """One of them with its text and differences."""
        return await self._ask("GET", f"config/history/{number}", RevisionDetail)

    async def new_key(self, new: NewKey, etag: str) -> Verdict:
        """Makes a key; ``Verdict.secret`` is it, this once."""
        return await self._edit("POST", "keys", new, etag)

    async def explain(self, question: RouteQuestion) -> RouteAnswer:
        """Where a request would go, and why."""
        return await self._ask("POST", "routes/explain", RouteAnswer, question)

    # -- the running gateway -------------------------------------------------

    async def probe(self, provider: str) -> ProviderView:
        """Asks a provider for its models now."""
        return await self._ask("POST", f"providers/{_name(provider)}/health", ProviderView)

    async def drain(self, provider: str, *, resume: bool = False) -> ProviderView:
        """Sends it nothing new, or goes on."""
        what = "resume" if resume else "drain"
        return await self._ask("POST", f"providers/{_name(provider)}/{what}", ProviderView)

    async def reset_limits(self, scope: Scope, name: str) -> LimitsView:
        """Counts from nothing again."""
        path = f"limits/{scope}/{_name(name)}/reset"
        return await self._ask("POST", path, LimitsView)

    async def cancel(self, exchange: str) -> None:
        """Ends a live exchange."""
        await self._api.send("POST", f"exchanges/{_name(exchange)}/cancel")

    async def _ask(
        self,
        method: str,
        path: str,
        kind: type[_T],
        body: object = None,
        *,
        params: dict[str, str] | None = None,
    ) -> _T:
        return _decoded(await self._api.send(method, path, body, params=params), kind)

    async def _edit(self, method: str, path: str, body: object, etag: str) -> Verdict:
        try:
            return _decoded(await self._api.send(method, path, body, etag=etag), Verdict)
        except ApiProblem as problem:
            if problem.status == 412 and problem.body:
                raise Stale(_decoded(problem.body, Conflict)) from problem
            if problem.status == 422 and problem.body:
                raise Refused(_decoded(problem.body, Verdict)) from problem
            raise


def _name(name: str) -> str:
    return quote(name, safe="")


def _decoded(body: bytes, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise ApiProblem(
            f"the gateway's answer is not one this version understands: {error}", 200, foreign=True
        ) from error
