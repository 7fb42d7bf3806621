"""Answers of the last 24 hours, in Redis database 1, each workspace's own. It may be away or emptied at any time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from decimal import Decimal

import redis
import structlog

from backend.engines.text.port import Reply, TextRequest

KEPT_S = 24 * 3600
log = structlog.get_logger(__name__)


def key_of(tenant_id: str, models: Sequence[str], request: TextRequest) -> str:
    """The same only for the same question, put to the same models."""
    asked = [
        list(models), request.system, request.question, request.max_tokens, request.temperature,
        request.answer.model_json_schema() if request.answer else None,
        [hashlib.sha256(image).hexdigest() for image in request.images], request.before,
    ]  # fmt: skip
    return f"words:{tenant_id}:{hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()}"


def find(cache: redis.Redis, key: str) -> Reply | None:
    """None also while Redis is away. The reply's cost is what the first one cost."""
    try:
        found = cache.get(key)
        kept = json.loads(found) if isinstance(found, bytes) else None
    except (redis.RedisError, ValueError) as error:
        log.warning("no cache", error=str(error))
        return None
    if not isinstance(kept, dict):
        return None
    return Reply(str(kept["text"]), str(kept["model"]), cost_usd=Decimal(str(kept["usd"])), cached=True)


def keep(cache: redis.Redis, key: str, reply: Reply) -> None:
    try:
        value = json.dumps({"text": reply.text, "model": reply.model, "usd": str(reply.cost_usd)})
        cache.set(key, value, ex=KEPT_S)
    except redis.RedisError as error:
        log.warning("not cached", error=str(error))
