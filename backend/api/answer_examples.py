"""Examples of what the API answers, put together from the schemas: a field's name and format say what its value looks like.
Examples of bodies, which people copy, are written by hand (backend/api/examples.py)."""

from __future__ import annotations

import re
from typing import Any

_DIGITS = "0190a8c2"
_ID_PREFIXES = {
    "api_key": "apk", "asset": "ast", "attempt": "att", "board": "brd", "channel": "chn", "clip": "clip", "comparison": "cmp",
    "plan": "cp", "dataset": "ds", "draft": "txt", "edit": "edit", "generation": "gen", "image": "img", "influencer": "inf",
    "invitation": "inv", "job": "job", "lora": "lora", "picture": "pic", "post": "post", "preset": "pre", "run": "run",
    "sample": "sample", "session": "ses", "source": "src", "style": "sty", "template": "tpl", "tenant": "ws", "track": "trk",
    "trial": "trial", "upload": "up", "user": "usr", "variant": "post", "wildcard": "wild", "workflow": "wfl",
    "workspace": "ws", "endpoint": "whe", "history_entry": "act",
}  # fmt: skip
_BY_FORMAT = {
    "date-time": "2031-12-24T18:00:00Z", "date": "2031-12-24", "time": "18:00:00", "uri": "https://studio.example.org/picture",
    "email": "ada@example.org", "uuid": "0190a8c2-7b1e-7c3a-9d43-2f6f0f2f7a11",
}  # fmt: skip
_BY_NAME = {
    "name": "Bella", "title": "Old trams", "topic": "old trams", "caption": "Old trams.", "email": "ada@example.org",
    "timeZone": "Europe/Rome", "filename": "trams.jpg", "url": "https://studio.example.org/picture", "model": "sdxl",
}  # fmt: skip
_AMOUNT = "0.42"


def example_answer(schema: dict[str, Any], schemas: dict[str, Any], name: str = "", within: tuple[str, ...] = ()) -> Any:
    """A value that fits `schema`, with all fields. `schemas`: what `$ref` refers to. `name`: of the field. `within`: the names
    of the schemas around it, outermost first."""
    while "$ref" in schema:
        reference = schema["$ref"].rpartition("/")[2]
        if reference in within:
            return None
        within, schema = (*within, reference), schemas[reference]
    for value in (*schema.get("examples", ()), *(schema[word] for word in ("example", "const") if word in schema)):
        return value
    if "enum" in schema:
        return schema["enum"][0]
    for choices in ("anyOf", "oneOf", "allOf"):
        if choices in schema:
            return _first_that_ends(schema[choices], schemas, name, within)
    match schema.get("type"):
        case "object":
            return _fields(schema, schemas, within)
        case "array":
            return _items(schema, schemas, name, within)
        case "string":
            return _text(schema, name, within)
        case "integer" | "number":
            return _number(schema)
        case "boolean":
            return schema.get("default", True)
    return None


def example_id(name: str) -> str:
    """Of the path parameter `influencer_id`, or the field `defaultLoraId`: `inf_0190a8c2`, `lora_0190a8c2`."""
    noun = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().removesuffix("_id")
    prefix = next((prefix for ending, prefix in _ID_PREFIXES.items() if f"_{noun}".endswith(f"_{ending}")), "")
    return f"{prefix}_{_DIGITS}".lstrip("_")


def _first_that_ends(choices: list[dict[str, Any]], schemas: dict[str, Any], name: str, within: tuple[str, ...]) -> Any:
    """Of a choice that has values and does not lead back to a schema around it; null is the last resort."""
    for choice in choices:
        value = example_answer(choice, schemas, name, within)
        if value is not None:
            return value
    return None


def _fields(schema: dict[str, Any], schemas: dict[str, Any], within: tuple[str, ...]) -> dict[str, Any]:
    return {name: example_answer(field, schemas, name, within) for name, field in schema.get("properties", {}).items()}


def _items(schema: dict[str, Any], schemas: dict[str, Any], name: str, within: tuple[str, ...]) -> list[Any]:
    if "prefixItems" in schema:
        return [example_answer(item, schemas, name, within) for item in schema["prefixItems"]]
    item = example_answer(schema.get("items", {}), schemas, name.removesuffix("s"), within)
    return [] if item is None else [item] * max(1, schema.get("minItems", 1))


def _text(schema: dict[str, Any], name: str, within: tuple[str, ...]) -> str:
    if schema.get("format") in _BY_FORMAT:
        return _BY_FORMAT[schema["format"]]
    if "pattern" in schema and re.search(schema["pattern"], _AMOUNT):
        return _AMOUNT
    if name == "id" and within:
        return example_id(within[-1].rpartition("__")[2].removesuffix("Response"))
    if name.endswith("Id") or name.endswith("_id"):
        return example_id(name)
    if re.search(r"(^usd|Usd|Cost)$", name):
        return _AMOUNT
    return str(_BY_NAME.get(name) or schema.get("default") or "…")


def _number(schema: dict[str, Any]) -> int | float:
    lowest: int | float = schema.get("minimum", 0)
    return max(lowest, 1) if schema["type"] == "integer" else max(lowest, min(0.5, float(schema.get("maximum", 0.5))))
