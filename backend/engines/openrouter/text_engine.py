"""The text engine for OpenRouter and any server with OpenAI's chat completions API (Ollama, vLLM, LM Studio …)."""

from __future__ import annotations

import base64
import json
import math
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from decimal import Decimal
from typing import Any, get_args

from backend.engines.openrouter.answer import LlmRefused, LlmResponseLost
from backend.engines.openrouter.client import LlmUnreachable, OpenRouterClient
from backend.engines.openrouter.client_models import Completion
from backend.engines.openrouter.prices import PriceList, call_cost, input_cost, max_cost, own_prices
from backend.engines.openrouter.reasoning_blocks import ThinkingFilter, without_thinking
from backend.engines.ports.events import Alive, EngineStatus
from backend.engines.ports.text import Quote, Reply, ReplyLost, TextChunk, TextRequest, Use
from backend.engines.ports.text_answers import response_schema
from backend.errors import EngineError, EngineUnavailable, RateLimited, Rejected, Unsupported
from backend.kit.texts import printable
from backend.language import joined, tr_lazy
from backend.settings import Settings

OPENROUTER = "https://openrouter.ai/api/v1"
BACK_OFF_S = (2.0, 4.0, 8.0, 16.0, 32.0)
"""Pauses between five tries; the last value is not waited for."""
MAX_WAIT_S = 32.0
"""Longer pauses requested by the server are not waited for here: the error is raised to the caller."""
MAX_RETRY_AFTER_S = 86_400.0
ABOUT_INPUT = {"content_policy_violation", "refusal", "invalid_image", "image_too_large", "image_download_failed"}
"""Error types caused by this one text or picture: other requests may succeed."""
_MIME_BY_PREFIX = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp", b"GIF8": "image/gif"}


