"""Words from OpenRouter or any server that speaks OpenAI's chat completions (Ollama, vLLM, LM Studio …)."""

from __future__ import annotations

import base64
import json
import math
import time
from collections.abc import Callable, Generator
from decimal import Decimal
from typing import Any, get_args

from backend.engines.events import Alive, EngineStatus
from backend.engines.openrouter.client import Away, Client, Completion, Lost, Refusal
from backend.engines.openrouter.prices import PriceList, cost, most_usd, own_prices
from backend.engines.text.answers import schema_of
from backend.engines.text.port import Quote, Reply, ReplyLost, TextRequest, Use, Words
from backend.engines.text.reasoning_blocks import Aloud, without_thinking
from backend.errors import EngineError, EngineUnavailable, RateLimited, Rejected, Unsupported
from backend.kit.texts import printable
from backend.settings import Settings

OPENROUTER = "https://openrouter.ai/api/v1"
BACK_OFF_S = (2.0, 4.0, 8.0, 16.0, 32.0)
"""After each of five tries; the last is only what a person is told to wait."""
LONGEST_WAIT_S = 32.0
"""A server that wants a longer pause gets it from whoever asked: nobody waits that long in front of a page."""
LONGEST_TOLD_S = 86_400.0
ABOUT_INPUT = {"content_policy_violation", "refusal", "invalid_image", "image_too_large", "image_download_failed"}
"""Words of the server for what lies with this one text or picture: another one may well be answered."""
_TYPES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp", b"GIF8": "image/gif"}


class OpenAIEngine:
    """Tries again only what was surely not paid: refusals before anything was made, and questions that never arrived."""

    name = "openrouter"
    paid = True

    def __init__(self, settings: Settings, *, pause: Callable[[float], None] = time.sleep) -> None:
        key = settings.openrouter_api_key.get_secret_value()
        self._client = Client(settings.openrouter_base_url or OPENROUTER, key, read_s=settings.text_timeout_s)
        self._prices = PriceList(self._client.models, own_prices(settings.text_prices))
        self._settings, self._pause = settings, pause

    def close(self) -> None:
        self._client.close()

    def quote(self, request: TextRequest) -> Quote:
        wanted = self._settings.text_models(request.use)
        try:
            priced = self._prices.of(wanted)
        except Refusal as refused:
            if refused.problem.code == 401:
                raise _explained(refused) from refused
            priced = []
        except (Away, Lost) as error:
            raise EngineUnavailable("The language model's server does not answer. Try again in a moment.") from error
        if not priced:
            raise Unsupported(self._without_price(wanted, request))
        schema = len(json.dumps(schema_of(request.answer))) if request.answer else 0
        return Quote(tuple(model.id for model in priced), most_usd(request, priced, schema_bytes=schema))

    def run(self, request: TextRequest, quote: Quote) -> Generator[Alive | Words, None, Reply]:
        body = _body(request, quote.models)
        for n, wait in enumerate(BACK_OFF_S, start=1):
            try:
                return self._reply((yield from self._once(body)), request, quote)
            except Away as error:
                last: EngineError = EngineUnavailable("The language model's server cannot be reached. Try again in a moment.")
                last.__cause__ = error
            except Lost as error:
                sentence = "The model's answer was lost on its way. What it may have cost is kept in the costs. Try again."
                raise ReplyLost(sentence, generation_id=error.id, cost_usd=error.cost_usd, detail=str(error)) from error
            except Refusal as refused:
                last = _explained(refused, request.use)
                if not refused.problem.retryable:
                    raise last from refused
                wait = wait if refused.problem.retry_after is None else refused.problem.retry_after
                if wait > LONGEST_WAIT_S:
                    raise last from refused
            if n < len(BACK_OFF_S):
                yield from self._rest(wait)
        raise last

    def cost_of(self, generation_id: str) -> Decimal | None:
        try:
            return self._client.generation_cost(generation_id)
        except (Away, Lost, Refusal) as error:
            raise EngineUnavailable("The language model's server does not say what an answer cost.") from error

    def status(self, device: str = "") -> EngineStatus:
        models = ", ".join(self._settings.text_models("writing"))
        try:
            key = self._client.key()
        except Refusal as refused:
            if refused.problem.code in (401, 403):
                return EngineStatus(self.name, False, "", _explained(refused).message)
            key = {}  # a server of one's own has no such page
        except (Away, Lost):
            return EngineStatus(
                self.name, False, "", f"{self._client.url} does not answer. Start it or correct OPENROUTER_BASE_URL."
            )
        left = key.get("limit_remaining")
        told = models + (f"; the key has ${left} left" if left is not None else "")
        idle, instead = self._never_asked()
        if not idle and not instead:
            return EngineStatus(self.name, True, "", told)
        why = "The model's server names no price for"
        wrong = [f"{why} {name}, so nothing is asked where it should answer." for name in idle]
        wrong += [f"{why} {name}, so {other} answers instead." for name, other in instead]
        then = "Set a model that it has, or give the price in TEXT_PRICES (0/0 when it costs nothing), and restart."
        return EngineStatus(self.name, not idle, "", " ".join([*([] if idle else [f"{told}."]), *wrong, then]))

    def _never_asked(self) -> tuple[list[str], list[tuple[str, str]]]:
        """Settings with their models that have no price: those nothing stands in for, and those with what does."""
        idle: list[str] = []
        instead: list[tuple[str, str]] = []
        for use in get_args(Use):
            wanted = self._settings.text_models(use)
            try:
                priced = self._prices.of(wanted)
            except (Refusal, Away, Lost):
                priced = []
            if wanted and wanted[0] not in {model.id for model in priced}:
                named = f"{wanted[0]} (TEXT_MODEL_{use.upper()})"
                instead += [(named, priced[0].id)] if priced else []
                idle += [] if priced else [named]
        return idle, instead

    def _without_price(self, wanted: tuple[str, ...], request: TextRequest) -> str:
        near = self._prices.nearest(wanted[0])
        other = f"{near} is a model that it has" if near else "choose one that it has"
        return (
            f"The model's server names no price for {', '.join(wanted)}, so it is not asked: it may not have this model. Set "
            f"TEXT_MODEL_{request.use.upper()} to another one ({other}), or give its price in TEXT_PRICES (0/0 when it costs "
            "nothing), and restart."
        )

    def _once(self, body: dict[str, Any]) -> Generator[Alive | Words, None, Completion]:
        pieces, aloud = self._client.chat(body), Aloud()
        try:
            while True:
                piece = next(pieces)
                words = aloud.hear(piece.text)
                yield Words(words, piece.id) if words or piece.id else Alive()
        except StopIteration as end:
            done: Completion = end.value
            return done
        finally:
            pieces.close()

    def _rest(self, seconds: float) -> Generator[Alive, None, None]:
        left = seconds
        while left > 0:
            yield Alive()
            self._pause(min(1.0, left))
            left -= 1.0

    def _reply(self, done: Completion, request: TextRequest, quote: Quote) -> Reply:
        """Where the server does not say what it cost, its tokens times the price; where it does not say those either, the most
        that it can have cost, until it is asked."""
        sent, made, model = done.prompt_tokens, done.completion_tokens, done.model or quote.models[0]
        paid, known = done.cost_usd, sent is not None and made is not None
        if paid is None:
            priced = self._prices.of([model]) or self._prices.of(quote.models)
            images = len(request.images)
            paid = max(cost(one, sent or 0, made or 0, images=images) for one in priced) if known else quote.most_usd
        text = done.text if done.text.strip() or request.answer is None else done.arguments
        return Reply(
            printable(without_thinking(text)), model, done.id, sent or 0, made or 0, paid,
            estimated=done.cost_usd is None and not known, ending=done.ending, refusal=printable(done.refusal),
        )  # fmt: skip


