"""HTTP client for OpenRouter and other servers with OpenAI's chat completions API (docs/contracts/openrouter.md)."""

from backend.engines.openrouter.answer import LlmRefused, LlmResponseLost
from backend.engines.openrouter.client_http import LlmUnreachable, OpenRouterClient
from backend.engines.openrouter.client_models import Completion, Piece, PricedModel

__all__ = ["Completion", "LlmRefused", "LlmResponseLost", "LlmUnreachable", "OpenRouterClient", "Piece", "PricedModel"]
