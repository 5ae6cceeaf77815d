"""Whether a JSON value is what an OpenAPI document says it is; the part of JSON Schema we use."""

from typing import Any

Document = dict[str, Any]
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def misfits(document: Document, schema: Document, value: Any, at: str = "$") -> list[str]:
    """What is wrong with the value, each with its place; unknown properties are wrong too."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    for word in ("oneOf", "anyOf"):
        if word in schema:
            found = [misfits(document, option, value, at) for option in schema[word]]
            return [] if [] in found else min(found, key=len)
    if "enum" in schema:
        return [] if value in schema["enum"] else [f"{at}: {value!r} is none of {schema['enum']}"]
    if "const" in schema:
        return [] if value == schema["const"] else [f"{at}: is not {schema['const']!r}"]
    return _typed(document, schema, value, at)


def _typed(document: Document, schema: Document, value: Any, at: str) -> list[str]:
    wanted = schema.get("type")
    names = wanted if isinstance(wanted, list) else [wanted] if wanted else []
    fits = any(
        isinstance(value, _TYPES[n]) and (n == "boolean" or not isinstance(value, bool))
        for n in names
    )
    if names and not fits:
        return [f"{at}: {value!r} is no {names}"]
    if isinstance(value, list):
        items = schema.get("items", {})
        return [m for n, v in enumerate(value) for m in misfits(document, items, v, f"{at}[{n}]")]
    return _object(document, schema, value, at) if isinstance(value, dict) else []


def _object(document: Document, schema: Document, value: dict[str, Any], at: str) -> list[str]:
    known, more = schema.get("properties", {}), schema.get("additionalProperties")
    found = [f"{at}: {name} is missing" for name in schema.get("required", []) if name not in value]
    for name, item in value.items():
        if name in known:
            found += misfits(document, known[name], item, f"{at}.{name}")
        elif isinstance(more, dict):
            found += misfits(document, more, item, f"{at}.{name}")
        elif known:
            found.append(f"{at}: {name} is not in the document")
    return found