def _body(request: TextRequest, models: tuple[str, ...]) -> dict[str, Any]:
    content: Any = request.question
    if request.images:
        content = [{"type": "text", "text": request.question}, *map(_image, request.images)]
    talk = [
        {"role": role, "content": said}
        for pair in request.before
        for role, said in zip(("user", "assistant"), pair, strict=True)
    ]
    body: dict[str, Any] = {
        "model": models[0],
        "messages": [{"role": "system", "content": request.system}, *talk, {"role": "user", "content": content}],
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
    }
    if len(models) > 1:
        body["models"] = list(models)
    if request.answer:
        body["response_format"] = {"type": "json_schema", "json_schema": schema_of(request.answer)}
    return body


def _image(data: bytes) -> dict[str, Any]:
    """As a data URL: our storage cannot be reached from outside."""
    kind = next((kind for head, kind in _TYPES.items() if data.startswith(head)), None)
    if kind is None:
        raise Unsupported("The model sees PNG, JPEG, WebP and GIF pictures only.")
    return {"type": "image_url", "image_url": {"url": f"data:{kind};base64,{base64.b64encode(data).decode()}"}}


def _explained(refused: Refusal, use: str = "…") -> EngineError:
    problem = refused.problem
    data: dict[str, Any] = {"detail": str(refused), "about_input": problem.kind in ABOUT_INPUT}
    match problem.code:
        case 401:
            return Rejected("The model's server does not accept OPENROUTER_API_KEY. Set a valid key and restart.", **data)
        case 402 if not problem.retryable:
            sentence = (
                "The account of OPENROUTER_API_KEY has no credit left. Whoever runs the studio can add some; then try again."
            )
            return Rejected(sentence, **data)
        case 402 | 429:
            after = min(problem.retry_after or 60.0, LONGEST_TOLD_S)
            sentence = f"The model's server has too much to do for us. Try again {_in(after)}."
            return RateLimited(sentence, retry_after=after, **data)
        case 403:
            return Rejected("The model's server refuses this text or this key. Change the words, or the key's rights.", **data)
        case 404:
            return Unsupported(
                f"The model's server does not know this model. Set TEXT_MODEL_{use.upper()} to one that it has, and restart.",
                **data,
            )
        case code if problem.retryable or code >= 500:
            when = _in(problem.retry_after) if problem.retry_after and problem.retry_after > LONGEST_WAIT_S else "in a moment"
            return EngineUnavailable(f"The language model does not answer right now. Try again {when}.", **data)
        case _:
            what, then = ("this", "Change the words and try again")
            if use == "vision":
                what, then = ("this picture", "Try again, or write its caption by hand")
            return Rejected(f"The model refused {what}: {problem.message or problem.code}. {then}.", **data)


def _in(seconds: float) -> str:
    """“in a minute”, “in 20 minutes”, “in 3 hours”: rounded up, so that waiting that long is enough."""
    minutes = math.ceil(seconds / 60)
    if minutes < 90:
        return "in a minute" if minutes <= 1 else f"in {minutes} minutes"
    return f"in {math.ceil(minutes / 60)} hours"
