"""The wire of OpenRouter and of every server that speaks OpenAI's chat completions; docs/contracts/openrouter.md."""

from backend.engines.openrouter.answer import Lost, Refusal
from backend.engines.openrouter.client_http import Away, Client
from backend.engines.openrouter.client_models import Completion, Piece, PricedModel

__all__ = ["Away", "Client", "Completion", "Lost", "Piece", "PricedModel", "Refusal"]