class OpenAIEngine:
    """Retries only what was certainly not paid: refusals, and requests that never arrived."""

    name = "openrouter"
    paid = True

    def __init__(self, settings: Settings, *, pause: Callable[[float], None] = time.sleep) -> None:
        key = settings.text.api_key.get_secret_value()
        self._client = OpenRouterClient(settings.text.base_url or OPENROUTER, key, read_s=settings.text.timeout_s)
        self._prices = PriceList(self._client.models, own_prices(settings.text.prices))
        self._settings, self._pause = settings, pause

    def close(self) -> None:
        self._client.close()

    def quote(self, request: TextRequest) -> Quote:
        request = self._limited(request)
        names = tuple(dict.fromkeys(filter(None, (request.model, *self._settings.text.models(request.use)))))
        try:
            priced = self._prices.priced_models(names)
        except LlmRefused as refusal:
            if refusal.problem.code == 401:
                raise _error_for(refusal) from refusal
            priced = []
        except (LlmUnreachable, LlmResponseLost) as error:
            raise EngineUnavailable(tr_lazy("The language model's server does not answer. Try again in a moment.")) from error
        if not priced:
            raise Unsupported(self._no_price_message(names, request))
        schema = len(json.dumps(response_schema(request.answer))) if request.answer else 0
        return Quote(tuple(model.id for model in priced), max_cost(request, priced, schema_bytes=schema))

    def run(self, request: TextRequest, quote: Quote) -> Generator[Alive | TextChunk, None, Reply]:
        body = _body(self._limited(request), quote.models)
        for n, wait in enumerate(BACK_OFF_S, start=1):
            try:
                return self._reply((yield from self._stream_once(body)), request, quote)
            except LlmUnreachable as error:
                last_error: EngineError = EngineUnavailable(
                    tr_lazy("The language model's server cannot be reached. Try again in a moment.")
                )
                last_error.__cause__ = error
            except LlmResponseLost as error:
                message = tr_lazy(
                    "The model's answer was lost on its way. What it may have cost is kept in the costs. Try again."
                )
                raise ReplyLost(message, generation_id=error.id, cost_usd=error.cost_usd, detail=str(error)) from error
            except LlmRefused as refusal:
                last_error = _error_for(refusal, request.use)
                if not refusal.problem.retryable:
                    raise last_error from refusal
                wait = wait if refusal.problem.retry_after is None else refusal.problem.retry_after
                if wait > MAX_WAIT_S:
                    raise last_error from refusal
            if n < len(BACK_OFF_S):
                yield from self._sleep(wait)
        raise last_error

    def cost_of(self, generation_id: str) -> Decimal | None:
        try:
            return self._client.generation_cost(generation_id)
        except (LlmUnreachable, LlmResponseLost, LlmRefused) as error:
            raise EngineUnavailable(tr_lazy("The language model's server does not say what an answer cost.")) from error

    def status(self, device: str = "") -> EngineStatus:
        models = ", ".join(self._settings.text.models("writing"))
        try:
            key = self._client.key()
        except LlmRefused as error:
            if error.problem.code in (401, 403):
                return EngineStatus(self.name, False, "", _error_for(error).message)
            key = {}  # other servers have no such endpoint
        except (LlmUnreachable, LlmResponseLost):
            return EngineStatus(
                self.name,
                False,
                "",
                tr_lazy("{url} does not answer. Start it or correct OPENROUTER_BASE_URL.", url=str(self._client.url)),
            )
        credit_left = key.get("limit_remaining")
        summary = tr_lazy("Texts are written by {models}.", models=models)
        if credit_left is not None:
            summary = joined(summary, tr_lazy("The key has ${usd:,.2f} left.", usd=credit_left))
        unanswered, substituted = self._unpriced_settings()
        if not unanswered and not substituted:
            return EngineStatus(self.name, True, "", summary)
        problems = [
            tr_lazy("The model's server names no price for {model}, so it is not used.", model=name) for name in unanswered
        ]
        problems += [
            tr_lazy("The model's server names no price for {model}, so {other} answers instead.", model=name, other=other)
            for name, other in substituted
        ]
        advice = tr_lazy("Set a model that it has, or give the price in TEXT_PRICES (0/0 when it costs nothing), and restart.")
        detail = joined("" if unanswered else summary, *problems, advice)
        return EngineStatus(self.name, not unanswered, "", detail)

    def _limited(self, request: TextRequest) -> TextRequest:
        """The request with as many tokens as the setting of its use allows."""
        return replace(request, max_tokens=self._settings.text.max_tokens(request.use, request.max_tokens))

    def _unpriced_settings(self) -> tuple[list[str], list[tuple[str, str]]]:
        """Settings whose model has no price: those without a substitute, and (setting, substitute) pairs."""
        unanswered: list[str] = []
        substituted: list[tuple[str, str]] = []
        for use in get_args(Use):
            names = self._settings.text.models(use)
            try:
                priced = self._prices.priced_models(names)
            except (LlmRefused, LlmUnreachable, LlmResponseLost):
                priced = []
            if names and names[0] not in {model.id for model in priced}:
                setting = f"{names[0]} (TEXT_MODEL_{use.upper()})"
                substituted += [(setting, priced[0].id)] if priced else []
                unanswered += [] if priced else [setting]
        return unanswered, substituted

    def _no_price_message(self, names: tuple[str, ...], request: TextRequest) -> str:
        closest = self._prices.closest_name(names[0])
        if not closest:
            return tr_lazy(
                "The model's server names no price for {models}, so it is not asked: it may not have this model. Set "
                "TEXT_MODEL_{use} to another one (choose one that it has), or give its price in TEXT_PRICES (0/0 when it costs "
                "nothing), and restart.",
                models=", ".join(names),
                use=request.use.upper(),
            )
        return tr_lazy(
            "The model's server names no price for {models}, so it is not asked: it may not have this model. Set "
            "TEXT_MODEL_{use} to another one ({closest} is a model that it has), or give its price in TEXT_PRICES (0/0 when it "
            "costs nothing), and restart.",
            models=", ".join(names),
            use=request.use.upper(),
            closest=closest,
        )

    def _stream_once(self, body: dict[str, Any]) -> Generator[Alive | TextChunk, None, Completion]:
        pieces, thinking = self._client.chat(body), ThinkingFilter()
        try:
            while True:
                piece = next(pieces)
                text = thinking.feed(piece.text)
                yield TextChunk(text, piece.id) if text or piece.id else Alive()
        except StopIteration as stop:
            completion: Completion = stop.value
            return completion
        finally:
            pieces.close()

    def _sleep(self, seconds: float) -> Generator[Alive, None, None]:
        remaining = seconds
        while remaining > 0:
            yield Alive()
            self._pause(min(1.0, remaining))
            remaining -= 1.0

    def _reply(self, completion: Completion, request: TextRequest, quote: Quote) -> Reply:
        """The Reply.

        Without a reported cost: tokens times price; without token counts: the quoted maximum, marked `estimated`.
        """
        prompt_tokens, completion_tokens, model = (
            completion.prompt_tokens,
            completion.completion_tokens,
            completion.model or quote.models[0],
        )
        cost_usd, counted = completion.cost_usd, prompt_tokens is not None and completion_tokens is not None
        if cost_usd is None:
            priced = self._prices.priced_models([model]) or self._prices.priced_models(quote.models)
            images = len(request.images)
            cost_usd = (
                max(call_cost(price, prompt_tokens or 0, completion_tokens or 0, images=images) for price in priced)
                if counted
                else quote.most_usd
            )
        text = completion.text if completion.text.strip() or request.answer is None else completion.arguments
        return Reply(
            printable(without_thinking(text)),
            model,
            completion.id,
            prompt_tokens or 0,
            completion_tokens or 0,
            cost_usd,
            estimated=completion.cost_usd is None and not counted,
            ending=completion.ending,
            refusal=printable(completion.refusal),
            input_usd=self._input_cost(completion, request, quote, cost_usd),
        )

    def _input_cost(self, completion: Completion, request: TextRequest, quote: Quote, cost_usd: Decimal) -> Decimal | None:
        """None without token counts, and while the list of prices cannot be read: the answer is paid and must not be lost."""
        if completion.prompt_tokens is None or completion.completion_tokens is None:
            return None
        try:
            priced = self._prices.priced_models([completion.model]) or self._prices.priced_models(quote.models)
        except (LlmRefused, LlmUnreachable, LlmResponseLost):
            return None
        counts = completion.prompt_tokens, completion.completion_tokens
        return input_cost(priced[0], cost_usd, *counts, images=len(request.images)) if priced else None


