"""Stores that are closed when a test ends, however it ends."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from llmgate.store.writer import Store

OpenStore = Callable[..., Awaitable[Store]]


@pytest.fixture
async def open_store() -> AsyncIterator[OpenStore]:
    """Opens a store as ``Store.open`` does."""
    opened: list[Store] = []

    async def one(*args: Any, **options: Any) -> Store:
        store = await Store.open(*args, **options)
        opened.append(store)
        return store

    yield one
    for store in opened:
        await store.close()
