"""What models cost: the server's list, read once an hour, and what the operator says of models that are not on it."""

from __future__ import annotations

import difflib
import threading
import time
from collections.abc import Callable, Sequence
from decimal import Decimal

from backend.engines.openrouter.client import PricedModel
from backend.engines.text.port import TextRequest
from backend.errors import Invalid

KEPT_S = 3600.0
_MESSAGE_TOKENS, _IMAGE_TOKENS = 16, 26_000
"""The most that models count for a picture of 768 px: OpenAI's small ones 2,833 tokens and 5,667 for each of 4 tiles."""
_MILLION = Decimal(1_000_000)


class PriceList:
    """`own` wins over the server's. Thread-safe."""

    def __init__(self, read: Callable[[], list[PricedModel]], own: dict[str, PricedModel]) -> None:
        self._read, self._own = read, own
        self._listed: dict[str, PricedModel] = {}
        self._until = 0.0
        self._guard = threading.Lock()

    def of(self, names: Sequence[str]) -> list[PricedModel]:
        """Those with a price, in the order of `names`. The list is asked only for names that the operator gave no price."""
        if not all(name in self._own for name in names):
            with self._guard:
                if time.monotonic() >= self._until:
                    self._listed = {model.id: model for model in self._read()}
                    self._until = time.monotonic() + KEPT_S
        known = {**self._listed, **self._own}
        return [known[name] for name in names if name in known]

    def nearest(self, name: str) -> str:
        """The model with a price that is called most like it; "" when none is. Of what was last read: nobody is asked."""
        close = difflib.get_close_matches(name, [*self._own, *self._listed], n=1, cutoff=0.75)
        return close[0] if close else ""


def own_prices(setting: str) -> dict[str, PricedModel]:
    """`model=in/out, …` in USD per million tokens. Raises Invalid."""
    found = {}
    for part in filter(None, (part.strip() for part in setting.split(","))):
        name, _, price = part.rpartition("=")
        prompt, _, completion = price.partition("/")
        try:
            prices = [Decimal(prompt) / _MILLION, Decimal(completion) / _MILLION]
        except ArithmeticError:
            prices = []
        if not name or not prices or not all(price.is_finite() and price >= 0 for price in prices):
            raise Invalid(f"TEXT_PRICES has {part!r}. Write model=0.5/1.5: dollars per million tokens in and out; 0/0 is free.")
        found[name] = PricedModel(name, *prices)
    return found


def most_usd(request: TextRequest, models: Sequence[PricedModel], *, schema_bytes: int = 0) -> Decimal:
    """No answer of any of `models` costs more: tokenizers make at most one token of a byte of UTF-8."""
    told = [request.system, request.question, *(said for pair in request.before for said in pair)]
    sent = sum(len(one.encode()) + _MESSAGE_TOKENS for one in told) + schema_bytes
    sent += len(request.images) * _IMAGE_TOKENS
    return max(cost(model, sent, request.max_tokens, images=len(request.images)) for model in models)


def cost(model: PricedModel, prompt_tokens: int, completion_tokens: int, *, images: int = 0) -> Decimal:
    return model.prompt * prompt_tokens + model.completion * completion_tokens + model.request + model.image * images
