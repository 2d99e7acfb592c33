"""What of a JSON schema lies outside the strict subset of Structured Outputs, or beyond its limits.

https://developers.openai.com/api/docs/guides/structured-outputs
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

MOST_PROPERTIES, DEEPEST, MOST_CHARACTERS, MOST_VALUES = 5_000, 10, 120_000, 1_000
LARGE_ENUM, LARGE_ENUM_CHARACTERS = 250, 15_000

_ANYWHERE = {"type", "enum", "const", "anyOf", "$ref", "$defs", "title", "description"}
_FOR_TYPE = {
    "object": {"properties", "required", "additionalProperties"},
    "array": {"items", "minItems", "maxItems"},
    "string": {"pattern", "format"},
    "number": {"multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"},
    "boolean": set(),
    "null": set(),
}
_FOR_TYPE["integer"] = _FOR_TYPE["number"]
_FORMATS = {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"}
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def form_problems(form: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a format's name, its strictness or its schema."""
    if not _NAME.fullmatch(str(form.get("name", ""))):
        yield "the name is not 1 to 64 letters, digits, _ or -"
    if form.get("strict") is not True:
        yield "this stand-in shows strict mode alone"
    yield from schema_problems(form.get("schema", {}))


def schema_problems(schema: dict[str, Any]) -> Iterator[str]:
    if schema.get("type") != "object":
        yield "the root is no object"
    if "anyOf" in schema:
        yield "the root has anyOf"
    yield from _in_part(schema, schema, 1)
    yield from _beyond_limits(list(_parts(schema, 1)))


def _in_part(part: dict[str, Any], root: dict[str, Any], depth: int) -> Iterator[str]:
    if depth > DEEPEST:
        yield f"more than {DEEPEST} levels"
        return
    kinds = _kinds(part)
    yield from (f"type {kind} is not known" for kind in kinds if kind not in _FOR_TYPE)
    allowed = _ANYWHERE.union(*(_FOR_TYPE.get(kind, set()) for kind in kinds))
    yield from (f"{keyword} is not permitted" for keyword in part if keyword not in allowed)
    if part.get("format", "date") not in _FORMATS:
        yield f"format {part['format']} is not known"
    if "$ref" in part and _target(part["$ref"], root) is None:
        yield f"{part['$ref']} leads nowhere"
    if "object" in kinds:
        yield from _in_object(part)
    for inner in _inner(part):
        yield from _in_part(inner, root, depth + 1)


def _in_object(part: dict[str, Any]) -> Iterator[str]:
    if part.get("additionalProperties") is not False:
        yield "additionalProperties must be false"
    if sorted(part.get("required", [])) != sorted(part.get("properties", {})):
        yield "every property must be in required"


def _kinds(part: dict[str, Any]) -> list[str]:
    kinds = part.get("type", [])
    return [kinds] if isinstance(kinds, str) else list(kinds)


def _inner(part: dict[str, Any]) -> list[dict[str, Any]]:
    items = [part["items"]] if "items" in part else []
    return [*part.get("properties", {}).values(), *part.get("anyOf", []), *part.get("$defs", {}).values(), *items]


def _target(reference: str, root: dict[str, Any]) -> Any:
    if reference == "#":
        return root
    return root.get("$defs", {}).get(reference.removeprefix("#/$defs/")) if reference.startswith("#/$defs/") else None


def _parts(part: dict[str, Any], depth: int) -> Iterator[dict[str, Any]]:
    yield part
    if depth <= DEEPEST:
        for inner in _inner(part):
            yield from _parts(inner, depth + 1)


def _beyond_limits(parts: list[dict[str, Any]]) -> Iterator[str]:
    names = [name for part in parts for name in (*part.get("properties", {}), *part.get("$defs", {}))]
    values = [value for part in parts for value in part.get("enum", [])]
    constants = [part["const"] for part in parts if "const" in part]
    if sum(len(part.get("properties", {})) for part in parts) > MOST_PROPERTIES:
        yield f"more than {MOST_PROPERTIES} properties"
    if sum(len(str(text)) for text in (*names, *values, *constants)) > MOST_CHARACTERS:
        yield f"more than {MOST_CHARACTERS} characters in names and values"
    if len(values) > MOST_VALUES:
        yield f"more than {MOST_VALUES} values of enums"
    large = [part["enum"] for part in parts if len(part.get("enum", [])) > LARGE_ENUM]
    if any(sum(len(str(value)) for value in enum) > LARGE_ENUM_CHARACTERS for enum in large):
        yield f"more than {LARGE_ENUM_CHARACTERS} characters in an enum of more than {LARGE_ENUM} values"
