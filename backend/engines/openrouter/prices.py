"""Prices of models: the server's list, read once an hour, and the operator's own prices (TEXT_PRICES)."""

from __future__ import annotations

import difflib
import threading
import time
from collections.abc import Callable, Sequence
from decimal import Decimal

from backend.engines.openrouter.client_models import PricedModel
from backend.engines.ports.text import TextRequest
from backend.errors import Invalid
from backend.language import tr_lazy

LIST_TTL_S = 3600.0
_MESSAGE_TOKENS, _IMAGE_TOKENS = 16, 26_000
"""Upper bounds. A picture of 768 px: OpenAI's small models count 2,833 tokens and 5,667 for each of 4 tiles."""
_MILLION = Decimal(1_000_000)


class PriceList:
    """`own` prices override the server's. Thread-safe."""

    def __init__(self, read: Callable[[], list[PricedModel]], own: dict[str, PricedModel]) -> None:
        self._read, self._own_prices = read, own
        self._server_prices: dict[str, PricedModel] = {}
        self._expires_at = 0.0
        self._lock = threading.Lock()

    def priced_models(self, names: Sequence[str]) -> list[PricedModel]:
        """The models with a price, in the order of `names`. The server is asked only for names without an own price."""
        if not all(name in self._own_prices for name in names):
            with self._lock:
                if time.monotonic() >= self._expires_at:
                    self._server_prices = {model.id: model for model in self._read()}
                    self._expires_at = time.monotonic() + LIST_TTL_S
        prices = {**self._server_prices, **self._own_prices}
        return [prices[name] for name in names if name in prices]

    def closest_name(self, name: str) -> str:
        """The known model with the most similar name; "" when none is similar. Does not ask the server."""
        close = difflib.get_close_matches(name, [*self._own_prices, *self._server_prices], n=1, cutoff=0.75)
        return close[0] if close else ""


def own_prices(setting: str) -> dict[str, PricedModel]:
    """`model=in/out, …` in USD per million tokens. Raises Invalid."""
    prices_by_model = {}
    for part in filter(None, (part.strip() for part in setting.split(","))):
        name, _, price = part.rpartition("=")
        prompt, _, completion = price.partition("/")
        try:
            prices = [Decimal(prompt) / _MILLION, Decimal(completion) / _MILLION]
        except ArithmeticError:
            prices = []
        if not name or not prices or not all(price.is_finite() and price >= 0 for price in prices):
            raise Invalid(
                tr_lazy(
                    "TEXT_PRICES has {part}. Write model=0.5/1.5: dollars per million tokens in and out; 0/0 is free.",
                    part=repr(part),
                )
            )
        prices_by_model[name] = PricedModel(name, *prices)
    return prices_by_model


def max_cost(request: TextRequest, models: Sequence[PricedModel], *, schema_bytes: int = 0) -> Decimal:
    """Upper bound of the cost of one answer of any of `models`, USD: a tokenizer makes at most one token per byte of UTF-8."""
    texts = [request.system, request.question, *(text for pair in request.before for text in pair)]
    prompt_tokens = sum(len(text.encode()) + _MESSAGE_TOKENS for text in texts) + schema_bytes
    prompt_tokens += len(request.images) * _IMAGE_TOKENS
    return max(call_cost(model, prompt_tokens, request.max_tokens, images=len(request.images)) for model in models)


def call_cost(model: PricedModel, prompt_tokens: int, completion_tokens: int, *, images: int = 0) -> Decimal:
    return model.prompt * prompt_tokens + model.completion * completion_tokens + model.request + model.image * images


def input_cost(
    model: PricedModel, cost_usd: Decimal, prompt_tokens: int, completion_tokens: int, *, images: int = 0
) -> Decimal:
    """The part of a reported cost that is for what was sent, in the proportion of the model's prices."""
    output, whole = model.completion * completion_tokens, call_cost(model, prompt_tokens, completion_tokens, images=images)
    return cost_usd * (whole - output) / whole if whole else cost_usd
