"""The wire of the YouTube Data API v3 with resumable upload; contracts/publishing-and-openrouter B3."""

from backend.clients.youtube.http import Client
from backend.clients.youtube.shapes import Channel, Problem, Refusal, Token, Upload, Video

__all__ = ["Channel", "Client", "Problem", "Refusal", "Token", "Upload", "Video"]