def _body(request: TextRequest, models: tuple[str, ...]) -> dict[str, Any]:
    content: Any = request.question
    if request.images:
        content = [{"type": "text", "text": request.question}, *map(_image, request.images)]
    earlier = [
        {"role": role, "content": text}
        for pair in request.before
        for role, text in zip(("user", "assistant"), pair, strict=True)
    ]
    body: dict[str, Any] = {
        "model": models[0],
        "messages": [{"role": "system", "content": request.system}, *earlier, {"role": "user", "content": content}],
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
    }
    if len(models) > 1:
        body["models"] = list(models)
    if request.answer:
        body["response_format"] = {"type": "json_schema", "json_schema": response_schema(request.answer)}
    return body


def _image(data: bytes) -> dict[str, Any]:
    """The picture as a data URL, because our storage is not reachable from outside."""
    kind = next((kind for head, kind in _MIME_BY_PREFIX.items() if data.startswith(head)), None)
    if kind is None:
        raise Unsupported(tr_lazy("The model sees PNG, JPEG, WebP and GIF pictures only."))
    return {"type": "image_url", "image_url": {"url": f"data:{kind};base64,{base64.b64encode(data).decode()}"}}


def _error_for(refusal: LlmRefused, use: str = "…") -> EngineError:
    problem = refusal.problem
    data: dict[str, Any] = {"detail": str(refusal), "about_input": problem.kind in ABOUT_INPUT}
    match problem.code:
        case 401:
            return Rejected(
                tr_lazy("The model's server does not accept OPENROUTER_API_KEY. Set a valid key and restart."), **data
            )
        case 402 if not problem.retryable:
            message = tr_lazy(
                "The account of OPENROUTER_API_KEY has no credit left. Whoever runs the studio can add some; then try again."
            )
            return Rejected(message, **data)
        case 402 | 429:
            after = min(problem.retry_after or 60.0, MAX_RETRY_AFTER_S)
            message = joined(tr_lazy("The model's server is overloaded."), _try_again(after))
            return RateLimited(message, retry_after=after, **data)
        case 403:
            return Rejected(
                tr_lazy("The model's server refuses this text or this key. Change the words, or the key's rights."), **data
            )
        case 404:
            return Unsupported(
                tr_lazy(
                    "The model's server does not know this model. Set TEXT_MODEL_{upper} to one that it has, and restart.",
                    upper=use.upper(),
                ),
                **data,
            )
        case code if problem.retryable or code >= 500:
            is_long = problem.retry_after and problem.retry_after > MAX_WAIT_S
            when = _try_again(problem.retry_after or 0.0) if is_long else tr_lazy("Try again in a moment.")
            return EngineUnavailable(joined(tr_lazy("The language model does not answer right now."), when), **data)
        case _:
            reason = problem.message or problem.code
            message = (
                tr_lazy("The model refused this picture: {reason}. Try again, or write its caption by hand.", reason=reason)
                if use == "vision"
                else tr_lazy("The model refused this: {reason}. Change the text and try again.", reason=reason)
            )
            return Rejected(message, **data)


def _try_again(seconds: float) -> str:
    """“… in a minute.”, “… in 20 minutes.”, “… in 3 hours.”: rounded up, so that this wait is long enough."""
    minutes = math.ceil(seconds / 60)
    if minutes <= 1:
        return tr_lazy("Try again in a minute.")
    if minutes < 90:
        return tr_lazy("Try again in {n} minutes.", n=minutes)
    return tr_lazy("Try again in {n} hours.", n=math.ceil(minutes / 60))
