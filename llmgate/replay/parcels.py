"""Makes the request of one sending from what was recorded, and what is to be different of it."""

from llmgate.formats.body import glance, rename_model
from llmgate.relay.errand import Again, Errand
from llmgate.replay.aims import Aims
from llmgate.replay.edit import edited
from llmgate.replay.look import NOT_KEPT
from llmgate.replay.problems import BadReplay
from llmgate.store.queries import Queries
from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.replays import ReplaySpec, ReplayTarget


class Packer:
    """Packs for one replay."""

    def __init__(self, replay_id: str, spec: ReplaySpec, aims: Aims, queries: Queries) -> None:
        self._replay_id = replay_id
        self._spec = spec
        self._aims = aims
        self._queries = queries

    async def pack(self, row: ExchangeSummary, number: int, target: ReplayTarget) -> Errand:
        """Byte for byte as the caller sent it, but for what is set. Raises ``LlmgateError``."""
        detail = await self._queries.detail(row.id)
        if detail is None:
            raise BadReplay(f"exchange {row.id} is no longer kept")
        body = edited(await self._body(row), self._spec.set)
        model = ""
        if target.provider:
            asked = glance(body).model or row.model
            model = target.model or self._aims.own_name(row, target.provider, asked)
        elif target.model:
            body = rename_model(body, target.model)
        again = Again(
            parent=row.id,
            replay=self._replay_id,
            target=number,
            place=self._aims.place(row, target),
            model=model,
            key=row.key,
            query=detail.query,
            headers=detail.request_headers,
            body=body,
        )
        return Errand(again)

    async def _body(self, row: ExchangeSummary) -> bytes:
        if self._spec.body:
            return self._spec.body.encode("utf-8", "replace")
        body = await self._queries.body(row.id, "request")
        if not body:
            raise BadReplay(f"exchange {row.id}: {NOT_KEPT}")
        return body
