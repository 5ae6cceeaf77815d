"""What the resource forms of the control API are sent: providers, routes, targets, keys, limits.

A form is a composed edit of config.yaml: ``settings`` are fields as the file has them. A ``PATCH``
is a JSON merge patch: null removes a field.
"""

from typing import Any

import msgspec


class NewEntry(msgspec.Struct, frozen=True, kw_only=True):
    """``POST /admin/v1/providers`` and ``.../routes``: a route goes before ``index``, or to the
    end.
    """

    name: str
    settings: dict[str, Any]
    index: int | None = None


class NewTarget(msgspec.Struct, frozen=True, kw_only=True):
    """``POST /admin/v1/routes/{name}/targets``: before ``index``, or at the end."""

    settings: dict[str, Any]
    index: int | None = None


class NewPlace(msgspec.Struct, frozen=True):
    """``POST .../move``: the place from 0 on, counted without what is moved."""

    to: int


class NewName(msgspec.Struct, frozen=True):
    """``POST .../rename``."""

    to: str


class CancelAnswer(msgspec.Struct, frozen=True):
    """``POST /admin/v1/exchanges/{id}/cancel``."""

    cancelled: bool


class VersionAnswer(msgspec.Struct, frozen=True):
    """``GET /admin/v1/config/version``."""

    version: int
