"""The JSON Schema of config.yaml, for editors (`llmgate check --schema`)."""

from typing import Any, Final

import msgspec

from llmgate.config.catalog import KINDS, PROTOCOLS
from llmgate.config.model import Config

_REFERENCE: Final = {"type": "string", "pattern": r"\$\{[^{}]+\}"}
_FILLED: Final = ("integer", "number", "boolean")


def config_schema() -> dict[str, Any]:
    """The schema, draft 2020-12. Numbers and switches may also be written as ``${VAR}``."""
    (root,), parts = msgspec.json.schema_components([Config], ref_template="#/$defs/{name}")
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "llmgate config.yaml",
        **root,
        "$defs": {name: _opened(part) for name, part in parts.items()},
    }
    provider = schema["$defs"]["ProviderConfig"]["properties"]
    provider["kind"] = {"enum": list(KINDS)}
    provider["protocols"]["items"] = {"enum": list(PROTOCOLS)}
    return schema


def _opened(part: Any) -> Any:
    """Lets every number and switch be a ``${VAR}``, and every section be left empty."""
    properties = part.get("properties", {})
    opened = {name: _with_reference(wanted) for name, wanted in properties.items()}
    return {**part, "properties": opened}


def _with_reference(wanted: dict[str, Any]) -> dict[str, Any]:
    default = {"default": wanted["default"]} if "default" in wanted else {}
    bare = {name: value for name, value in wanted.items() if name != "default"}
    if "$ref" in bare or bare.get("type") == "object":
        return {"anyOf": [bare, {"type": "null"}], **default}
    if bare.get("type") in _FILLED:
        return {"anyOf": [bare, _REFERENCE], **default}
    if any(choice.get("type") in _FILLED for choice in bare.get("anyOf", ())):
        return {"anyOf": [*bare["anyOf"], _REFERENCE], **default}
    return wanted
