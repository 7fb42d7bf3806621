"""Caches replies for 24 hours in Redis database 1, apart for each workspace. Redis may be away or emptied at any time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from decimal import Decimal

import redis
import structlog

from backend.engines.ports.text import Reply, TextRequest

TTL_S = 24 * 3600
log = structlog.get_logger(__name__)


def key_of(tenant_id: str, models: Sequence[str], request: TextRequest) -> str:
    """The cache key of a request to these models. Everything that may change the reply is part of it."""
    parts = [
        list(models),
        request.system,
        request.question,
        request.max_tokens,
        request.temperature,
        request.answer.model_json_schema() if request.answer else None,
        [hashlib.sha256(image).hexdigest() for image in request.images],
        request.before,
    ]
    return f"words:{tenant_id}:{hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()}"


def find(cache: redis.Redis, key: str) -> Reply | None:
    """The cached reply, with what the first one cost; None when there is none or Redis is away."""
    try:
        data = cache.get(key)
        entry = json.loads(data) if isinstance(data, bytes) else None
    except (redis.RedisError, ValueError) as error:
        log.warning("no cache", error=str(error))
        return None
    if not isinstance(entry, dict):
        return None
    return Reply(str(entry["text"]), str(entry["model"]), cost_usd=Decimal(str(entry["usd"])), cached=True)


def store(cache: redis.Redis, key: str, reply: Reply) -> None:
    try:
        value = json.dumps({"text": reply.text, "model": reply.model, "usd": str(reply.cost_usd)})
        cache.set(key, value, ex=TTL_S)
    except redis.RedisError as error:
        log.warning("not cached", error=str(error))
