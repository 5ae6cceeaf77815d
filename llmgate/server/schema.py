"""The OpenAPI page: one static HTML file of our own, since a page of this origin must load no one's
script.
"""

import re
from html import escape
from typing import Any

from litestar.connection import Request
from litestar.openapi.plugins import OpenAPIRenderPlugin

_STYLE = (
    "body{font:15px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "code{background:#f2f2f2;padding:.1rem .3rem}td{padding:.3rem .8rem .3rem 0;vertical-align:top}"
    "@media(prefers-color-scheme:dark){body{background:#16181d;color:#ddd}code{background:#262a33}}"
)


class PlainPage(OpenAPIRenderPlugin):
    """Lists every operation; the machine-readable form is beside it."""

    def __init__(self) -> None:
        super().__init__(path="/")

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Builds the page from the schema."""
        about = _prose(openapi_schema.get("info", {}).get("description", ""))
        rows = [
            _row(method, path, operation)
            for path, operations in openapi_schema.get("paths", {}).items()
            for method, operation in operations.items()
            if isinstance(operation, dict)
        ]
        return (
            "<!doctype html><meta charset=utf-8><title>llmgate control API</title>"
            f"<style>{_STYLE}</style><h1>llmgate control API</h1>"
            f"<p>{about} Machine-readable: <code>/schema/openapi.json</code>.</p><table>"
            + "".join(rows)
            + "</table>"
        ).encode()


def _row(method: str, path: str, operation: dict[str, Any]) -> str:
    statuses = " ".join(sorted(operation.get("responses", {})))
    return (
        f"<tr><td><code>{escape(method.upper())}</code></td><td><code>{escape(path)}</code></td>"
        f"<td>{_prose(operation.get('summary', ''))}<br>"
        f"<small>{_prose(operation.get('description', ''))}<br>{escape(statuses)}</small></td></tr>"
    )


def _prose(text: object) -> str:
    """Text with its `code` marked as such."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(str(text)))
