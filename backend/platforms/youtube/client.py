"""The wire of the YouTube Data API v3 with resumable upload; docs/contracts/youtube.md."""

from backend.platforms.youtube.client_http import Client
from backend.platforms.youtube.client_models import Channel, Problem, Refusal, Token, Upload, Video

__all__ = ["Channel", "Client", "Problem", "Refusal", "Token", "Upload", "Video"]
