"""The part of JSON Schema that OpenAI's strict mode allows, checked on our side: a compatible server may not enforce it.

https://developers.openai.com/api/docs/guides/structured-outputs
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_KINDS: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}
DEEPEST = 64
"""Levels of an answer beyond which it is not read."""


def violation(value: Any, schema: dict[str, Any]) -> str | None:
    """Where `value` first breaks `schema`, as in "$.actions[2].owner: not a string"; None when it fits. Never raises."""
    return next(_violations(value, schema, "$", schema.get("$defs", {}), 0), None)


def _violations(value: Any, schema: dict[str, Any], at: str, defs: dict[str, Any], depth: int) -> Iterator[str]:
    if depth > DEEPEST:
        yield f"{at}: too deep"
        return
    if "$ref" in schema:
        yield from _violations(value, defs.get(schema["$ref"].rpartition("/")[2], {}), at, defs, depth + 1)
    if "anyOf" in schema and all(next(_violations(value, s, at, defs, depth + 1), None) for s in schema["anyOf"]):
        yield f"{at}: fits none of the alternatives"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: not one of the values allowed"
    if "type" in schema and not _is(value, schema["type"]):
        yield f"{at}: not {_wanted(schema['type'])}"
    elif isinstance(value, dict):
        yield from _in_object(value, schema, at, defs, depth)
    elif isinstance(value, list):
        yield from _in_array(value, schema, at, defs, depth)


def _in_object(value: dict[str, Any], schema: dict[str, Any], at: str, defs: dict[str, Any], depth: int) -> Iterator[str]:
    properties = schema.get("properties", {})
    yield from (f"{at}.{name}: missing" for name in schema.get("required", ()) if name not in value)
    if schema.get("additionalProperties") is False:
        yield from (f"{at}: has a property that was not asked for" for name in value if name not in properties)
    for name, inner in properties.items():
        if name in value:
            yield from _violations(value[name], inner, f"{at}.{name}", defs, depth + 1)


def _in_array(value: list[Any], schema: dict[str, Any], at: str, defs: dict[str, Any], depth: int) -> Iterator[str]:
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        yield f"{at}: too few or too many items"
    for number, item in enumerate(value):
        yield from _violations(item, schema.get("items", {}), f"{at}[{number}]", defs, depth + 1)


def _is(value: Any, kinds: str | list[str]) -> bool:
    names = [kinds] if isinstance(kinds, str) else kinds
    if isinstance(value, bool):  # Python counts them among the integers
        return "boolean" in names
    return any(isinstance(value, _KINDS.get(name, object)) for name in names)


def _wanted(kinds: str | list[str]) -> str:
    return kinds if isinstance(kinds, str) else " or ".join(kinds)
