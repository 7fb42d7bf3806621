"""The server in a thread of the test: routes, what it billed, and how it is started."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from types import TracebackType
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.servers.in_thread import ThreadedServer
from tests.servers.openrouter import odd, pictures
from tests.servers.openrouter.answers import answer_text, completion, count_tokens, error_body
from tests.servers.openrouter.faults import Faults

PRICES = {
    "openai/gpt-4-turbo": ("0.00001", "0.00003"),
    "anthropic/claude-3-5-sonnet": ("0.000003", "0.000015"),
    "anthropic/claude-opus-4.5": ("0.000005", "0.000025"),
    "meta-llama/llama-3.1-70b-instruct": ("0.0000004", "0.0000004"),
    "openai/gpt-4o-mini": ("0.00000015", "0.0000006"),
}
"""USD per token, decimal strings (openrouter.md, 8)."""


class ModelServer:
    """`asked`: bodies of the chat calls, in order. `billed`: generation id -> USD, also of answers that were lost."""

    def __init__(self, port: int = 0) -> None:
        self.faults = Faults()
        self.asked: list[dict[str, Any]] = []
        self.billed: dict[str, Decimal] = {}
        self._numbers = itertools.count(1)
        self._running = ThreadedServer("openrouter", port)

    @property
    def url(self) -> str:
        return f"{self._running.url}/api/v1"

    @property
    def total(self) -> Decimal:
        return sum(self.billed.values(), Decimal(0))

    def __enter__(self) -> ModelServer:
        routes = [
            Route("/api/v1/chat/completions", self._chat, methods=["POST"]),
            Route("/api/v1/models", self._models),
            Route("/api/v1/generation", self._generation),
            Route("/api/v1/key", self._key),
        ]
        self._running.start(Starlette(routes=routes), lifespan="off")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._running.stop()

    async def _chat(self, request: Request) -> Response:
        body = await request.json()
        self.asked.append(body)
        if request.headers.get("authorization") == "Bearer wrong":
            return JSONResponse(error_body(401, self.faults, "No auth credentials found"), 401)
        if self.faults.refuse:
            status, after = self.faults.refuse.pop(0)
            return JSONResponse(error_body(status, self.faults), status, {"Retry-After": after} if after else None)
        await asyncio.sleep(self.faults.answer_s)
        if self.faults.take("error_in_200"):
            return JSONResponse(error_body(502, self.faults))
        models = body.get("models") or [body["model"]]
        model = models[1] if len(models) > 1 and self.faults.take("fall_back") else models[0]
        if model not in PRICES and not self.faults.no_prices:
            return JSONResponse(error_body(404, self.faults, f"No endpoints found for {model}."), 404)
        if not pictures.fit(body):
            return JSONResponse(error_body(400, self.faults, "Invalid image", kind="invalid_image"), 400)
        if pictures.of(body) and self.faults.take("image_refused"):
            error = error_body(400, self.faults, "The picture was flagged", kind="content_policy_violation")
            return JSONResponse(error, 400)
        whole = self._made(body, model)
        if self.faults.take("error_in_choice"):
            self.billed.pop(whole["id"])  # failed-empty replies are not charged (openrouter.md, 7)
            failed = {"index": 0, "finish_reason": "error", "message": {"content": ""}, "error": {"code": 502, "message": "no"}}
            return JSONResponse({"id": whole["id"], "choices": [failed]})
        if self.faults.take("no_json"):
            return Response(json.dumps(whole)[:-40], media_type="application/json")
        if self.faults.odd:
            return self._odd(whole, odd.MODES[self.faults.odd.pop(0)])
        if self.faults.no_stream or not body.get("stream"):
            return JSONResponse(whole)
        return StreamingResponse(self._stream(whole), media_type="text/event-stream")

    def _made(self, body: dict[str, Any], model: str) -> dict[str, Any]:
        id = f"gen-{next(self._numbers):06d}"
        text = answer_text(body, self.faults)
        prompt_tokens, completion_tokens = (
            count_tokens(pictures.without(body)),
            min(count_tokens(text), body.get("max_tokens") or 10**6),
        )
        prompt_tokens += 2833 * len(pictures.of(body))
        prompt, each = (Decimal(price) for price in PRICES.get(model, ("0", "0")))
        self.billed[id] = prompt * prompt_tokens + each * completion_tokens
        whole = completion(id, model, text, prompt_tokens, completion_tokens, None if self.faults.no_cost else self.billed[id])
        if pictures.of(body) and self.faults.take("image_declined"):
            whole["choices"][0]["message"] = {"role": "assistant", "content": None, "refusal": pictures.DECLINED}
        return whole

    def _odd(self, whole: dict[str, Any], mode: odd.Odd) -> Response:
        if not mode.cost:
            self.billed.pop(whole["id"])
        if mode.body:
            return Response(mode.body(whole), media_type="application/json")

        async def stream() -> AsyncIterator[bytes]:
            assert mode.stream is not None
            for part in mode.stream(whole):
                if isinstance(part, str):
                    raise ConnectionResetError("cut on purpose")
                yield part

        return StreamingResponse(stream(), media_type="text/event-stream")

    async def _stream(self, whole: dict[str, Any]) -> AsyncIterator[str]:
        """B5 SSE: comments, chunks, usage in the last chunk with empty choices, [DONE]."""
        head = {"id": whole["id"], "object": "chat.completion.chunk", "created": whole["created"], "model": whole["model"]}
        message = whole["choices"][0]["message"]
        word, text = ("refusal", message["refusal"]) if message.get("refusal") else ("content", message["content"])
        broken, cut = self.faults.take("error_mid_stream"), self.faults.take("cut_mid_stream")
        yield ": OPENROUTER PROCESSING\n\n"
        size = max(1, len(text) // (40 if self.faults.piece_s else 4))
        for n, at in enumerate(range(0, len(text), size)):
            await asyncio.sleep(self.faults.piece_s)
            if n == 2 and cut:
                raise ConnectionResetError("cut on purpose")
            if n == 2 and broken:
                failed = {"index": 0, "delta": {"content": ""}, "finish_reason": "error"}
                yield _line({**head, "error": {"code": 502, "message": "Provider disconnected"}, "choices": [failed]})
                return
            yield _line({**head, "choices": [{"index": 0, "delta": {word: text[at : at + size]}, "finish_reason": None}]})
        yield _line({**head, "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "stop"}]})
        yield _line({**head, "choices": [], "usage": whole["usage"]})
        yield "data: [DONE]\n\n"

    async def _models(self, _: Request) -> Response:
        """B5 GET /models: prices are decimal strings, USD per token."""
        price = {
            id: {"prompt": prompt, "completion": each, "request": "0", "image": "0.0012"}
            for id, (prompt, each) in PRICES.items()
        }
        listed = [{"id": id, **({} if self.faults.no_prices else {"pricing": pricing})} for id, pricing in price.items()]
        return JSONResponse({"data": [*listed, {"id": "openrouter/auto", "pricing": {"prompt": "-1", "completion": "-1"}}]})

    async def _generation(self, request: Request) -> Response:
        """B5 GET /generation: late audit of a lost reply."""
        billed = self.billed.get(request.query_params.get("id", ""))
        if billed is None:
            return JSONResponse(error_body(404, self.faults, "Generation not found"), 404)
        return Response(f'{{"data": {{"total_cost": {billed}, "cancelled": false}}}}', media_type="application/json")

    async def _key(self, _: Request) -> Response:
        """B5 GET /key."""
        data = {
            "label": "sk-or-v1-abc",
            "limit": None,
            "limit_remaining": None,
            "usage": float(self.total),
            "is_free_tier": False,
        }
        return JSONResponse({"data": data})


def _line(chunk: dict[str, Any]) -> str:
    return f"data: {json.dumps(chunk)}\n\n"
