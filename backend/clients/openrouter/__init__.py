"""The wire of OpenRouter and of every server that speaks OpenAI's chat completions; contracts/publishing-and-openrouter B5."""

from backend.clients.openrouter.http import Away, Client, Lost, Refusal
from backend.clients.openrouter.shapes import Completion, Piece, PricedModel

__all__ = ["Away", "Client", "Completion", "Lost", "Piece", "PricedModel", "Refusal"]
