"""What the server says: texts, whole answers, errors of both shapes."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from typing import Any

from tests.servers.openrouter import pictures
from tests.servers.openrouter.faults import Faults

WORDS = {402: "Insufficient credits", 429: "Rate limit exceeded", 503: "Provider overloaded", 404: "Not found"}
KINDS = {402: "payment_required", 429: "rate_limit_exceeded", 502: "provider_unavailable", 503: "provider_overloaded"}


def answer_text(body: dict[str, Any], faults: Faults) -> str:
    """Fits the schema that was asked for; without one, a sentence that repeats the question."""
    if faults.says:
        return faults.says.pop(0)
    response_format = body.get("response_format")
    if not response_format:
        said = body["messages"][-1]["content"]
        question = said if isinstance(said, str) else next(part["text"] for part in said if part["type"] == "text")
        return f"You asked: {question[-60:]} Here is what comes to mind."
    if faults.take("bad_answer"):
        return '{"something": "else"}'
    schema = response_format["json_schema"]["schema"]
    described = pictures.described(body)
    text = json.dumps({name: described.get(name) or _value(name, kind) for name, kind in schema["properties"].items()})
    return f"Sure!\n```json\n{text[:-1]},}}\n```" if faults.take("fenced") else text


def _value(name: str, kind: dict[str, Any]) -> Any:
    if name == "refused":
        return ""
    if "enum" in kind:
        return kind["enum"][0]
    match kind.get("type"):
        case "array":
            return ["one", "two"]
        case "integer":
            return 1
        case _:
            return f"The {name.replace('_', ' ')} from the model"


def count_tokens(what: object) -> int:
    """About four letters each, as tokenizers do with English."""
    return len(what if isinstance(what, str) else json.dumps(what)) // 4 + 1


def completion(
    id: str, model: str, text: str, prompt_tokens: int, completion_tokens: int, cost: Decimal | None
) -> dict[str, Any]:
    """B5 200. `cost` is in credits (USD)."""
    usage: dict[str, Any] = {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }
    if cost is not None:
        usage |= {"cost": float(cost), "is_byok": False, "cost_details": {"upstream_inference_cost": None}}
    choice = {
        "index": 0,
        "finish_reason": "stop",
        "native_finish_reason": "stop",
        "message": {"role": "assistant", "content": text},
    }
    return {
        "id": id,
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [choice],
        "usage": usage,
    }


def error_body(code: int, faults: Faults, message: str = "", *, kind: str = "") -> dict[str, Any]:
    """B5 Errors: {"error":{code,message,metadata?}}; the newer shape has http_status, error_type and availability."""
    message = message or WORDS.get(code, "Something went wrong")
    kind = kind or KINDS.get(code, "server")
    if faults.new_shape:
        later = {"code": kind, "retryable": code in (429, 500, 502, 503), "retry_after": 1}
        return {"error": {"http_status": code, "error_type": kind, "message": message, "availability": later}}
    source = {"limit_source": "openrouter_in_flight_budget"} if faults.in_flight_402 else {}
    return {"error": {"code": code, "message": message, "metadata": {"error_type": kind, **source}}}
